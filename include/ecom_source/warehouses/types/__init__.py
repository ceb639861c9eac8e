"""One small file for each kind of warehouse: where in a Connection each of dlt's fields is."""
