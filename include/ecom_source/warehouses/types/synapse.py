"""Synapse, by user and password through Microsoft's ODBC driver."""

from __future__ import annotations

from ecom_source.warehouses.drivers import Driver
from ecom_source.warehouses.types.mssql import LOGIN
from ecom_source.warehouses.warehouse_type import WarehouseType

SYNAPSE = WarehouseType(
    "synapse",
    "Synapse",
    logins={"synapse": (LOGIN,)},
    drivers=(Driver("synapse", ("pyodbc", "adlfs")),),
    needs="Microsoft's ODBC driver",
)
