"""Synapse, by user and password through Microsoft's ODBC driver."""

from __future__ import annotations

from typing import Any

from ecom_source.warehouses.drivers import Driver
from ecom_source.warehouses.types.mssql import KEYS, LOGIN
from ecom_source.warehouses.warehouse_type import WarehouseType


def _abilities() -> dict[str, Any]:
    from ecom_source.warehouses.mssql_columns import SynapseColumns

    return {"type_mapper": SynapseColumns}


SYNAPSE = WarehouseType(
    "synapse",
    "Synapse",
    logins={"synapse": (LOGIN,)},
    drivers=(Driver("synapse", ("pyodbc", "adlfs")),),
    needs="Microsoft's ODBC driver",
    abilities=_abilities,
    key_collation=KEYS,
    ignores_blanks=True,
)
