"""A real MariaDB on 127.0.0.1, from Debian's package, as a process of the tests' own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
from tests.support.loads import Tables

from local_airflow.environment import HOST, free_port

PASSWORD = "w@re/house%pässword"
USER = "loader"
SYSTEM = frozenset({"information_schema", "mysql", "performance_schema", "sys"})


def server_program() -> str | None:
    """The server, if it is installed; Debian keeps it out of an ordinary user's PATH."""
    return shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@dataclass(frozen=True)
class MariaDB:
    """A running server with the user `loader`."""

    port: int

    def connect(self) -> Any:
        """A PyMySQL connection in autocommit mode."""
        return pymysql.connect(host=HOST, port=self.port, user=USER, password=PASSWORD.encode(), autocommit=True)

    def drop_datasets(self) -> None:
        """Drops every database that is not the server's own: one server is there for all tests, in any order."""
        with self.connect().cursor() as cursor:
            cursor.execute("SHOW DATABASES")
            for (name,) in cursor.fetchall():
                if name not in SYSTEM:
                    cursor.execute(f"DROP DATABASE `{name}`")

    def connection_json(self, database: str, **extra: Any) -> str:
        """An Airflow Connection to a database, as `AIRFLOW_CONN_...` holds it."""
        fields = {"host": HOST, "port": self.port, "schema": database, "login": USER, "password": PASSWORD}
        return json.dumps({"conn_type": "mysql", **fields, "extra": extra})

    def tables(self, dataset: str = "ecommerce") -> Tables:
        """The tables of a dataset, which is a database of its own."""

        def query(sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
            connection = self.connect()
            try:
                with connection.cursor() as cursor:
                    cursor.execute(sql)
                    return [column[0] for column in cursor.description or []], list(cursor.fetchall())
            finally:
                connection.close()

        return Tables(query, dataset)


@contextmanager
def running_mariadb(folder: Path) -> Iterator[MariaDB]:
    """Starts a server with its data in `folder`; stops it at the end."""
    program, port = server_program(), free_port()
    assert program, "mariadbd is not installed"
    data, user = folder / "data", ("--user=root",) if os.geteuid() == 0 else ()
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [
            "mariadb-install-db",
            "--no-defaults",
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            *user,
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            [
                *(program, "--no-defaults", f"--datadir={data}", f"--port={port}", f"--bind-address={HOST}"),
                *(f"--socket={folder / 'server.sock'}", f"--pid-file={folder / 'server.pid'}"),
                # For speed: nothing here has to outlive a crash. A far time zone shows that times are kept in UTC.
                *(
                    "--innodb-flush-log-at-trx-commit=0",
                    "--skip-log-bin",
                    "--skip-name-resolve",
                    "--default-time-zone=+09:00",
                ),
                *("--character-set-server=utf8mb4", *user),
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        admin = _connected(folder / "server.sock", server, folder / "server.log")
        with admin.cursor() as cursor:
            cursor.execute("CREATE USER %s@'%%' IDENTIFIED BY %s", (USER, PASSWORD))
            cursor.execute("GRANT ALL ON *.* TO %s@'%%'", (USER,))
        admin.close()
        yield MariaDB(port)
    finally:
        server.terminate()
        server.wait(30)


def _connected(socket: Path, process: subprocess.Popen[bytes], log: Path) -> Any:
    last = time.monotonic() + 60
    while True:
        try:
            return pymysql.connect(unix_socket=str(socket), user="root", autocommit=True)
        except pymysql.Error:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < last, log.read_text()
            time.sleep(0.1)
