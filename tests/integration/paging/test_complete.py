"""Every row that was there all along is loaded, whatever moves during the read; or the run fails and says why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.integration.conftest import Loader
from tests.support.apis import CATALOGUE, api, whole, windowed
from tests.support.loads import Tables, make_load, perform

from demo_shop import DemoShop, RequestRecord
from ecom_source.errors import IncompleteReadError
from ecom_source.load.components import Component
from ecom_source.options import Options


@pytest.fixture(params=[1, 8], ids=["one by one", "in parallel"], autouse=True)
def _pages(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are read one after the other, or several at once."""
    monkeypatch.setattr("tests.support.loads.DEFAULTS", Options(parallel_pages=request.param))


WINDOWED = windowed("ecommerce_data", "/v1/resource", columns=CATALOGUE["columns"])
OFFSETS = list[str]


def before_request(shop: DemoShop, number: int, change: Callable[[], Any]) -> None:
    """Makes a change just before request `number` (from 1) is answered."""

    def hook(record: RequestRecord) -> None:
        if record.number == number:
            change()

    shop.on_request(hook)


def offsets(shop: DemoShop) -> OFFSETS:
    return [each.params["offset"] for each in shop.requests]


def test_a_row_deleted_during_the_read_loses_no_other(shop: DemoShop, load: Loader, tables: Tables) -> None:
    before_request(shop, 2, lambda: shop.delete("resource", 50))
    load(api(WINDOWED))
    # The second page does not begin with the last row of the first: the border is read again, with a wider overlap.
    assert offsets(shop) == ["0", "99", "91", "183", "275"]
    assert shop.rows("resource")[99]["id"] == 101
    assert set(tables.rows("ecommerce_data")) == {row["id"] for row in shop.rows("resource")} | {50}


def test_a_row_changed_during_the_read_leaves_the_window_and_loses_no_other(
    shop: DemoShop, load: Loader, tables: Tables
) -> None:
    before_request(shop, 3, lambda: [shop.update("resource", key, stock=0) for key in (20, 150)])
    load(api(WINDOWED))
    assert len(tables.rows("ecommerce_data")) == 340
    load(api(WINDOWED))
    tables.assert_equal_to(shop)


def test_one_row_deleted_and_one_added_between_two_requests_loses_no_other(
    shop: DemoShop, load: Loader, tables: Tables
) -> None:
    """The total stays the same: only the overlap of the pages tells."""

    def change() -> None:
        shop.delete("resource", 50)
        shop.insert("resource")

    before_request(shop, 2, change)
    load(api(CATALOGUE))
    # One row more came than the total says, so the end is asked for.
    assert offsets(shop) == ["0", "99", "92", "184", "276", "332"]
    assert set(tables.rows("ecommerce_data")) == {row["id"] for row in shop.rows("resource")} | {50}


@pytest.mark.parametrize("resource", [WINDOWED, CATALOGUE], ids=["with a cursor", "without"])
def test_a_shop_in_which_rows_move_at_every_request_is_read_to_its_end(
    shop: DemoShop, load: Loader, tables: Tables, resource: dict[str, Any]
) -> None:
    """Changed rows leave the window; deleted ones pull all others forward."""

    def move(record: RequestRecord) -> None:
        change = shop.delete if resource is CATALOGUE else shop.update
        for key in (2 * record.number, 2 * record.number + 1):
            change("resource", key, **({} if resource is CATALOGUE else {"stock": 0}))

    shop.on_request(move)
    report = load(api({**resource, "endpoint": {**resource["endpoint"], "paginator": {"type": "offset", "limit": 20}}}))
    assert report["ecommerce_data"].readings["ecommerce_data"].again == 0
    assert len(shop.requests) < 40
    there = {row["id"] for row in shop.rows("resource") if row["stock"] or resource is CATALOGUE}
    assert there <= set(tables.rows("ecommerce_data"))


