"""Paging against a small shop in memory, whose rows come and go between the pages."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from dlt.sources.helpers.rest_client.paginators import (
    BasePaginator,
    JSONLinkPaginator,
    OffsetPaginator,
    PageNumberPaginator,
)
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from requests import Request, Response

from ecom_source.errors import IncompleteReadError
from ecom_source.paging.checked_paginator import CheckedPaginator
from ecom_source.paging.page_policy import Expected
from ecom_source.paging.read_tally import Reading
from ecom_source.paging.totals import TotalSource

MOST_REQUESTS = 400
"""More than any read of these shops can need: a read that gets here would go on for ever."""

Change = Callable[[list[int]], None]


@dataclass
class Shop:
    """Answers offset requests.

    Args:
        rows: the keys of its rows, in its order.
        cap: the longest page it gives, whatever is asked for.
        total: on every answer (`each`), the first (`first`), none, or as text.
        more: what `more` says: nothing, or whether rows follow.
        heeds_offset: whether it looks at the offset at all.
        changes: what happens to the rows before an answer, by the request's number (the first is 0).
    """

    rows: list[int]
    cap: int = 1000
    total: str = "each"
    more: bool = False
    heeds_offset: bool = True
    changes: Mapping[int, Change] = field(default_factory=dict)
    named: str = "id"
    asked: list[int] = field(default_factory=list)

    def answer(self, request: Request) -> Response:
        if change := self.changes.get(len(self.asked)):
            change(self.rows)
        params: Any = request.params or {}
        self.asked.append(int(params.get("offset", params.get("page", 0))))
        assert len(self.asked) <= MOST_REQUESTS, "an endless read"
        offset = self.asked[-1] if self.heeds_offset else 0
        length = min(int(params.get("limit", 10)), self.cap)
        page = self.rows[offset : offset + length]
        body: dict[str, Any] = {"data": [{self.named: key} for key in page]}
        if self.total == "each" or (self.total == "first" and len(self.asked) == 1):
            body["total"] = len(self.rows)
        if self.total == "text":
            body["total"] = str(len(self.rows))
        if self.more:
            body["more"] = offset + length < len(self.rows)
        response = Response()
        response.status_code = 200
        response._content = json.dumps(body).encode()
        return response


def paging(
    limit: int = 10, *, overlap: bool = False, total: bool = True, key: tuple[str, ...] = ("id",), **more: Any
) -> CheckedPaginator:
    named = TotalSource.named("total") if total else None
    expected = Expected(key=key, selector="data", total=named, overlap=overlap)
    return CheckedPaginator(OffsetPaginator(limit, **more), Reading("orders", key=key), expected=expected)


def paged(inner: BasePaginator, **more: Any) -> CheckedPaginator:
    expected = Expected(**{"key": ("id",), "selector": "data", **more})
    return CheckedPaginator(inner, Reading("orders", key=expected.key), expected=expected)


@dataclass
class Early:
    """What `ReadAhead` does, with no thread: requests are answered in any order, at any time until they are needed.

    Args:
        choose: how many of the requests that are under way are answered now, and which is the next of them.
    """

    shop: Shop
    choose: Callable[[int], int]
    most: int = 8
    _sent: dict[int, Request] = field(default_factory=dict)
    _answered: dict[int, Response] = field(default_factory=dict)

    def expect(self, owner: object, wanted: Mapping[int, Request]) -> None:
        self._answered = {offset: answer for offset, answer in self._answered.items() if offset in wanted}
        self._sent = {offset: request for offset, request in wanted.items() if offset not in self._answered}
        for _ in range(self.choose(len(self._sent))):
            self.answer(list(self._sent)[self.choose(len(self._sent) - 1)])

    def answer(self, offset: int) -> None:
        self._answered[offset] = self.shop.answer(self._sent.pop(offset))

    def take(self, request: Request) -> Response:
        offset = int(request.params["offset"])
        if offset in self._sent:
            self.answer(offset)
        return self._answered.pop(offset, None) or self.shop.answer(request)


def early(shop: Shop, paginator: CheckedPaginator, choose: Callable[[int], int] = lambda most: most) -> Early:
    """Has the paginator ask for pages in advance."""
    paginator.ahead = found = Early(shop, choose)  # type: ignore[assignment]
    return found


def read(shop: Shop, paginator: BasePaginator, ahead: Early | None = None) -> list[list[int]]:
    """The keys on each page that goes on to dlt, read as dlt's REST client does."""
    request = Request("GET", "https://shop.test/orders", params={})
    paginator.init_request(request)
    pages = []
    while True:
        response = ahead.take(request) if ahead else shop.answer(request)
        data = response.json()["data"]
        paginator.update_state(response, data)
        paginator.update_request(request)
        pages.append([row[shop.named] for row in data])
        if not paginator.has_next_page:
            return pages


