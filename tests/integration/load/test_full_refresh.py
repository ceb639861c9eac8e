"""A full refresh: everything anew, and never a moment without rows."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from tests.integration.conftest import Loader
from tests.support.apis import CATALOGUE, api, whole, windowed
from tests.support.loads import Tables, load_as, manual
from tests.support.postgres import Postgres

from demo_shop import DemoShop
from ecom_source import ECOMMERCE_API
from ecom_source.window.run_window import iso


def test_a_full_refresh_drops_what_the_shop_deleted_and_resets_the_watermark(
    shop: DemoShop, load: Loader, tables: Tables
) -> None:
    load(ECOMMERCE_API)
    shop.delete("resource", 5)
    shop.edit_silently("resource", 6, name="Edited without a trace")
    run = manual(full_refresh=True)
    report = load(ECOMMERCE_API, run)["ecommerce_data"]
    assert report.rows == {"ecommerce_data": 339}
    assert report.windows["ecommerce_data"].watermark_after == run.now.replace(microsecond=0)
    tables.assert_equal_to(shop)
    shop.update("resource", 7, name="Changed afterwards")
    assert load(ECOMMERCE_API)["ecommerce_data"].rows == {"ecommerce_data": 1}
    tables.assert_equal_to(shop)


def test_nested_tables_follow_a_full_refresh_and_the_merges_after_it(
    shop: DemoShop, load: Loader, tables: Tables
) -> None:
    description = api(windowed("orders"))
    load(description)
    load(description, manual(full_refresh=True))
    first = shop.rows("orders")[0]
    shop.update("orders", first["id"], line_items=[])
    load(description)
    expected = sum(len(row["line_items"]) for row in shop.rows("orders"))
    assert tables.scalar("SELECT count(*) FROM ecommerce.orders__line_items") == expected
    tables.assert_equal_to(shop, "orders", "orders")


@pytest.mark.usefixtures("postgres_tables")
def test_a_reader_never_sees_the_table_empty_or_missing(
    shop: DemoShop, postgres: Postgres, postgres_tables: Tables
) -> None:
    load_as(api(windowed("orders")))
    items = sum(len(row["line_items"]) for row in shop.rows("orders"))
    database = postgres_tables.scalar("SELECT current_database()")
    counts = "SELECT (SELECT count(*) FROM ecommerce.orders), (SELECT count(*) FROM ecommerce.orders__line_items)"
    done, seen = threading.Event(), []

    def read() -> None:
        connection = postgres.connect(database)
        while not done.is_set():
            with connection.cursor() as cursor:
                cursor.execute(counts)
                seen.append(cursor.fetchone())
        connection.close()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(3):
            load_as(api(windowed("orders")), manual(full_refresh=True))
    finally:
        done.set()
        reader.join()
    assert len(seen) > 50
    assert set(seen) == {(120, items)}


DELETIONS: dict[str, tuple[Any, set[int]]] = {
    "merge keeps what the shop deleted": ("merge", {1, 2, 3}),
    "replace does not": ("replace", {1, 3}),
    "scd2 retires it": ({"disposition": "merge", "strategy": "scd2"}, {1, 3}),
}


@pytest.mark.parametrize("name", DELETIONS)
def test_deleted_rows_by_write_disposition(shop: DemoShop, load: Loader, tables: Tables, name: str) -> None:
    disposition, left = DELETIONS[name]
    description = api({**CATALOGUE, "write_disposition": disposition})
    load(description)
    shop.delete("resource", 2)
    load(description)
    active = " AND _dlt_valid_to IS NULL" if isinstance(disposition, dict) else ""
    found = tables.query(f"SELECT id FROM ecommerce.ecommerce_data WHERE id <= 3{active}")[1]
    assert {row[0] for row in found} == left
    if isinstance(disposition, dict):
        assert tables.scalar("SELECT count(*) FROM ecommerce.ecommerce_data WHERE id = 2") == 1


def test_a_row_that_the_shop_marks_as_deleted_is_deleted(shop: DemoShop, load: Loader, tables: Tables) -> None:
    columns = {**CATALOGUE["columns"], "gone": {"data_type": "bool", "hard_delete": True}}
    steps = [{"map": lambda row: {**row, "gone": row["stock"] == 0}}]
    description = api(windowed("ecommerce_data", "/v1/resource", columns=columns, processing_steps=steps))
    load(description)
    before = set(tables.rows("ecommerce_data"))
    key = max(before)
    shop.update("resource", key, stock=0)
    load(description)
    assert set(tables.rows("ecommerce_data")) == before - {key}
    load(description, manual(full_refresh=True))
    assert set(tables.rows("ecommerce_data")) == before - {key}


def test_resources_that_share_a_table_replace_it_together(shop: DemoShop, load: Loader, tables: Tables) -> None:
    near = whole("near", "/v1/resource", table_name="items", primary_key="sku")
    far = whole("far", "/v1/products", table_name="items", primary_key="sku")
    description = api(near, far, defaults={"write_disposition": "replace"})
    for run in (manual(), manual(full_refresh=True)):
        assert load(description, run).keys() == {"near"}
        assert tables.scalar("SELECT count(*) FROM ecommerce.items") == 340 + 30


def test_a_history_survives_a_full_refresh(shop: DemoShop, load: Loader, tables: Tables) -> None:
    description = api({**CATALOGUE, "write_disposition": {"disposition": "merge", "strategy": "scd2"}})
    load(description)
    shop.update("resource", 2, stock=0)
    load(description, manual(full_refresh=True))
    load(description)
    history = "SELECT count(*), count(_dlt_valid_to) FROM ecommerce.ecommerce_data"
    assert tables.query(history)[1] == [(341, 1)]


def test_a_full_refresh_does_not_ask_by_cursor(shop: DemoShop, load: Loader) -> None:
    run = manual(full_refresh=True)
    window = load(ECOMMERCE_API, run)["ecommerce_data"].windows["ecommerce_data"]
    assert {key for each in shop.requests for key in each.params} == {"offset", "limit", "api_key"}
    assert (iso(window.interval.start), window.interval.end) == ("2020-01-01T00:00:00Z", run.now)
