"""Any other database that SQLAlchemy knows, through a Connection of type `generic`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ecom_source.warehouses.drivers import Driver
from ecom_source.warehouses.warehouse_type import WarehouseType


def schemas(client: Any) -> Iterable[str]:
    """The datasets of a database server, as SQLAlchemy names its schemas."""
    # Left open, SQLAlchemy's implicit transaction would not let dlt begin the one in which it drops.
    with client.begin_transaction():
        return list(client.engine.dialect.get_schema_names(client.native_connection))


SQLALCHEMY = WarehouseType(
    "sqlalchemy",
    "another database of SQLAlchemy's",
    drivers=(Driver("sqlalchemy", ("sqlalchemy",)),),
    datasets=schemas,
)