def keys(pages: list[list[int]]) -> list[int]:
    return sorted(key for page in pages for key in page)


def numbers(first: int, last: int) -> list[int]:
    return list(range(first, last + 1))


def drop(*gone: int) -> Change:
    def change(rows: list[int]) -> None:
        rows[:] = [key for key in rows if key not in gone]

    return change


def put_first(*new: int) -> Change:
    def change(rows: list[int]) -> None:
        rows[:0] = new

    return change


@pytest.mark.parametrize(
    ("shop", "paginator", "asked"),
    [
        pytest.param(Shop(numbers(1, 25)), paging(), [0, 10, 20], id="three pages"),
        pytest.param(Shop(numbers(1, 20)), paging(), [0, 10, 20], id="the last page is full"),
        pytest.param(Shop(numbers(1, 4)), paging(), [0], id="one page"),
        pytest.param(Shop(numbers(1, 3)), paging(1, overlap=True), [0, 1, 2, 3], id="pages of one row"),
        pytest.param(
            Shop(numbers(1, 3), cap=1, total="none"), paging(total=False), [0, 1, 2, 3], id="pages of one row, no total"
        ),
        pytest.param(Shop([]), paging(), [0], id="an empty first page"),
        pytest.param(Shop([], total="none"), paging(total=False), [0], id="an empty first page, no total"),
        pytest.param(Shop(numbers(1, 25), cap=7), paging(), [0, 7, 14, 21], id="a page limit cut in silence"),
        pytest.param(Shop(numbers(1, 26)), paging(100), [0], id="a limit above all rows"),
        pytest.param(
            Shop(numbers(1, 25)), paging(100), [0, 25], id="as many rows as many a shop's longest page: asked once more"
        ),
        pytest.param(
            Shop(numbers(1, 25), total="none"), paging(total=False), [0, 9, 18, 24], id="no total: overlapping pages"
        ),
        pytest.param(
            Shop(numbers(1, 25), total="none", cap=7),
            paging(total=False),
            [0, 6, 12, 18, 24],
            id="no total, a cut limit",
        ),
        pytest.param(Shop(numbers(1, 25), total="first"), paging(), None, id="a total on page one only"),
        pytest.param(Shop(numbers(1, 25), total="text"), paging(), [0, 10, 20], id="a total as text"),
        pytest.param(Shop(numbers(1, 25), total="none"), paging(), [0, 9, 18, 24], id="a total that never comes"),
        pytest.param(
            Shop(numbers(1, 25), total="none", more=True),
            paging(total=False, has_more_path="more"),
            [0, 9, 18],
            id="has_more",
        ),
        pytest.param(
            Shop(numbers(1, 20), total="none", more=True),
            paging(total=False, has_more_path="more"),
            [0, 9, 18],
            id="has_more, the last page is full",
        ),
        pytest.param(
            Shop(numbers(1, 25), total="none"),
            paging(total=False, has_more_path="more"),
            [0, 9, 18, 24],
            id="a has_more that never comes",
        ),
        pytest.param(
            Shop(numbers(1, 20), total="none"), paging(total=False, maximum_offset=20), [0, 9, 18], id="maximum_offset"
        ),
        pytest.param(Shop(numbers(1, 25)), paging(overlap=True), [0, 9, 18], id="overlapping pages"),
        pytest.param(
            Shop(numbers(1, 25), total="none"),
            paging(overlap=True, total=False),
            [0, 9, 18, 24],
            id="overlapping pages, no total, either",
        ),
        pytest.param(
            Shop(numbers(1, 25), cap=7), paging(overlap=True), [0, 6, 12, 18, 24], id="overlapping pages, a cut limit"
        ),
        pytest.param(Shop(numbers(1, 25), total="none"), paging(key=(), total=False), [0, 10, 20, 25], id="no key"),
        pytest.param(
            Shop(numbers(1, 25), named="orderId"),
            paging(key=("order_id",)),
            [0, 10, 20],
            id="a key that dlt names later",
        ),
    ],
)
def test_every_row_is_read_once(shop: Shop, paginator: CheckedPaginator, asked: list[int] | None) -> None:
    pages = read(shop, paginator)
    assert keys(pages) == shop.rows
    assert asked is None or shop.asked == asked
    assert paginator.reading.pages == len(shop.asked)
    if paginator.reading.distinct is not None:
        assert paginator.reading.distinct == len(shop.rows)
    assert paginator.reading.total == (len(shop.rows) if shop.total != "none" else None)


