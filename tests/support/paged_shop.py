"""A shop in memory that pages in any way and with any habit; read by dlt's own REST client through our paginator."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from dlt.sources.helpers.rest_client.client import RESTClient
from dlt.sources.helpers.rest_client.paginators import (
    BasePaginator,
    HeaderLinkPaginator,
    JSONLinkPaginator,
    JSONResponseCursorPaginator,
    OffsetPaginator,
    PageNumberPaginator,
)
from requests import PreparedRequest, Response, Session
from requests.adapters import BaseAdapter

from ecom_source.errors import IncompleteReadError
from ecom_source.load.retry_policy import MOST_READS
from ecom_source.paging.checked_paginator import CheckedPaginator
from ecom_source.paging.page_policy import Expected
from ecom_source.paging.read_tally import Reading
from ecom_source.paging.totals import CountEndpoint, TotalSource

URL = "https://shop.test/orders"
KINDS = ("offset", "page", "keyset", "position", "link", "header_link")
"""`keyset` is a cursor that says which row was the last; `position` one that is an offset in disguise, as links are."""
BY_PLACE = ("page", "position", "link", "header_link")
"""Kinds that ask for a page by its number, and where no page can be made to overlap the one before."""
LIES: Mapping[str, Callable[[PagedShop, int, int], int]] = {
    "this page": lambda shop, start, came: came,
    "pages": lambda shop, start, came: -(-len(shop.rows) // shop.longest),
    "what remains": lambda shop, start, came: max(0, len(shop.rows) - start - came),
    "what remains from here": lambda shop, start, came: max(0, len(shop.rows) - start),
    "capped": lambda shop, start, came: min(len(shop.rows), 10),
    "zero": lambda shop, start, came: 0,
    "-1": lambda shop, start, came: -1,
    "filter ignored": lambda shop, start, came: len(shop.rows) + 7,
    "children": lambda shop, start, came: 3 * len(shop.rows),
}
"""What a total may be that is none, from the first place of the page and the rows on it."""
EMPTY: Mapping[str, Any] = {"[]": [], "{}": {}, "false": False, "null": None}
"""What may stand in the place of an empty list; `no key` and `204` are made otherwise."""
EMPTY_FORMS = (*EMPTY, "no key", "empty body", "204")

Row = dict[str, Any]
Change = Callable[["PagedShop"], None]


@dataclass
class PagedShop:
    """Answers requests for pages of its rows.

    Args:
        size: how many rows it begins with; the first has the id 1.
        kind: how it pages: one of `KINDS`.
        limit: rows that are asked for in a page.
        longest: rows that it gives in one at most; more than `limit` where it ignores what is asked for.
        says: its total: "right", one of `LIES`, or "nothing"; "right once" says it with the first answer only.
        where: the total is in the "body" or in a "header".
        changes: what happens before an answer, by the request's number (the first is 0).
        last_page_again: beyond its end it gives the last page again.
        stuck: it gives the first page, whatever is asked for.
        unstable: so many rows in a row are sorted anew by each request.
        empty: how it says "no rows".
        bare_row: one row comes as an object in the place of the list.
        named: the name of the key.
        refuses: offsets that are no multiple of the limit: "400" or "rounds down"; "" takes any.
    """

    size: int
    kind: str = "offset"
    limit: int = 10
    longest: int = 0
    says: str = "right"
    where: str = "body"
    changes: Mapping[int, Change] = field(default_factory=dict)
    last_page_again: bool = False
    stuck: bool = False
    unstable: int = 0
    empty: str = "[]"
    bare_row: bool = False
    named: str = "id"
    refuses: str = ""
    seed: int = 1
    rows: list[Row] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """Queries."""
    most: int = 2_000
    """Requests that no read of it may need."""

    def __post_init__(self) -> None:
        self.longest = self.longest or self.limit
        self.rows = [self._row(number, float(number)) for number in range(1, self.size + 1)]
        self.always = set(self.ids)
        """The rows that were there from the first answer to the last one so far."""
        self.versions: dict[int, set[int]] = {row[self.named]: {0} for row in self.rows}
        self._random = random.Random(self.seed)
        self._last_id = self.size

    def _row(self, number: int, place: float) -> Row:
        return {self.named: number, "place": place, "version": 0}

    @property
    def ids(self) -> list[int]:
        """The keys of the rows that are there now."""
        return [row[self.named] for row in self.rows]

    # What may happen between two answers

    def delete(self, *ids: int) -> None:
        """Takes rows away."""
        self.rows = [row for row in self.rows if row[self.named] not in ids]

    def delete_first(self, count: int = 1) -> None:
        """Takes the first rows away."""
        del self.rows[:count]

    def insert(self, at: int | None = None) -> None:
        """Puts a new row in; at the end unless told otherwise."""
        at = len(self.rows) if at is None else min(at, len(self.rows))
        before = self.rows[at - 1]["place"] if at else (self.rows[0]["place"] - 2 if self.rows else 0.0)
        after = self.rows[at]["place"] if at < len(self.rows) else before + 2
        self._last_id += 1
        self.rows.insert(at, self._row(self._last_id, (before + after) / 2))
        self.versions[self._last_id] = {0}

    def edit(self, at: int) -> None:
        """Changes a row where it stands."""
        if at < len(self.rows):
            row = self.rows[at] = {**self.rows[at], "version": self.rows[at]["version"] + 1}
            self.versions[row[self.named]].add(row["version"])

    def edit_and_move(self, at: int) -> None:
        """Changes a row, which then stands at the end: the shop sorts by the time of the change."""
        if at < len(self.rows):
            self.edit(at)
            row = self.rows.pop(at)
            self.rows.append({**row, "place": (self.rows[-1]["place"] if self.rows else row["place"]) + 1})

    # Answers

    def answer(self, query: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        """Status, headers and body."""
        if change := self.changes.get(len(self.asked)):
            change(self)
        self.always &= set(self.ids)
        self.asked.append(urlencode(query))
        assert len(self.asked) <= self.most, "an endless read"
        step = min(self.longest, int(query.get("limit", self.longest)) if self.longest <= self.limit else self.longest)
        rows = self._in_order()
        start = self._start(query, step)
        if self.refuses and start % int(query.get("limit", step)):
            if self.refuses == "400":
                return 400, {}, {"message": "offset must be a multiple of limit"}
            start -= start % int(query.get("limit", step))
        if self.last_page_again and start >= len(rows):
            start = max(0, (len(rows) - 1) // step * step)
        if self.stuck:
            start = 0
        page = rows[start : start + step]
        return self._said(page, start, step)

    def _in_order(self) -> list[Row]:
        rows, group = list(self.rows), self.unstable
        for first in range(0, len(rows), group or 1) if group else ():
            part = rows[first : first + group]
            self._random.shuffle(part)
            rows[first : first + group] = part
        return rows

    def _start(self, query: dict[str, str], step: int) -> int:
        if self.kind == "offset":
            return int(query.get("offset", 0))
        if self.kind == "keyset":
            after = float(query.get("cursor", "-inf"))
            return sum(row["place"] <= after for row in self.rows)
        if self.kind == "position":
            return int(query.get("cursor", 0))
        return (int(query.get("page", 1)) - 1) * step

    def _said(self, page: list[Row], start: int, step: int) -> tuple[int, dict[str, str], Any]:
        body: dict[str, Any] = {"data": page}
        headers: dict[str, str] = {}
        if not page:
            if self.empty == "204":
                return 204, {}, None
            if self.empty == "empty body":
                return 200, {}, {}
            body = {} if self.empty == "no key" else {"data": EMPTY[self.empty]}
        elif len(page) == 1 and self.bare_row:
            body["data"] = page[0]
        if self.says == "right" or (self.says == "right once" and len(self.asked) == 1):
            self._say_total(body, headers, len(self.rows))
        elif self.says in LIES:
            self._say_total(body, headers, LIES[self.says](self, start, len(page)))
        if start + step < len(self.rows) and page:
            number = start // step + 2
            if self.kind in ("keyset", "position"):
                body["cursor"] = str(page[-1]["place"] if self.kind == "keyset" else start + step)
            elif self.kind == "link":
                body["next"] = f"{URL}?page={number}"
            elif self.kind == "header_link":
                headers["Link"] = f'<{URL}?page={number}>; rel="next"'
        return 200, headers, body

    def _say_total(self, body: dict[str, Any], headers: dict[str, str], total: int) -> None:
        if self.where == "header":
            headers["X-Total-Count"] = str(total)
        else:
            body["total"] = total

    # Reading it

    def paginator(self) -> BasePaginator:
        """dlt's paginator for its kind."""
        if self.kind == "offset":
            return OffsetPaginator(self.limit, total_path=None)
        if self.kind == "page":
            return PageNumberPaginator(base_page=1, total_path=None)
        if self.kind == "link":
            return JSONLinkPaginator(next_url_path="next")
        if self.kind == "header_link":
            return HeaderLinkPaginator()
        return JSONResponseCursorPaginator(cursor_path="cursor", cursor_param="cursor")

    def session(self) -> Session:
        """A session whose requests it answers."""
        session = Session()
        session.mount("https://shop.test", _Adapter(self))
        return session


