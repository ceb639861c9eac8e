"""RESTAPIConfig and Connection in, finished description out: what the shop is asked, and how its rows are read."""
