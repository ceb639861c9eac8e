"""What one resource's read has seen so far, and whether that is all there is."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import Any

logger = logging.getLogger(__name__)

PROGRESS_PERIOD = 5.0
"""Seconds between two progress lines of one resource."""


@dataclass
class Reading:
    """The tally of one resource over all of its pages; shared by the copies that dlt makes of a paginator.

    Args:
        resource: its name.
        key: the columns of its primary key; empty where it has none, or where a row may come twice.
    """

    resource: str
    key: tuple[str, ...] = ()
    pages: int = 0
    rows: int = 0
    distinct: int | None = None
    """Distinct primary keys; None without a key."""
    total: int | None = None
    """Rows the API says there are; None where it does not say. Of a dependent resource, the sum over its parents."""
    again: int = 0
    """How often the whole read was begun again."""
    _finished: int = 0
    _told_at: float = field(default_factory=time.monotonic)

    def __deepcopy__(self, memo: dict[int, Any]) -> Reading:
        return self

    def restart(self) -> None:
        """Forgets what was counted: the read begins again."""
        self.pages = self.rows = self._finished = 0
        self.distinct = self.total = None
        self.again += 1

    def page(self, rows: int, total: int | None) -> None:
        """Counts a page, and from time to time logs pages, rows and the share done."""
        self.pages += 1
        self.rows += rows
        if time.monotonic() - self._told_at >= PROGRESS_PERIOD:
            self._told_at = time.monotonic()
            logger.info("%s", self.progress(total))

    def finish(self, distinct: int | None, total: int | None) -> None:
        """Counts one complete read: of the resource, or of one of its parents."""
        self.distinct = _plus(self.distinct, distinct, first=not self._finished)
        self.total = _plus(self.total, total, first=not self._finished)
        self._finished += 1
        # A dependent resource is read once per parent: its lines come by the clock only.
        if self._finished == 1:
            logger.info("%s", self.progress(total))

    def progress(self, total: int | None = None) -> str:
        """Such as `orders: 12 pages, 1,200 of 2,540 rows (47 %)`."""
        of = f" of {total:,} rows ({min(100, 100 * self.rows // total)} %)" if total else " rows"
        return f"{self.resource}: {self.pages:,} page{'' if self.pages == 1 else 's'}, {self.rows:,}{of}"


def _plus(sum_so_far: int | None, number: int | None, *, first: bool) -> int | None:
    if first:
        return number
    return None if sum_so_far is None or number is None else sum_so_far + number
