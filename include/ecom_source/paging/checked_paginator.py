"""dlt's paginators, watched: each page is checked, each row passed on once, and the end proven where it can be.

A plain paginator trusts the shop: it goes forward by the page size that it asked for, and what moves over the border of
a page while it reads is lost. What is decided after a page instead is in `page_policy`; here is dlt's side of it.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from dlt.sources.helpers.rest_client.paginators import BasePaginator
from requests import Request, Response

from ecom_source.errors import ApiConfigError
from ecom_source.http.same_host import at_home
from ecom_source.paging.answers import Answers
from ecom_source.paging.page_check import check_keys, rows_meant
from ecom_source.paging.page_policy import Expected, PagePolicy
from ecom_source.paging.read_tally import Reading
from ecom_source.paging.row_selector import RowSelector
from ecom_source.paging.totals import CountEndpoint
from ecom_source.paging.ways import LinkWay, OffsetWay, Way, way_of

if TYPE_CHECKING:
    from requests import Session

    from ecom_source.http.prefetch import ReadAhead


class CheckedPaginator(BasePaginator):
    """Any of dlt's paginators, with every page judged.

    Args:
        inner: the paginator that knows the parameters; None where dlt would find one out from the first answer.
        readings: the tally of this resource, and after it those of the resources that depend on it.
        expected: what the description says.
        session: sends a request again in another way, where the shop does not take it as it is.
        count: a path of the shop that counts the rows.
        ahead: sends the requests for the next pages while dlt works on this one.
    """

    def __init__(
        self,
        inner: BasePaginator | None,
        *readings: Reading,
        expected: Expected,
        session: Session | None = None,
        count: CountEndpoint | None = None,
        ahead: ReadAhead | None = None,
    ) -> None:
        super().__init__()
        self.readings, self.reading, self.expected = readings, readings[0], expected
        self.session, self.count, self.ahead = session, count, ahead
        self._way: Way = way_of(inner if inner is not None else _Unknown())
        self._selector = RowSelector(expected.selector)
        self._begun = self._ended = False

    @property
    def inner(self) -> BasePaginator:
        """dlt's paginator."""
        return self._way.inner

    @property
    def has_next_page(self) -> bool:
        """Whether the read goes on."""
        return not self._ended

    def __deepcopy__(self, memo: dict[int, Any]) -> CheckedPaginator:
        # A dependent resource has a copy for each parent: its pages are read one after the other.
        return CheckedPaginator(
            copy.deepcopy(self.inner, memo),
            *self.readings,
            expected=self.expected,
            session=self.session,
            count=self.count,
        )

    def init_request(self, request: Request) -> None:
        """Begins a pass over the pages."""
        if self._begun:
            for reading in self.readings:
                reading.restart()
        self._begun, self._ended = True, False
        way = self._way
        # Before the page and its size are in it: a read of another size is compared with this one.
        where = _fingerprint(request)
        way.resize(None)
        if self.expected.twice and way.size and self.reading.again % 2:
            way.resize(max(1, way.size * 7 // 10))
        way.begin(request)
        self._first_url = str(request.url)
        self._request, self._filters = request, dict(request.params or {})
        self._made = {_fingerprint(request)}
        """The requests of a pass whose next page the answers name."""
        self._policy = PagePolicy(way, self.expected, self.reading, where)
        Answers(self._policy, request, self.session, self._end)
        self._counted = None if way.can_overlap else self._count_rows()
        """Rows by the path that counts, before the first page: where nothing else tells that rows went."""
        self._in_a_row = 0
        """Pages that came one after another without a row that moved; below 0, so many are still to come before any are
        asked for in advance."""
        self._asked: set[int] = set()
        """The offsets of the requests that are under way."""
        self._asked_early = False
        """The next page was asked for before the one before it was there."""
        if self.ahead is not None:
            self.ahead.expect(self, {})

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        """Takes in a page. dlt passes on what is left in `data`.

        Raises:
            PayloadError: it is no page of rows.
            IncompleteReadError: the read cannot be complete.
        """
        passed_on = data if data is not None else []
        if isinstance(self._way.inner, _Unknown):
            self._way = self._policy.way = way_of(_detected(response))
            self._way.take_over(self._request)
        policy, expected = self._policy, self.expected
        said = policy.total.peek(response)
        listed = self._selector.listed(response.json()) if self._selector.picks else None
        rows = listed
        if rows is None:
            key = expected.required or expected.key
            lacking = policy.lacking(said)
            rows = rows_meant(response, passed_on, selector=self._selector, key=key, lacking=lacking)
        check_keys(response, passed_on if listed is not None else rows, expected.required)
        moves = policy.moves
        if self._asked_early and said != policy.total.said:
            # Which of the two pages is the older one is not known. Asked for again, this one is the newer.
            passed_on[:] = policy.pass_over(rows)
        else:
            passed_on[:] = policy.take(response, rows)
            if listed is not None:
                self._pick(passed_on)
        if policy.moves > moves:
            self._in_a_row, self._asked = -(4**policy.moves), set()
            # What is asked for again is no circle.
            self._made.clear()
        else:
            self._in_a_row += 1
        if not policy.has_next_page:
            self._end()

    def _pick(self, rows: list[Any]) -> None:
        """Leaves of the shop's rows what the selector picks among or within them."""
        before = len(rows)
        rows[:] = self._selector.pick(rows)
        self.reading.unselected += before - len(rows)

    def update_request(self, request: Request) -> None:
        """Asks for the next page, and in advance for some of those behind it."""
        if self._ended:
            return
        way = self._way
        way.ask(request)
        request.url = at_home(self._first_url, str(request.url))
        if isinstance(way, LinkWay) and not self._is_another(request):
            self._policy.end_of_a_circle()
            self._end()
        elif self.ahead is not None and isinstance(way, OffsetWay):
            self._ask_in_advance(request, way, self.ahead)

    def _ask_in_advance(self, request: Request, way: OffsetWay, ahead: ReadAhead) -> None:
        """Sends for pages that are sure to be asked for.

        They are twice as many with each page that comes as expected, so that no request is wasted on a shop that turns
        out not to say its total each time, or to cut its pages. Where rows move there are none for a while, and for
        longer each time.
        """
        policy = self._policy
        most = min(ahead.most, 2 ** (self._in_a_row - 1)) if self._in_a_row > 0 else 0
        total = None if policy.beyond_total else policy.stops_at
        requests = way.upcoming(request, most, total) if total is not None else {}
        self._asked_early = way.number in self._asked
        self._asked = set(requests)
        ahead.expect(self, requests)

    def _is_another(self, request: Request) -> bool:
        made = _fingerprint(request)
        if made in self._made:
            return False
        self._made.add(made)
        return True

    def _end(self) -> None:
        self._ended = True
        if (now := self._count_rows()) is not None:
            self._policy.total.counted(max(now, self._counted or 0))
        self._policy.finish()

    def _count_rows(self) -> int | None:
        if self.count is None:
            return None
        paging = self._way.paging_params
        filters = {name: value for name, value in self._filters.items() if name not in paging}
        return self.count.ask(self._request, filters)


class _Unknown(BasePaginator):
    """Stands for the paginator that dlt finds out from the first answer."""

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        """Never called."""

    def update_request(self, request: Request) -> None:
        """Never called."""


def _detected(response: Response) -> BasePaginator:
    """The paginator that dlt finds out from an answer.

    Raises:
        ApiConfigError: it finds none.
    """
    from dlt.sources.helpers.rest_client.detector import PaginatorFactory

    found, _ = PaginatorFactory().create_paginator(response)
    if found is None:
        raise ApiConfigError(
            "dlt cannot tell from the answer how the shop's pages follow one another.",
            expected="a `paginator` in the endpoint or the client.",
            fix="describe it: https://dlthub.com/docs/dlt-ecosystem/verified-sources/rest_api/basic#pagination.",
        )
    return found


def _fingerprint(request: Request) -> str:
    return repr((request.method, request.url, request.params, request.json, request.data))
