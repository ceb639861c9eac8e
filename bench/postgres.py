"""A PostgreSQL to load into, and its CPU time."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psutil
from tests.support.postgres import Postgres, running_postgres


class Server:
    """A running server that gives each run a database of its own."""

    def __init__(self, postgres: Postgres, process: psutil.Process) -> None:
        self.postgres, self.process = postgres, process
        self._numbers = count()

    def connection(self) -> str:
        """An Airflow Connection, as JSON, to a new database."""
        name = f"bench_{next(self._numbers)}"
        self.postgres.create_database(name)
        return self.postgres.connection_json(name)


@contextmanager
def server() -> Iterator[Server]:
    """PostgreSQL, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="bench-postgres-") as folder:
        # PostgreSQL does not run as root.
        Path(folder).chmod(0o755)
        data = Path(folder, "data")
        with running_postgres(data) as postgres:
            (pid_file,) = data.rglob("postmaster.pid")
            yield Server(postgres, psutil.Process(int(pid_file.read_text().split()[0])))
