"""What a shop says of its number of rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from requests import Request, Response, Session
from tests.support.paged_shop import URL, PagedShop

from ecom_source.errors import PayloadError
from ecom_source.paging.totals import CountEndpoint, Total, TotalSource, number_of_rows


def answer(body: Any = None, **headers: str) -> Response:
    response = Response()
    response.status_code, response.url = 200, URL
    response._content = json.dumps(body).encode()
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


@pytest.mark.parametrize(
    ("value", "rows"),
    [
        (25, 25),
        ("25", 25),
        (25.0, 25),
        ("25.00", 25),
        ("items 0-9/25", 25),
        ({"value": 25, "relation": "eq"}, 25),
        ({"value": 25}, 25),
        ({"value": 10000, "relation": "gte"}, None),
        (0, 0),
        (-1, None),
        ("-1", None),
        (25.5, None),
        ("1,234", None),
        ("items 0-9/*", None),
        ("many", None),
        ("", None),
        (True, None),
        (None, None),
        ([25], None),
    ],
    ids=repr,
)
def test_a_number_of_rows_in_any_spelling(value: Any, rows: int | None) -> None:
    assert number_of_rows(value) == rows


@pytest.mark.parametrize(
    ("text", "response", "found"),
    [
        pytest.param("total", answer({"total": 3}), 3, id="a path"),
        pytest.param("meta.page.total", answer({"meta": {"page": {"total": "3"}}}), 3, id="a longer path"),
        pytest.param("total", answer({"count": 3}), None, id="a path that is not there"),
        pytest.param("X-WP-Total", answer([], X_WP_Total="3"), 3, id="a header"),
        pytest.param("X-WP-Total", answer([]), None, id="a header that is not there"),
        pytest.param("/orders/count", answer({"total": 3}), None, id="a path that counts is in no answer"),
    ],
)
def test_a_named_total(text: str, response: Response, found: int | None) -> None:
    assert TotalSource.named(text).find(response) == found


@pytest.mark.parametrize(
    ("response", "found"),
    [
        pytest.param(answer({"total": 3}), 3, id="total"),
        pytest.param(answer({"meta": {"pagination": {"total": 3}}}), 3, id="nested"),
        pytest.param(answer({"@odata.count": 3}), 3, id="a name with a dot"),
        pytest.param(answer({"hits": {"total": {"value": 3, "relation": "eq"}}}), 3, id="Elasticsearch"),
        pytest.param(answer([], X_Total_Count="3"), 3, id="a header"),
        pytest.param(answer([], Content_Range="items 0-9/3"), 3, id="a range"),
        pytest.param(answer({"total": "3.50"}), None, id="money"),
        pytest.param(answer({"pages": 3}), None, id="pages"),
        pytest.param(answer([1, 2]), None, id="a bare list"),
    ],
)
def test_a_guessed_total(response: Response, found: int | None) -> None:
    total = Total(None, guess=True)
    total.read(response)
    assert (total.said, total.named) == (found, False)
    quiet = Total(None, guess=False)
    quiet.read(response)
    assert quiet.said is None


@pytest.mark.parametrize(
    ("words", "fell", "in_hand", "believed"),
    [
        pytest.param([25, 25], [0, 0], 25, 25, id="stays"),
        pytest.param([25, 22, 24], [0, 3, 0], 24, 24, id="falls"),
        pytest.param([25, 24], [0, 1], 25, 24, id="falls behind rows that are read"),
        pytest.param([10, 10], [0, 0], 20, None, id="below the rows in hand"),
        pytest.param([-1, -1], [0, 0], 20, None, id="says nothing"),
    ],
)
def test_a_total_from_answer_to_answer(words: list[int], fell: list[int], in_hand: int, believed: int | None) -> None:
    total = Total(TotalSource.named("total"), guess=True)
    assert [total.read(answer({"total": word})) for word in words] == fell
    total.hold_against(in_hand)
    assert total.believed == believed


class Counting(Session):
    def __init__(self, body: Any) -> None:
        super().__init__()
        self.body = body
        self.url = ""

    def send(self, request: Any, **_: Any) -> Response:
        self.url = request.url
        return answer(self.body)


@pytest.mark.parametrize("body", [25, "25", {"count": 25}, {"meta": {"total": 25}}], ids=repr)
def test_a_path_that_counts(body: Any) -> None:
    session = Counting(body)
    params: Mapping[str, Any] = {"status": "any"}
    assert CountEndpoint(f"{URL}/count", session).ask(Request("GET", URL), params) == 25
    assert session.url == f"{URL}/count?status=any"


@pytest.mark.parametrize("body", [None, [], {"error": "no"}, {"count": "many"}], ids=repr)
def test_a_path_that_does_not_count(body: Any) -> None:
    with pytest.raises(PayloadError, match="The answer of /orders/count is no number of rows"):
        CountEndpoint(f"{URL}/count", Counting(body)).ask(Request("GET", URL), {})


def test_the_shop_of_these_tests_counts() -> None:
    shop = PagedShop(7)
    assert CountEndpoint(f"{URL}/count", shop.session()).ask(Request("GET", URL), {}) == 7
