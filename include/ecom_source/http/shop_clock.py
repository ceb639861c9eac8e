"""The shop's clock, as the `Date` headers of its answers tell it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Lock

logger = logging.getLogger(__name__)

NO_CLOCK_BEFORE = datetime(2000, 1, 1, tzinfo=UTC)
"""A `Date` before this comes from a machine that does not know the time."""
WHOLE_SECONDS = timedelta(seconds=2)
"""Clocks that differ by less than this may be the same: a `Date` has no fraction, and an answer takes its time."""


@dataclass
class ShopClock:
    """Collects the `Date` headers of a read: https://www.rfc-editor.org/rfc/rfc9110#name-date.

    Args:
        elapsed: seconds since the run's `now` was taken.
    """

    elapsed: Callable[[], float] = field(default_factory=lambda: _since(time.monotonic()))
    earliest: datetime | None = None
    latest: datetime | None = None
    began: datetime | None = None
    """The shop's time at the run's `now`, by the first answer."""
    _warned: bool = False
    _lock: Lock = field(default_factory=Lock)

    def saw(self, date: str | None) -> None:
        """Takes the `Date` of an answer; one that cannot be read is ignored, with one warning."""
        moment = _moment(date)
        with self._lock:
            if moment is None:
                if date is not None and not self._warned:
                    self._warned = True
                    logger.warning("The shop's Date header %r tells no time and is ignored", date[:60])
                return
            self.earliest = min(self.earliest or moment, moment)
            self.latest = max(self.latest or moment, moment)
            if self.began is None:
                self.began = moment - timedelta(seconds=self.elapsed())

    def now(self, worker: datetime) -> datetime:
        """The earlier of the worker's clock and the shop's."""
        return worker if self.earliest is None else min(worker, self.earliest)

    def report(self, worker: datetime, lag: timedelta) -> None:
        """Warns of clocks that differ by more than `lag`.

        Args:
            worker: the worker's clock at the run's start.
        """
        if self.began is None or abs(worker - self.began) <= max(lag, WHOLE_SECONDS):
            return
        logger.warning(
            "The clocks differ by %.0f s, which is more than the lag of %.0f s: this worker says %s, the shop's Date "
            "says %s. The earlier one counts; set the other right",
            abs(worker - self.began).total_seconds(),
            lag.total_seconds(),
            worker.astimezone(UTC).isoformat(timespec="seconds"),
            self.began.isoformat(timespec="seconds"),
        )


def _since(start: float) -> Callable[[], float]:
    return lambda: time.monotonic() - start


def _moment(date: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(date or "")
        # `-0000` is UTC, of which nobody says where: https://www.rfc-editor.org/rfc/rfc5322#section-3.3.
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    return moment if moment >= NO_CLOCK_BEFORE else None
