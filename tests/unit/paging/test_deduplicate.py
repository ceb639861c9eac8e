"""Where a merge is told that no row comes twice."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from tests.support.apis import api, whole

from ecom_source.load.build_source import Plan, Reader, build_source
from ecom_source.load.components import components
from ecom_source.paging.deduplicate import DISTINCT

PLAN = Plan(distinct_rows=True)
STEP = {"processing_steps": [{"map": lambda row: row}]}
FILTER = {"processing_steps": [{"filter": lambda row: True}]}


def built(config: Any, name: str = "things", plan: Plan = PLAN) -> Any:
    (part,) = (each for each in components(config) if name in each.resources)
    source, _ = build_source(config, part, plan, Reader(lambda auth: {**auth, "api_key": "key"}, requests.Session()))
    return source.resources[name]


def told(config: Any, name: str = "things", plan: Plan = PLAN) -> Any:
    return built(config, name, plan).compute_table_schema().get(DISTINCT)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        pytest.param({}, True, id="a key in each row"),
        pytest.param({"primary_key": ["id", "shop"]}, True, id="a key of two columns"),
        pytest.param({"primary_key": [], "merge_key": "shop"}, False, id="no key"),
        pytest.param({"primary_key": "_orders_id"}, False, id="a key that dlt adds"),
        pytest.param(STEP, False, id="a step that may change the key"),
        pytest.param(FILTER, False, id="a step that may add rows"),
        pytest.param({"columns": {"at": {"dedup_sort": "desc"}}}, False, id="the newest of several is wanted"),
        pytest.param({"write_disposition": {"disposition": "merge", "strategy": "upsert"}}, False, id="an upsert"),
        pytest.param({"write_disposition": {"disposition": "merge", "strategy": "scd2"}}, False, id="a history"),
        pytest.param({"write_disposition": "append"}, None, id="append"),
        pytest.param({"write_disposition": "replace"}, None, id="replace"),
    ],
)
def test_only_where_each_row_has_its_key_when_it_comes(more: dict[str, Any], expected: bool | None) -> None:
    assert told(api(whole("things", **more))) is expected


def test_not_where_another_resource_writes_to_the_table() -> None:
    config = api(whole("things"), whole("more", table_name="things"))
    assert (told(config), told(config, "more")) == (False, False)


def test_not_for_what_is_read_for_each_row_of_a_parent() -> None:
    config = api(whole("orders"), whole("things", "/v1/orders/{resources.orders.id}/things"))
    assert (told(config, "orders"), told(config)) == (True, False)


def test_not_where_the_warehouse_looks_itself() -> None:
    assert told(api(whole("things")), plan=Plan()) is None
