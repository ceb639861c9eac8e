"""The run contract on each kind of warehouse that can run here, every column of every row compared with the shop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import dlt
import pytest
from dlt.sources.rest_api.typing import RESTAPIConfig
from tests.support import PROJECT
from tests.support.apis import CATALOGUE, api, whole, windowed
from tests.support.loads import (
    KEY,
    backfill,
    connection_json,
    load_as,
    make_load,
    manual,
    perform,
    scheduled,
)
from tests.support.places import MERGING, PLAIN, Place, everywhere

from demo_shop import DemoShop
from ecom_source.errors import ApiConfigError
from ecom_source.load.components import Component
from ecom_source.load.load import Load
from ecom_source.load.report import Report
from ecom_source.load.staging_dataset import Staging
from ecom_source.window.run_window import Run, iso

ORDERS, ITEMS = windowed("orders"), "SELECT count(*) FROM ecommerce.orders__line_items"
API = api(windowed("ecommerce_data", "/v1/resource", columns=CATALOGUE["columns"]), ORDERS)
REPLACED = api(CATALOGUE, whole("orders"), defaults={"write_disposition": "replace"})


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[DemoShop]:
    """A small shop, to which every load of this module goes."""
    with DemoShop(api_key=KEY, sizes={"resource": 120, "products": 1, "customers": 10, "orders": 30}) as shop:
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url))
        yield shop


def assert_equal(place: Place, shop: DemoShop) -> None:
    """Each row, each column and each list of both resources equals the shop's."""
    place.tables.assert_equal_to(shop)
    place.tables.assert_equal_to(shop, "orders", "orders")
    lists = {row["id"]: row["line_items"] for row in shop.rows("orders")}
    if place.nested:
        assert place.tables.scalar(ITEMS) == sum(map(len, lists.values()))
    else:
        found = place.tables.rows("orders")
        assert {key: json.loads(row["line_items"] or "[]") for key, row in found.items()} == lists


@everywhere(MERGING)
def test_every_kind_of_run_leaves_the_warehouse_equal_to_the_shop(place: Place, shop: DemoShop, tmp_path: Path) -> None:
    def load(description: RESTAPIConfig, run: Run | None = None) -> Report:
        folder = tmp_path / f"dlt_{uuid4().hex[:8]}" / "pipelines"
        pipeline = dlt.pipeline("shop", dataset_name="ecommerce", pipelines_dir=str(folder))
        both = Component("shop", ("ecommerce_data", "orders"))
        return perform(Load(description, both, pipeline, "ecom_api", "ecom_warehouse"), run)

    # In two windows, then up to now.
    load(API, scheduled("2025-06-30", "2025-07-01"))
    early = {row["id"] for row in shop.rows("resource") if row["updated_at"] < "2025-07-01"}
    assert set(place.tables.rows("ecommerce_data")) == early
    report = load(API, scheduled("2026-06-30", "2026-07-01"))
    # What was restored from the warehouse, by a pipeline that had nothing on this machine.
    assert iso(report.windows["ecommerce_data"].watermark_before) == "2025-07-01T00:00:00Z"
    assert report.rows["ecommerce_data"] == 120 - len(early)
    assert_equal(place, shop)
    # Changed rows and lists; a backfill of rows that are there.
    first, second, third = shop.rows("orders")[:3]
    shop.update("orders", first["id"], line_items=[])
    shop.update("orders", second["id"], line_items=[*second["line_items"], *third["line_items"]])
    shop.update("resource", 7, name="Ünïcode 💥 'quoted' \\ \"twice\"", price=12.5, stock=0)
    shop.insert("resource")
    assert load(API).rows["ecommerce_data"] == 2
    assert_equal(place, shop)
    again = [row for row in shop.rows("resource") if "2025-01" <= row["updated_at"] < "2025-04"]
    assert load(API, backfill("2025-01-01", "2025-04-01")).rows["ecommerce_data"] == len(again) > 0
    assert_equal(place, shop)
    # A row is gone from the shop.
    shop.delete("resource", 5)
    run = manual(full_refresh=True)
    report = load(API, run)
    assert report.rows["ecommerce_data"] == 120
    assert report.windows["ecommerce_data"].watermark_after == run.now.replace(microsecond=0)
    assert_equal(place, shop)
    shop.update("orders", third["id"], line_items=third["line_items"][:1])
    load(API)
    assert_equal(place, shop)
    assert not [name for name in place.datasets() if "staging" in name]


@everywhere(PLAIN)
def test_plain_files_are_replaced_and_never_merged(place: Place, shop: DemoShop) -> None:
    for number in range(2):
        shop.update("resource", 7, price=number)
        assert load_as(REPLACED)["ecommerce_data"].rows == {"ecommerce_data": 120}
        assert_equal(place, shop)
    shop.reset_log()
    with pytest.raises(ApiConfigError, match="cannot merge 'ecommerce_data': its tables are plain files") as caught:
        load_as(API)
    assert "table_format" in caught.value.fix
    assert shop.requests == []
    assert_equal(place, shop)
    assert place.datasets() == {"ecommerce"}


@everywhere({**MERGING, **PLAIN})
def test_what_a_killed_attempt_left_behind_is_dropped_and_nothing_else(place: Place, shop: DemoShop) -> None:
    ours, others = Staging.named("dag/orders", "killed"), Staging.named("dag/products", "at work")
    description = REPLACED if "parquet" in place.connection else API
    load = make_load(description, "orders")
    names = [staging.layout % "ecommerce" for staging in (ours, others)]

    def leave() -> None:
        client: Any = load.pipeline.destination_client()
        for name in names:
            if hasattr(client, "fs_client"):
                client.fs_client.makedirs(f"{client.bucket_path}/{name}/orders")
                continue
            with client.sql_client as sql, sql.with_alternative_dataset_name(name):
                sql.create_dataset()

    perform(load, staging=Staging.named("dag/orders", "1"), before=leave)
    found = place.datasets()
    assert names[0] not in found
    assert names[1] in found
    assert {name for name in found if "staging" in name} == {names[1]}


def test_the_ci_run_installs_what_these_tests_need() -> None:
    assert "mariadb-server" in (PROJECT / ".ci" / "run").read_text()
