"""Warehouses: an Airflow Connection of any type that has a dlt destination.

`catalog` has all types; one module for each family says, as data, where in a Connection each of dlt's fields is.
"""

from __future__ import annotations

from ecom_source.warehouses.open_warehouse import DEFAULT_CONN_ID, Warehouse, open_warehouse

__all__ = ["DEFAULT_CONN_ID", "Warehouse", "open_warehouse"]
