"""SQLite through SQLAlchemy.

https://airflow.apache.org/docs/apache-airflow-providers-sqlite/stable/connections/sqlite.html
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ecom_source.warehouses.connection_fields import Fields
from ecom_source.warehouses.drivers import Driver
from ecom_source.warehouses.login_mapping import Login
from ecom_source.warehouses.warehouse_type import WarehouseType


def _path(fields: Fields) -> str:
    return str(Path(str(fields["host"])).expanduser().absolute())


def _files(client: Any) -> Iterable[str]:
    """Its datasets are files beside its own."""
    file = Path(client.database_name)
    return [path.stem.removeprefix(f"{file.stem}__") for path in file.parent.glob(f"{file.stem}__*{file.suffix}")]


SQLITE = WarehouseType(
    "sqlite",
    "SQLite",
    "sqlalchemy",
    logins={
        "sqlite": (
            Login(
                credentials={"drivername": lambda _: "sqlite", "database": _path},
                required=("host",),
                label="{database}",
            ),
        )
    },
    drivers=(Driver("sqlite", ("sqlalchemy",)),),
    tested="loaded",
    datasets=_files,
    # A writer that read before another one wrote is refused, whatever its timeout.
    one_writer=_path,
)
