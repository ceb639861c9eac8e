"""An hour's worth of runs in a few minutes, with a shop that changes all the time, faults and kills."""
