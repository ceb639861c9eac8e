"""One load against the specification: what is asked, what is stored."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.integration.conftest import Loader
from tests.support.loads import KEY, Tables, make_load, manual, perform

from demo_shop import DemoShop
from ecom_source import ECOMMERCE_API
from ecom_source.options import Options
from ecom_source.window.run_window import iso


@pytest.mark.parametrize("in_parallel", [False, True], ids=["one after another", "in parallel"])
def test_requests_of_a_first_load_are_those_of_the_specification(
    shop: DemoShop, tables: Tables, in_parallel: bool
) -> None:
    run = manual()
    loading = make_load(ECOMMERCE_API, "ecommerce_data")
    if not in_parallel:
        loading.options = {"ecommerce_data": Options(parallel_pages=1)}
    perform(loading, run)
    asked = shop.requests
    if in_parallel:
        # They may arrive in any order.
        asked.sort(key=lambda each: int(each.params["offset"]))
    assert [(each.method, each.path, each.params) for each in asked] == [
        (
            "GET",
            "/v1/resource",
            {
                "limit": "100",
                "offset": str(offset),
                "api_key": KEY,
                # Wider than the window, by a second and, until the step of the shop's filter is known, by a day.
                "updated_since": "2019-12-31T23:59:59Z",
                "updated_before": iso((run.now + timedelta(days=1, seconds=1)).replace(microsecond=0)),
            },
        )
        # Each page begins with the last row of the one before: rows of this moment may move while they are read.
        for offset in (0, 99, 198, 297)
    ]
    assert {each.auth for each in shop.requests} == {"query"}


def test_a_load_run_twice_leaves_identical_tables(shop: DemoShop, load: Loader, tables: Tables) -> None:
    first = load(ECOMMERCE_API)["ecommerce_data"]
    before = tables.rows("ecommerce_data")
    second = load(ECOMMERCE_API)["ecommerce_data"]
    assert (first.rows, second.rows) == ({"ecommerce_data": 340}, {})
    assert tables.rows("ecommerce_data") == before
    tables.assert_equal_to(shop)


def test_the_second_load_reads_only_what_changed_meanwhile(shop: DemoShop, load: Loader, tables: Tables) -> None:
    load(ECOMMERCE_API)
    shop.update("resource", 7, name="Renamed", price=9.99)
    shop.insert("resource")
    shop.reset_log()
    report = load(ECOMMERCE_API)["ecommerce_data"]
    assert (report.readings["ecommerce_data"].rows, report.rows) == (2, {"ecommerce_data": 2})
    assert len(shop.requests) == 1
    tables.assert_equal_to(shop)


def test_columns_have_their_types_and_nullability(shop: DemoShop, load: Loader, tables: Tables) -> None:
    load(ECOMMERCE_API)
    _, rows = tables.query("DESCRIBE ecommerce.ecommerce_data")
    assert {row[0]: (row[1], row[2]) for row in rows if not row[0].startswith("_dlt")} == {
        "id": ("BIGINT", "NO"),
        "name": ("VARCHAR", "NO"),
        "price": ("DECIMAL(18,4)", "NO"),
        "currency": ("VARCHAR", "YES"),
        "sku": ("VARCHAR", "YES"),
        "category": ("VARCHAR", "YES"),
        "brand": ("VARCHAR", "YES"),
        "description": ("VARCHAR", "YES"),
        "stock": ("BIGINT", "YES"),
        "is_active": ("BOOLEAN", "YES"),
        "rating": ("DOUBLE", "YES"),
        "weight_grams": ("BIGINT", "YES"),
        "discontinued_at": ("TIMESTAMP WITH TIME ZONE", "YES"),
        "created_at": ("TIMESTAMP WITH TIME ZONE", "YES"),
        "updated_at": ("TIMESTAMP WITH TIME ZONE", "YES"),
    }


def test_only_the_dataset_is_left_in_the_warehouse(shop: DemoShop, load: Loader, tables: Tables) -> None:
    load(ECOMMERCE_API)
    _, schemas = tables.query("SELECT DISTINCT table_schema FROM information_schema.tables")
    assert schemas == [("ecommerce",)]