@pytest.mark.parametrize(
    ("shop", "paginator", "says"),
    [
        pytest.param(
            Shop(numbers(1, 25), heeds_offset=False),
            paging(),
            "the shop seems to ignore offset_param 'offset' and limit_param 'limit'",
            id="offset ignored",
        ),
        pytest.param(
            Shop(numbers(1, 25), heeds_offset=False),
            paging(key=()),
            "101 pages of 'orders' in a row have no new row",
            id="and no key",
        ),
        pytest.param(
            Shop([*numbers(1, 10), 10, *numbers(12, 20)]),
            paging(),
            "has 20 rows, and 19 different rows came on its pages (1 came more than once: its sort order",
            id="an unstable order",
        ),
        pytest.param(
            Shop(numbers(1, 25), total="first", changes={1: drop(1)}),
            paging(),
            "has 25 rows, and 24 different",
            id="rows go, a total on page one only",
        ),
    ],
)
def test_missing_rows_are_never_passed_over(shop: Shop, paginator: CheckedPaginator, says: str) -> None:
    with pytest.raises(IncompleteReadError) as caught:
        read(shop, paginator)
    assert says in caught.value.found
    assert "'orders'" in caught.value.found
    assert caught.value.fix


def test_pages_that_never_join_are_given_up() -> None:
    def shuffle(rows: list[int]) -> None:
        rows[:] = [key + 1000 for key in rows]

    shop = Shop(numbers(1, 200), changes=dict.fromkeys(range(8, 99), shuffle))
    with pytest.raises(IncompleteReadError, match="did not begin where the page before had ended"):
        read(shop, paging(overlap=True))


