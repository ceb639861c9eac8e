"""A cursor's own way to write an instant: ISO string, date, epoch seconds or milliseconds, read and written back.

Which way it is follows from the type and shape of the cursor's `initial_value`, as in dlt.
"""

from __future__ import annotations

from calendar import timegm
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ecom_source.errors import ApiConfigError, PayloadError

_MILLISECONDS_FROM = 100_000_000_000
"""Epoch numbers from here on are milliseconds: as seconds this is the year 5138, as milliseconds March 1973."""
_UNCLEAR_BELOW = 100_000_000
"""An `initial_value` below this does not tell which of the two it is: as seconds, this too is March 1973."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Cursor:
    """How one resource writes its cursor.

    Args:
        like: the cursor's `initial_value`, whose type and shape every bound sent to the API follows.
        step: the smallest difference that this shape can express.
    """

    like: Any
    step: timedelta

    @property
    def initial(self) -> datetime:
        """The cursor's first value as an aware UTC datetime."""
        return instant(self.like)

    def render(self, moment: datetime) -> Any:
        """`moment` in the shape of `like`: what the API is asked with."""
        like = self.like
        if isinstance(like, int | float):
            # By whole numbers: seconds as a float, times 1000, can end up one millisecond short.
            seconds = timegm(moment.utctimetuple())
            milliseconds = self.step < timedelta(seconds=1)
            return type(like)(seconds * 1000 + moment.microsecond // 1000 if milliseconds else seconds)
        if isinstance(like, datetime):
            return moment if like.tzinfo else moment.replace(tzinfo=None)
        if isinstance(like, date):
            return moment.date()
        return _render_text(moment, like)


def cursor_of(initial_value: Any, *, resource: str) -> Cursor:
    """The cursor that begins at `initial_value`.

    Raises:
        ApiConfigError: there is no `initial_value`, or it is no instant.
    """
    try:
        instant(initial_value)
        if isinstance(initial_value, int | float) and abs(initial_value) < _UNCLEAR_BELOW:
            raise ValueError("seconds or milliseconds?")
    except (TypeError, ValueError, OverflowError):
        raise ApiConfigError(
            f"The incremental block of resource {resource!r} has initial_value {initial_value!r}.",
            expected="the first instant to load, written as the API writes its cursor: an ISO 8601 string, a date, "
            f"or epoch seconds (from {_UNCLEAR_BELOW} on) or milliseconds (from {_MILLISECONDS_FROM} on).",
            fix=f"set `initial_value` in the incremental block of {resource!r} in the API description.",
        ) from None
    return Cursor(initial_value, _step(initial_value))


def instant(value: Any) -> datetime:
    """A cursor value as an aware UTC datetime; without a zone it is taken as UTC.

    Raises:
        TypeError, ValueError, OverflowError: it is no instant.
    """
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, int | float) and not isinstance(value, bool):
        milliseconds = abs(value) >= _MILLISECONDS_FROM
        return _EPOCH + (timedelta(milliseconds=value) if milliseconds else timedelta(seconds=value))
    if isinstance(value, str):
        if _is_epoch(value):
            return instant(int(value))
        return instant(datetime.fromisoformat(value))
    raise TypeError(f"{type(value).__name__} is no instant")


def latest(values: Iterable[Any]) -> datetime:
    """dlt's `last_value_func` for cursors of any shape: the greatest, as an instant.

    dlt passes one or two of a row's cursor value, a bound and its own last result. Comparing instants rather than text
    keeps `...00Z`, `...00.000Z` and `...01:00+01:00` in their true order.

    Raises:
        PayloadError: a row's value is no instant.
    """
    values = tuple(values)
    try:
        greatest = max(map(instant, values))
    except (TypeError, ValueError, OverflowError):
        wrong = next(value for value in values if not _is_instant(value))
        raise PayloadError(
            f"A row's cursor is {str(wrong)[:60]!r}, which is no instant.",
            expected="an ISO 8601 string, a date, or epoch seconds or milliseconds.",
            fix="point `cursor_path` at another field, or turn this one into an instant by a `map` in "
            "`processing_steps`.",
        ) from None
    # Where rows carry naive datetimes, dlt makes its bounds naive too, and then looks for an equal value.
    naive = any(isinstance(value, datetime) and value.tzinfo is None for value in values)
    return greatest.replace(tzinfo=None) if naive else greatest


def _is_instant(value: Any) -> bool:
    try:
        instant(value)
    except (TypeError, ValueError, OverflowError):
        return False
    return True


def _is_epoch(text: str) -> bool:
    return text.isdigit() and len(text) > len("20260101")


def _step(value: Any) -> timedelta:
    if isinstance(value, str) and _is_epoch(value):
        return _step(int(value))
    if isinstance(value, int | float):
        return timedelta(milliseconds=1) if abs(value) >= _MILLISECONDS_FROM else timedelta(seconds=1)
    if isinstance(value, datetime):
        return timedelta(microseconds=1)
    if isinstance(value, date) or len(value) <= len("2026-01-01"):
        return timedelta(days=1)
    fraction = value.partition(".")[2]
    digits = len(fraction) - len(fraction.lstrip("0123456789"))
    return (
        timedelta(seconds=1) if not digits else timedelta(milliseconds=1) if digits <= 3 else timedelta(microseconds=1)
    )


def _render_text(moment: datetime, like: str) -> str:
    if _is_epoch(like):
        return str(Cursor(int(like), _step(int(like))).render(moment))
    if len(like) <= len("2026-01-01"):
        day = moment.date().isoformat()
        return day if "-" in like else day.replace("-", "")
    shape = datetime.fromisoformat(like)
    digits = {timedelta(seconds=1): "seconds", timedelta(milliseconds=1): "milliseconds"}
    text = moment.astimezone(shape.tzinfo or UTC).isoformat(
        sep="T" if "T" in like else " ", timespec=digits.get(_step(like), "microseconds")
    )
    if shape.tzinfo is None:
        return text[: -len("+00:00")]
    return text.replace("+00:00", "Z") if like.endswith("Z") else text
