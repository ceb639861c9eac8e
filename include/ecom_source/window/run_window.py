"""The run contract: which window a run reads and how far the watermark moves.

Pure functions over aware UTC datetimes; neither Airflow nor dlt is known here.
Windows are half-open, `[start, end)`. The watermark is the instant up to which the table is known to be complete.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from ecom_source.errors import WindowError

RunKind = Literal["scheduled", "backfill", "manual"]

FOREVER = datetime.max.replace(tzinfo=UTC)
STORED = timedelta(seconds=1)
"""Many a shop shows milliseconds and stores whole seconds: a row changed at 12:00:00.9 then says 12:00:00.000."""
ASK_AGAIN = "trigger the run again with other values, or leave both empty to load everything since the last run."


@dataclass(frozen=True)
class Interval:
    """A half-open stretch of time, `[start, end)`, both ends aware and in UTC."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        return f"[{iso(self.start)}, {iso(self.end)})"


@dataclass(frozen=True)
class Run:
    """What asked for a load.

    Args:
        kind: asset- and operator-triggered runs count as manual.
        now: the instant at which the task started.
        interval: the data interval of a scheduled run or backfill; None for a manual run.
        window_start, window_end: the bounds that a person gave, if any.
        full_refresh: read everything and replace the table.
    """

    kind: RunKind
    now: datetime
    interval: Interval | None = None
    window_start: datetime | None = None
    window_end: datetime | None = None
    full_refresh: bool = False


@dataclass(frozen=True)
class Window:
    """What a run reads, and the watermark after it has landed (None: no watermark yet).

    Args:
        interval: the rows that are this run's; what the API is asked with is wider (`asked_bounds`).
        watermark_after: by the worker's clock; `settled` says what it is by the shop's as well.
        full_refresh: rows of all time are read, also those from the interval's end on, and replace the table.
        lag: how much of the interval, at its start, was read before.
        moves: whether the run moves the watermark.
    """

    interval: Interval
    watermark_before: datetime | None
    watermark_after: datetime | None
    full_refresh: bool = False
    lag: timedelta = timedelta(0)
    moves: bool = False

    def __str__(self) -> str:
        return str(self.interval)


def window_for(
    run: Run,
    *,
    watermark: datetime | None,
    initial: datetime,
    lag: timedelta = timedelta(0),
    step: timedelta = timedelta(microseconds=1),
) -> Window:
    """The window of `run`, by the table of the run contract.

    Args:
        watermark: up to where the table is complete; None before the first load.
        initial: the earliest instant that the API is asked for (the cursor's `initial_value`).
        lag: how far before the watermark to read again, for rows that the API commits late.
        step: the step of the API's filter. The watermark falls back to a whole one, and to a whole second at least, so
            that a partly elapsed second or day is read again rather than skipped.

    Raises:
        WindowError: the window is empty, reversed, wholly in the future or contradicts `full_refresh`.
    """
    asked = run.window_start is not None or run.window_end is not None
    if run.full_refresh:
        if asked:
            raise WindowError(
                "full_refresh was given together with window_start or window_end.",
                expected="either a window or a full refresh, which always reads everything.",
                fix=ASK_AGAIN,
            )
        start, end, moves = initial, run.now, True
    elif asked:
        start, end, moves = run.window_start or initial, run.window_end or run.now, False
    elif run.kind == "manual":
        start, end, moves = _resume(watermark, initial, lag), run.now, True
    else:
        start, end, moves = _for_interval(run, watermark, initial, lag)
    given_start_only = run.window_start is not None and run.window_end is None
    if start >= run.now and (start < end or given_start_only):
        raise _future(start, run.now)
    if start >= end:
        raise _empty(run, Interval(start, end), watermark, asked=asked)
    again = watermark - start if watermark is not None and moves and not run.full_refresh else timedelta(0)
    interval = Interval(_plain(start), _plain(min(end, run.now) if asked else end))
    window = Window(interval, watermark, watermark, run.full_refresh, max(again, timedelta(0)), moves)
    return _moved(window, run.now, step)


def settled(
    window: Window, now: datetime, *, step: timedelta = timedelta(microseconds=1), newest: datetime | None = None
) -> Window:
    """`window` once its read is over and `now`, the earlier of the worker's clock and the shop's, is known.

    Args:
        now: as the shop's `Date` headers tell it, in whole seconds.
        step: as in `window_for`.
        newest: the newest row that came, for a cursor that may run slower than the time: the watermark never passes it.

    Raises:
        WindowError: all of the window lies in the shop's future, so that there was nothing to read.
    """
    # A `Date` has no fraction: it may be all but a second later than it says.
    if window.interval.start >= now + timedelta(seconds=1):
        raise _future(window.interval.start, now)
    return _moved(window, now if newest is None else min(now, newest), step)


