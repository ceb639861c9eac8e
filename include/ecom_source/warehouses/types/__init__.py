"""One file for each kind of warehouse, with all that is particular to it; `catalog` lists them."""
