"""Which rows an answer means."""

from __future__ import annotations

import json
from typing import Any

import pytest
from dlt.sources.helpers.rest_client.client import RESTClient
from requests import Response

from ecom_source.errors import PayloadError
from ecom_source.paging.page_check import check_keys, rows_meant
from ecom_source.paging.row_selector import RowSelector

ROW = {"id": 1, "name": "a"}


def meant(body: Any, selector: Any = "data", key: tuple[str, ...] = ("id",), lacking: int | None = None) -> list[Any]:
    response = Response()
    response.status_code, response.url = 200, "https://shop.test/v1/orders?api_key=secret"
    response._content = json.dumps(body).encode()
    client = RESTClient("https://shop.test")
    rows = client.extract_response(response, selector or client.detect_data_selector(response))
    return rows_meant(response, rows, selector=RowSelector(selector), key=key, lacking=lacking)


@pytest.mark.parametrize("value", [[], {}, False, None, "", 0], ids=repr)
@pytest.mark.parametrize("selector", ["data", "data[*]"])
def test_no_rows_in_the_place_of_the_list(selector: str, value: Any) -> None:
    assert meant({"data": value, "page": 1}, selector) == []


@pytest.mark.parametrize(
    ("body", "selector", "more", "rows"),
    [
        pytest.param({"data": [ROW, ROW]}, "data", {}, [ROW, ROW], id="a list"),
        pytest.param({"data": [ROW]}, "data", {}, [ROW], id="a list of one"),
        pytest.param({"data": ROW}, "data", {}, [ROW], id="an object for one row"),
        pytest.param({"data": ROW}, "data[*]", {}, [ROW], id="and a star"),
        pytest.param({"data": ROW}, "data", {"key": ()}, [ROW], id="without a key"),
        pytest.param([ROW], "$", {}, [ROW], id="the root"),
        pytest.param([], "$", {}, [], id="an empty root"),
        pytest.param({"a": {"b": [ROW]}}, "a.b", {}, [ROW], id="a longer place"),
        pytest.param({}, "data", {}, [], id="nothing at all"),
        pytest.param([], "data", {}, [], id="PHP's empty list for an object"),
        pytest.param({"total": 0}, "data", {"lacking": 0}, [], id="left out, and none are to come"),
        pytest.param({"x": [{"data": ROW}]}, "x[*].data", {}, [ROW], id="a place in each of several"),
        pytest.param({"x": []}, "x[*].data", {}, [], id="in none"),
        pytest.param({"data": [ROW]}, None, {}, [ROW], id="found by dlt"),
    ],
)
def test_the_rows_that_are_meant(body: Any, selector: Any, more: dict[str, Any], rows: list[Any]) -> None:
    assert meant(body, selector, **more) == rows


@pytest.mark.parametrize(
    ("body", "selector", "more"),
    [
        pytest.param({"message": "try later"}, "data", {}, id="another object"),
        pytest.param({"total": 3}, "data", {"lacking": 3}, id="left out, and some are to come"),
        pytest.param({"data": {"message": "try later"}}, "data", {}, id="an object that is no row"),
        pytest.param({"data": {"error": "no", "code": 7}}, "data", {"key": ()}, id="an error, no key"),
        pytest.param({"data": {"7": {"name": "a"}}}, "data", {"key": ()}, id="rows by their keys"),
        pytest.param({"data": "no"}, "data", {}, id="a text"),
        pytest.param({"error": "no"}, None, {}, id="an error where dlt looks"),
        pytest.param({"errors": [{"message": "no"}]}, "x[*].data", {}, id="an error where a place in each is meant"),
    ],
)
def test_what_is_no_page_of_rows(body: Any, selector: Any, more: dict[str, Any]) -> None:
    with pytest.raises(PayloadError) as caught:
        meant(body, selector, **more)
    assert "/v1/orders" in caught.value.found
    assert "secret" not in str(caught.value)


def test_each_row_has_its_key() -> None:
    response = Response()
    response.url = "https://shop.test/v1/orders?api_key=secret"
    check_keys(response, [{"id": 0}, {"ID": 1}], ["id"])
    with pytest.raises(PayloadError) as caught:
        check_keys(response, [{"id": 1}, {"name": "b"}], ["id"])
    assert caught.value.found == (
        "Row 2 of 2 in the answer of /v1/orders has no 'id'; it is an object with the keys ['name']."
    )
