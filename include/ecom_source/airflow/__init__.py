"""DAG run in, report out: the DAG, its tasks, alarms, the Connection type and its Test button."""
