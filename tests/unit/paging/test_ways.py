"""How each kind of paging asks for its pages, goes back, and knows its end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from dlt.sources.helpers.rest_client.paginators import (
    BasePaginator,
    HeaderLinkPaginator,
    JSONResponseCursorPaginator,
    OffsetPaginator,
    PageNumberPaginator,
    SinglePagePaginator,
)
from requests import Request, Response

from ecom_source.paging.ways import LinkWay, OffsetWay, PageNumberWay, way_of


class Own(OffsetPaginator):
    """A subclass of a user's own."""


def begun(inner: BasePaginator, **params: Any) -> tuple[Any, Request]:
    way, request = way_of(inner), Request("GET", "https://shop.test/orders", params=params)
    way.begin(request)
    return way, request


def answer(**body: Any) -> Response:
    response = Response()
    response.status_code = 200
    response._content = json.dumps(body).encode()
    return response


def rows(count: int) -> list[dict[str, int]]:
    return [{"id": number} for number in range(count)]


@pytest.mark.parametrize(
    ("inner", "way"),
    [
        (OffsetPaginator(10, total_path=None), OffsetWay),
        (PageNumberPaginator(total_path=None), PageNumberWay),
        (JSONResponseCursorPaginator(), LinkWay),
        (HeaderLinkPaginator(), LinkWay),
        (SinglePagePaginator(), LinkWay),
        (Own(10, total_path=None), LinkWay),
    ],
    ids=lambda each: each.__name__ if isinstance(each, type) else type(each).__name__,
)
def test_each_paginator_has_its_way(inner: BasePaginator, way: type) -> None:
    assert type(way_of(inner)) is way


@pytest.mark.parametrize(
    ("came", "overlap", "offset"),
    [(10, 0, 10), (10, 1, 9), (7, 0, 7), (7, 1, 6), (1, 1, 1), (10, -1, 10), (0, 0, 10)],
)
def test_offsets_go_by_the_rows_that_came(came: int, overlap: int, offset: int) -> None:
    way, request = begun(OffsetPaginator(10, total_path=None))
    assert way.is_first
    assert way.advance(answer(), rows(came), overlap=overlap) is (came > 0)
    way.ask(request)
    assert (request.params["offset"], request.params["limit"], way.is_first) == (offset, 10, False)


def test_offsets_go_back_further_each_time_and_overlap_from_then_on() -> None:
    way, _ = begun(OffsetPaginator(100, total_path=None))
    for _ in range(3):
        way.advance(answer(), rows(100), overlap=0)
    places = []
    for _ in range(3):
        way.go_back(1)
        places.append((way.number, way.overlap))
    assert places == [(291, 8), (266, 32), (169, 128)]
    way.go_back(200)
    assert (way.number, way.overlap) == (0, 97)


def test_offsets_that_must_be_multiples_of_the_limit() -> None:
    way, _ = begun(OffsetPaginator(10, total_path=None))
    way.advance(answer(), rows(10), overlap=1)
    assert (way.number, way.align(), way.number, way.overlap) == (9, True, 10, 0)
    assert way.align() is False
    way.advance(answer(), rows(10), overlap=1)
    assert way.number == 20
    way.go_back(1)
    assert (way.number, way.overlap) == (10, 9)


@pytest.mark.parametrize(
    ("inner", "total", "wanted"),
    [
        (OffsetPaginator(10, total_path=None), 50, 50),
        (OffsetPaginator(10, offset=20, total_path=None), 50, 30),
        (OffsetPaginator(10, maximum_offset=20, total_path=None), 50, 20),
    ],
    ids=["all", "from an offset", "to an offset"],
)
def test_how_many_rows_of_the_total_are_asked_for(inner: OffsetPaginator, total: int, wanted: int) -> None:
    way, _ = begun(inner)
    assert way.wanted(total) == wanted


@pytest.mark.parametrize(
    ("params", "size"),
    [
        ({"per_page": 50}, 50),
        ({"limit": "50"}, 50),
        ({"page[size]": 50}, 50),
        ({"searchCriteria[pageSize]": 50}, 50),
        ({"pagination[limit]": 50}, 50),
        ({"$top": 50, "status": 7}, None),
        ({"limit": "all"}, None),
        ({"limit": 0}, None),
        ({}, None),
    ],
    ids=str,
)
def test_the_size_of_a_numbered_page_is_read_from_the_parameters(params: dict[str, Any], size: int | None) -> None:
    way, request = begun(PageNumberPaginator(base_page=1, total_path=None), **params)
    assert way.size == size
    assert request.params["page"] == 1
    way.ask_first_page(25)
    way.ask(request)
    assert [value for name, value in request.params.items() if name != "page" and value == 25] == [25] * bool(size)


