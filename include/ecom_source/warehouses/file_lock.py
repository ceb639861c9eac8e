"""Loads into a warehouse that has one writer take turns, rather than fail half-way on its lock."""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")

DUCKDB_CONFIG: Mapping[str, Any] = MappingProxyType(
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
"""With which DuckDB opens a file; those of the Connection win. What it may take in all: `warehouses/memory.py`."""

ALIASES = {"threads": "worker_threads"}
"""Other names of DuckDB's for what we set."""
LOCK_POLL = 0.5
"""Seconds between two tries."""


@contextmanager
def held_duckdb(path: Path, config: Mapping[str, Any]) -> Iterator[Any]:
    """A connection to a DuckDB file, once no other process has it open; held from the first look at the state to the
    last commit.
    """
    import duckdb

    ours = {name: value for name, value in DUCKDB_CONFIG.items() if ALIASES.get(name) not in config}
    settings = {**ours, **config}

    def connect() -> Any:
        try:
            return duckdb.connect(str(path), config=settings)
        except duckdb.IOException as error:
            if "set lock on file" not in str(error):
                raise
            return None

    connection = _wait_for(path, connect)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def turn_at(path: Path) -> Iterator[None]:
    """Holds the right to write the database at `path`, through a lock file beside it that is never removed."""
    lock = path.with_name(f".{path.name}.lock")
    file = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)

    def take() -> bool | None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        return True

    try:
        _wait_for(path, take)
        yield
    finally:
        os.close(file)


def _wait_for(path: Path, attempt: Callable[[], T | None]) -> T:
    began, told = time.monotonic(), 0.0
    while (got := attempt()) is None:
        waited = time.monotonic() - began
        if waited >= told:
            logger.info("Waiting for %s, which another process has open (%.0f s so far)", path, waited)
            told = waited + 30
        time.sleep(LOCK_POLL)
    return got
