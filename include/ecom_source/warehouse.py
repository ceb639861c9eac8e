"""Airflow Connection -> dlt destination."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecom_source.connections import find_connection
from ecom_source.errors import ConnectionFieldError

if TYPE_CHECKING:
    from airflow.sdk import Connection
    from dlt.common.destination import Destination

logger = logging.getLogger(__name__)

DEFAULT_CONN_ID = "ecom_warehouse"
LOCK_POLL = 0.5
"""Seconds between two tries to open a DuckDB file that another process holds."""


@dataclass(frozen=True)
class Warehouse:
    """Where a load goes.

    Args:
        destination: dlt's destination.
        label: what a person calls it, without secrets.
        secrets: what must not be seen in a log.
    """

    destination: Destination[Any, Any]
    label: str
    secrets: tuple[str, ...] = field(default=(), repr=False)


@contextmanager
def open_warehouse(conn_id: str, *, dataset_name: str, staging_layout: str) -> Iterator[Warehouse]:
    """The warehouse of Connection `conn_id`, or the embedded DuckDB where there is none.

    Args:
        dataset_name: the dataset of the load.
        staging_layout: the name of the load's own staging dataset; `%s` stands for the dataset.

    Raises:
        ConnectionFieldError: a type that is not supported, or a field that is missing.
    """
    connection = find_connection(conn_id)
    if connection is None and conn_id != DEFAULT_CONN_ID:
        raise ConnectionFieldError(
            f"There is no Connection {conn_id!r}.",
            expected=f"the warehouse that the DAG names; only {DEFAULT_CONN_ID!r} may be missing (embedded DuckDB).",
            fix=f"airflow connections add {conn_id} --conn-type postgres --conn-host HOST ..., or Admin > Connections.",
        )
    kind = (connection.conn_type if connection else None) or "duckdb"
    if kind not in _OPENERS:
        raise ConnectionFieldError(
            f"The Connection {conn_id!r} is of type {kind!r}.",
            expected=f"one of {', '.join(sorted(_OPENERS))}.",
            fix=f"set its type in Admin > Connections, or delete {conn_id!r} to load into the embedded DuckDB.",
        )
    settings = {
        "staging_dataset_name_layout": staging_layout,
        # A table is replaced in one transaction, from the staging dataset: readers see the old rows or the new ones.
        "replace_strategy": "insert-from-staging",
    }
    with _OPENERS[kind](connection, dataset_name, settings) as warehouse:
        yield warehouse


def embedded_path() -> Path:
    """The DuckDB file of the embedded warehouse: `$ECOM_DUCKDB_PATH`, or one below `$AIRFLOW_HOME`."""
    home = os.environ.get("AIRFLOW_HOME") or "~/airflow"
    path = os.environ.get("ECOM_DUCKDB_PATH") or f"{home}/warehouse/warehouse.duckdb"
    return Path(path).expanduser().absolute()


@contextmanager
def _duckdb(connection: Connection | None, dataset_name: str, settings: Mapping[str, Any]) -> Iterator[Warehouse]:
    import dlt

    path = Path(connection.host).expanduser().absolute() if connection and connection.host else embedded_path()
    if _bare(path.stem) == _bare(dataset_name):
        raise ConnectionFieldError(
            f"The DuckDB file {path} has the name of the dataset {dataset_name!r}.",
            expected="another file name: DuckDB names the catalog after the file, and cannot tell it from the dataset.",
            fix="change $ECOM_DUCKDB_PATH, the Connection's host, or `dataset_name` in the DAG file.",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    # One process at a time may have the file open. Holding it from the first look at the state to the last commit
    # makes other loads wait their turn here, rather than fail half-way on its lock.
    held = _wait_for(path)
    try:
        yield Warehouse(dlt.destinations.duckdb(held, **settings), f"duckdb {path}")
    finally:
        held.close()


def _bare(name: str) -> str:
    """A name without what dlt's normalisation changes."""
    return re.sub(r"[\W_]", "", name).lower()


def _wait_for(path: Path) -> Any:
    import duckdb

    began, told = time.monotonic(), 0.0
    while True:
        try:
            return duckdb.connect(str(path))
        except duckdb.IOException as error:
            if "set lock on file" not in str(error):
                raise
            waited = time.monotonic() - began
            if waited >= told:
                logger.info("Waiting for %s, which another process has open (%.0f s so far)", path, waited)
                told = waited + 30
            time.sleep(LOCK_POLL)


@contextmanager
def _postgres(connection: Connection | None, dataset_name: str, settings: Mapping[str, Any]) -> Iterator[Warehouse]:
    import dlt

    if connection is None:
        raise AssertionError("only a Connection can be of type postgres")
    credentials = {
        "host": _required(connection, "host"),
        "port": connection.port or 5432,
        "database": _required(connection, "schema"),
        "username": _required(connection, "login"),
        "password": connection.password or "",
    }
    destination = dlt.destinations.postgres(credentials=credentials, **settings)
    label = f"postgres {credentials['host']}:{credentials['port']}/{credentials['database']}"
    yield Warehouse(destination, label, (connection.password,) if connection.password else ())


def _required(connection: Connection, name: str) -> str:
    value = getattr(connection, name)
    if not value:
        raise ConnectionFieldError(
            f"The Connection {connection.conn_id!r} has an empty {name}.",
            expected=f"the {name} of the {connection.conn_type} warehouse.",
            fix="Admin > Connections in the Airflow UI.",
        )
    return str(value)


_Opener = Callable[["Connection | None", str, Mapping[str, Any]], Any]
_OPENERS: Mapping[str, _Opener] = {"duckdb": _duckdb, "postgres": _postgres}
