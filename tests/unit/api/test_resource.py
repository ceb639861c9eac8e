"""Questions that a resource answers, with dlt's defaults merged in."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.apis import api, whole, windowed

from ecom_source.api.resource import Resource
from ecom_source.api.rest_config import expand

STEP: dict[str, Any] = {"map": lambda row: row}


def resource(defaults: dict[str, Any] | None = None, **more: Any) -> Resource:
    return expand(api(whole("orders", **more), defaults=defaults)).resources["orders"]


@pytest.mark.parametrize(
    ("more", "key", "required"),
    [
        pytest.param({}, ("id",), ("id",), id="of the defaults"),
        pytest.param({"primary_key": "sku"}, ("sku",), ("sku",), id="its own"),
        pytest.param({"primary_key": ["shop", "sku"]}, ("shop", "sku"), ("shop", "sku"), id="several columns"),
        pytest.param({"primary_key": []}, (), (), id="none"),
        pytest.param({"primary_key": lambda row: "id"}, (), (), id="only the rows tell"),
        pytest.param({"primary_key": ["id", "_orders_id"]}, ("id", "_orders_id"), ("id",), id="one of the parent's"),
        pytest.param({"primary_key": "data__id"}, ("data__id",), (), id="one of what is nested"),
        pytest.param({"processing_steps": [STEP]}, ("id",), (), id="a step may make it"),
    ],
)
def test_its_key(more: dict[str, Any], key: tuple[str, ...], required: tuple[str, ...]) -> None:
    found = resource(**more)
    assert (found.key, found.required_key) == (key, required)


def test_a_key_in_the_hints_of_the_defaults() -> None:
    found = resource({"columns": {"sku": {"primary_key": True}, "at": {"dedup_sort": "desc"}}, "primary_key": None})
    assert (found.key, found.dedup_sort, found.has_versions) == (("sku",), ("at", "desc"), True)


@pytest.mark.parametrize(
    ("given", "disposition", "strategy", "history"),
    [
        ("append", "append", None, False),
        ("replace", "replace", None, False),
        ({"disposition": "merge", "strategy": "scd2"}, "merge", "scd2", True),
        ({"disposition": "merge", "strategy": "upsert"}, "merge", "upsert", False),
    ],
    ids=str,
)
def test_its_disposition(given: Any, disposition: str, strategy: str | None, history: bool) -> None:
    found = resource(write_disposition=given)
    assert (found.disposition, found.strategy, found.keeps_history) == (disposition, strategy, history)
    assert found.has_versions is (given == "append")


@pytest.mark.parametrize(
    ("steps", "changes"),
    [
        ([], False),
        ([{"filter": lambda row: True}], False),
        ([STEP], True),
        ([{"yield_map": lambda row: [row]}], True),
    ],
    ids=["none", "filter", "map", "yield_map"],
)
def test_whether_a_step_makes_other_rows(steps: list[Any], changes: bool) -> None:
    assert resource(processing_steps=steps).changes_rows is changes


def test_where_its_rows_and_pages_come_from() -> None:
    found = resource()
    assert (found.selector, found.paginator, found.parent) == ("data", {"type": "offset", "limit": 100}, None)
    own = resource(endpoint={"data_selector": "$", "paginator": "single_page", "params": {"a": 1}})
    assert (own.selector, own.paginator, own.params) == ("$", "single_page", {"a": 1})
    assert (own.incremental, own.has_response_actions, own.table) == (None, False, "orders")


def test_its_cursor_and_its_table() -> None:
    found = expand(api(windowed("orders", table_name="sales"))).resources["orders"]
    assert found.incremental is not None
    assert (found.incremental["cursor_path"], found.table) == ("updated_at", "sales")
