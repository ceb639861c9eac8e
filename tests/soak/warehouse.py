"""The PostgreSQL warehouse of a soak, as its server sees it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tests.support.postgres import Postgres

DATABASE = "soak"
WAIT_SECONDS = 8.0


@dataclass
class Warehouse:
    """Watches the database through a connection of its own, which it does not count."""

    postgres: Postgres

    def __post_init__(self) -> None:
        self._watch = self.postgres.connect(DATABASE)

    def connections(self, database: str = DATABASE) -> float:
        """Open connections to a database of the server."""
        others = "FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
        return self._number(f"SELECT count(*) {others}", database)

    def hang_up(self) -> int:
        """Ends the connections to the warehouse, once there are some; how many."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not self.connections() and time.monotonic() < deadline:
            time.sleep(0.02)
        ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        return int(self._number(f"{ended} WHERE datname = %s AND pid <> pg_backend_pid()", DATABASE))

    def staging(self) -> float:
        """Staging datasets."""
        return self._number("SELECT count(*) FROM pg_namespace WHERE nspname LIKE %s", "%staging%")

    def megabytes(self) -> float:
        """The size of the database on disk."""
        return self._number("SELECT pg_database_size(%s) / 1e6", DATABASE)

    def close(self) -> None:
        """Stops watching."""
        self._watch.close()

    def _number(self, sql: str, *values: str) -> float:
        with self._watch.cursor() as cursor:
            cursor.execute(sql, values)
            return float(cursor.fetchone()[0])
