"""Between instants and times without a zone, without a row lost where clocks go back or no zone is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

WEST, EAST = timedelta(hours=12), timedelta(hours=14)
"""How far local time can be behind UTC, and ahead of it: https://en.wikipedia.org/wiki/List_of_UTC_offsets."""
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_HOURS_AROUND = 26
"""A change of clocks matters to the times around it for as long as it puts them back: at most a day and a bit."""


def shifted(moment: datetime, by: timedelta) -> datetime:
    """`moment + by`, or the first or last moment that there is."""
    try:
        return moment + by
    except OverflowError:
        return (datetime.max if by > timedelta(0) else datetime.min).replace(tzinfo=moment.tzinfo)


def local(moment: datetime, zone: tzinfo) -> datetime:
    """An aware instant as a naive time of `zone`; at the ends of time, the first or last that there is."""
    utc = moment.astimezone(UTC)
    return shifted(utc.replace(tzinfo=None), _offset(utc, zone))


def local_start(moment: datetime, zone: tzinfo | None) -> datetime:
    """The naive time at or before that of everything that happens from `moment` on; `zone` None: in any zone."""
    utc = moment.astimezone(UTC)
    if zone is None:
        return shifted(utc.replace(tzinfo=None), -WEST)
    # When clocks are put back later on, what happens then shows an earlier time.
    least = min(_offset(shifted(utc, timedelta(hours=hours)), zone) for hours in range(_HOURS_AROUND))
    return shifted(utc.replace(tzinfo=None), least)


def local_end(moment: datetime, zone: tzinfo | None) -> datetime:
    """The naive time at or after that of everything that happened before `moment`; `zone` None: in any zone."""
    utc = moment.astimezone(UTC)
    if zone is None:
        return shifted(utc.replace(tzinfo=None), EAST)
    most = max(_offset(shifted(utc, -timedelta(hours=hours)), zone) for hours in range(_HOURS_AROUND))
    return shifted(utc.replace(tzinfo=None), most)


def possible(time: datetime, zone: tzinfo | None) -> tuple[datetime, datetime]:
    """The earliest and the latest instant (aware, UTC) that a time can mean: one, unless it is naive.

    A time that comes twice, when clocks are put back, can mean two; one of an unknown zone anything within 26 hours.
    """
    if time.tzinfo is not None:
        moment = in_utc(time)
        return moment, moment
    if zone is None:
        utc = time.replace(tzinfo=UTC)
        return shifted(utc, -EAST), shifted(utc, WEST)
    first, second = (in_utc(time.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    return min(first, second), max(first, second)


def in_utc(time: datetime) -> datetime:
    """An aware time in UTC; `9999-12-31T23:59:59-08:00`, which is in the year 10000 there, is the last one there is."""
    try:
        return time.astimezone(UTC)
    except OverflowError:
        return LAST if time.year > 1 else FIRST


def _offset(utc: datetime, zone: tzinfo) -> timedelta:
    try:
        return utc.astimezone(zone).utcoffset() or timedelta(0)
    except OverflowError:
        inward = timedelta(days=2) if utc.year == 1 else timedelta(days=-2)
        return (utc + inward).astimezone(zone).utcoffset() or timedelta(0)