@pytest.mark.parametrize("overlap", [False, True], ids=["as they come", "overlapping"])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(drop(1), id="a row that was read"),
        pytest.param(drop(10), id="the last row that was read"),
        pytest.param(drop(11), id="the next row"),
        pytest.param(drop(28), id="a row further on"),
        pytest.param(drop(3, 12, 29), id="rows here and there"),
        pytest.param(drop(*range(1, 9)), id="most of a page"),
        pytest.param(drop(*range(1, 11)), id="a page that was read"),
        pytest.param(drop(*range(15, 31)), id="the end"),
        pytest.param(drop(*range(1, 41)), id="all"),
        pytest.param(put_first(99), id="a new row at the front"),
        pytest.param(put_first(*range(80, 89)), id="new rows at the front"),
        pytest.param(lambda rows: rows.append(99), id="a new row at the end"),
    ],
)
@pytest.mark.parametrize("moment", [1, 2], ids=["before page two", "before page three"])
def test_rows_that_stay_are_read_though_others_come_and_go(overlap: bool, change: Change, moment: int) -> None:
    shop = Shop(numbers(1, 31), changes={moment: change})
    stayed = set(shop.rows)
    paginator = paging(overlap=overlap)
    try:
        pages = read(shop, paginator)
    except IncompleteReadError:
        # New rows at the front are read by another pass; rows that only go never need one.
        assert not stayed.issuperset(shop.rows)
        return
    assert stayed.intersection(shop.rows) <= set(keys(pages))


@pytest.mark.parametrize("total", ["none", "first", "each"])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(drop(10), id="the row at the border goes"),
        pytest.param(drop(1, 2, 3), id="rows that were read go"),
        pytest.param(drop(*range(1, 11)), id="a page that was read goes"),
        pytest.param(lambda rows: (drop(1)(rows), rows.append(99)), id="one goes, one comes"),
        pytest.param(put_first(*range(80, 90)), id="a page comes at the front"),
    ],
)
def test_an_overlap_notices_what_no_total_tells(total: str, change: Change) -> None:
    shop = Shop(numbers(1, 45), total=total, changes={1: change})
    stayed = set(shop.rows)
    try:
        pages = read(shop, paging(overlap=True, total=total != "none"))
    except IncompleteReadError:
        assert total == "first"
        return
    assert stayed.intersection(shop.rows) <= set(keys(pages))


@settings(deadline=None)
@given(data=st.data(), size=st.integers(0, 60), limit=st.integers(2, 12), cap=st.integers(2, 12))
@pytest.mark.parametrize(("overlap", "total"), [(False, "each"), (True, "each"), (True, "none")])
def test_rows_that_go_between_pages_never_take_others_along(
    overlap: bool, total: str, data: st.DataObject, size: int, limit: int, cap: int
) -> None:
    shop = Shop(numbers(1, size), cap=cap, total=total)
    all_gone: set[int] = set()

    def some_go(rows: list[int]) -> None:
        gone = data.draw(st.sets(st.sampled_from(rows), max_size=4)) if rows else set()
        all_gone.update(gone)
        drop(*gone)(rows)

    shop.changes = dict.fromkeys(range(1, 12), some_go)
    stayed = set(shop.rows)
    try:
        pages = read(shop, paging(limit, overlap=overlap, total=total != "none"))
    except IncompleteReadError:
        # Only a shop whose rows go faster than they are read is given up.
        assert len(all_gone) > 5
        return
    assert stayed - all_gone <= set(keys(pages))
    assert len(keys(pages)) == len(set(keys(pages)))


@settings(deadline=None)
@given(
    data=st.data(),
    shop=st.builds(
        Shop,
        rows=st.lists(st.integers(1, 20), max_size=40),
        cap=st.integers(1, 10),
        total=st.sampled_from(["each", "first", "none", "text"]),
        more=st.booleans(),
        heeds_offset=st.booleans(),
    ),
    limit=st.integers(1, 10),
    overlap=st.booleans(),
    keyed=st.booleans(),
)
def test_no_shop_is_read_for_ever(data: st.DataObject, shop: Shop, limit: int, overlap: bool, keyed: bool) -> None:
    def anything(rows: list[int]) -> None:
        rows[:] = data.draw(st.permutations(rows))[: data.draw(st.integers(0, 60))]
        rows.extend(data.draw(st.lists(st.integers(21, 40), max_size=5)))

    assume(keyed or not overlap)
    shop.changes = dict.fromkeys(range(1, 8), anything)
    path = "more" if shop.more else None
    with contextlib.suppress(IncompleteReadError):
        read(
            shop,
            paging(
                limit, overlap=overlap, total=shop.total != "none", key=("id",) if keyed else (), has_more_path=path
            ),
        )


