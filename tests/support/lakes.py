"""Tables that are files, read by DuckDB."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
from tests.support.loads import Tables


def sqlite_tables(path: Path, dataset: str = "ecommerce") -> Tables:
    """The tables of a SQLite dataset, which dlt keeps in a file of its own beside the database."""

    def query(sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        connection = sqlite3.connect(path)
        try:
            for file in path.parent.glob(f"{path.stem}__*{path.suffix}"):
                connection.execute("ATTACH ? AS ?", (str(file), file.stem.removeprefix(f"{path.stem}__")))
            cursor = connection.execute(sql)
            return [column[0] for column in cursor.description or []], cursor.fetchall()
        finally:
            connection.close()

    return Tables(query, dataset)


def delta_tables(folder: Path, dataset: str = "ecommerce") -> Tables:
    """The Delta tables of a dataset."""
    from deltalake import DeltaTable

    return _folders(folder, dataset, "_delta_log", lambda path: DeltaTable(str(path)).to_pyarrow_table())


def iceberg_tables(folder: Path, dataset: str = "ecommerce") -> Tables:
    """The Iceberg tables of a dataset, each by its latest metadata."""
    from pyiceberg.table import StaticTable

    def read(path: Path) -> Any:
        latest = max((path / "metadata").glob("*.metadata.json"))
        return StaticTable.from_metadata(str(latest)).scan().to_arrow()

    return _folders(folder, dataset, "metadata", read)


def parquet_tables(folder: Path, dataset: str = "ecommerce") -> Tables:
    """The plain parquet tables of a dataset."""
    import pyarrow.dataset

    def read(path: Path) -> Any:
        files = [str(file) for file in path.glob("*.parquet")]
        return pyarrow.dataset.dataset(files).to_table()

    return _folders(folder, dataset, "*.parquet", read)


def _folders(folder: Path, dataset: str, sign: str, read: Callable[[Path], Any]) -> Tables:
    def query(sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        with duckdb.connect() as connection:
            connection.execute(f"SET timezone = 'UTC'; CREATE SCHEMA {dataset}")
            for path in sorted((folder / dataset).iterdir()):
                if path.is_dir() and not path.name.startswith("_dlt") and any(path.glob(sign)):
                    connection.register("found", read(path))
                    connection.execute(f"CREATE TABLE {dataset}.{path.name} AS FROM found")
            cursor = connection.execute(sql)
            return [column[0] for column in cursor.description or []], cursor.fetchall()

    return Tables(query, dataset)


def ducklake_extensions(folder: Path) -> Path:
    """A DuckDB `extension_directory` with the extension ducklake, which PyPI has for one version of DuckDB."""
    spec = find_spec("duckdb_extension_ducklake")
    locations = spec.submodule_search_locations if spec else None
    assert locations, "duckdb-extension-ducklake is not installed"
    version = f"v{duckdb.__version__}"
    found = Path(locations[0], "extensions", version, "ducklake.duckdb_extension")
    with duckdb.connect() as connection:
        platform = connection.execute("PRAGMA platform").fetchall()[0][0]
    link = folder / version / platform / found.name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(found)
    return folder


def ducklake_tables(catalog: Path, extensions: Path, dataset: str = "ecommerce") -> Tables:
    """The tables of a DuckLake whose catalog is a DuckDB file."""

    def query(sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        with duckdb.connect(config={"extension_directory": str(extensions)}) as connection:
            connection.execute(f"SET timezone = 'UTC'; ATTACH 'ducklake:{catalog}' AS lake; USE lake")
            cursor = connection.execute(sql)
            return [column[0] for column in cursor.description or []], cursor.fetchall()

    return Tables(query, dataset)
