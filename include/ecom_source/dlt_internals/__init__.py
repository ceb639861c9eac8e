"""The one place that reaches into dlt: each module says why, and what would let it go."""
