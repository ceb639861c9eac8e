"""Paging that neither loses rows nor goes on for ever: dlt's paginators, watched.

A plain paginator trusts the shop: it goes forward by the page size that it asked for, and what moves over the border of
a page while it reads is lost. These go forward by what came, look for rows that moved, and at the end compare what came
with what the shop says it has.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from dlt.common import jsonpath
from dlt.common.utils import str2bool
from dlt.sources.helpers.rest_client.paginators import BasePaginator, OffsetPaginator
from requests import Request, Response

from ecom_source.errors import IncompleteReadError, PayloadError
from ecom_source.reading import Keys, Reading

MOST_REPEATS = 5
"""Pages in a row without a new row before a shop is taken for one that gives the same page again and again."""
MOST_STEPS_BACK = 5
"""Pages in a row that may begin with an unknown row before a read is given up as one without a stable order."""


MOST_STEPS_BACK_IN_ALL = 1000
"""The same over a whole read."""
LEAST_MARGIN = 8
"""Rows by which pages overlap at least, once rows were seen to move; four times as many each time that is too few."""


class WatchedPaginator(BasePaginator):
    """Any of dlt's paginators, with every page counted and the end checked against the shop's own total.

    A row whose key came on an earlier page is left out.

    Args:
        inner: the paginator that does the paging.
        readings: the tally of this resource, and after it those of the resources that depend on it.
        total_path: JSONPath of the number of rows (not of pages) in each answer; None where the shop does not say.
        selector: plain path of the rows in each answer; an answer without it is an error, not an empty page.
        drop: leave out rows whose key came on an earlier page. Otherwise only those that are the same to the letter as
            on the page before, for a merge takes the newest of several.
    """

    def __init__(
        self,
        inner: BasePaginator,
        *readings: Reading,
        total_path: str | None,
        selector: str | None = None,
        drop: bool = True,
    ) -> None:
        super().__init__()
        self.selector, self.drop = selector, drop
        self.inner, self.reading, self.readings = inner, readings[0], readings
        self.total_path = jsonpath.compile_path(total_path) if total_path else None
        self._begun = False
        self._begin()

    def _begin(self) -> None:
        self._keys = Keys(self.reading.key)
        self._rows = 0
        self._total: int | None = None
        self._page_before: Sequence[Any] | None = None
        self._repeats_in_a_row = 0

    def __deepcopy__(self, memo: dict[int, Any]) -> WatchedPaginator:
        twin = copy.copy(self)
        twin.inner = copy.deepcopy(self.inner, memo)
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

    def update_request(self, request: Request) -> None:
        """Asks for the next page."""
        self.inner.update_request(request)

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        """Takes in a page.

        Raises:
            IncompleteReadError: this was the last page, and rows are missing.
        """
        rows = data if data is not None else []
        if not rows:
            self._check_payload(response)
        total_before, said = self._total, self._find_total(response)
        # A shop may say it on the first page only; where to stop, only the answer at hand tells.
        self._total = total_before if said is None else said
        inner = self.inner
        if isinstance(inner, FollowingOffsetPaginator):
            vanished = 0 if said is None else max(0, (total_before or 0) - said)
            known = bool(rows) and (not self._keys.tracked or self._keys.seen(rows[0]))
            if inner.step_back(vanished=vanished, known=known, tracked=self._keys.tracked):
                # Neither passed on nor remembered: what lies before it is read first.
                rows.clear()
                self.reading.page(0, self._total)
                return
        fresh = self._keys.fresh(rows)
        nothing_new = bool(rows) and (not fresh if self._keys.tracked else rows == self._page_before)
        self._repeats_in_a_row = self._repeats_in_a_row + 1 if nothing_new else 0
        stuck = nothing_new and (rows == self._page_before or self._repeats_in_a_row > MOST_REPEATS)
        before, self._page_before = self._page_before or (), list(rows)
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
                    fix=_FIX,
                )
        # dlt makes the page that it passes on from this very list, after this call.
        if self.drop:
            rows[:] = fresh
        elif len(fresh) < len(rows):
            rows[:] = [row for row in rows if row not in before]
        if not inner.has_next_page:
            self._finish()

    def _check_payload(self, response: Response) -> None:
        if self.selector is None or jsonpath.find_values(self.selector, response.json()):
            return
        body = response.json()
        came = f"the keys {sorted(body)[:10]}" if isinstance(body, dict) else f"a {type(body).__name__}"
        raise PayloadError(
            f"The answer of {urlsplit(response.url).path} has no {self.selector!r}; it has {came}.",
            expected=f"the rows under {self.selector!r}, if only an empty list.",
            fix="if the shop has an error page of its own, wait until it is well; else change `data_selector` in the "
            "API description.",
        )

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
        repeats = self._rows - came
        name = self.reading.resource
        if self._total is not None and came < self._wanted(self._total):
            raise IncompleteReadError(
                f"The shop says that {name!r} has {self._total:,} rows, and {came:,} different rows came on its pages"
                + (f" ({repeats:,} came more than once: its sort order is not stable)." if repeats else "."),
                expected="as many different rows as the total says.",
                fix=_FIX,
            )
        if self._total is None and repeats and not isinstance(self.inner, OffsetPaginator):
            raise IncompleteReadError(
                f"{repeats:,} rows of {name!r} came on more than one page, so others may have come on none.",
                expected="each row once: pages of a sort order that is stable.",
                fix=_FIX,
            )

    def _wanted(self, total: int) -> int:
        """How many of the `total` rows lie in the offsets that were asked for."""
        if not isinstance(self.inner, OffsetPaginator):
            return total
        last = total if self.inner.maximum_value is None else min(total, self.inner.maximum_value)
        return last - self.inner.initial_value


class FollowingOffsetPaginator(OffsetPaginator):
    """dlt's offset paginator, going by the rows that came rather than by the page size it asked for.

    Args:
        overlap: begin each page with the last row of the page before, so that a row that moved over the border is
            noticed, even where as many rows came as went. Without a total nothing else tells, so then it always is.
    """

    def __init__(self, *args: Any, overlap: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.overlap = overlap
        self._restart()

    def _restart(self) -> None:
        self._steps_back = self._all_steps_back = 0
        self._aligned = False
        """The shop heeds only offsets at the border of a page."""
        self._back = 0
        """Rows by which the last step went back; 0 after a page that was passed on."""
        self._overlap = 0
        """Rows of the page before with which the page asked for begins."""
        self._margin = 0
        """How many that is at least, since rows began to move."""
        self._end = self.initial_value
        """Offset behind the rows read so far."""
        self._furthest = self.initial_value
        """Up to which offset there was something to read so far."""

    def init_request(self, request: Request) -> None:
        """Begins with the first page."""
        self._restart()
        super().init_request(request)

    def step_back(self, *, vanished: int, known: bool, tracked: bool) -> bool:
        """Whether rows may lie between this page and those read before; then the next request goes back for them.

        From then on the pages overlap by a margin, so that a shop in which rows move all the time is read to its end.

        Args:
            vanished: by how many the total has fallen since the page before: rows that vanish from pages already read
                pull the following ones forward, over the border of this page.
            known: the page begins with a row that was read before. With an overlap, nothing then lies between.
            tracked: rows can be told apart, by a key.

        Raises:
            IncompleteReadError: it went back again and again.
        """
        moved = not known if self._overlap else vanished > 0
        if self.current_value <= self.initial_value:
            return False
        if not moved:
            self._steps_back = 0
            return False
        self._steps_back += 1
        self._all_steps_back += 1
        if self._steps_back > MOST_STEPS_BACK or self._all_steps_back > MOST_STEPS_BACK_IN_ALL:
            raise IncompleteReadError(
                f"{self._steps_back - 1} pages in a row (to offset {self.current_value:,}) did not begin "
                "where the page before had ended.",
                expected="pages of a stable order, at the offset that was asked for.",
                fix=_FIX,
            )
        self._end = max(self.initial_value, self._end - vanished)
        if tracked:
            self._back = max(LEAST_MARGIN, 4 * self._back, 2 * vanished)
            self._margin = min(self.limit // 2, max(self._margin, self._back))
        self._overlap = self._back
        self.current_value = max(self.initial_value, self._end - self._back)
        return True

    def follow(
        self, response: Response, came: int, *, total: int | None, known: int | None, nothing_new: bool, stuck: bool
    ) -> None:
        """Moves on after a page of `came` rows.

        Args:
            total: rows that the shop says there are, if this answer says.
            known: different rows so far; None where they cannot be told apart.
            nothing_new: no row of this page was new.
            stuck: the same rows come again and again. Among the rows that are known, that is the way back; beyond them,
                the shop does not heed the offset.
        """
        end = self.current_value + (came or self.value_step)
        went_back, self._back = self._back > 0, 0
        if stuck and self._overlap and not went_back and not self._aligned:
            # It may heed only offsets that are a multiple of the page size: ask once more, at the border.
            self._aligned, self._overlap, self.current_value = True, 0, self._end
            return
        only_overlap = nothing_new and not went_back and came <= self._overlap
        if (
            only_overlap
            or (not came and self.stop_after_empty_page)
            or (stuck and end > max(self._furthest, known or 0))
        ):
            self._has_next_page = False
            return
        self._furthest = max(self._furthest, end)
        reached = total is not None and end >= total + self.base_index
        beyond = self.maximum_value is not None and end >= self.maximum_value
        self._has_next_page = not reached and not beyond and self._has_more(response) is not False
        least = 1 if self.overlap or total is None else 0
        self._overlap = (
            max(0, min(came - 1, max(least, self._margin))) if known is not None and not self._aligned else 0
        )
        self._end = end
        self.current_value = end - self._overlap

    def _has_more(self, response: Response) -> bool | None:
        if not self.has_more_path:
            return None
        found = jsonpath.find_values(self.has_more_path, response.json())
        if not found:
            return None
        if not isinstance(found[0], bool | str):
            self._handle_invalid_has_more(found[0])
        return found[0] if isinstance(found[0], bool) else str2bool(found[0])


_FIX = (
    "give the endpoint a `sort` parameter that ends in a unique column, or load by window of a cursor (`incremental`); "
    "if the shop's total is wrong, set the paginator's `total_path` to None."
)
