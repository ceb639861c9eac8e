"""Warehouses: an Airflow Connection of any type that has a dlt destination.

`types` has one file for each kind of warehouse, with all that is particular to it; `catalog` lists them.
"""

from __future__ import annotations

from ecom_source.warehouses.open_warehouse import DEFAULT_CONN_ID, Warehouse, open_warehouse

__all__ = ["DEFAULT_CONN_ID", "Warehouse", "open_warehouse"]
