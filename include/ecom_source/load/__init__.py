"""Rows in, tables out: one load, from its Connections to its report."""
