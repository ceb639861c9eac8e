"""The kinds of paging: how each asks for the next page, goes back, and knows its own end.

What is done after a page is decided elsewhere (`checked_paginator`), for all of them alike.
"""

from __future__ import annotations

import copy
import re
from abc import ABC, abstractmethod
from collections import deque
from typing import Any

from dlt.common import jsonpath
from dlt.common.utils import str2bool
from dlt.sources.helpers.rest_client.paginators import (
    BasePaginator,
    OffsetPaginator,
    PageNumberPaginator,
    RangePaginator,
)
from requests import Request, Response

from ecom_source.paging.totals import number_of_rows

LEAST_MARGIN = 8
"""Rows by which pages overlap at least, once rows were seen to move; four times as many each time that is too few."""
SIZES_OF_MANY_SHOPS = (10, 20, 25, 50, 100, 200, 250, 500, 1000)
"""The longest page of many a shop, whatever longer one is asked for: a first page of so many may be cut."""
MOST_REMEMBERED = 64
"""Requests that are remembered, to ask for their pages again."""
_SIZE = re.compile(
    r"page_?size|per_?page|limit|max_?results|count|top|take|(page\[)?size\]?|rows|.*\[(page_?size|limit)\]", re.I
)


class Way(ABC):
    """How the pages of one resource are asked for, one after another.

    Args:
        inner: dlt's paginator, which knows the parameters.
    """

    overlap = 0
    """Rows of the page before with which the page that is asked for begins."""
    can_go_back = False
    can_overlap = False
    aligned = False
    """The shop heeds only offsets that are a multiple of the limit, so that no page overlaps the one before."""
    is_first = False
    """Whether the page that is asked for is the first one."""
    number = 0
    """Where it begins, as a number that grows."""
    size: int | None = None
    """Rows that a page is asked to have; None where that is not known."""
    longest = 0
    """Rows of the longest page so far."""

    def __init__(self, inner: BasePaginator) -> None:
        self.inner = inner

    def begin(self, request: Request) -> None:
        """Makes `request` the one for the first page."""
        self.overlap = self.longest = 0
        self.inner.init_request(request)

    def take_over(self, request: Request) -> None:  # noqa: B027 - most need nothing
        """Goes on behind a first page that was asked for by `request`, before this kind was known."""

    def ask(self, request: Request) -> None:
        """Makes `request` the one for the next page."""
        self.inner.update_request(request)

    def is_full(self, came: int, page: int) -> bool:
        """Whether a page has as many rows as one can have, so that more may follow.

        Args:
            came: its rows; `page` its number, from 1.
        """
        if self.size is not None and came >= self.size:
            return True
        if page > 1:
            return came >= self.longest
        return self.size is not None and came in SIZES_OF_MANY_SHOPS

    @abstractmethod
    def advance(self, response: Response, rows: list[Any], *, overlap: int) -> bool:
        """Goes on behind a page; whether there is a next one as far as the shop itself says.

        Args:
            rows: of the page, as the shop sent them.
            overlap: rows with which the next page is to begin again, where this kind of paging can do that.
        """

    def reaches(self, total: int) -> bool:
        """Whether the rows so far are as many as the total."""
        return False

    def wanted(self, total: int) -> int:
        """How many of `total` rows lie in what is asked for."""
        return total

    def go_back(self, vanished: int) -> None:  # noqa: B027 - most cannot
        """Goes back for rows that have moved, after so many have vanished."""

    def align(self, *, from_start: bool = False) -> bool:
        """Goes by whole pages from now on; whether that leads to another place than the one asked for.

        Args:
            from_start: that place may be the first one.
        """
        return False

    def resize(self, size: int | None) -> None:  # noqa: B027 - most cannot
        """Asks for pages of another size from now on; None for the one that is described."""

    def ask_first_page(self, size: int) -> None:  # noqa: B027 - most cannot
        """Asks for the first page next, in another size."""

    @property
    def paging_params(self) -> set[str]:
        """The query parameters that say which page is asked for, and how long it is to be."""
        names = (getattr(self.inner, name, None) for name in ("param_name", "limit_param", "cursor_param"))
        return {name for name in names if name}

    @property
    @abstractmethod
    def place(self) -> str:
        """Where the page that is asked for begins, for a person."""

    @property
    @abstractmethod
    def parameters(self) -> str:
        """The parameters by which pages are asked for, for a person."""


