"""Instants: inside the shop every time is an ``int`` of microseconds since 1970-01-01 UTC."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Literal

Precision = Literal["seconds", "milliseconds", "microseconds"]
Clock = Callable[[], datetime]

STEP: dict[str, int] = {"seconds": 1_000_000, "milliseconds": 1_000, "microseconds": 1}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(value: str | datetime) -> int:
    """Microseconds of an aware ``datetime`` or of ISO 8601 text with ``Z`` or an offset.

    Raises ``ValueError`` for text of another form and for a time without a zone.
    """
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if moment.tzinfo is None:
        raise ValueError("the time has no zone")
    return (moment - _EPOCH) // _MICROSECOND


def to_datetime(micros: int) -> datetime:
    """The aware UTC ``datetime`` of an instant."""
    return _EPOCH + timedelta(microseconds=micros)


def to_iso(micros: int, precision: Precision = "seconds", zone: str = "Z") -> str:
    """ISO 8601 text of an instant, cut (not rounded) to ``precision``, with ``zone`` appended."""
    return (_NAIVE_EPOCH + timedelta(microseconds=micros)).isoformat(timespec=precision) + zone


def to_day(micros: int) -> str:
    """The UTC date of an instant as ``YYYY-MM-DD``."""
    return to_datetime(micros).date().isoformat()


def read_iso(text: str) -> int:
    """Microseconds of ISO 8601 text with ``Z`` or an offset; raises ``ValueError``."""
    return to_micros(text)


def read_seconds(text: str) -> int:
    """Microseconds of whole epoch seconds written as digits; raises ``ValueError``."""
    return _whole(text) * 1_000_000


def read_millis(text: str) -> int:
    """Microseconds of whole epoch milliseconds written as digits; raises ``ValueError``."""
    return _whole(text) * 1_000


def read_day(text: str) -> int:
    """Microseconds of 00:00 UTC on a ``YYYY-MM-DD`` day; raises ``ValueError``."""
    if len(text) != 10:
        raise ValueError("not ten characters")
    day = date.fromisoformat(text)
    return to_micros(datetime(day.year, day.month, day.day, tzinfo=UTC))


def wall_clock() -> datetime:
    """The present UTC time."""
    return datetime.now(UTC)


def as_clock(value: Clock | datetime | str | None) -> Clock:
    """A clock from a callable, a fixed time (aware ``datetime`` or ISO text) or ``None`` (wall clock)."""
    if value is None:
        return wall_clock
    if callable(value):
        return value
    fixed = to_datetime(to_micros(value))
    return lambda: fixed


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise ValueError("not a whole number")
    return int(text)