def test_rows_added_before_the_page_are_read_once(shop: DemoShop, load: Loader, tables: Tables) -> None:
    description = api({**CATALOGUE, "endpoint": {**CATALOGUE["endpoint"], "params": {"sort": "-id"}}})
    before_request(shop, 2, lambda: [shop.insert("resource") for _ in range(3)])
    report = load(description)["ecommerce_data"]
    assert report.readings["ecommerce_data"].again == 1
    tables.assert_equal_to(shop)


@pytest.mark.parametrize("total", [True, False], ids=["with a total", "without"])
@pytest.mark.parametrize("resource", [WINDOWED, CATALOGUE], ids=["with a cursor", "without"])
def test_many_rows_deleted_before_the_last_page_lose_no_other(
    shop: DemoShop, load: Loader, tables: Tables, resource: dict[str, Any], total: bool
) -> None:
    shop.set_habits(no_total=not total)

    def change() -> None:
        for key in range(1, 61):
            shop.delete("resource", key)

    before_request(shop, 4, change)
    load(api(resource))
    assert {row["id"] for row in shop.rows("resource")} <= set(tables.rows("ecommerce_data"))


@pytest.mark.parametrize("resource", [WINDOWED, CATALOGUE], ids=["with a cursor", "without"])
def test_a_resorted_row_loses_no_other(shop: DemoShop, load: Loader, tables: Tables, resource: dict[str, Any]) -> None:
    """Sorted by change, a row that changes moves from the first page to the last."""
    endpoint = {**resource["endpoint"], "params": {"sort": "updated_at"}}
    oldest = min(shop.rows("resource"), key=lambda row: (row["updated_at"], row["id"]))
    before_request(shop, 2, lambda: shop.update("resource", oldest["id"], stock=1))
    load(api({**resource, "endpoint": endpoint}))
    assert set(tables.rows("ecommerce_data")) == {row["id"] for row in shop.rows("resource")}
    load(api({**resource, "endpoint": endpoint}))
    tables.assert_equal_to(shop)


@pytest.mark.parametrize("resource", [WINDOWED, CATALOGUE], ids=["with a cursor", "without"])
def test_an_unstable_sort_never_ends_green_with_rows_missing(
    shop: DemoShop, load: Loader, tables: Tables, resource: dict[str, Any]
) -> None:
    for row in shop.rows("resource"):
        shop.edit_silently("resource", row["id"], updated_at="2026-01-01T00:00:00Z")
    shop.set_habits(unstable_sort=True, default_sort="updated_at")
    with pytest.raises(IncompleteReadError) as caught:
        load(api(resource))
    assert "sort" in str(caught.value)
    assert "To fix: give the endpoint a `sort` parameter" in str(caught.value)
    with pytest.raises(Exception, match="ecommerce_data"):
        tables.rows("ecommerce_data")


def test_a_read_that_came_short_is_begun_again(shop: DemoShop, load: Loader, tables: Tables) -> None:
    """A row that the shop commits late, at an earlier place, was not on its page: the total says so."""
    before_request(shop, 3, lambda: shop.late_commit("resource", "2024-01-01T00:00:00Z"))
    description = windowed(
        "ecommerce_data", "/v1/resource", columns=CATALOGUE["columns"], endpoint={"params": {"sort": "updated_at"}}
    )
    report = load(api(description))["ecommerce_data"]
    reading = report.readings["ecommerce_data"]
    assert (reading.again, reading.total, reading.distinct) == (1, 341, 341)
    assert sorted(offsets(shop)) == sorted(["0", "99", "198", "297"] * 2)
    tables.assert_equal_to(shop)


def test_a_total_that_is_never_reached_fails_after_three_reads(shop: DemoShop, load: Loader, tables: Tables) -> None:
    shop.set_habits(ignore_offset=True, cap_limit_silently=True, max_limit=40)
    with pytest.raises(IncompleteReadError, match="the shop seems to ignore offset_param 'offset'"):
        load(api(WINDOWED))
    assert len(shop.requests) == 6


