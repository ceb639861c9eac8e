"""One shop, one PostgreSQL that may be crashed, one nursery: for all faults that meet this process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.faults.book import Book
from tests.faults.nursery import Nursery
from tests.faults.scene import ROWS, Scene
from tests.support.loads import KEY, connection_json, duckdb_tables
from tests.support.postgres import Postgres, running_postgres
from tests.support.small_disk import SmallDisk, small_disk

from demo_shop import DemoShop
from local_airflow.environment import free_port

HOME = Path(os.environ["AIRFLOW_HOME"])


@pytest.fixture(scope="session")
def fault_shop() -> Iterator[DemoShop]:
    """On a port that stays the same when it is stopped and started."""
    with DemoShop(api_key=KEY, sizes={"orders": ROWS, "products": 10, "customers": 5}, port=free_port()) as shop:
        yield shop


@pytest.fixture(scope="session")
def fault_postgres() -> Iterator[Postgres]:
    """Nothing else is kept in it."""
    with running_postgres(HOME / "faults-postgres") as server:
        server.create_database("faults")
        yield server


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """For loads in processes of their own."""
    with Nursery(HOME / "nursery.log") as nursery:
        yield nursery


@pytest.fixture(scope="session")
def small() -> Iterator[SmallDisk]:
    """A disk that can be filled."""
    with small_disk(HOME / "small") as disk:
        yield disk


@pytest.fixture
def disk(small: SmallDisk) -> Iterator[SmallDisk]:
    """The small disk, empty again afterwards."""
    yield small
    small.free()


@pytest.fixture
def book() -> Book:
    """Where cells are noted."""
    return Book()


@pytest.fixture(params=["DuckDB", "PostgreSQL"])
def scene(
    request: pytest.FixtureRequest,
    fault_shop: DemoShop,
    fault_postgres: Postgres,
    nursery: Nursery,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Scene]:
    """With all rows loaded, and then changed."""
    env = {"AIRFLOW_CONN_ECOM_API": connection_json(fault_shop.url)}
    if request.param == "DuckDB":
        path = HOME / "faults" / "faults.duckdb"
        env["ECOM_DUCKDB_PATH"] = str(path)
        tables = duckdb_tables(path)
    else:
        env["AIRFLOW_CONN_ECOM_WAREHOUSE"] = fault_postgres.connection_json("faults")
        tables = fault_postgres.tables("faults")
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    temp = tmp_path / "tmp"
    scene = Scene(request.param, fault_shop, tables, fault_postgres, nursery, env, temp, monkeypatch)
    if not hasattr(fault_shop, f"loaded_{request.param}"):
        scene.next_run()
        setattr(fault_shop, f"loaded_{request.param}", True)
    scene.change()
    yield scene
    fault_shop.clear_faults()
