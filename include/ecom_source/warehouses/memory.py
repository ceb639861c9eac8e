"""DuckDB's memory for a load.

Left to itself DuckDB takes what the machine has and keeps what it has read: a gigabyte for a million rows that are
merged within a tenth of that. With less it writes to disk what it needs later, but some of its work it cannot do in
parts: the blocks of all columns that are being written, and the keys of the rows that a merge replaces. So it is given
what its rows and columns take as a rule, and more where that turns out not to be enough.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlt.common.destination import Destination

logger = logging.getLogger(__name__)

FIXED, FOR_A_COLUMN, FOR_A_ROW = 60_000_000, 1_500_000, 36
"""Bytes: of any load, for each column of its tables, and for each row of the resource. Measured with 20 to 160 columns,
50,000 to 1,000,000 rows, all of them new or all replaced.
"""
FACTOR = 4
"""How much more it is given when a file or merge fails for the first time."""


@dataclass
class Memory:
    """The memory of an open DuckDB, which the Connection's own `memory_limit` has the last word on.

    Args:
        connection: to the database.
        config: DuckDB's own settings out of the Connection.
    """

    connection: Any
    config: Mapping[str, Any]
    _given: int = 0
    _all: str = ""

    def bound(self, rows: int, columns: int) -> None:
        """Gives it what so many rows with so many columns take as a rule."""
        if {"memory_limit", "max_memory"} & {name.lower() for name in self.config}:
            return
        if not self._all:
            self._all = self._limit()
        self._given = FIXED + FOR_A_COLUMN * columns + FOR_A_ROW * rows
        self._set(f"{self._given // 1_000_000}MB")

    def widen(self, failures: int) -> None:
        """Gives it more for what has failed before: at first a few times as much, then all that it would have taken."""
        if self._given and failures:
            before = self._limit()
            self._set(f"{FACTOR * self._given // 1_000_000}MB" if failures == 1 else self._all)
            logger.info("DuckDB failed with %s of memory; it is tried again with %s", before, self._limit())

    def _limit(self) -> str:
        return str(self.connection.execute("SELECT current_setting('memory_limit')").fetchone()[0])

    def _set(self, limit: str) -> None:
        self.connection.execute(f"SET memory_limit = '{limit}'")


def within(memory: Memory) -> type[Destination[Any, Any]]:
    """dlt's DuckDB, which is given more memory before it does again what has failed.

    dlt tries a file or a merge again by itself, and has no other place to be told of it. This can go once DuckDB's
    limit is one that it exceeds rather than fails (https://duckdb.org/docs/stable/guides/performance/how_to_tune_workloads).
    """
    import dlt
    from dlt.common.storages.load_package import ParsedLoadJobFileName
    from dlt.destinations.impl.duckdb.duck import DuckDbClient

    class Client(DuckDbClient):
        def create_load_job(self, table: Any, file_path: str, load_id: str, restore: bool = False) -> Any:
            memory.widen(ParsedLoadJobFileName.parse(file_path).retry_count)
            return super().create_load_job(table, file_path, load_id, restore)

    class DuckDb(dlt.destinations.duckdb):
        @property
        def destination_type(self) -> str:
            return "dlt.destinations.duckdb"

        @property
        def client_class(self) -> type[DuckDbClient]:
            return Client

    return DuckDb
