"""The warehouse that a test names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.mariadb import MariaDB, running_mariadb, server_program
from tests.support.places import Place


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    """A real MariaDB, from Debian's package."""
    if server_program() is None and not os.environ.get("CI"):
        pytest.skip("mariadbd is not installed: apt-get install mariadb-server")
    with running_mariadb(tmp_path_factory.mktemp("mariadb")) as server:
        yield server


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The warehouse that the test names, behind the Connection `ecom_warehouse`."""
    folder = tmp_path / f"w{abs(hash(request.node.name)) % 10**8}"
    folder.mkdir()
    place: Place = request.param(folder, request)
    monkeypatch.setenv("AIRFLOW_CONN_ECOM_WAREHOUSE", place.connection)
    return place