@pytest.mark.parametrize(
    ("inner", "params", "came", "page", "full"),
    [
        pytest.param(OffsetPaginator(10, total_path=None), {}, 10, 1, True, id="as many as were asked for"),
        pytest.param(OffsetPaginator(10, total_path=None), {}, 9, 1, False, id="fewer"),
        pytest.param(OffsetPaginator(100, total_path=None), {}, 25, 1, True, id="as many as many a shop gives at most"),
        pytest.param(OffsetPaginator(100, total_path=None), {}, 25, 2, True, id="as many as the longest page"),
        pytest.param(PageNumberPaginator(total_path=None), {}, 3, 1, True, id="a first page of unknown size"),
        pytest.param(PageNumberPaginator(total_path=None), {}, 0, 1, False, id="an empty one"),
        pytest.param(PageNumberPaginator(total_path="pages"), {}, 3, 1, False, id="a number of pages tells"),
        pytest.param(PageNumberPaginator(total_path=None), {"limit": 5}, 3, 1, False, id="a known size"),
    ],
)
def test_whether_a_page_is_full(inner: BasePaginator, params: dict[str, Any], came: int, page: int, full: bool) -> None:
    way, _ = begun(inner, **params)
    assert way.is_full(came, page) is full


def test_page_numbers_go_back_by_pages() -> None:
    way, request = begun(PageNumberPaginator(base_page=1, total_path=None))
    for _ in range(6):
        way.advance(answer(), rows(10), overlap=1)
    assert way.number == 7
    way.go_back(1)
    assert (way.number, way.place) == (6, "page 6")
    way.go_back(1)
    assert way.number == 4
    way.go_back(25)
    way.ask(request)
    assert (request.params["page"], way.is_first) == (1, True)


def test_page_numbers_end_by_the_number_of_pages() -> None:
    way, _ = begun(PageNumberPaginator(base_page=1, total_path="pages"))
    assert way.advance(answer(pages=2), rows(10), overlap=0) is True
    assert way.advance(answer(pages=2), rows(10), overlap=0) is False
    assert way.ended_by_total
    assert way.ask_beyond_total()
    assert way.advance(answer(pages=2), rows(10), overlap=0) is True


def test_cursors_go_back_to_the_requests_that_were_made() -> None:
    way, request = begun(JSONResponseCursorPaginator(cursor_path="next", cursor_param="after"), status="any")
    asked = [dict(request.params)]
    for cursor in ("a", "b", "c"):
        assert way.advance(answer(next=cursor), rows(10), overlap=0)
        way.ask(request)
        asked.append(dict(request.params))
    assert [each.get("after") for each in asked] == [None, "a", "b", "c"]
    way.go_back(1)
    way.ask(request)
    assert (request.params, way.number) == (asked[2], 2)
    way.go_back(1)
    way.ask(request)
    assert (request.params, way.is_first) == (asked[0], True)
    assert way.advance(answer(next="z"), rows(10), overlap=0)
    way.ask(request)
    assert request.params["after"] == "z"


def test_a_paginator_that_is_found_out_goes_back_to_the_first_request() -> None:
    request = Request("GET", "https://shop.test/orders", params={"status": "any"})
    way = way_of(JSONResponseCursorPaginator(cursor_path="next", cursor_param="after"))
    way.take_over(request)
    way.advance(answer(next="a"), rows(10), overlap=0)
    way.ask(request)
    assert request.params == {"status": "any", "after": "a"}
    way.go_back(1)
    way.ask(request)
    assert request.params == {"status": "any"}


def test_a_paginator_that_counts_by_itself_is_taken_back_with_its_request() -> None:
    way, request = begun(Own(10, total_path=None))
    for _ in range(3):
        way.advance(answer(), rows(10), overlap=0)
        way.ask(request)
    assert request.params["offset"] == 30
    way.go_back(1)
    way.ask(request)
    assert request.params["offset"] == 20
    way.advance(answer(), rows(10), overlap=0)
    way.ask(request)
    assert request.params["offset"] == 30


@pytest.mark.parametrize(
    ("inner", "text", "names"),
    [
        (
            OffsetPaginator(10, total_path=None),
            "offset_param 'offset' and limit_param 'limit'",
            {"offset", "limit"},
        ),
        (
            OffsetPaginator(
                10, offset_param="", limit_param="", offset_body_path="o", limit_body_path="l", total_path=None
            ),
            "offset_body_path 'o' and limit_body_path 'l'",
            set(),
        ),
        (
            PageNumberPaginator(base_page=1, total_path=None),
            "page_param 'page' (or counts its pages from another base_page than 1)",
            {"page"},
        ),
        (JSONResponseCursorPaginator(cursor_param="after"), "cursor_param 'after'", {"after"}),
        (HeaderLinkPaginator(), "the link to the next page", set()),
    ],
    ids=lambda each: type(each).__name__,
)
def test_the_parameters_have_the_names_of_the_description(inner: BasePaginator, text: str, names: set[str]) -> None:
    way, _ = begun(inner)
    assert (way.parameters, way.paging_params) == (text, names)
