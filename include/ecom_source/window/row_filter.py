"""Which rows of an answer belong to a window, whatever the API made of the bounds that it was asked with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from ecom_source.errors import PayloadError
from ecom_source.window.cursor_format import Cursor
from ecom_source.window.run_window import FOREVER, Window
from ecom_source.window.time_zones import FIRST, possible, shifted

MICROSECOND = timedelta(microseconds=1)


class RowFilter:
    """Says of each row of an answer where dlt is to put it; `latest` is dlt's `last_value_func` for a window.

    dlt drops a row below the start or from the end on, and compares what that function makes of it. A row from before
    the start that comes all the same is put at the start, so that it is merged; one below the cursor's `initial_value`
    stays where it is, and is dropped. Instants are compared rather than texts, which keeps `...00Z`, `...00.000Z` and
    `...01:00+01:00` in their true order.

    Args:
        cut: rows from before this instant are dropped after all: they would be appended a second time, or dlt is to
            end the read where it meets one (`row_order`).
        limit: for appended rows that cannot be told apart: up to where they are taken. A row of which it is not sure
            when it was stamped is then taken for as late as it can be.
    """

    def __init__(
        self,
        cursor: Cursor,
        window: Window,
        *,
        cut: datetime | None = None,
        limit: Callable[[], datetime] | None = None,
    ) -> None:
        self._cursor, self.cut, self.limit = cursor, cut, limit
        self.start, self.end = window.interval.start, FOREVER if window.full_refresh else window.interval.end
        self._floor = min(self.start, cursor.initial)
        self._naive_floor = cursor.zone is None and self._floor == cursor.initial
        self._bounds = (self.start, self.end)
        self._last: tuple[Any, datetime, bool] | None = None
        self.oldest: datetime | None = None
        """The smallest cursor of all rows that came, naive where it names no zone."""
        self.newest: datetime | None = None
        """The greatest."""
        self.past = 0
        """Rows that came from before the window's end."""
        self.beyond = 0
        """Rows that came from the window's end on."""

    def latest(self, values: Iterable[Any]) -> datetime:
        """The greatest of a row's place and of bounds.

        Args:
            values: a row's cursor, and for some calls a bound or an earlier result.

        Raises:
            PayloadError: the row's cursor is no instant.
        """
        value, *bounds = values
        if self._last is None or self._last[0] is not value:
            self._last = value, *self._placed(value)
        _, placed, naive = self._last
        greatest = max((placed, *(_aware(bound) for bound in bounds)))
        # Where rows carry naive datetimes, dlt makes its bounds naive too, and then looks for an equal value.
        naive = naive or any(bound.tzinfo is None for bound in bounds)
        return greatest.replace(tzinfo=None) if naive else greatest

    def _placed(self, value: Any) -> tuple[datetime, bool]:
        if isinstance(value, datetime) and value.tzinfo is not None and value in self._bounds:
            return value, False
        time = self._read(value)
        earliest, latest = possible(time, self._cursor.time_zone)
        if self.newest is None or _aware(time) > _aware(self.newest):
            self.newest = time
        if self.oldest is None or _aware(time) < _aware(self.oldest):
            self.oldest = time
        if self._is_below(time, latest):
            placed = FIRST
        elif self.limit is not None:
            placed = latest if latest < min(self.end, self.limit()) else max(latest, self.end)
        elif earliest >= self.end:
            placed = earliest
        else:
            placed = min(max(latest, self.start), shifted(self.end, -MICROSECOND))
        if placed < self.end or placed == FOREVER:
            self.past += 1
        else:
            self.beyond += 1
        return placed, isinstance(value, datetime) and value.tzinfo is None

    def _is_below(self, time: datetime, latest: datetime) -> bool:
        if self.cut is not None and latest < self.cut:
            return True
        if self._naive_floor and time.tzinfo is None:
            # Neither of the two names its zone: it is the same.
            return time.replace(tzinfo=UTC) < self._floor
        return latest < self._floor

    def _read(self, value: Any) -> datetime:
        try:
            return self._cursor.read(value)
        except (TypeError, ValueError, OverflowError):
            raise PayloadError(
                f"A row's cursor is {str(value)[:60]!r}, which is no instant as its initial_value "
                f"{self._cursor.like!r} is one.",
                expected="an ISO 8601 string, a date, epoch seconds or milliseconds, or an RFC 2822 date where the "
                "initial_value is one.",
                fix="point `cursor_path` at another field, or turn this one into an instant by a `map` in "
                "`processing_steps`.",
            ) from None

    def is_all_after(self, values: Iterable[Any], began: datetime) -> bool:
        """Whether all of these cursors were stamped after `began`, whatever their zone; False where there is none."""
        times = [self._read(value) for value in values if value is not None]
        return bool(times) and all(possible(time, self._cursor.time_zone)[0] > began for time in times)


def _aware(time: datetime) -> datetime:
    return possible(time, UTC)[0]
