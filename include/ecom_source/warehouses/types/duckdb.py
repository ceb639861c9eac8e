"""DuckDB in a file: the Connection's, or the embedded one where there is no Connection.

https://airflow.apache.org/docs/apache-airflow-providers-duckdb/stable/connections/duckdb.html
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ecom_source.dlt_internals.duckdb_memory import Memory, within
from ecom_source.errors import ConnectionFieldError
from ecom_source.warehouses.connection_fields import Fields
from ecom_source.warehouses.file_format import Tuning
from ecom_source.warehouses.file_lock import wait_for
from ecom_source.warehouses.login_mapping import Access, Login
from ecom_source.warehouses.warehouse_type import Opening, WarehouseType

OWN_SETTINGS = ("memory_limit", "threads", "temp_directory", "extension_directory")
LOAD_SETTINGS: Mapping[str, Any] = MappingProxyType(
    {
        # It takes memory for each thread, and a load is short against the rest of a run.
        "threads": 1,
        # Each file is read once.
        "enable_external_file_cache": False,
        # Five groups of rows would wait in memory to be written together.
        "write_buffer_row_group_count": 1,
        # What it has let go of goes back to the machine, rather than to be kept for what comes.
        "allocator_flush_threshold": "1MB",
        "allocator_bulk_deallocation_flush_threshold": "1MB",
    }
)
"""With which DuckDB opens a file; those of the Connection win. What it may take in all: `duckdb_memory.Memory`."""
ALIASES = {"threads": "worker_threads"}
"""Other names of DuckDB's for what we set."""


def embedded_path() -> Path:
    """The DuckDB file of the embedded warehouse: `$ECOM_DUCKDB_PATH`, or one below `$AIRFLOW_HOME`."""
    home = os.environ.get("AIRFLOW_HOME") or "~/airflow"
    path = os.environ.get("ECOM_DUCKDB_PATH") or f"{home}/warehouse/warehouse.duckdb"
    return Path(path).expanduser().absolute()


def own_settings(fields: Fields) -> dict[str, Any] | None:
    """DuckDB's own settings, by the names of Airflow's hook."""
    found = {name: fields[f"extra.{name}"] for name in OWN_SETTINGS if fields[f"extra.{name}"] is not None}
    return {**found, **fields.mapping("extra.settings")} or None


def _file(fields: Fields) -> str:
    host = fields["host"]
    if host and str(host).startswith("md:"):
        raise fields.wrong(
            "host", "is an address of MotherDuck", expected="its database as schema and its token as password."
        )
    return str(Path(host).expanduser().absolute() if host else embedded_path())


@contextmanager
def _opened(access: Access, dataset_name: str) -> Iterator[Opening]:
    """The file, once no other process has it open; held from the first look at the state to the last commit."""
    path, config = Path(access.credentials["database"]), access.credentials.get("global_config") or {}
    _check_name(path, dataset_name)
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = wait_for(path, lambda: _connected(path, config))
    memory = Memory(connection, config)
    try:
        yield Opening(connection, factory=within(memory), expect=memory.bound)
    finally:
        connection.close()


def _connected(path: Path, config: Mapping[str, Any]) -> Any:
    """A connection, or None while another process has the file open."""
    import duckdb

    ours = {name: value for name, value in LOAD_SETTINGS.items() if ALIASES.get(name) not in config}
    try:
        return duckdb.connect(str(path), config={**ours, **config})
    except duckdb.IOException as error:
        if "set lock on file" not in str(error):
            raise
        return None


def _check_name(path: Path, dataset_name: str) -> None:
    if _bare(path.stem) == _bare(dataset_name):
        raise ConnectionFieldError(
            f"The DuckDB file {path} has the name of the dataset {dataset_name!r}.",
            expected="another file name: DuckDB names the catalog after the file, and cannot tell it from the dataset.",
            fix="change $ECOM_DUCKDB_PATH, the Connection's host, or `dataset_name` in the DAG file.",
        )


def _bare(name: str) -> str:
    """A name without what dlt's normalisation changes."""
    return re.sub(r"[\W_]", "", name).lower()


LOGIN = Login(credentials={"database": _file, "global_config": own_settings}, label="{database}")

DUCKDB = WarehouseType(
    "duckdb",
    "DuckDB",
    logins={"duckdb": (LOGIN,), "duckdb_aws": (LOGIN,)},
    tested="loaded",
    # insert_values would make it parse the rows as SQL, and to look for repeated rows it holds those of nested tables
    # in memory, all columns of them.
    tuning=Tuning(file_format="parquet", keeps_nul=False, one_file_at_a_time=True, distinct_rows=True),
    opened=_opened,
)
