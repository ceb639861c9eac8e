"""Exceptions in, sentences out: what failed, whose fault it was, and what a person does about it."""
