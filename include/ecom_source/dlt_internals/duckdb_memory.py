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
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from ecom_source.dlt_internals.fallback import go_dlts_own_way

if TYPE_CHECKING:
    from dlt.common.destination import Destination

logger = logging.getLogger(__name__)

FEATURE = "bounds for DuckDB's memory"
FIXED, FOR_A_COLUMN, FOR_A_ROW = 60_000_000, 1_500_000, 36
"""Bytes: of any load, for each column of its tables, and for each row of the resource. Measured with 20 to 160 columns,
50,000 to 1,000,000 rows, all of them new or all replaced.
"""
GROUP, FOR_A_BYTE = 2000, 4
"""Rows that DuckDB reads from a file at once, and bytes for each byte of them."""


@dataclass
class Memory:
    """The memory of an open DuckDB, which the Connection's own `memory_limit` has the last word on.

    Args:
        connection: to the database.
        config: DuckDB's own settings out of the Connection.
    """

    connection: Any
    config: Mapping[str, Any]
    _own: int = 0
    """Bytes that it would take by itself; 0 while it may."""
    _widened: bool = False

    def bound(self, rows: int, columns: int, size: int) -> None:
        """Gives it what so many rows, with so many columns and of so many bytes as JSON, take as a rule."""
        if self._widened or {"memory_limit", "max_memory"} & {name.lower() for name in self.config}:
            return
        self._own = self._own or self.limit
        read_at_once = size * min(1, GROUP / max(1, rows))
        needed = FIXED + FOR_A_COLUMN * columns + FOR_A_ROW * rows + FOR_A_BYTE * read_at_once
        self._set(min(int(needed), self._own))

    def widen(self) -> None:
        """Gives it all that it would take by itself: something has failed with less."""
        if self._own and not self._widened:
            before, self._widened = self.limit, True
            self._set(self._own)
            logger.info("DuckDB failed within %d MB; it is tried again within %d MB", before // 1e6, self._own // 1e6)

    def leave(self) -> None:
        """Never bounds it."""
        self._widened = True

    @property
    def limit(self) -> int:
        """Bytes that it may take at present."""
        found = self.connection.execute("SELECT parse_formatted_bytes(current_setting('memory_limit'))").fetchone()
        return int(found[0])

    def _set(self, limit: int) -> None:
        self.connection.execute(f"SET memory_limit = '{limit // 1000}KB'")


def within(memory: Memory) -> type[Destination[Any, Any]]:
    """dlt's DuckDB, which is given more memory before it does again what has failed; where dlt has moved what that
    stands on, its memory is not bounded.

    dlt tries a file or a merge again by itself, and has no other place to be told of it. This can go once DuckDB's
    limit is one that it exceeds rather than fails (https://duckdb.org/docs/stable/guides/performance/how_to_tune_workloads).
    """
    import dlt

    try:
        from dlt.common.storages.load_package import ParsedLoadJobFileName
        from dlt.destinations.impl.duckdb.duck import DuckDbClient

        attrgetter("create_load_job")(DuckDbClient)
        attrgetter("retry_count")(ParsedLoadJobFileName)
        attrgetter("client_class", "destination_type")(dlt.destinations.duckdb)
    except (ImportError, AttributeError) as error:
        go_dlts_own_way(FEATURE, str(error))
        memory.leave()
        return dlt.destinations.duckdb

    class Client(DuckDbClient):
        def create_load_job(self, table: Any, file_path: str, load_id: str, restore: bool = False) -> Any:
            if ParsedLoadJobFileName.parse(file_path).retry_count:
                memory.widen()
            return super().create_load_job(table, file_path, load_id, restore)

    class DuckDb(dlt.destinations.duckdb):
        @property
        def destination_type(self) -> str:
            return "dlt.destinations.duckdb"

        @property
        def client_class(self) -> type[DuckDbClient]:
            return Client

    return DuckDb
