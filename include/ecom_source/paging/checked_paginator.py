"""Paging that neither loses rows nor goes on for ever: dlt's paginators, watched.

A plain paginator trusts the shop: it goes forward by the page size that it asked for, and what moves over the border of
a page while it reads is lost. These go forward by what came, look for rows that moved, and at the end compare what came
with what the shop says it has.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import orjson
from dlt.common import jsonpath
from dlt.sources.helpers.rest_client.paginators import BasePaginator, OffsetPaginator, SinglePagePaginator
from requests import Request, Response

from ecom_source.errors import IncompleteReadError
from ecom_source.http.same_host import check_host
from ecom_source.paging.offset_paginator import UNSTABLE_ORDER, FollowingOffsetPaginator
from ecom_source.paging.page_check import check_page
from ecom_source.paging.read_tally import Reading
from ecom_source.paging.seen_keys import Keys

if TYPE_CHECKING:
    from ecom_source.http.prefetch import ReadAhead

MOST_REPEATS = 5
"""Pages in a row without a new row before a shop is taken for one that gives the same page again and again."""


class WatchedPaginator(BasePaginator):
    """Any of dlt's paginators, with every page counted and the end checked against the shop's own total.

    A row whose key came on an earlier page is left out.

    Args:
        inner: the paginator that does the paging.
        readings: the tally of this resource, and after it those of the resources that depend on it.
        total_path: JSONPath of the number of rows (not of pages) in each answer; None where the shop does not say.
        selector: plain path of the rows in each answer; an answer without it is an error, not an empty page.
        required: columns of the primary key that each row must come with.
        drop: leave out rows whose key came before. Otherwise only those that are the same to the letter as on the page
            before, for a merge takes one of several.
        ahead: sends the requests for the next pages while dlt works on this one.
    """

    def __init__(
        self,
        inner: BasePaginator,
        *readings: Reading,
        total_path: str | None,
        selector: str | None = None,
        required: Sequence[str] = (),
        drop: bool = True,
        ahead: ReadAhead | None = None,
    ) -> None:
        super().__init__()
        self.selector, self.required, self.drop, self.ahead = selector, tuple(required), drop, ahead
        self.inner, self.reading, self.readings = inner, readings[0], readings
        self.total_path = jsonpath.compile_path(total_path) if total_path else None
        self._begun = False
        self._first_url = ""
        self._begin()

    def _begin(self) -> None:
        self._keys = Keys(self.reading.key)
        self._rows = 0
        self._total: int | None = None
        self._page_before: Sequence[Any] | None = None
        """As `_picture` has it."""
        self._repeats_in_a_row = 0
        self._in_a_row = 0
        """Pages that came one after another without a row that moved; below 0, so many are still to come before any are
        asked for in advance."""
        self._moves = 0
        """How often rows were seen to move."""
        self._asked: set[int] = set()
        """The offsets of the requests that are under way."""
        self._asked_early = False
        """The next page was asked for before the one before it was there."""

    def __deepcopy__(self, memo: dict[int, Any]) -> WatchedPaginator:
        twin = copy.copy(self)
        twin.inner = copy.deepcopy(self.inner, memo)
        # A dependent resource has a copy for each parent: its pages are read one after the other.
        twin.ahead = None
        twin._begin()
        return twin

    @property
    def has_next_page(self) -> bool:
        """Whether the read goes on."""
        return self.inner.has_next_page

    def init_request(self, request: Request) -> None:
        """Begins a pass over the pages."""
        if self._begun:
            for reading in self.readings:
                reading.restart()
        self._begun = True
        self._begin()
        self.inner.init_request(request)
        self._first_url = str(request.url)
        if self.ahead is not None:
            self.ahead.expect(self, {})

    def update_request(self, request: Request) -> None:
        """Asks for the next page, and in advance for some of those behind it.

        They are twice as many with each page that comes as expected, so that no request is wasted on a shop that turns
        out not to say its total each time, or to cut its pages. Where rows move there are none for a while, and for
        longer each time.
        """
        self.inner.update_request(request)
        # After the last page there is none.
        if request.url and request.url != self._first_url:
            check_host(self._first_url, str(request.url))
        if self.ahead is None or not isinstance(self.inner, FollowingOffsetPaginator):
            return
        most = min(self.ahead.most, 2 ** (self._in_a_row - 1)) if self._in_a_row > 0 else 0
        requests = self.inner.upcoming(request, most)
        self._asked_early = self.inner.current_value in self._asked
        self._asked = set(requests)
        self.ahead.expect(self, requests)

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        """Takes in a page.

        Raises:
            PayloadError: it is no page of rows.
            IncompleteReadError: this was the last page, and rows are missing.
        """
        rows = data if data is not None else []
        many = not isinstance(self.inner, SinglePagePaginator)
        check_page(response, rows, selector=self.selector, key=self.required, many=many)
        total_before, said = self._total, self._find_total(response)
        if self._asked_early and said != total_before:
            # Which of the two pages is the older one is not known. Asked for again, this one is the newer.
            self._pass_over(rows)
            return
        # A shop may say it on the first page only; where to stop, only the answer at hand tells.
        self._total = total_before if said is None else said
        inner = self.inner
        if isinstance(inner, FollowingOffsetPaginator):
            vanished = 0 if said is None else max(0, (total_before or 0) - said)
            known = bool(rows) and (not self._keys.tracked or self._keys.seen(rows[0]))
            if inner.step_back(vanished=vanished, known=known, tracked=self._keys.tracked):
                # What lies before it is read first.
                self._pass_over(rows)
                return
        fresh = self._keys.fresh(rows)
        picture = self._picture(rows)
        same = picture == self._page_before
        nothing_new = bool(rows) and (not fresh if self._keys.tracked else same)
        self._repeats_in_a_row = self._repeats_in_a_row + 1 if nothing_new else 0
        self._in_a_row = min(self._in_a_row, 0) if nothing_new else self._in_a_row + 1
        stuck = nothing_new and (same or self._repeats_in_a_row > MOST_REPEATS)
        before, self._page_before = self._page_before or (), picture
        self._rows += len(rows)
        self.reading.page(len(rows), self._total)
        if isinstance(inner, FollowingOffsetPaginator):
            inner.follow(
                response,
                len(rows),
                total=said,
                known=len(self._keys) if self._keys.tracked else None,
                nothing_new=nothing_new,
                stuck=stuck,
            )
        else:
            inner.update_state(response, data)
            if stuck and inner.has_next_page:
                raise IncompleteReadError(
                    f"Page after page of {self.reading.resource!r} has only rows that had come before.",
                    expected="new rows on each page: a shop that heeds the page that is asked for.",
                    fix=UNSTABLE_ORDER,
                )
        # dlt makes the page that it passes on from this very list, after this call.
        if self.drop:
            rows[:] = fresh
        elif len(fresh) < len(rows):
            new = {id(row) for row in fresh}
            rows[:] = [row for row in rows if id(row) in new or row not in before]
        if not inner.has_next_page:
            self._finish()

    def _picture(self, rows: Sequence[Any]) -> Sequence[Any]:
        """The page to compare the next one with; where keys do not tell rows apart, in a form that stays as it is when
        a processing step changes the rows in place.
        """
        if self._keys.tracked:
            return list(rows)
        return [orjson.dumps(row, default=repr, option=orjson.OPT_NON_STR_KEYS) for row in rows]

    def _pass_over(self, rows: list[Any]) -> None:
        """Neither passes the page on nor remembers it."""
        rows.clear()
        self._moves += 1
        self._in_a_row = -(4**self._moves)
        self._asked = set()
        self.reading.page(0, self._total)

    def _find_total(self, response: Response) -> int | None:
        if self.total_path is None:
            return None
        found = jsonpath.find_values(self.total_path, response.json())
        try:
            total = int(found[0]) if found else None
        except (TypeError, ValueError):
            return None
        # Some say -1 for "not counted".
        return None if total is None or total < 0 else total

    def _finish(self) -> None:
        tracked = self._keys.tracked
        came = len(self._keys) if tracked else self._rows
        self.reading.finish(came if tracked else None, self._total)
        # The warehouse may need the memory.
        self._keys = Keys(())
        repeats = self._rows - came
        name = self.reading.resource
        if self._total is not None and came < self._wanted(self._total):
            raise IncompleteReadError(
                f"The shop says that {name!r} has {self._total:,} rows, and {came:,} different rows came on its pages"
                + (f" ({repeats:,} came more than once: its sort order is not stable)." if repeats else "."),
                expected="as many different rows as the total says.",
                fix=UNSTABLE_ORDER,
            )
        if self._total is None and repeats and not isinstance(self.inner, OffsetPaginator | SinglePagePaginator):
            raise IncompleteReadError(
                f"{repeats:,} rows of {name!r} came on more than one page, so others may have come on none.",
                expected="each row once: pages of a sort order that is stable.",
                fix=UNSTABLE_ORDER,
            )

    def _wanted(self, total: int) -> int:
        """How many of the `total` rows lie in the offsets that were asked for."""
        if not isinstance(self.inner, OffsetPaginator):
            return total
        last = total if self.inner.maximum_value is None else min(total, self.inner.maximum_value)
        return last - self.inner.initial_value
