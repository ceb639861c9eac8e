"""A shop and an embedded warehouse for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from dlt.sources.rest_api.typing import RESTAPIConfig
from tests.support.loads import KEY, Tables, connection_json, duckdb_tables, load_as
from tests.support.postgres import Postgres

from demo_shop import DemoShop
from ecom_source.load.report import Report
from ecom_source.window.run_window import Run

Loader = Callable[..., dict[str, Report]]


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[DemoShop]:
    """A shop of 340 rows, which the Connection `ecom_api` points to."""
    with DemoShop(api_key=KEY, sizes={"resource": 340, "products": 30, "customers": 40, "orders": 120}) as shop:
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url))
        yield shop


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tables:
    """The embedded warehouse."""
    path = tmp_path / "warehouse" / "test.duckdb"
    monkeypatch.setenv("ECOM_DUCKDB_PATH", str(path))
    return duckdb_tables(path)


@pytest.fixture
def load(tables: Tables) -> Loader:
    """Loads an API as its tasks would; a manual run without a window unless told otherwise."""

    def load(api: RESTAPIConfig, run: Run | None = None, *, dataset: str = "ecommerce") -> dict[str, Report]:
        return load_as(api, run, dataset=dataset)

    return load


@pytest.fixture
def postgres_tables(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Tables:
    """An empty PostgreSQL database, which the Connection `ecom_warehouse` points to."""
    database = f"db_{uuid4().hex[:8]}"
    postgres.create_database(database)
    monkeypatch.setenv("AIRFLOW_CONN_ECOM_WAREHOUSE", postgres.connection_json(database))
    return postgres.tables(database)