def _moved(window: Window, now: datetime, step: timedelta) -> Window:
    """The watermark goes to the window's end, but never after `now`, nor back, but for a full refresh."""
    if not window.moves:
        return window
    after = _floor(min(window.interval.end, now), max(step, STORED))
    if window.watermark_before is not None and not window.full_refresh:
        after = max(after, window.watermark_before)
    return replace(window, watermark_after=after)


def parse_bound(name: str, value: object) -> datetime | None:
    """A bound as a person wrote it (ISO 8601 with an offset or `Z`, or empty) as an aware UTC datetime, or None.

    Raises:
        WindowError: it cannot be read, or names no time zone.
    """
    if value is None or value == "":
        return None
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
        in_utc = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise WindowError(
            f"{name} is {str(value)[:60]!r}, "
            f"{'not a date-time' if moment is None else 'a date-time without a time zone'}.",
            expected="a date-time with its time zone, such as 2026-03-01T00:00:00Z or 2026-03-01T00:00:00+01:00.",
            fix=ASK_AGAIN,
        )
    return in_utc


def iso(moment: datetime | None) -> str:
    """ISO 8601 in UTC with `Z`, without needless fractions; `none` for None."""
    if moment is None:
        return "none"
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _resume(watermark: datetime | None, initial: datetime, lag: timedelta) -> datetime:
    return initial if watermark is None else max(initial, watermark - lag)


def _interval_of(run: Run) -> Interval:
    if run.interval is None:
        raise WindowError(
            f"A {run.kind} run came without a data interval.",
            expected="a schedule with data intervals, such as a cron string or CronDataIntervalTimetable.",
            fix="change `schedule` in the DAG file.",
        )
    return run.interval


def _for_interval(
    run: Run, watermark: datetime | None, initial: datetime, lag: timedelta
) -> tuple[datetime, datetime, bool]:
    interval = _interval_of(run)
    start, end = interval.start, interval.end
    if run.kind == "backfill" or (watermark is not None and watermark >= end):
        return start, end, False
    if watermark is None:
        return (initial if initial < end else start), end, True
    return min(_resume(watermark, initial, lag), start), end, True


def _future(start: datetime, now: datetime) -> WindowError:
    return WindowError(
        f"The window begins at {iso(start)} and lies wholly in the future: it is {iso(now)} now, by the earlier of the "
        "worker's clock and the shop's.",
        expected="a window that begins before now.",
        fix="trigger the run with an earlier window, or check the clocks of this worker and of the shop.",
    )


def _empty(run: Run, interval: Interval, watermark: datetime | None, *, asked: bool) -> WindowError:
    if asked:
        return WindowError(
            f"The window {interval} is {'empty' if interval.start == interval.end else 'reversed'}.",
            expected="window_start before window_end (an empty window_start means the first value of the cursor, "
            "an empty window_end means now).",
            fix=ASK_AGAIN,
        )
    if run.full_refresh or (run.kind == "manual" and watermark is None):
        return WindowError(
            f"The cursor's initial_value {iso(interval.start)} is not before now, {iso(interval.end)}.",
            expected="an initial_value in the past.",
            fix="change `initial_value` in the API description, or check the clock of this worker.",
        )
    if run.kind == "manual":
        return WindowError(
            f"The watermark {iso(interval.start)} is not before now, {iso(interval.end)}.",
            expected="a watermark in the past.",
            fix="check the clock of this worker, or trigger a run with full_refresh to set the watermark anew.",
        )
    return WindowError(
        f"The data interval {interval} of this {run.kind} run is empty.",
        expected="a schedule whose data intervals have a length, such as a cron string or CronDataIntervalTimetable "
        "(a CronTriggerTimetable has intervals of length zero), at or after the cursor's initial_value.",
        fix="change `schedule` in the DAG file.",
    )


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _plain(moment: datetime) -> datetime:
    """Without pendulum's ways: Airflow hands out its datetimes, whose differences cannot be divided."""
    utc = moment.astimezone(UTC)
    return datetime.combine(utc.date(), utc.time(), UTC)


def _floor(moment: datetime, step: timedelta) -> datetime:
    moment = _plain(moment)
    return moment - (moment - _EPOCH) % step
