"""A warehouse of each kind that tests can load into."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.lakes import (
    delta_tables,
    ducklake_extensions,
    ducklake_tables,
    iceberg_tables,
    parquet_tables,
    sqlite_tables,
)
from tests.support.loads import Tables, duckdb_tables
from tests.support.mariadb import MariaDB
from tests.support.postgres import Postgres


@dataclass(frozen=True)
class Place:
    """A warehouse for one test.

    Args:
        connection: its Airflow Connection.
        tables: reads it, without dlt.
        datasets: names all datasets in it.
        nested: lists become tables of their own.
    """

    connection: str
    tables: Tables
    datasets: Callable[[], set[str]]
    nested: bool = True


def _json(conn_type: str, **fields: Any) -> str:
    return json.dumps({"conn_type": conn_type, **fields})


def _schemas(tables: Tables) -> set[str]:
    return {row[0] for row in tables.query("SELECT schema_name FROM information_schema.schemata")[1]}


def _duckdb(tmp: Path, request: pytest.FixtureRequest) -> Place:
    tables = duckdb_tables(tmp / "shop.duckdb")
    return Place(_json("duckdb", host=str(tmp / "shop.duckdb")), tables, lambda: _schemas(tables))


def _postgres(tmp: Path, request: pytest.FixtureRequest) -> Place:
    postgres: Postgres = request.getfixturevalue("postgres")
    postgres.create_database(tmp.name)
    tables = postgres.tables(tmp.name)
    extra = {"sslmode": "prefer", "application_name": "ecom-elt", "connect_timeout": "10"}
    connection = {**json.loads(postgres.connection_json(tmp.name)), "extra": extra}
    return Place(json.dumps(connection), tables, lambda: _schemas(tables))


def _sqlite(tmp: Path, request: pytest.FixtureRequest) -> Place:
    file = tmp / "shop.db"
    names = lambda: {path.stem.removeprefix("shop__") for path in tmp.glob("shop__*.db")}  # noqa: E731
    return Place(_json("sqlite", host=str(file)), sqlite_tables(file), names)


def _mariadb(tmp: Path, request: pytest.FixtureRequest) -> Place:
    server: MariaDB = request.getfixturevalue("mariadb")
    server.drop_datasets()
    with server.connect().cursor() as cursor:
        cursor.execute("CREATE DATABASE shop")
    return Place(server.connection_json("shop"), server.tables(), lambda: _schemas(server.tables()))


def _ducklake(tmp: Path, request: pytest.FixtureRequest) -> Place:
    catalog, extensions = tmp / "catalog.ducklake", ducklake_extensions(tmp / "extensions")
    extra = {"engine": "duckdb", "local_data_path": str(tmp / "lake"), "extension_directory": str(extensions)}
    tables = ducklake_tables(catalog, extensions)
    return Place(_json("ducklake", host=str(catalog), extra=extra), tables, lambda: _schemas(tables))


def _folder(tmp: Path, tables: Tables, extra: dict[str, Any], *, nested: bool = False) -> Place:
    connection = _json("fs", extra={"path": str(tmp / "lake"), **extra})
    return Place(connection, tables, lambda: {path.name for path in (tmp / "lake").iterdir()}, nested)


def _delta(tmp: Path, request: pytest.FixtureRequest) -> Place:
    return _folder(tmp, delta_tables(tmp / "lake"), {})


def _iceberg(tmp: Path, request: pytest.FixtureRequest) -> Place:
    return _folder(tmp, iceberg_tables(tmp / "lake"), {"table_format": "iceberg"})


def _parquet(tmp: Path, request: pytest.FixtureRequest) -> Place:
    return _folder(tmp, parquet_tables(tmp / "lake"), {"table_format": "parquet"}, nested=True)


MERGING = {
    "DuckDB": _duckdb,
    "PostgreSQL": _postgres,
    "SQLite": _sqlite,
    "MariaDB": _mariadb,
    "DuckLake": _ducklake,
    "Delta": _delta,
    "Iceberg": _iceberg,
}
PLAIN = {"parquet": _parquet}


def everywhere(places: dict[str, Any]) -> pytest.MarkDecorator:
    """Runs a test on each of these."""
    return pytest.mark.parametrize("place", places.values(), ids=places, indirect=True)
