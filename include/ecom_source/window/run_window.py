"""The run contract: which window a run reads and how far the watermark moves.

Pure functions over aware UTC datetimes; neither Airflow nor dlt is known here.
Windows are half-open, `[start, end)`. The watermark is the instant up to which the table is known to be complete.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from ecom_source.errors import WindowError

RunKind = Literal["scheduled", "backfill", "manual"]

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
    """What a run reads, and the watermark after it has landed (None: no watermark yet)."""

    interval: Interval
    watermark_before: datetime | None
    watermark_after: datetime | None
    full_refresh: bool = False

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
        step: the cursor's resolution. The window grows outward to whole steps and the watermark falls back to one,
            and to a whole second at least, so that a partly elapsed second or day is read again rather than skipped.

    Raises:
        WindowError: the window is empty, reversed or contradicts `full_refresh`.
    """
    asked = run.window_start is not None or run.window_end is not None
    if run.full_refresh:
        if asked:
            raise WindowError(
                "full_refresh was given together with window_start or window_end.",
                expected="either a window or a full refresh, which always reads everything.",
                fix=ASK_AGAIN,
            )
        start, end, after = initial, run.now, run.now
    elif asked:
        start, end, after = run.window_start or initial, run.window_end or run.now, None
    elif run.kind == "manual":
        start, end, after = _resume(watermark, initial, lag), run.now, run.now
    else:
        start, end, after = _for_interval(run, watermark, initial, lag)
    if start >= end:
        raise _empty(run, Interval(start, end), watermark, asked=asked)
    interval = Interval(_floor(start, step), _ceil(end, step))
    moved = watermark if after is None else _floor(after, max(step, STORED))
    if watermark is not None and moved is not None and not run.full_refresh:
        moved = max(moved, watermark)
    return Window(interval, watermark, moved, run.full_refresh)


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


def _for_interval(
    run: Run, watermark: datetime | None, initial: datetime, lag: timedelta
) -> tuple[datetime, datetime, datetime | None]:
    if run.interval is None:
        raise WindowError(
            f"A {run.kind} run came without a data interval.",
            expected="a schedule with data intervals, such as a cron string or CronDataIntervalTimetable.",
            fix="change `schedule` in the DAG file.",
        )
    start, end = run.interval.start, run.interval.end
    if run.kind == "backfill" or (watermark is not None and watermark >= end):
        return start, end, None
    if watermark is None:
        return (initial if initial < end else start), end, end
    return min(_resume(watermark, initial, lag), start), end, end


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


def _ceil(moment: datetime, step: timedelta) -> datetime:
    moment = _plain(moment)
    try:
        return _EPOCH - (_EPOCH - moment) // step * step
    except OverflowError:
        return moment  # in the last step of the year 9999
