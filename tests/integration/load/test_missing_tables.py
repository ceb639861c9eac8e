"""A table that somebody dropped is never filled with a window's rows alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest
from tests.integration.conftest import Loader
from tests.support.apis import api, whole, windowed
from tests.support.loads import Tables, backfill, manual

from demo_shop import DemoShop
from ecom_source.errors import WindowError

ORDERS = api(windowed("orders"))


@pytest.fixture(params=["duckdb", "postgres"])
def warehouse(request: pytest.FixtureRequest, tables: Tables) -> Tables:
    """Where the tables are."""
    return tables if request.param == "duckdb" else request.getfixturevalue("postgres_tables")


def drop(warehouse: Tables, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    statement = f"DROP TABLE ecommerce.{table}"
    if "AIRFLOW_CONN_ECOM_WAREHOUSE" in os.environ:
        warehouse.query(statement)
    else:
        with duckdb.connect(os.environ["ECOM_DUCKDB_PATH"]) as connection:
            connection.execute(statement)


def orders_and_items(shop: DemoShop, warehouse: Tables) -> tuple[set[Any], int]:
    items = sum(len(row["line_items"]) for row in shop.rows("orders"))
    assert warehouse.scalar("SELECT count(*) FROM ecommerce.orders__line_items") == items
    return set(warehouse.rows("orders")), items


@pytest.mark.parametrize("table", ["orders", "orders__line_items"])
def test_the_next_run_reads_whole(
    shop: DemoShop, load: Loader, warehouse: Tables, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    load(ORDERS)
    drop(warehouse, table, monkeypatch)
    shop.update("orders", 7, status="paid")
    report = load(ORDERS)["orders"]
    assert report.windows["orders"].full_refresh
    assert report.rows["orders"] == 120
    assert orders_and_items(shop, warehouse)[0] == {row["id"] for row in shop.rows("orders")}


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(backfill("2026-01-01", "2026-01-02"), id="backfill"),
        pytest.param(manual(window_start=datetime(2026, 1, 1, tzinfo=UTC)), id="window"),
    ],
)
def test_a_part_of_the_time_is_refused_until_a_run_has_read_whole(
    shop: DemoShop, load: Loader, warehouse: Tables, monkeypatch: pytest.MonkeyPatch, run: Any
) -> None:
    load(ORDERS)
    drop(warehouse, "orders", monkeypatch)
    shop.reset_log()
    with pytest.raises(WindowError, match="The table 'orders' is gone from the warehouse"):
        load(ORDERS, run)
    assert shop.requests == []
    load(ORDERS)
    load(ORDERS, run)
    assert orders_and_items(shop, warehouse)[0] == {row["id"] for row in shop.rows("orders")}


def test_a_table_that_is_read_whole_is_made_again(
    shop: DemoShop, load: Loader, warehouse: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    description = api(whole("products"))
    load(description)
    drop(warehouse, "products", monkeypatch)
    load(description, backfill("2026-01-01", "2026-01-02"))
    assert len(warehouse.rows("products")) == 30


def test_a_table_that_no_row_ever_came_for_is_not_missing(load: Loader, tables: Tables) -> None:
    with DemoShop(api_key="k", sizes={"orders": 0}) as shop, pytest.MonkeyPatch.context() as patch:
        from tests.support.loads import connection_json

        patch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url, "k"))
        load(ORDERS)
        report = load(ORDERS, backfill("2026-01-01", "2026-01-02"))["orders"]
        assert report.rows == {}
