"""Measurements: `make bench` prints them. Ratios of runs side by side, since machines differ and are shared."""
