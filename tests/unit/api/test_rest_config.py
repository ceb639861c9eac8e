"""A description, expanded as dlt reads it."""

from __future__ import annotations

from typing import Any

import dlt
import pytest
from tests.support.apis import api, whole

from ecom_source.api.rest_config import as_dicts, auth_blocks, clone, expand, name_of
from ecom_source.errors import ApiConfigError


def test_resources_parents_and_objects_are_told_apart() -> None:
    rates = dlt.resource([{"id": 1}], name="rates")
    found = expand(
        api(
            "customers",
            whole("orders"),
            whole("items", "/v1/orders/{resources.orders.id}/items"),
            whole("taxes", "/v1/items/{resources.items.id}/taxes"),
            rates,
        )
    )
    assert set(found.resources) == {"customers", "orders", "items", "taxes"}
    assert found.objects == {"rates": rates}
    assert {name: each.parent for name, each in found.resources.items()} == {
        "customers": None,
        "orders": None,
        "items": "orders",
        "taxes": "items",
    }
    assert [each.name for each in found.ancestors("taxes")] == ["items", "orders"]
    assert found.ancestors("orders") == []


def test_a_description_is_left_as_it_was_and_needs_no_secret() -> None:
    description = api({"name": "orders", "endpoint": "v1/orders"})
    before = clone(description)
    assert expand(description).resources["orders"].endpoint["path"] == "v1/orders"
    assert description == before
    assert "auth" not in expand(description).client


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"resources": [{"name": "a", "endpoint": {"pth": "x"}}]}, id="an unknown field"),
        pytest.param({"resources": ["a", "a"]}, id="a name twice"),
        pytest.param({"resources": [whole("a", "/{resources.b.id}")]}, id="a parent that is not there"),
        pytest.param({"resources": None}, id="no resources"),
    ],
)
def test_what_dlt_refuses_keeps_its_words(change: dict[str, Any]) -> None:
    with pytest.raises(ApiConfigError, match=r"dlt refuses the API description: .+"):
        expand({**api("a"), **change})  # type: ignore[typeddict-item]


def test_each_resource_as_a_dict_to_be_written_to() -> None:
    config = api("a", {"name": "b"}, {"name": "c", "endpoint": "v1/c"}, whole("d"), dlt.resource([1], name="e"))
    found = as_dicts(config)
    assert {name: each["endpoint"].get("path") for name, each in found.items()} == {
        "a": None,
        "b": None,
        "c": "v1/c",
        "d": "/v1/d",
    }
    found["a"]["endpoint"]["path"] = "changed"
    assert as_dicts(config)["a"]["endpoint"] == {"path": "changed"}
    assert [name_of(each) for each in config["resources"]] == ["a", "b", "c", "d", "e"]


def test_every_block_that_may_have_a_login() -> None:
    config = api(
        whole("a", endpoint={"auth": {"type": "bearer"}}), defaults={"endpoint": {"auth": {"type": "http_basic"}}}
    )
    assert [block["auth"]["type"] for block in auth_blocks(config) if "auth" in block] == [
        "api_key",
        "http_basic",
        "bearer",
    ]
