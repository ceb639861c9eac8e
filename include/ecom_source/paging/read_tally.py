"""What one resource's read has seen so far, and what is proven of it."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import Any

from ecom_source.paging.seen_keys import SeenRows

logger = logging.getLogger(__name__)

PROGRESS_PERIOD = 5.0
"""Seconds between two progress lines of one resource."""
READ_WHOLE = "read whole"
"""As many different rows as the shop says there are; or all in one answer; or two reads with the same keys."""
COUNTED = "as many rows as the shop says there are; they have no key by which a repeated one could be told"
JOINED = "no total; each page began with the last row of the one before"
WEAKER = (JOINED, COUNTED)
"""What is said rather than `READ_WHOLE`, where it is all that is proven of some part."""
NOT_PROVABLE = "not provable"


@dataclass
class Reading:
    """The tally of one resource over all of its pages; shared by the copies that dlt makes of a paginator.

    Args:
        resource: its name.
        key: the columns of its primary key; empty where it has none.
    """

    resource: str
    key: tuple[str, ...] = ()
    pages: int = 0
    rows: int = 0
    """As the shop sent them."""
    repeated: int = 0
    """Those of them that were left out, since they had come before."""
    unselected: int = 0
    """Those that the selector does not pick; below 0 where it picks several within a row."""
    distinct: int | None = None
    """Different rows; None where they cannot be told apart."""
    total: int | None = None
    """Rows the API says there are; None where it does not say. Of a dependent resource, the sum over its parents."""
    again: int = 0
    """How often the whole read was begun again."""
    doubts: list[str] = field(default_factory=list)
    """Why it cannot be proven that all rows came, each reason once."""
    proofs: set[str] = field(default_factory=set)
    """What is proven of it, or of the reads of some of its parents, where that is less than `READ_WHOLE`."""
    shortfalls: dict[str, int] = field(default_factory=dict)
    """By how many rows a read stayed short of a guessed total, by what was asked."""
    falls: dict[str, int] = field(default_factory=dict)
    """By how many rows a total fell in a read whose rows cannot be told apart, by what was asked."""
    read_before: dict[str, SeenRows] = field(default_factory=dict)
    """The rows of the read before this one, where two are compared, by what was asked."""
    finished: int = 0
    """How many reads ended: one, or one for each parent."""
    entered: int = 0
    """Rows that dlt took over."""
    left: int = 0
    """Rows that were left after the processing steps and the cursor's window."""
    _told_at: float = field(default_factory=time.monotonic)

    def __deepcopy__(self, memo: dict[int, Any]) -> Reading:
        return self

    @property
    def passed_on(self) -> int:
        """Rows that were given to dlt, each once."""
        return self.rows - self.repeated - self.unselected

    @property
    def left_out(self) -> int:
        """Rows that its selector, its processing steps or its window left out; below 0 where they made more of them."""
        return max(0, self.unselected) + self.entered - self.left

    @property
    def proof(self) -> str:
        """What is proven of the read: never more than is true."""
        if self.doubts:
            return f"{NOT_PROVABLE}: {'; '.join(self.doubts)}"
        weaker = [each for each in WEAKER if each in self.proofs]
        return "; ".join(weaker) or READ_WHOLE

    def restart(self) -> None:
        """Forgets what was counted: the read begins again."""
        self.pages = self.rows = self.repeated = self.unselected = self.finished = self.entered = self.left = 0
        self.distinct = self.total = None
        self.proofs.clear()
        self.doubts.clear()
        self.again += 1

    def page(self, rows: int, passed_on: int, total: int | None) -> None:
        """Counts a page, and from time to time logs pages, rows and the share done."""
        self.pages += 1
        self.rows += rows
        self.repeated += rows - passed_on
        if time.monotonic() - self._told_at >= PROGRESS_PERIOD:
            self._told_at = time.monotonic()
            logger.info("%s", self.progress(total))

    def count_entered(self, items: Any, meta: Any, metrics: Any) -> None:
        """dlt's metrics function for the rows that it takes over."""
        self.entered += _length(items)

    def count_left(self, items: Any, meta: Any, metrics: Any) -> None:
        """dlt's metrics function for the rows behind its last step."""
        self.left += _length(items)

    def finish(self, distinct: int | None, total: int | None) -> None:
        """Counts one complete read: of the resource, or of one of its parents."""
        self.distinct = _plus(self.distinct, distinct, first=not self.finished)
        self.total = _plus(self.total, total, first=not self.finished)
        self.finished += 1
        # A dependent resource is read once per parent: its lines come by the clock only.
        if self.finished == 1:
            logger.info("%s", self.progress(total))

    def doubt(self, reason: str) -> None:
        """Notes why the read cannot be proven complete."""
        if reason not in self.doubts:
            self.doubts.append(reason)

    def falls_again(self, where: str, fell: int) -> bool:
        """Whether the total fell by as much in the read before; remembers that it fell."""
        before, self.falls[where] = self.falls.get(where), fell
        return before == fell

    def progress(self, total: int | None = None) -> str:
        """Such as `orders: 12 pages, 1,200 of 2,540 rows (47 %)`."""
        of = f" of {total:,} rows ({min(100, 100 * self.passed_on // total)} %)" if total else " rows"
        return f"{self.resource}: {self.pages:,} page{'' if self.pages == 1 else 's'}, {self.passed_on:,}{of}"


def _length(items: Any) -> int:
    return len(items) if isinstance(items, list) else 0 if items is None else 1


def _plus(sum_so_far: int | None, number: int | None, *, first: bool) -> int | None:
    if first:
        return number
    return None if sum_so_far is None or number is None else sum_so_far + number
