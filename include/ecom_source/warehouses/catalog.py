"""All kinds of warehouses, and which one a Connection means."""

from __future__ import annotations

from typing import Any

from ecom_source.errors import ConnectionFieldError
from ecom_source.warehouses.connection_fields import Fields
from ecom_source.warehouses.login_mapping import Access, Login
from ecom_source.warehouses.types.athena import ATHENA
from ecom_source.warehouses.types.azure_storage import AZURE_STORAGE
from ecom_source.warehouses.types.bigquery import BIGQUERY
from ecom_source.warehouses.types.clickhouse import CLICKHOUSE
from ecom_source.warehouses.types.databricks import DATABRICKS
from ecom_source.warehouses.types.duckdb import DUCKDB
from ecom_source.warehouses.types.ducklake import DUCKLAKE
from ecom_source.warehouses.types.gcs import GCS
from ecom_source.warehouses.types.local_files import LOCAL_FILES
from ecom_source.warehouses.types.motherduck import MOTHERDUCK
from ecom_source.warehouses.types.mssql import MSSQL
from ecom_source.warehouses.types.mysql import MYSQL
from ecom_source.warehouses.types.postgres import POSTGRES
from ecom_source.warehouses.types.redshift import REDSHIFT
from ecom_source.warehouses.types.s3 import S3
from ecom_source.warehouses.types.snowflake import SNOWFLAKE
from ecom_source.warehouses.types.sqlalchemy import SQLALCHEMY
from ecom_source.warehouses.types.sqlite import SQLITE
from ecom_source.warehouses.types.synapse import SYNAPSE
from ecom_source.warehouses.warehouse_type import WarehouseType

WAREHOUSES: tuple[WarehouseType, ...] = (
    MOTHERDUCK,
    DUCKDB,
    REDSHIFT,
    POSTGRES,
    SQLITE,
    MYSQL,
    DUCKLAKE,
    LOCAL_FILES,
    ATHENA,
    S3,
    GCS,
    AZURE_STORAGE,
    BIGQUERY,
    SNOWFLAKE,
    DATABRICKS,
    CLICKHOUSE,
    MSSQL,
    SYNAPSE,
    SQLALCHEMY,
)
"""In the order in which they are asked whether they are meant: of those that share a Connection type, the one that any
such Connection means comes last.
"""

GENERIC = "generic"


def warehouse_of(fields: Fields) -> tuple[WarehouseType, Access]:
    """The kind of warehouse that a Connection means, and what dlt is told for it.

    The extra `destination` chooses where one Connection type may be several kinds (`mssql`: `synapse`), and names the
    destination of a `generic` Connection.

    Raises:
        ConnectionFieldError: a type that is no warehouse, or a field that is missing or wrong.
    """
    kind, login = login_of(fields)
    return kind, login.access(fields, kind.name)


def login_of(fields: Fields) -> tuple[WarehouseType, Login]:
    """The kind of warehouse, and the way to log in, that the Connection means.

    Raises:
        ConnectionFieldError: its type is no warehouse.
    """
    wanted = fields["extra.destination"]
    ways = ways_of(fields.kind)
    if wanted is not None:
        of_type = [(kind, login) for kind, login in ways if kind.dlt_name == wanted]
        ways = of_type or ways_of(str(wanted)) or [_other(fields, str(wanted))]
    if not ways:
        known = sorted({name for kind in WAREHOUSES for name in kind.logins})
        raise ConnectionFieldError(
            f"The Connection {fields.conn_id!r} is of type {fields.kind!r}"
            + (" and its extra names no 'destination'." if fields.kind == GENERIC else "."),
            expected=f"one of {', '.join(known)}; or {GENERIC} with a dlt destination in the extra 'destination'.",
            fix=f"set it in Admin > Connections, or delete {fields.conn_id!r} to load into the embedded DuckDB.",
        )
    return next(((kind, login) for kind, login in ways if login.meant_by(fields)), ways[-1])


def ways_of(conn_type: str) -> list[tuple[WarehouseType, Login]]:
    """All ways to log in that a Connection of this type may mean."""
    return [(kind, login) for kind in WAREHOUSES for login in kind.logins.get(conn_type, ())]


def _other(fields: Fields, destination: str) -> tuple[WarehouseType, Login]:
    """A destination of dlt's without a Connection type: its fields by their own names, in the extra where need be."""
    import dlt

    if not hasattr(dlt.destinations, destination):
        raise fields.wrong(
            "extra.destination", f"is {destination!r}", expected="the name of a dlt destination, such as dremio."
        )

    def credentials(fields: Fields) -> dict[str, Any] | None:
        plain = {"host": "host", "port": "port", "database": "schema", "username": "login", "password": "password"}
        found = {name: fields[path] for name, path in plain.items() if fields[path] is not None}
        return {**found, **fields.mapping("extra.credentials")} or None

    names = fields.mapping("extra.settings")
    kind = next((each for each in WAREHOUSES if each.name == destination), WarehouseType(destination, destination))
    return kind, Login(
        credentials=credentials, settings={name: f"extra.settings.{name}" for name in names}, label="{host}"
    )
