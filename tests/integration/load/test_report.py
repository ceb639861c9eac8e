"""What a load reports of itself, as the extra of its asset event."""

from __future__ import annotations

import json
from typing import Any

from tests.integration.conftest import Loader
from tests.support.apis import CATALOGUE, api, windowed
from tests.support.loads import Tables, backfill

from demo_shop import DemoShop

TYPED = {"columns": CATALOGUE["columns"]}


def extra_of(load: Loader, *resources: Any, **run: Any) -> dict[str, Any]:
    (report,) = load(api(*resources), **run).values()
    extra: dict[str, Any] = json.loads(json.dumps(report.as_extra()))
    return extra


def test_the_extra_has_the_numbers_that_the_shop_saw(shop: DemoShop, load: Loader, tables: Tables) -> None:
    shop.fail("status", status=503)
    shop.fail("status", status=429, retry_after="1", skip=1)
    extra = extra_of(load, windowed("orders"))
    items = sum(len(row["line_items"]) for row in shop.rows("orders"))
    assert {name: extra[name] for name in ("resource", "dataset", "warehouse", "first")} == {
        "resource": "orders",
        "dataset": "ecommerce",
        "warehouse": "duckdb",
        "first": True,
    }
    assert extra["resources"]["orders"] == {
        "pages": 2,
        "rows_sent": 121,
        "rows_repeated": 1,
        "rows_read": 120,
        "rows_left_out": 0,
        "proof": "read whole",
        "distinct_keys": 120,
        "api_total": 120,
    }
    assert extra["rows_loaded"] == {"orders": 120, "orders__line_items": items}
    assert extra["load_ids"] == [tables.scalar("SELECT load_id FROM ecommerce._dlt_loads")]
    assert sorted(extra["seconds"]) == ["extract", "load", "normalize"]
    assert [record.status for record in shop.requests] == [503, 429, 200, 200]
    assert (extra["requests"], extra["retries"]) == (4, {"503": 1, "429": 1})
    # A busy machine may add to a wait; twice as long would be the next one.
    assert 2 <= extra["waited"]["503"] < 4
    assert 1 <= extra["waited"]["429"] < 2
    assert extra["bytes"] == sum(record.response_bytes for record in shop.requests)


def test_an_answer_that_breaks_off_is_a_retry_too(shop: DemoShop, load: Loader, tables: Tables) -> None:
    shop.fail("cut")
    extra = extra_of(load, windowed("orders"))
    assert (len(shop.requests), extra["requests"], sum(extra["retries"].values())) == (3, 3, 1)
    assert extra["troubles"] == extra["retries"]


def test_schema_changes_name_tables_columns_and_types(shop: DemoShop, load: Loader, tables: Tables) -> None:
    resource = windowed("ecommerce_data", "/v1/resource", **TYPED)
    first = extra_of(load, resource)
    assert first["schema_changes"] == [{"change": "table_added", "table": "ecommerce_data"}]
    same = extra_of(load, resource)
    assert (same["schema_changes"], same["first"]) == ([], False)
    shop.update("resource", 5, stock="plenty", colour="blue", labels=[{"text": "new"}])
    found = extra_of(load, resource)
    assert sorted(found["schema_changes"], key=str) == [
        {"change": "column_added", "table": "ecommerce_data", "column": "colour", "data_type": "text"},
        {"change": "table_added", "table": "ecommerce_data__labels"},
        {"change": "type_varied", "table": "ecommerce_data", "column": "stock__v_text", "data_type": "text"},
    ]
    assert tables.scalar("SELECT stock__v_text FROM ecommerce.ecommerce_data WHERE id = 5") == "plenty"


def test_a_backfill_leaves_the_watermark_and_an_empty_window_still_reports(
    shop: DemoShop, load: Loader, tables: Tables
) -> None:
    resource = windowed("orders")
    before = extra_of(load, resource)["windows"]["orders"]["watermark_after"]
    extra = extra_of(load, resource, run=backfill("2020-01-01", "2020-01-02"))
    assert extra["windows"]["orders"] == {
        "start": "2020-01-01T00:00:00Z",
        "end": "2020-01-02T00:00:00Z",
        "full_refresh": False,
        "watermark_before": before,
        "watermark_after": before,
    }
    assert extra["rows_loaded"] == {}
    assert extra["resources"]["orders"]["rows_read"] == 0
