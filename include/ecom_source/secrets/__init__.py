"""What must not be seen: redaction, and the task log that it guards."""
