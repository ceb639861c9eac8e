"""Paging that neither loses rows nor goes on for ever: dlt's paginators, watched.

Plain paginators trust the shop: they go forward by the page size that they asked for and stop at the total of the last
page. These go forward by what came, go back by what was deleted meanwhile, and at the end compare what came with what
the shop says it has.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from dlt.common import jsonpath
from dlt.sources.helpers.rest_client.paginators import BasePaginator, OffsetPaginator
from requests import Request, Response

from ecom_source.errors import IncompleteReadError
from ecom_source.reading import Keys, Reading


class WatchedPaginator(BasePaginator):
    """Any of dlt's paginators, with every page counted and the end checked against the shop's own total.

    Args:
        inner: the paginator that does the paging.
        reading: where pages and rows are counted.
        total_path: JSONPath of the number of rows (not of pages) in each answer; None where the shop does not say.
        drop_repeats: leave out a row whose key came before on an earlier page. A merge does that itself.
    """

    def __init__(
        self, inner: BasePaginator, reading: Reading, *, total_path: str | None, drop_repeats: bool
    ) -> None:
        super().__init__()
        self.inner, self.reading, self.drop_repeats = inner, reading, drop_repeats
        self.total_path = jsonpath.compile_path(total_path) if total_path else None
        self._begin()

    def _begin(self) -> None:
        self._keys = Keys(self.reading.key)
        self._rows = 0
        self._total: int | None = None
        self._page_before: Sequence[Any] | None = None

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
        """Begins a new pass."""
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
        total_before, self._total = self._total, self._find_total(response)
        fresh = self._fresh(rows)
        repeated = bool(rows) and (not fresh if self.reading.key else rows == self._page_before)
        self._page_before = list(rows)
        self._rows += len(rows)
        self.reading.page(len(rows), self._total)
        inner = self.inner
        if isinstance(inner, FollowingOffsetPaginator):
            vanished = max(0, (total_before or 0) - self._total) if self._total is not None else 0
            inner.follow(response, len(rows), total=self._total, vanished=vanished, repeated=repeated)
        else:
            inner.update_state(response, data)
        if self.drop_repeats and self.reading.key:
            # dlt makes the page that it passes on from this very list, after this call.
            rows[:] = fresh
        if not inner.has_next_page:
            self._finish()

    def _fresh(self, rows: Sequence[Any]) -> list[Any]:
        if not self.reading.key or not all(isinstance(row, dict) for row in rows):
            return list(rows)
        return list(self._keys.fresh(rows))

    def _find_total(self, response: Response) -> int | None:
        if self.total_path is None:
            return None
        found = jsonpath.find_values(self.total_path, response.json())
        try:
            # A shop may say it on the first page only.
            return int(found[0]) if found else self._total
        except (TypeError, ValueError):
            return self._total

    def _finish(self) -> None:
        distinct = len(self._keys) if self.reading.key else None
        self.reading.finish(distinct, self._total)
        came = self._rows if distinct is None else distinct
        if self._total is not None and came < self._total:
            repeats = self._rows - came
            raise IncompleteReadError(
                f"The shop says that {self.reading.resource!r} has {self._total:,} rows, and {came:,} different rows "
                f"came on its pages"
                + (f" ({repeats:,} came more than once: its sort order is not stable)." if repeats else "."),
                expected="as many different rows as the total says.",
                fix="give the endpoint a `sort` parameter that ends in a unique column, or a smaller page size "
                "(`limit` of the paginator); if the total itself is wrong, set its `total_path` to None.",
            )


class FollowingOffsetPaginator(OffsetPaginator):
    """dlt's offset paginator, going by the rows that came rather than by the page size it asked for."""

    def follow(
        self, response: Response, came: int, *, total: int | None, vanished: int, repeated: bool
    ) -> None:
        """Moves on after a page of `came` rows.

        Args:
            total: rows that the shop says there are, if it says.
            vanished: by how many the total has fallen since the page before. Rows that vanish from pages already read
                pull the following ones forward, over the border of this page: as many are read again.
            repeated: nothing on this page was new, so the shop does not heed the offset, or has come to its end.
        """
        if not came and self.stop_after_empty_page:
            self._has_next_page = False
            return
        if repeated and not vanished:
            self._has_next_page = False
            return
        self.current_value = max(self.initial_value, self.current_value + (came if not vanished else -vanished))
        reached = total is not None and self.current_value >= total + self.base_index
        beyond = self.maximum_value is not None and self.current_value >= self.maximum_value
        more = self._has_more(response)
        self._has_next_page = not reached and not beyond and more is not False

    def _has_more(self, response: Response) -> bool | None:
        if not self.has_more_path:
            return None
        found = jsonpath.find_values(self.has_more_path, response.json())
        return None if not found else str(found[0]).lower() in ("true", "1", "yes")
