"""What the Connection says over the description."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from dlt.sources.helpers.rest_client.auth import BearerTokenAuth
from dlt.sources.rest_api.typing import RESTAPIConfig

from ecom_source.api.api_connection import ApiConnection
from ecom_source.api.connection_overrides import with_connection
from ecom_source.errors import ConnectionFieldError

QUERY = {"type": "api_key", "name": "api_key", "location": "query"}
HEADER = {"type": "api_key", "name": "X-Key", "location": "header"}


def described(auth: Any = None) -> RESTAPIConfig:
    """A description with offset pages at each of the three places that dlt knows."""
    return {
        "client": {
            "base_url": "https://described.test",
            "auth": auth,
            "paginator": {"type": "offset", "limit": 100},
        },
        "resource_defaults": {"endpoint": {"paginator": {"type": "offset", "limit": 90, "total_path": None}}},
        "resources": [
            "customers",
            {"name": "orders", "endpoint": {"path": "orders", "paginator": {"type": "offset", "limit": 80}}},
            {"name": "lines", "endpoint": {"path": "lines", "paginator": {"type": "page_number", "base_page": 1}}},
            {"name": "carts", "endpoint": {"path": "carts", "paginator": "auto"}},
        ],
    }


def connection(**fields: Any) -> ApiConnection:
    """An API Connection with these fields only."""
    return ApiConnection("shop", **{"base_url": None, "login": None, "password": "k", **fields})


def test_an_empty_connection_changes_nothing() -> None:
    api = described(QUERY)
    assert with_connection(api, connection()) == api


def test_the_address_of_the_connection_wins() -> None:
    changed = with_connection(described(), connection(base_url="https://real.test"))
    assert changed["client"]["base_url"] == "https://real.test"


@pytest.mark.parametrize(
    ("auth", "fields", "expected"),
    [
        pytest.param(QUERY, {"key_name": "token"}, {**QUERY, "name": "token"}, id="another name"),
        pytest.param(QUERY, {"key_location": "query"}, QUERY, id="the same place keeps its name"),
        pytest.param(HEADER, {"key_location": "query", "key_name": "k"}, {**QUERY, "name": "k"}, id="another place"),
        pytest.param({**HEADER, "location": "header"}, {"key_location": "header"}, HEADER, id="a header"),
        pytest.param(
            {"type": "api_key", "name": "X-Key"}, {"key_location": "header"}, HEADER, id="dlt's default is a header"
        ),
        pytest.param(QUERY, {"key_location": "bearer"}, {"type": "bearer"}, id="a bearer token"),
        pytest.param("bearer", {"key_location": "bearer"}, {"type": "bearer"}, id="in dlt's short form"),
        pytest.param(QUERY, {"key_location": "basic"}, {"type": "http_basic"}, id="HTTP basic"),
        pytest.param(None, {"key_location": "header", "key_name": "X-Key"}, HEADER, id="where none was described"),
        pytest.param(
            BearerTokenAuth(token="t"), {"key_location": "query", "key_name": "api_key"}, QUERY, id="an auth object"
        ),
        pytest.param("bearer", {"key_name": "X-Key"}, {"type": "bearer"}, id="a name is for a parameter or header"),
    ],
)
def test_where_the_key_goes(auth: Any, fields: dict[str, str], expected: Any) -> None:
    assert with_connection(described(auth), connection(**fields))["client"]["auth"] == expected


@pytest.mark.parametrize(("auth", "location"), [(None, "query"), (QUERY, "header"), (HEADER, "query")])
def test_a_parameter_or_header_needs_a_name(auth: Any, location: str) -> None:
    with pytest.raises(ConnectionFieldError, match=f"the key goes into a {location}, not into which") as caught:
        with_connection(described(auth), connection(key_location=location))
    assert "field 'key_name'" in caught.value.fix


def test_the_page_size_is_that_of_every_offset_paginator() -> None:
    api: Any = described()
    before = copy.deepcopy(api)
    changed: Any = with_connection(api, connection(page_size=25))
    assert changed["client"]["paginator"] == {"type": "offset", "limit": 25}
    assert changed["resource_defaults"]["endpoint"]["paginator"] == {"type": "offset", "limit": 25, "total_path": None}
    assert changed["resources"][1]["endpoint"]["paginator"] == {"type": "offset", "limit": 25}
    assert [changed["resources"][number] for number in (0, 2, 3)] == [
        before["resources"][number] for number in (0, 2, 3)
    ]
    assert api == before