@pytest.mark.parametrize("total", ["each", "first", "none", "text"])
@pytest.mark.parametrize("cap", [7, 10, 1000])
@pytest.mark.parametrize("overlap", [False, True])
@pytest.mark.parametrize("size", [0, 1, 10, 11, 95, 100, 101])
def test_pages_in_parallel_are_the_same_pages(size: int, overlap: bool, cap: int, total: str) -> None:
    one_by_one, in_parallel = (Shop(numbers(1, size), cap=cap, total=total) for _ in range(2))
    pages = read(one_by_one, paging(overlap=overlap))
    paginator = paging(overlap=overlap)
    assert read(in_parallel, paginator, early(in_parallel, paginator)) == pages
    assert sorted(in_parallel.asked) == one_by_one.asked


@settings(deadline=None)
@given(data=st.data(), size=st.integers(0, 80), limit=st.integers(2, 12), cap=st.integers(2, 12))
@pytest.mark.parametrize("overlap", [False, True])
def test_pages_in_parallel_never_lose_a_row_to_rows_that_go(
    overlap: bool, data: st.DataObject, size: int, limit: int, cap: int
) -> None:
    shop = Shop(numbers(1, size), cap=cap)
    all_gone: set[int] = set()

    def some_go(rows: list[int]) -> None:
        gone = data.draw(st.sets(st.sampled_from(rows), max_size=4)) if rows else set()
        all_gone.update(gone)
        drop(*gone)(rows)

    moments = data.draw(st.sets(st.integers(1, 30), max_size=12))
    shop.changes = dict.fromkeys(moments, some_go)
    stayed = set(shop.rows)
    paginator = paging(limit, overlap=overlap)
    ahead = early(shop, paginator, lambda most: data.draw(st.integers(0, max(0, most))))
    try:
        pages = read(shop, paginator, ahead)
    except IncompleteReadError:
        # Only a shop whose rows go faster than they are read is given up.
        assert len(all_gone) > 5
        return
    assert stayed - all_gone <= set(keys(pages))
    assert len(keys(pages)) == len(set(keys(pages)))


@settings(deadline=None)
@given(data=st.data(), size=st.integers(0, 80), limit=st.integers(2, 12))
def test_pages_in_parallel_never_lose_a_row_to_rows_that_come_and_go(
    data: st.DataObject, size: int, limit: int
) -> None:
    """Without a cursor pages overlap: then as many rows may come as go, and the total tells nothing."""
    shop = Shop(numbers(1, size))
    gone: set[int] = set()
    new = iter(range(1000, 2000))

    def change(rows: list[int]) -> None:
        for _ in range(data.draw(st.integers(1, 3))):
            if rows:
                gone.add(rows.pop(data.draw(st.integers(0, len(rows) - 1))))
            rows.insert(data.draw(st.integers(0, len(rows))), next(new))

    shop.changes = dict.fromkeys(data.draw(st.sets(st.integers(1, 20), max_size=4)), change)
    stayed = set(shop.rows)
    paginator = paging(limit, overlap=True)
    ahead = early(shop, paginator, lambda most: data.draw(st.integers(0, max(0, most))))
    try:
        pages = read(shop, paginator, ahead)
    except IncompleteReadError:
        return
    assert stayed - gone <= set(keys(pages))
    assert len(keys(pages)) == len(set(keys(pages)))


def test_a_maximum_offset_is_no_missing_row() -> None:
    shop = Shop(numbers(1, 50))
    assert keys(read(shop, paging(maximum_offset=20))) == numbers(1, 20)


def test_an_offset_to_begin_at_is_no_missing_row() -> None:
    shop = Shop(numbers(1, 50))
    assert keys(read(shop, paging(offset=20))) == numbers(21, 50)


