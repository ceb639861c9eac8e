"""Paging by offset that follows the rows that come, and goes back for rows that moved."""

from __future__ import annotations

import copy
from typing import Any

from dlt.common import jsonpath
from dlt.common.utils import str2bool
from dlt.sources.helpers.rest_client.paginators import OffsetPaginator
from requests import Request, Response

from ecom_source.errors import IncompleteReadError

MOST_STEPS_BACK = 5
"""Pages in a row that may begin with an unknown row before a read is given up as one without a stable order."""
MOST_STEPS_BACK_IN_ALL = 1000
"""The same over a whole read."""
LEAST_MARGIN = 8
"""Rows by which pages overlap at least, once rows were seen to move; four times as many each time that is too few."""

UNSTABLE_ORDER = (
    "give the endpoint a `sort` parameter that ends in a unique column, or load by window of a cursor (`incremental`); "
    "if the shop's total is wrong, set the paginator's `total_path` to None."
)
"""What mends a read whose pages do not fit together."""


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
        self._came = 0
        """Rows on the last page."""
        self._last: int | None = None
        """Offset behind the last row; None where the shop does not say."""

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
                fix=UNSTABLE_ORDER,
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
        self._came, self._last = came, None if total is None else total + self.base_index
        reached = self._last is not None and end >= self._last
        beyond = self.maximum_value is not None and end >= self.maximum_value
        self._has_next_page = not reached and not beyond and self._has_more(response) is not False
        least = 1 if self.overlap or total is None else 0
        self._overlap = (
            max(0, min(came - 1, max(least, self._margin))) if known is not None and not self._aligned else 0
        )
        self._end = end
        self.current_value = end - self._overlap

    def upcoming(self, request: Request, most: int) -> dict[int, Request]:
        """The next requests by offset, at most `most`, as they will be if no row moves; none where that is not known.

        Args:
            request: the next one.
        """
        last = self._last
        if request.method != "GET" or not (self.has_next_page and self.param_name and last and self._came):
            return {}
        if self._back or self.has_more_path:
            return {}
        last = last if self.maximum_value is None else min(last, self.maximum_value)
        found: dict[int, Request] = {}
        offset = self.current_value
        while len(found) < most:
            found[offset] = copy.copy(request)
            found[offset].params = {**request.params, self.param_name: offset}
            if offset + self._came >= last:
                break
            offset += self._came - self._overlap
        return found

    def _has_more(self, response: Response) -> bool | None:
        if not self.has_more_path:
            return None
        found = jsonpath.find_values(self.has_more_path, response.json())
        if not found:
            return None
        if not isinstance(found[0], bool | str):
            self._handle_invalid_has_more(found[0])
        return found[0] if isinstance(found[0], bool) else str2bool(found[0])