def test_pages_by_number_that_repeat_rows_never_end_green(shop: DemoShop, load: Loader) -> None:
    """Without a total of rows, a row that came twice is the sign that another may not have come at all."""
    paginator = {"type": "page_number", "base_page": 1, "total_path": "total_pages"}
    before_request(shop, 2, lambda: [shop.insert("resource") for _ in range(3)])
    before_request(shop, 6, lambda: None)
    description = api(
        whole("ecommerce_data", "/v2/resource", endpoint={"paginator": paginator, "params": {"sort": "-id"}})
    )
    report = load(description)["ecommerce_data"]
    assert report.readings["ecommerce_data"].again == 1
    assert report.rows == {"ecommerce_data": 343}


def test_rows_that_a_filter_did_not_leave_out_are_merged_all_the_same(
    shop: DemoShop, load: Loader, tables: Tables
) -> None:
    load(api(WINDOWED))
    shop.set_habits(ignore_window=True)
    shop.update("resource", 1, stock=7)
    report = load(api(WINDOWED))["ecommerce_data"]
    reading = report.readings["ecommerce_data"]
    assert (reading.passed_on, reading.repeated, report.rows) == (340, 3, {"ecommerce_data": 340})
    tables.assert_equal_to(shop)


def test_prices_whole_first_and_fractional_later_stay_one_column(shop: DemoShop, load: Loader, tables: Tables) -> None:
    shop.set_habits(whole_numbers_first=150)
    load(api(CATALOGUE))
    assert not [name for name in tables.query("SELECT * FROM ecommerce.ecommerce_data")[0] if "__v_" in name]
    tables.assert_equal_to(shop)


def test_decimals_as_text_and_columns_that_are_null_at_first_are_typed(
    shop: DemoShop, load: Loader, tables: Tables
) -> None:
    shop.set_habits(decimals_as_strings=True, null_first_field=340)
    columns = {
        **CATALOGUE["columns"],
        "rating": {"data_type": "double", "nullable": True},
        "discontinued_at": {"data_type": "timestamp", "nullable": True},
    }
    load(api({**CATALOGUE, "columns": columns}))
    shop.set_habits(null_first_field=0)
    load(api({**CATALOGUE, "columns": columns}))
    shop.set_habits(decimals_as_strings=False)
    tables.assert_equal_to(shop)


@pytest.mark.parametrize("total", [True, False], ids=["with a total", "without"])
def test_a_step_that_changes_rows_in_place_hides_no_repeated_page(
    shop: DemoShop, load: Loader, tables: Tables, total: bool
) -> None:
    def mark(row: dict[str, Any]) -> dict[str, Any]:
        row["seen"] = True
        return row

    shop.set_habits(ignore_offset=True, no_total=not total)
    with pytest.raises(IncompleteReadError, match="The second page of 'ecommerce_data' is the first one again"):
        load(api(whole("ecommerce_data", "/v1/resource", processing_steps=[{"map": mark}])))


def test_a_read_that_is_begun_again_counts_its_dependents_once(shop: DemoShop, tables: Tables, tmp_path: Path) -> None:
    description = api(
        whole("products"),
        whole("customers"),
        whole("customer_orders", "/v1/customers/{resources.customers.id}/orders"),
        client={"paginator": {"type": "offset", "limit": 20}},
    )
    loading = make_load(description, "customers")
    # As `decompose="none"` makes it: one task for all, named after the dataset.
    loading.component = Component("ecommerce", ("products", "customers", "customer_orders"))
    begun: list[int] = []

    def mend(record: RequestRecord) -> None:
        if record.path == "/v1/customers" and record.params["offset"] == "0":
            begun.append(record.number)
            shop.set_habits(ignore_offset=len(begun) == 1)

    shop.on_request(mend)
    readings = perform(loading).readings
    assert len(begun) == 2
    assert (readings["customers"].again, readings["customers"].distinct) == (1, 40)
    assert (readings["customer_orders"].rows, readings["customer_orders"].total) == (120, 120)
    assert len(tables.rows("customer_orders")) == 120
