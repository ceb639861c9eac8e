"""SQL Server, by user and password through Microsoft's ODBC driver.

https://airflow.apache.org/docs/apache-airflow-providers-microsoft-mssql/stable/connections/mssql.html
"""

from __future__ import annotations

from typing import Any

from ecom_source.warehouses.connection_fields import Fields, number
from ecom_source.warehouses.drivers import Driver
from ecom_source.warehouses.key_columns import KeyCollation
from ecom_source.warehouses.login_mapping import Login
from ecom_source.warehouses.warehouse_type import WarehouseType

DRIVER = "ODBC Driver 18 for SQL Server"
ODBC = (
    *("encrypt", "trustservercertificate", "authentication", "hostnameincertificate", "servercertificate"),
    *("applicationintent", "multisubnetfailover"),
)
"""Keywords of the ODBC driver that may stand in the extra, in upper or lower case."""
ENCRYPTION = {"off": "no", "request": "optional", "require": "yes"}
"""pymssql's word, which Airflow's hook takes, for the ODBC driver's Encrypt."""


def _odbc(fields: Fields) -> dict[str, str] | None:
    found = {name.lower(): str(value) for name, value in fields.extra.items() if name.lower() in ODBC}
    if (word := fields["extra.encryption"]) in ENCRYPTION:
        found.setdefault("encrypt", ENCRYPTION[word])
    return found or None


LOGIN = Login(
    credentials={
        "host": "host",
        "port": "port",
        "database": "schema",
        "username": "login",
        "password": "password",
        # Named, so that dlt need not ask the ODBC manager which drivers there are.
        "driver": "extra.driver",
        "connect_timeout": number("extra.login_timeout"),
        "query": _odbc,
    },
    defaults={"port": 1433, "driver": DRIVER},
    required=("host", "schema", "login", "password"),
    label="{host}:{port}/{database}",
)


def _key_collation(client: Any) -> str:
    from ecom_source.warehouses.mssql_columns import KEY_COLLATION

    return KEY_COLLATION


def _change(table: str, column: str, length: int, collation: str) -> str:
    size = length if length > 0 else "max"
    return f"ALTER TABLE {table} ALTER COLUMN {column} nvarchar({size}) COLLATE {collation}"


def _abilities() -> dict[str, Any]:
    from ecom_source.warehouses.mssql_columns import SqlServerColumns

    return {"type_mapper": SqlServerColumns}


KEYS = KeyCollation(_key_collation, _change)

MSSQL = WarehouseType(
    "mssql",
    "SQL Server",
    logins={"mssql": (LOGIN,)},
    drivers=(Driver("mssql", ("pyodbc",)),),
    needs="Microsoft's ODBC driver",
    abilities=_abilities,
    key_collation=KEYS,
    ignores_blanks=True,
)