def test_an_empty_page_is_passed_over_where_the_description_says_so() -> None:
    shop = Shop(numbers(1, 25), total="none", more=True)
    answer = shop.answer

    def second_is_hidden(request: Request) -> Response:
        response = answer(request)
        if len(shop.asked) == 2:
            response._content = json.dumps({**response.json(), "data": []}).encode()
        return response

    shop.answer = second_is_hidden  # type: ignore[method-assign]
    paginator = paging(total=False, has_more_path="more", stop_after_empty_page=False)
    assert {*numbers(1, 10), *numbers(21, 25)} <= set(keys(read(shop, paginator)))


@pytest.mark.parametrize("said", [-1, None, "many", {}], ids=repr)
def test_a_total_that_is_no_number_of_rows_is_not_believed(said: Any) -> None:
    shop = Shop(numbers(1, 25), total="none")
    answer = shop.answer

    def with_total(request: Request) -> Response:
        response = answer(request)
        response._content = json.dumps({**response.json(), "total": said}).encode()
        return response

    shop.answer = with_total  # type: ignore[method-assign]
    assert keys(read(shop, paging())) == shop.rows


def test_each_parent_has_a_pass_of_its_own() -> None:
    described = paging()
    for size in (25, 0, 12):
        twin = copy.deepcopy(described)
        assert twin.reading is described.reading
        assert twin.inner is not described.inner
        assert keys(read(Shop(numbers(1, size)), twin)) == numbers(1, size)
    assert (described.reading.rows, described.reading.distinct, described.reading.total) == (37, 37, 37)


def test_a_read_that_begins_again_counts_from_zero() -> None:
    child = Reading("items")
    paginator = paging()
    paginator.readings = (paginator.reading, child)
    with pytest.raises(IncompleteReadError):
        read(Shop([*numbers(1, 10), 10, *numbers(12, 20)]), paginator)
    child.page(9, 9, None)
    assert keys(read(Shop([1, 2, 3]), paginator)) == [1, 2, 3]
    reading = paginator.reading
    assert (reading.pages, reading.rows, reading.distinct, reading.again) == (1, 3, 3, 1)
    assert (child.rows, child.again) == (0, 1)


def test_other_paginators_are_counted_as_they_are() -> None:
    shop = Shop(numbers(1, 3), cap=1)
    paginator = paged(PageNumberPaginator(total_path=None))
    assert keys(read(shop, paginator)) == [1, 2, 3]
    assert (paginator.reading.pages, paginator.reading.rows, paginator.reading.distinct) == (4, 3, 3)


GUESSED = pytest.mark.parametrize(
    ("total", "ends"),
    [
        pytest.param("each", True, id="a total somewhere says that these are all"),
        pytest.param("none", False, id="no total: the shop ignores what is asked for"),
    ],
)


@GUESSED
def test_other_paginators_do_not_go_on_for_ever(total: str, ends: bool) -> None:
    shop = Shop(numbers(1, 3), heeds_offset=False, total=total)
    paginator = paged(PageNumberPaginator(total_path=None))
    with contextlib.nullcontext() if ends else pytest.raises(IncompleteReadError, match="is the first one again"):
        read(shop, paginator)


@GUESSED
def test_a_next_link_that_leads_back_does_not_go_on_for_ever(total: str, ends: bool) -> None:
    shop = Shop(numbers(1, 3), heeds_offset=False, total=total)
    answer = shop.answer

    def with_link(request: Request) -> Response:
        response = answer(request)
        response._content = json.dumps({**response.json(), "next": "https://shop.test/orders"}).encode()
        response.url = "https://shop.test/orders"
        return response

    shop.answer = with_link  # type: ignore[method-assign]
    inner = JSONLinkPaginator(next_url_path="next")
    with contextlib.nullcontext() if ends else pytest.raises(IncompleteReadError, match="is the first one again"):
        read(shop, paged(inner))