class _Adapter(BaseAdapter):
    def __init__(self, shop: PagedShop) -> None:
        super().__init__()
        self._shop = shop

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        url = urlsplit(str(request.url))
        response = Response()
        response.request, response.url = request, str(request.url)
        if url.path == "/orders/count":
            status, headers, body = 200, dict[str, str](), {"count": len(self._shop.rows)}
        else:
            status, headers, body = self._shop.answer(dict(parse_qsl(url.query)))
        response.status_code = status
        response.headers.update(headers)
        response._content = b"" if status == 204 else json.dumps(body).encode()
        return response

    def close(self) -> None:
        """Has nothing to close."""


@dataclass
class Read:
    """What a read of a shop came to.

    Args:
        rows: the rows that went on to dlt, of the last try.
        error: what it ended with; None where it is green.
        reading: its tally.
    """

    rows: list[Row]
    error: Exception | None
    reading: Reading


def read(
    shop: PagedShop, *, tries: int = MOST_READS, size_param: bool = True, count: bool = False, **expected: Any
) -> Read:
    """Reads a shop as a load does: a read that is found incomplete is begun again.

    Args:
        tries: how often at most.
        size_param: pages are asked for with their size, where the paginator does not do so itself.
        count: the total is asked from a path that counts.
        expected: fields of `Expected`; the key is `id`, and the total is named where it is "right", unless given.
    """
    total = expected.pop("total", "X-Total-Count" if shop.where == "header" else "total")
    total = "/orders/count" if count else total
    known = {"key": (shop.named,), "required": (shop.named,), "selector": "data", **expected}
    known["total"] = TotalSource.named(total) if total else None
    session = shop.session()
    reading = Reading("orders", key=known["key"])
    paginator = CheckedPaginator(
        shop.paginator(),
        reading,
        expected=Expected(**known),
        session=session,
        count=CountEndpoint(f"{URL}/count", session) if count else None,
    )
    client = RESTClient(base_url="https://shop.test", session=session)
    params = {"limit": shop.limit} if size_param and shop.kind != "offset" else {}
    error: Exception | None = None
    rows: list[Row] = []
    for _ in range(tries):
        rows, error = [], None
        try:
            for page in client.paginate(
                "/orders", params=dict(params), data_selector=known["selector"], paginator=paginator
            ):
                rows += page
        except IncompleteReadError as caught:
            error = caught
            continue
        except AssertionError:
            raise
        except Exception as caught:
            error = caught
        break
    return Read(rows, error, reading)