class RangeWay(Way):
    """Paging by a number that grows."""

    inner: RangePaginator
    can_go_back = True

    @property
    def is_first(self) -> bool:  # type: ignore[override]
        """Whether the page that is asked for is the first one."""
        return bool(self.inner.current_value <= self.inner.initial_value)

    @property
    def number(self) -> int:  # type: ignore[override]
        """The offset, or the number of the page."""
        return self.inner.current_value

    def ask_first_page(self, size: int) -> None:
        """Asks for the first page next, in another size."""
        self.resize(size)
        self.inner.current_value = self.inner.initial_value

    def _goes_on(self, response: Response, end: int, came: int) -> bool:
        if not came and self.inner.stop_after_empty_page:
            return False
        if self.inner.maximum_value is not None and end >= self.inner.maximum_value:
            return False
        return self._has_more(response) is not False

    def _has_more(self, response: Response) -> bool | None:
        if not self.inner.has_more_path:
            return None
        found = jsonpath.find_values(self.inner.has_more_path, response.json())
        if not found or found[0] is None:
            return None
        return found[0] if isinstance(found[0], bool) else str2bool(str(found[0]))


class OffsetWay(RangeWay):
    """Paging by offset and limit, going by the rows that came rather than by the page size that was asked for."""

    inner: OffsetPaginator
    can_overlap = True

    def __init__(self, inner: OffsetPaginator) -> None:
        super().__init__(inner)
        self._limit = inner.limit

    def begin(self, request: Request) -> None:
        """Makes `request` the one for the first page."""
        self.aligned = False
        self._back = 0
        """Rows by which the last step went back; 0 after a page that was passed on."""
        self._margin = 0
        """How many rows overlap at least, since rows began to move."""
        self.end = self.inner.initial_value
        """Offset behind the rows read so far."""
        super().begin(request)

    @property
    def size(self) -> int:  # type: ignore[override]
        """The limit."""
        return self.inner.limit

    def resize(self, size: int | None) -> None:
        """Asks for pages of another size from now on; None for the one that is described."""
        self.inner.limit = self._limit if size is None else size

    def is_full(self, came: int, page: int) -> bool:
        """The rows that overlap are not counted."""
        return super().is_full(came, page) and came > self.overlap

    def advance(self, response: Response, rows: list[Any], *, overlap: int) -> bool:
        """Goes on behind the rows that came."""
        came = len(rows)
        self.longest = max(self.longest, came)
        self._back = 0
        self.end = self.inner.current_value + (came or self.inner.value_step)
        if self.aligned:
            self.overlap = 0
            self.inner.current_value += self.inner.limit
        else:
            self.overlap = max(0, min(came - 1, max(overlap, self._margin if overlap >= 0 else 0)))
            self.inner.current_value = self.end - self.overlap
        return self._goes_on(response, self.end, came)

    def reaches(self, total: int) -> bool:
        """Whether the rows so far end where the total does."""
        return self.end >= total + self.inner.base_index

    def wanted(self, total: int) -> int:
        """What lies between the first offset and `maximum_offset`."""
        last = total if self.inner.maximum_value is None else min(total, self.inner.maximum_value)
        return last - self.inner.initial_value

    def go_back(self, vanished: int) -> None:
        """Goes back by more each time; from then on pages overlap by a margin, so that a shop in which rows move all
        the time is read to its end.
        """
        first = self.inner.initial_value
        self.end = max(first, self.end - vanished)
        self._back = max(LEAST_MARGIN, 4 * self._back, 2 * vanished)
        self._margin = min(self.inner.limit // 2, max(self._margin, self._back))
        self.inner.current_value = self._at_border(max(first, self.end - self._back))
        self.overlap = self.end - self.inner.current_value

    def align(self, *, from_start: bool = False) -> bool:
        """Goes by multiples of the limit from now on; whether that leads to another place than the one asked for."""
        border = self.end // self.inner.limit * self.inner.limit
        if self.aligned or (border <= self.inner.initial_value and not from_start):
            return False
        before, self.aligned, self.overlap = self.inner.current_value, True, 0
        self.inner.current_value = border
        return border != before

    def _at_border(self, offset: int) -> int:
        return offset // self.inner.limit * self.inner.limit if self.aligned else offset

    def upcoming(self, request: Request, most: int, total: int) -> dict[int, Request]:
        """The next requests by offset, at most `most`, as they will be if no row moves; none where that is not known.

        Args:
            request: the next one.
        """
        inner = self.inner
        step = (inner.limit if self.aligned else self.longest) - self.overlap
        if request.method != "GET" or not inner.param_name or inner.has_more_path or self._back or step < 1:
            return {}
        last = self.wanted(total) + inner.initial_value
        found: dict[int, Request] = {}
        offset = inner.current_value
        while len(found) < most:
            found[offset] = copy.copy(request)
            found[offset].params = {**request.params, inner.param_name: offset}
            if offset + step + self.overlap >= last:
                break
            offset += step
        return found

    @property
    def place(self) -> str:
        """The offset."""
        return f"offset {self.inner.current_value:,}"

    @property
    def parameters(self) -> str:
        """As dlt's paginator has them."""
        inner = self.inner
        offset = (
            f"offset_param {inner.param_name!r}" if inner.param_name else f"offset_body_path {inner.param_body_path!r}"
        )
        limit = (
            f"limit_param {inner.limit_param!r}" if inner.limit_param else f"limit_body_path {inner.limit_body_path!r}"
        )
        return f"{offset} and {limit}"


class PageNumberWay(RangeWay):
    """Paging by the number of the page."""

    inner: PageNumberPaginator

    def __init__(self, inner: PageNumberPaginator) -> None:
        super().__init__(inner)
        self._steps = 0
        self._pages_trusted = True
        self._size_param: str | None = None
        self._resized: int | None = None

    def begin(self, request: Request) -> None:
        """Makes `request` the one for the first page."""
        self._steps, self._pages_trusted, self.ended_by_total = 0, True, False
        super().begin(request)
        params: dict[str, Any] = dict(request.params or {})
        self._size_param = next((name for name, value in params.items() if _is_size(name, value)), None)
        self.size = int(params[self._size_param]) if self._size_param else None
        self.ask(request)

    def is_full(self, came: int, page: int) -> bool:
        """Where neither the size nor the number of pages is known, a first page may be full."""
        knows = self.size is not None or self.inner.total_path or self.inner.has_more_path
        return super().is_full(came, page) or (page == 1 and came > 0 and not knows)

    def ask(self, request: Request) -> None:
        """Makes `request` the one for the next page."""
        super().ask(request)
        if self._resized is not None and self._size_param:
            request.params[self._size_param] = self._resized

    def resize(self, size: int | None) -> None:
        """Asks for pages of another size from now on, where a parameter is known to say it."""
        self._resized = size

    def advance(self, response: Response, rows: list[Any], *, overlap: int) -> bool:
        """Goes on to the next number."""
        self.longest = max(self.longest, len(rows))
        self._steps = 0
        self.inner.current_value += 1
        goes_on = self._goes_on(response, self.inner.current_value, len(rows))
        self.ended_by_total = goes_on and self._pages_trusted and self._behind_last_page(response)
        return goes_on and not self.ended_by_total

    @property
    def paging_params(self) -> set[str]:
        """The page and its size."""
        return super().paging_params | ({self._size_param} if self._size_param else set())

    def ask_beyond_total(self) -> bool:
        """Goes on although the number of pages says otherwise."""
        self._pages_trusted = False
        return True

    def reaches(self, total: int) -> bool:
        """Whether as many full pages as were read have all rows."""
        pages = self.inner.current_value - self.inner.initial_value
        return pages * self.longest >= total

    def go_back(self, vanished: int) -> None:
        """Goes back by a page, and by twice as many each time that is too few."""
        pages = -(-vanished // self.longest) if self.longest else 1
        self._steps = max(pages, 2 * self._steps, 1)
        self.inner.current_value = max(self.inner.initial_value, self.inner.current_value - self._steps)

    def _behind_last_page(self, response: Response) -> bool:
        if not self.inner.total_path:
            return False
        found = jsonpath.find_values(self.inner.total_path, response.json())
        pages = number_of_rows(found[0]) if found else None
        return pages is not None and self.inner.current_value >= pages + self.inner.base_index

    @property
    def place(self) -> str:
        """The page."""
        return f"page {self.inner.current_value:,}"

    @property
    def parameters(self) -> str:
        """As dlt's paginator has them."""
        inner = self.inner
        page = _named("page", inner.param_name, inner.param_body_path)
        return f"{page} (or counts its pages from another base_page than {inner.base_index})"


class LinkWay(Way):
    """Paging by what the answer itself says of the next page: a link, a cursor, or a paginator of the user's own."""

    can_go_back = True

    def begin(self, request: Request) -> None:
        """Makes `request` the one for the first page."""
        super().begin(request)
        self.take_over(request)

    def take_over(self, request: Request) -> None:
        """Goes on behind a first page that was asked for by `request`, before this kind was known."""
        self._pages, self._steps, self._again = 0, 0, False
        self._asked: deque[tuple[dict[str, Any], BasePaginator]] = deque(maxlen=MOST_REMEMBERED)
        """The last requests, and dlt's paginator at each: a shop whose links count rows is asked again for pages to
        which rows have moved.
        """
        self._remember(request)

    def ask(self, request: Request) -> None:
        """Makes `request` the one for the next page, or for the one that is asked for again."""
        if self._again:
            parts, self.inner = copy.deepcopy(self._asked[-1])
            vars(request).update(parts)
        else:
            super().ask(request)
            self._remember(request)
        self._again = False

    def advance(self, response: Response, rows: list[Any], *, overlap: int) -> bool:
        """Goes where dlt's paginator goes."""
        self.longest = max(self.longest, len(rows))
        self._pages += 1
        self._steps = 0
        self.inner.update_state(response, rows)
        return self.inner.has_next_page

    @property
    def is_first(self) -> bool:  # type: ignore[override]
        """Whether the page that is asked for is the first one."""
        return self._pages == 0

    @property
    def number(self) -> int:  # type: ignore[override]
        """How many pages lie before it."""
        return self._pages

    def go_back(self, vanished: int) -> None:
        """Goes back by a page, and by twice as many each time that is too few, as far as they are remembered."""
        pages = -(-vanished // self.longest) if self.longest else 1
        self._steps = max(pages, 2 * self._steps, 1)
        for _ in range(min(self._steps, len(self._asked) - 1)):
            self._asked.pop()
            self._pages -= 1
        self._again = True

    def _remember(self, request: Request) -> None:
        parts = ("url", "params", "json", "data")
        self._asked.append(copy.deepcopy(({part: getattr(request, part) for part in parts}, self.inner)))

    @property
    def place(self) -> str:
        """Nobody knows."""
        return "the next page"

    @property
    def parameters(self) -> str:
        """As dlt's paginator has them, where it has one."""
        name = getattr(self.inner, "cursor_param", None)
        return f"cursor_param {name!r}" if name else "the link to the next page"


def way_of(inner: BasePaginator) -> Way:
    """How `inner` pages. A subclass of the user's own is left to itself."""
    if type(inner) is OffsetPaginator:
        return OffsetWay(inner)
    if type(inner) is PageNumberPaginator:
        return PageNumberWay(inner)
    return LinkWay(inner)


def _named(what: str, param: str | None, body_path: str | None) -> str:
    return f"{what}_param {param!r}" if param else f"{what}_body_path {body_path!r}"


def _is_size(name: Any, value: Any) -> bool:
    return _SIZE.fullmatch(str(name)) is not None and str(value).isdecimal() and int(str(value)) > 0
