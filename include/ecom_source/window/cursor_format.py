"""A cursor's own way to write an instant: ISO string, date, epoch seconds or milliseconds, read and written back.

Which way it is follows from the type and shape of the cursor's `initial_value`, as in dlt.
"""

from __future__ import annotations

from calendar import timegm
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cached_property
from typing import Any

from ecom_source.errors import ApiConfigError
from ecom_source.window.text_shape import DAY, TextShape, is_rfc, read_text, shape_of
from ecom_source.window.time_zones import in_utc, local, possible

SECOND, MILLISECOND = timedelta(seconds=1), timedelta(milliseconds=1)
MILLISECONDS_FROM = 100_000_000_000
"""Epoch numbers from here on are milliseconds: as seconds this is the year 5138, as milliseconds March 1973."""
UNCLEAR_BELOW = 100_000_000
"""An `initial_value` below this does not tell which of the two it is: as seconds, this too is March 1973."""
COUNTS_FROM = datetime(2100, 1, 1, tzinfo=UTC)
"""A number that would be an instant from here on is no instant, but a counter."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Cursor:
    """How one resource writes its cursor.

    Args:
        like: the cursor's `initial_value`, whose type and shape every bound sent to the API follows.
        step: the smallest difference that this shape can express.
        time_zone: whose time it is where a value names no zone; None where that is not known.
    """

    like: Any
    step: timedelta
    time_zone: tzinfo | None = None

    @cached_property
    def shape(self) -> TextShape | None:
        """How texts are written; None where the cursor is no text, or an epoch number as a text."""
        return shape_of(self.like) if isinstance(self.like, str) and not is_epoch(self.like) else None

    @cached_property
    def zone(self) -> tzinfo | None:
        """The zone in which the API is asked; None where it is not known."""
        if self.is_epoch:
            return UTC
        own = self.shape.zone if self.shape else getattr(self.like, "tzinfo", None)
        return own or self.time_zone

    @property
    def is_epoch(self) -> bool:
        """Whether the cursor is a number, or one written as a text."""
        return isinstance(self.like, int | float) or (isinstance(self.like, str) and is_epoch(self.like))

    @cached_property
    def initial(self) -> datetime:
        """The cursor's first value as an aware UTC datetime; without a known zone it is taken as UTC."""
        time = self.read(self.like)
        return possible(time, self.time_zone or UTC)[0]

    def read(self, value: Any) -> datetime:
        """A row's cursor as a datetime, naive where it names no zone.

        Raises:
            TypeError, ValueError, OverflowError: it is no instant.
        """
        return time_of(value, rfc=isinstance(self.like, str) and is_rfc(self.like))

    def render(self, moment: datetime) -> Any:
        """The instant `moment` in the shape of `like`; what the shape cannot show is cut."""
        return self.write(local(moment, self.zone or UTC))

    def write(self, time: datetime) -> Any:
        """A naive time of the cursor's own zone in the shape of `like`: what the API is asked with."""
        like = self.like
        if isinstance(like, datetime):
            clock = (time.hour, time.minute, time.second, time.microsecond if self.step < SECOND else 0)
            # As pendulum's where it is one of pendulum's, which writes itself in another way.
            return like.replace(time.year, time.month, time.day, *clock)
        if isinstance(like, date):
            return like.replace(time.year, time.month, time.day)
        if self.shape:
            return self.shape.write(time)
        # By whole numbers: seconds as a float, times 1000, can end up one millisecond short.
        seconds = timegm(time.utctimetuple())
        return type(like)(seconds * 1000 + time.microsecond // 1000 if self.step < SECOND else seconds)


def cursor_of(initial_value: Any, *, resource: str) -> Cursor:
    """The cursor that begins at `initial_value`.

    Raises:
        ApiConfigError: there is no `initial_value`, or it is no instant, or its shape cannot be kept.
    """
    try:
        cursor = Cursor(initial_value, _step(initial_value))
        written = cursor.write(_own_time(cursor))
    except (TypeError, ValueError, OverflowError):
        raise _no_instant(initial_value, resource) from None
    if type(written) is not type(initial_value) or str(written) != str(initial_value):
        raise ApiConfigError(
            f"The incremental block of resource {resource!r} has initial_value {initial_value!r}, which would be "
            f"written back as {written!r}.",
            expected="a shape that every bound can be written in to the letter: at most six digits of a second that "
            "are not 0, a whole number of epoch seconds or milliseconds.",
            fix=f"write the `initial_value` of {resource!r} in whole seconds.",
        )
    return cursor


def instant(value: Any) -> datetime:
    """A cursor value as an aware UTC datetime; without a zone it is taken as UTC.

    Raises:
        TypeError, ValueError, OverflowError: it is no instant.
    """
    return possible(time_of(value), UTC)[0]


def time_of(value: Any, *, rfc: bool = False) -> datetime:
    """A cursor value as a datetime, naive where it names no zone.

    Args:
        rfc: texts are written by RFC 2822.

    Raises:
        TypeError, ValueError, OverflowError: it is no instant.
    """
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, int | float) and not isinstance(value, bool):
        milliseconds = abs(value) >= MILLISECONDS_FROM
        return _EPOCH + (timedelta(milliseconds=value) if milliseconds else timedelta(seconds=value))
    if isinstance(value, str):
        return time_of(int(value)) if is_epoch(value) else read_text(value, rfc=rfc)
    raise TypeError(f"{type(value).__name__} is no instant")


def is_epoch(text: str) -> bool:
    """Whether a text is a number of seconds or milliseconds; eight digits are a date."""
    return text.isascii() and text.isdigit() and len(text) > len("20260101")


def _own_time(cursor: Cursor) -> datetime:
    """The initial value as a naive time of the zone that it names."""
    time = cursor.read(cursor.like)
    if cursor.is_epoch:
        value = float(cursor.like)
        if abs(value) < UNCLEAR_BELOW or in_utc(time) >= COUNTS_FROM:
            raise ValueError("seconds, milliseconds or a counter?")
    elif time.tzinfo is not None:
        # Where it is no instant in UTC, nothing can be compared with it.
        time.astimezone(UTC)
    return time.replace(tzinfo=None)


def _no_instant(initial_value: Any, resource: str) -> ApiConfigError:
    number = isinstance(initial_value, int | float) or (isinstance(initial_value, str) and initial_value.isdigit())
    return ApiConfigError(
        f"The incremental block of resource {resource!r} has initial_value {initial_value!r}"
        + (", which is no instant but may be a counter." if number else "."),
        expected="the first instant to load, written as the API writes its cursor: an ISO 8601 string, a date, an "
        f"RFC 2822 date, or epoch seconds (from {UNCLEAR_BELOW} on) or milliseconds (from {MILLISECONDS_FROM} on), "
        f"before the year {COUNTS_FROM.year}. A counter, such as a version, tells no time and cannot be loaded by "
        "window.",
        fix=f"set `initial_value` in the incremental block of {resource!r} in the API description, or, where the "
        "cursor is a counter, leave `incremental` out: the resource is then read whole by every run.",
    )


def _step(value: Any) -> timedelta:
    if isinstance(value, str):
        return _step(int(value)) if is_epoch(value) else shape_of(value).step
    if isinstance(value, int | float):
        return MILLISECOND if abs(value) >= MILLISECONDS_FROM else SECOND
    if isinstance(value, datetime):
        return timedelta(microseconds=1) if value.microsecond else SECOND
    return DAY
