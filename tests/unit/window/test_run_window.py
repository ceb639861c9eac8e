"""The run contract, row by row, and as a property of any sequence of runs."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ecom_source.errors import WindowError
from ecom_source.window.asked_bounds import asked_bounds
from ecom_source.window.cursor_format import Cursor, cursor_of
from ecom_source.window.row_filter import RowFilter
from ecom_source.window.run_window import Interval, Run, Window, iso, parse_bound, settled, window_for
from ecom_source.window.time_zones import local

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


def at(text: str) -> datetime:
    """`03-05` or `03-05 06:30` of 2026, in UTC."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


INITIAL = at("01-01")
NOW = at("03-10 12:34:56")
MARCH_5 = Interval(at("03-05"), at("03-06"))


def scheduled(interval: Interval = MARCH_5, **more: Any) -> Run:
    return Run("scheduled", NOW, interval, **more)


def manual(**more: Any) -> Run:
    return Run("manual", NOW, **more)


def backfill(interval: Interval = MARCH_5, **more: Any) -> Run:
    return Run("backfill", NOW, interval, **more)


def window(run: Run, watermark: datetime | None, **more: Any) -> Window:
    return window_for(run, watermark=watermark, **{"initial": INITIAL, **more})


@pytest.mark.parametrize(
    ("run", "watermark", "start", "end", "after"),
    [
        pytest.param(scheduled(), None, INITIAL, at("03-06"), at("03-06"), id="scheduled, first ever"),
        pytest.param(scheduled(), at("03-05"), at("03-05"), at("03-06"), at("03-06"), id="scheduled, later"),
        pytest.param(scheduled(), at("03-02"), at("03-02"), at("03-06"), at("03-06"), id="after a pause"),
        pytest.param(scheduled(), at("03-05 18:00"), at("03-05"), at("03-06"), at("03-06"), id="W inside its interval"),
        pytest.param(scheduled(), at("03-06"), at("03-05"), at("03-06"), at("03-06"), id="W at its very end"),
        pytest.param(scheduled(), at("03-09"), at("03-05"), at("03-06"), at("03-09"), id="cleared and run again"),
        pytest.param(manual(), None, INITIAL, NOW, NOW, id="manual, first ever"),
        pytest.param(manual(), at("03-09"), at("03-09"), NOW, NOW, id="manual, later"),
        pytest.param(
            manual(interval=MARCH_5), at("03-09"), at("03-09"), NOW, NOW, id="manual, an interval inferred by the UI"
        ),
        pytest.param(
            manual(window_start=at("02-01")), at("03-09"), at("02-01"), NOW, at("03-09"), id="manual with a start"
        ),
        pytest.param(
            manual(window_end=at("02-01")), at("03-09"), INITIAL, at("02-01"), at("03-09"), id="manual with an end"
        ),
        pytest.param(
            manual(window_start=at("02-01"), window_end=at("02-02")),
            at("03-09"),
            at("02-01"),
            at("02-02"),
            at("03-09"),
            id="manual with both",
        ),
        pytest.param(manual(window_start=at("02-01")), None, at("02-01"), NOW, None, id="a window, first ever"),
        pytest.param(
            manual(window_end=at("12-31")), at("03-09"), INITIAL, NOW, at("03-09"), id="a window into the future"
        ),
        pytest.param(
            scheduled(Interval(at("03-10"), at("03-11"))),
            at("03-09"),
            at("03-09"),
            at("03-11"),
            NOW,
            id="scheduled, on a worker whose clock is behind",
        ),
        pytest.param(backfill(), None, at("03-05"), at("03-06"), None, id="backfill, first ever"),
        pytest.param(backfill(), at("03-02"), at("03-05"), at("03-06"), at("03-02"), id="backfill beyond W"),
        pytest.param(backfill(), at("03-09"), at("03-05"), at("03-06"), at("03-09"), id="backfill before W"),
        pytest.param(
            backfill(Interval(at("01-01") - DAY, INITIAL)),
            at("03-09"),
            at("01-01") - DAY,
            INITIAL,
            at("03-09"),
            id="backfill before the initial value",
        ),
        pytest.param(manual(full_refresh=True), at("03-09"), INITIAL, NOW, NOW, id="full refresh, manual"),
        pytest.param(scheduled(full_refresh=True), at("03-02"), INITIAL, NOW, NOW, id="full refresh, scheduled"),
        pytest.param(backfill(full_refresh=True), None, INITIAL, NOW, NOW, id="full refresh, backfill"),
        pytest.param(
            manual(full_refresh=True), at("04-01"), INITIAL, NOW, NOW, id="full refresh mends a W in the future"
        ),
        pytest.param(
            scheduled(Interval(INITIAL - 2 * DAY, INITIAL - DAY)),
            None,
            INITIAL - 2 * DAY,
            INITIAL - DAY,
            INITIAL - DAY,
            id="scheduled wholly before the initial value",
        ),
        pytest.param(scheduled(), INITIAL - DAY, INITIAL, at("03-06"), at("03-06"), id="W before the initial value"),
    ],
)
def test_each_run_reads_and_moves_the_watermark_by_the_contract(
    run: Run, watermark: datetime | None, start: datetime, end: datetime, after: datetime | None
) -> None:
    found = window(run, watermark)
    assert (found.interval, found.watermark_before, found.watermark_after) == (Interval(start, end), watermark, after)
    assert found.full_refresh == run.full_refresh


@pytest.mark.parametrize(
    ("run", "watermark", "start"),
    [
        pytest.param(scheduled(), at("03-05"), at("03-04 23:00"), id="scheduled"),
        pytest.param(scheduled(), at("03-05 23:30"), at("03-05"), id="W inside the interval, whose start is earlier"),
        pytest.param(scheduled(), at("03-09"), at("03-05"), id="a cleared run has none"),
        pytest.param(scheduled(), None, INITIAL, id="the first run has none"),
        pytest.param(manual(), at("03-09"), at("03-08 23:00"), id="manual"),
        pytest.param(manual(), at("01-01 00:30"), INITIAL, id="never before the initial value"),
        pytest.param(manual(window_start=at("02-01")), at("03-09"), at("02-01"), id="a given window has none"),
        pytest.param(backfill(), at("03-05"), at("03-05"), id="a backfill has none"),
    ],
)
def test_a_lag_reads_again_before_the_watermark_only(run: Run, watermark: datetime | None, start: datetime) -> None:
    found = window(run, watermark, lag=HOUR)
    assert found.interval.start == start


def test_a_lag_never_moves_the_watermark_back() -> None:
    early = replace(manual(), now=at("03-09"))
    found = window(early, at("03-09 00:30"), lag=HOUR)
    assert found.interval == Interval(at("03-08 23:30"), at("03-09"))
    assert found.watermark_after == at("03-09 00:30")


@pytest.mark.parametrize(
    ("run", "watermark", "again"),
    [
        pytest.param(manual(), at("03-09"), HOUR, id="the lag"),
        pytest.param(manual(), at("01-01 00:30"), HOUR / 2, id="as much of it as is after the initial value"),
        pytest.param(scheduled(), at("03-05 18:00"), 18 * HOUR, id="an interval that W is in"),
        pytest.param(scheduled(), at("03-02"), HOUR, id="after a pause"),
        pytest.param(scheduled(), at("03-09"), 0 * HOUR, id="none of an interval that is cleared"),
        pytest.param(scheduled(), None, 0 * HOUR, id="none at first"),
        pytest.param(manual(full_refresh=True), at("03-09"), 0 * HOUR, id="none in a full refresh"),
    ],
)
def test_a_window_knows_how_much_of_it_was_read_before(run: Run, watermark: datetime | None, again: timedelta) -> None:
    assert window(run, watermark, lag=HOUR).lag == again


@pytest.mark.parametrize(
    ("step", "after"),
    [
        pytest.param(SECOND, at("03-10 12:34:56"), id="seconds"),
        pytest.param(DAY, at("03-10"), id="days"),
        pytest.param(
            timedelta(milliseconds=1), at("03-10 12:34:56"), id="milliseconds, of a shop that may store seconds"
        ),
    ],
)
def test_the_watermark_falls_back_to_a_whole_step(step: timedelta, after: datetime) -> None:
    run = replace(manual(), now=NOW + timedelta(microseconds=500_300))
    found = window(run, at("03-05 06:07:08.900"), step=step)
    assert found.interval == Interval(at("03-05 06:07:08.900"), run.now)
    assert found.watermark_after == after


@pytest.mark.parametrize(
    ("run", "watermark", "now", "after"),
    [
        pytest.param(manual(), at("03-09"), at("03-10 12:30"), at("03-10 12:30"), id="manual"),
        pytest.param(manual(), at("03-09"), NOW + DAY, NOW, id="a shop whose clock is ahead"),
        pytest.param(manual(), at("03-09"), at("03-08 23:30"), at("03-09"), id="never back"),
        pytest.param(scheduled(), at("03-05"), at("03-05 18:00"), at("03-05 18:00"), id="scheduled, never after now"),
        pytest.param(scheduled(), at("03-05"), at("03-07"), at("03-06"), id="scheduled"),
        pytest.param(scheduled(), at("03-09"), at("03-05 18:00"), at("03-09"), id="cleared: unchanged"),
        pytest.param(backfill(), at("03-02"), at("03-05 18:00"), at("03-02"), id="backfill: unchanged"),
        pytest.param(
            manual(full_refresh=True), at("03-09"), at("03-08"), at("03-08"), id="a full refresh: back, if need be"
        ),
    ],
)
def test_the_earlier_of_both_clocks_settles_the_watermark(
    run: Run, watermark: datetime, now: datetime, after: datetime
) -> None:
    found = settled(window(run, watermark, lag=HOUR), now)
    assert found.watermark_after == after
    assert found.interval == window(run, watermark, lag=HOUR).interval


@pytest.mark.parametrize("run", [manual(window_start=at("03-08")), backfill(Interval(at("03-08"), at("03-09")))])
def test_a_window_wholly_in_the_shops_future_is_refused(run: Run) -> None:
    with pytest.raises(WindowError, match="begins at 2026-03-08T00:00:00Z and lies wholly in the future") as caught:
        settled(window(run, None), at("03-07 23:59:59"))
    assert "2026-03-07T23:59:59Z now" in caught.value.found
    # Its `Date` has no fraction: it may be all but a second later.
    settled(window(run, None), at("03-07 23:59:59.000001"))


def test_a_watermark_of_a_cursor_that_may_be_slower_than_time_stays_at_the_newest_row() -> None:
    found = settled(window(manual(), at("03-05")), NOW, newest=at("03-06 07:08:09"))
    assert found.watermark_after == at("03-06 07:08:09")
    assert settled(window(manual(), at("03-05")), NOW, newest=at("03-01")).watermark_after == at("03-05")


@pytest.mark.parametrize(
    ("run", "watermark", "says"),
    [
        pytest.param(
            manual(window_start=at("03-02"), window_end=at("03-02")),
            None,
            ("window [2026-03-02T00:00:00Z, 2026-03-02T00:00:00Z) is empty", "window_start before", "trigger the run"),
            id="an empty window",
        ),
        pytest.param(
            manual(window_start=at("03-03"), window_end=at("03-02")),
            None,
            (
                "window [2026-03-03T00:00:00Z, 2026-03-02T00:00:00Z) is reversed",
                "window_start before",
                "trigger the run",
            ),
            id="a reversed window",
        ),
        pytest.param(
            manual(window_start=at("12-01")),
            None,
            (
                "begins at 2026-12-01T00:00:00Z and lies wholly in the future: it is 2026-03-10T12:34:56Z now",
                "begins before now",
                "earlier window",
            ),
            id="a start in the future",
        ),
        pytest.param(
            manual(window_start=at("12-01"), window_end=at("12-02")),
            at("03-09"),
            ("begins at 2026-12-01T00:00:00Z and lies wholly in the future", "before now", "clocks of this worker"),
            id="wholly in the future",
        ),
        pytest.param(
            backfill(Interval(at("03-11"), at("03-12"))),
            at("03-09"),
            ("begins at 2026-03-11T00:00:00Z and lies wholly in the future", "before now", "clocks of this worker"),
            id="a backfill in the future",
        ),
        pytest.param(
            manual(window_end=INITIAL),
            None,
            ("[2026-01-01T00:00:00Z, 2026-01-01T00:00:00Z) is empty", "empty window_start means", "trigger the run"),
            id="an end at the initial value",
        ),
        pytest.param(
            manual(full_refresh=True, window_end=at("03-02")),
            None,
            (
                "full_refresh was given together with window_start or window_end",
                "either a window or",
                "trigger the run",
            ),
            id="a window and a full refresh",
        ),
        pytest.param(
            Run("scheduled", NOW),
            None,
            ("scheduled run came without a data interval", "CronDataInterval", "`schedule`"),
            id="scheduled without an interval",
        ),
        pytest.param(
            Run("backfill", NOW),
            at("03-01"),
            ("backfill run came without a data interval", "cron string", "`schedule`"),
            id="backfill without an interval",
        ),
        pytest.param(
            backfill(Interval(at("03-05"), at("03-05"))),
            None,
            ("[2026-03-05T00:00:00Z, 2026-03-05T00:00:00Z) of this backfill run is empty", "length", "`schedule`"),
            id="an interval of length zero",
        ),
        pytest.param(
            manual(),
            NOW,
            ("watermark 2026-03-10T12:34:56Z is not before now, 2026-03-10T12:34:56Z", "past", "clock"),
            id="a watermark that is not in the past",
        ),
        pytest.param(
            replace(manual(), now=INITIAL),
            None,
            ("cursor's initial_value 2026-01-01T00:00:00Z is not before now", "in the past", "`initial_value`"),
            id="a first run before the initial value",
        ),
        pytest.param(
            replace(scheduled(full_refresh=True), now=INITIAL),
            at("03-01"),
            ("cursor's initial_value 2026-01-01T00:00:00Z is not before now", "in the past", "`initial_value`"),
            id="a full refresh before the initial value",
        ),
    ],
)
def test_a_window_that_cannot_be_read_is_refused(
    run: Run, watermark: datetime | None, says: tuple[str, str, str]
) -> None:
    with pytest.raises(WindowError) as caught:
        window(run, watermark)
    found, expected, fix = says
    assert found in caught.value.found
    assert expected in caught.value.expected
    assert fix in caught.value.fix


def test_an_interval_without_length_still_leaves_no_hole_where_it_is_scheduled() -> None:
    instant = Interval(at("03-06"), at("03-06"))
    assert window(scheduled(instant), at("03-05")).interval == MARCH_5


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        pytest.param(None, None, id="none"),
        pytest.param("", None, id="empty"),
        pytest.param("2026-03-01T00:00:00Z", at("03-01"), id="Z"),
        pytest.param(" 2026-03-01T00:00:00Z\n", at("03-01"), id="blanks around it"),
        pytest.param("2026-03-01T02:00:00+02:00", at("03-01"), id="an offset"),
        pytest.param("2026-03-01 01:30:00.250+01:00", at("03-01 00:30:00.250"), id="a blank and a fraction"),
        pytest.param(datetime.fromisoformat("2026-03-01T01:00:00+01:00"), at("03-01"), id="a datetime"),
    ],
)
def test_a_bound_is_read_into_utc(value: object, moment: datetime | None) -> None:
    found = parse_bound("window_start", value)
    assert found == moment
    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize(
    ("value", "says"),
    [
        pytest.param("yesterday", "window_end is 'yesterday', not a date-time.", id="words"),
        pytest.param("   ", "window_end is '   ', not a date-time.", id="blanks"),
        pytest.param("2026-02-30T00:00:00Z", "not a date-time", id="no such day"),
        pytest.param("2026-03-01T00:00:00", "a date-time without a time zone.", id="no zone"),
        pytest.param("2026-03-01", "a date-time without a time zone.", id="a date"),
        pytest.param(datetime(2026, 3, 1), "a date-time without a time zone.", id="a naive datetime"),
        pytest.param(20260301, "a date-time without a time zone.", id="a number"),
        pytest.param("0001-01-01T00:00:00+05:00", "not a date-time", id="before the first instant in UTC"),
        pytest.param("9999-12-31T23:59:59-05:00", "not a date-time", id="after the last instant in UTC"),
        pytest.param("x" * 900, f"window_end is '{'x' * 60}', not", id="long ones are cut"),
    ],
)
def test_a_bound_that_cannot_be_read_is_refused(value: object, says: str) -> None:
    with pytest.raises(WindowError) as caught:
        parse_bound("window_end", value)
    assert says in caught.value.found
    assert "2026-03-01T00:00:00+01:00" in caught.value.expected


def test_instants_are_written_in_utc_with_z() -> None:
    assert iso(datetime.fromisoformat("2026-03-01T01:00:00+01:00")) == "2026-03-01T00:00:00Z"
    assert iso(at("03-01 00:00:00.000250")) == "2026-03-01T00:00:00.000250Z"
    assert iso(None) == "none"
    assert str(window(scheduled(), at("03-05"))) == "[2026-03-05T00:00:00Z, 2026-03-06T00:00:00Z)"


@pytest.mark.parametrize(
    ("cron", "first", "lengths"),
    [
        pytest.param("@daily", "2026-03-28", [24, 23, 24], id="daily, into summer time"),
        pytest.param("@daily", "2026-10-24", [24, 25, 24], id="daily, out of summer time"),
        pytest.param("30 2 * * *", "2026-03-27", [24, 24, 23, 24], id="at a time that is skipped"),
        pytest.param("0 * * * *", "2026-10-25", [1] * 6, id="hourly through the hour that comes twice"),
    ],
)
def test_intervals_across_a_change_of_clocks_join_without_a_hole(cron: str, first: str, lengths: list[float]) -> None:
    import pendulum
    from airflow.timetables.base import TimeRestriction
    from airflow.timetables.interval import CronDataIntervalTimetable

    timetable = CronDataIntervalTimetable(cron, timezone="Europe/Berlin")
    begin = pendulum.parse(first, tz="Europe/Berlin")
    assert isinstance(begin, pendulum.DateTime)
    limits = TimeRestriction(earliest=begin, latest=None, catchup=True)
    last, watermark, hours, windows = None, None, [], []
    for _ in lengths:
        info = timetable.next_dagrun_info(last_automated_data_interval=last, restriction=limits)
        assert info is not None
        last = info.data_interval
        assert last is not None
        # Pendulum's datetimes, as Airflow has them.
        interval = Interval(last.start, last.end)
        found = window_for(Run("scheduled", interval.end, interval), watermark=watermark, initial=interval.start)
        hours.append((last.end - last.start).total_seconds() / 3600)
        windows.append(found.interval)
        watermark = found.watermark_after
    assert hours == lengths
    assert [(each.end - each.start) / HOUR for each in windows] == lengths
    assert all(before.end == after.start for before, after in itertools.pairwise(windows))


@dataclass(frozen=True)
class Filter:
    """How a shop reads its filter.

    Args:
        like: an instant as it writes them, and as `initial_value` has it.
        zone: whose time its texts are where they name none.
        known: whether `time_zone` says so.
        after: it gives rows after the start only, rather than from it on.
        until: it gives rows of the end as well.
        cut: it cuts the bounds to the day.
        given: whether `filter_step` says so.
    """

    like: str
    zone: ZoneInfo
    known: bool = True
    after: bool = False
    until: bool = False
    cut: bool = False
    given: bool = True

    @property
    def cursor(self) -> Cursor:
        cursor = cursor_of(self.like, resource="orders")
        return replace(cursor, time_zone=self.zone if self.known else None)

    @property
    def step(self) -> timedelta:
        return max(self.cursor.step, DAY if self.cut and self.given else self.cursor.step)

    def text(self, moment: datetime) -> str:
        shape = self.cursor.shape
        assert shape is not None
        return shape.write(local(moment, shape.zone or self.zone))

    def gives(self, row: str, start: str, end: str) -> bool:
        at, first, last = (self.time(text) for text in (row, start, end))
        return (first < at or (first == at and not self.after)) and (at < last or (at == last and self.until))

    def time(self, text: str) -> datetime:
        time = datetime.fromisoformat(text).replace(tzinfo=None)
        return time.replace(hour=0, minute=0, second=0, microsecond=0) if self.cut else time


class Shop:
    """Rows that a shop stamps at one instant and shows a little later."""

    def __init__(self, filter: Filter) -> None:
        self.filter = filter
        self.rows: list[tuple[str, datetime]] = []

    def edit(self, now: datetime, late: timedelta) -> None:
        stored = now - (now - datetime(1970, 1, 1, tzinfo=UTC)) % SECOND
        self.rows.append((self.filter.text(stored), now + late))

    def read(self, window: Window, now: datetime) -> set[int]:
        """The numbers of the rows that a read of the window loads."""
        reach = DAY if self.filter.cut and not self.filter.given else None
        start, end = asked_bounds(self.filter.cursor, window, step=self.filter.step, reach=reach)
        rows = RowFilter(self.filter.cursor, window)
        return {
            number
            for number, (text, shown) in enumerate(self.rows)
            if shown <= now
            and (window.full_refresh or self.filter.gives(text, start, end))
            and rows.start <= rows.latest((text,)) < rows.end
        }


LIKES = ("{}T00:00:00Z", "{}T00:00:00.000000Z", "{}T00:00:00+0200", "{}T00:00:00", "{}")
ZONES = tuple(map(ZoneInfo, ("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati")))
FILTERS = st.sampled_from(
    [
        Filter(like, zone, known, after, until, cut, given)
        for like in LIKES
        # A text that names its zone is the same in all of them.
        for zone, known in (
            itertools.product(ZONES, (True, False)) if like[-1] in "0}" and "+" not in like else [(ZONES[0], True)]
        )
        for after, until in ((False, False), (True, False), (False, True))
        for cut, given in ((False, True), (True, True), (True, False))
        # Where a filter is both cut and starts after its bound, that has to be said.
        if given or not after
    ]
)
FIRST_DAYS = st.sampled_from(["2026-01-01", "2026-03-28", "2026-10-24", "2026-10-31"])
"""Some of them just before clocks are put forward or back."""
SKEWS = st.sampled_from([0, 0, 0, -7200, -30, 30, 7200]).map(lambda seconds: timedelta(seconds=seconds))
"""How far the worker's clock is ahead of the shop's."""


class AnySequenceOfRuns(RuleBasedStateMachine):
    """Runs of every kind in any order, some of which fail, against a model of the time, of the shop and its filter."""

    @initialize(
        length=st.sampled_from([HOUR, DAY]),
        lag=st.sampled_from([timedelta(0), timedelta(seconds=90), 2 * HOUR]),
        first=FIRST_DAYS,
        filter=FILTERS,
        begins=st.integers(-3, 3),
    )
    def begin(self, length: timedelta, lag: timedelta, first: str, filter: Filter, begins: int) -> None:
        self.filter = replace(filter, like=filter.like.format(first))
        self.length, self.lag, self.step = length, lag, self.filter.step
        self.initial = self.filter.cursor.initial
        self.start_date = self.initial + begins * length
        self.now = self.initial + 4 * length + DAY
        self.due = 0
        self.watermark: datetime | None = None
        self.loaded: list[Interval] = []
        self.shop, self.copy = Shop(self.filter), set[int]()

    def run(self, run: Run, fails: bool) -> Window | None:
        """Performs a run; its window as it settled, or None where the run was refused."""
        try:
            window = window_for(run, watermark=self.watermark, initial=self.initial, lag=self.lag, step=self.step)
            assert window.interval.start < window.interval.end
            # The shop's `Date` has no fraction.
            done = settled(window, min(run.now, self.now.replace(microsecond=0)), step=self.step)
        except WindowError:
            # None of these runs asks for nothing, but clocks that are wrong can make it look like that.
            assert run.now != self.now
            return None
        assert done.watermark_before == self.watermark
        assert done.watermark_after is None or done.watermark_after <= max(self.now, self.watermark or self.now)
        if not fails:
            rows = self.shop.read(window, self.now)
            if done.full_refresh:
                self.loaded, self.copy = [], set()
            end = min(done.interval.end, self.now)
            self.loaded.append(Interval(done.interval.start, end))
            self.copy |= rows
            self.watermark = done.watermark_after
        return done

    def interval(self, number: int) -> Interval:
        start = self.start_date + number * self.length
        return Interval(start, start + self.length)

    def past(self, fraction: float) -> Interval:
        whole = (self.now - self.start_date) // self.length
        return self.interval(int(fraction * max(0, whole - 1)))

    def fallen_back(self, moment: datetime) -> datetime:
        return moment - (moment - datetime(1970, 1, 1, tzinfo=UTC)) % max(self.step, SECOND)

    @rule(
        seconds=st.one_of(st.sampled_from([0, 1, 1800, 3600, 7200, 21_600, 43_200]), st.integers(1, 200_000)),
        microseconds=st.sampled_from([1, 300_000]),
        late=st.sampled_from([0.0, 0.5, 1.0]),
    )
    def time_passes_and_a_row_is_edited(self, seconds: int, microseconds: int, late: float) -> None:
        self.now += timedelta(seconds=seconds, microseconds=microseconds)
        self.shop.edit(self.now, self.lag * late)

    @precondition(lambda self: self.interval(self.due).end <= self.now)
    @rule(fails=st.booleans(), skipped=st.integers(0, 3), skew=SKEWS)
    def the_scheduler_runs_the_next_interval(self, fails: bool, skipped: int, skew: timedelta) -> None:
        """`skipped` intervals never get a run: the DAG was paused, and catchup is off."""
        while skipped and self.interval(self.due + 1).end <= self.now:
            self.due, skipped = self.due + 1, skipped - 1
        interval = self.interval(self.due)
        self.due += 1
        self.run_scheduled(interval, fails, skew)

    @rule(fraction=st.floats(0, 1), fails=st.booleans(), skew=SKEWS)
    def a_past_interval_is_cleared_or_caught_up_with(self, fraction: float, fails: bool, skew: timedelta) -> None:
        self.run_scheduled(self.past(fraction), fails, skew)

    def run_scheduled(self, interval: Interval, fails: bool, skew: timedelta) -> None:
        before, worker = self.watermark, self.now + skew
        done = self.run(Run("scheduled", worker, interval), fails)
        if done is None:
            return
        assert done.interval.start <= interval.start < interval.end == done.interval.end
        if before is not None and before >= interval.end:
            assert done.interval == interval
            assert done.watermark_after == before
        else:
            moved = self.fallen_back(min(interval.end, worker, self.now.replace(microsecond=0)))
            assert done.watermark_after == (moved if before is None else max(before, moved))
            if not fails:
                self.covers(self.initial, interval.end)

    @rule(fraction=st.floats(0, 1), fails=st.booleans(), skew=SKEWS)
    def a_backfill(self, fraction: float, fails: bool, skew: timedelta) -> None:
        interval = self.past(fraction)
        self.exactly(Run("backfill", self.now + skew, interval), interval, fails)

    @rule(back=st.integers(1, 500), hours=st.integers(1, 400), given_end=st.booleans(), fails=st.booleans(), skew=SKEWS)
    def a_manual_run_with_a_window(self, back: int, hours: int, given_end: bool, fails: bool, skew: timedelta) -> None:
        worker, start = self.now + skew, self.now - back * HOUR
        end = start + hours * HOUR if given_end else None
        run = Run("manual", worker, window_start=start, window_end=end)
        self.exactly(run, Interval(start, min(end or worker, worker)), fails)

    def exactly(self, run: Run, interval: Interval, fails: bool) -> None:
        before = self.watermark
        done = self.run(run, fails)
        if done is not None:
            assert done.interval == interval
            assert done.watermark_after == before

    @rule(fails=st.booleans(), skew=SKEWS)
    def a_manual_run(self, fails: bool, skew: timedelta) -> None:
        if self.watermark is not None and self.watermark >= self.now:
            return
        before, worker = self.watermark, self.now + skew
        done = self.run(Run("manual", worker), fails)
        if done is None:
            return
        moved = self.fallen_back(min(worker, self.now.replace(microsecond=0)))
        assert done.watermark_after == (moved if before is None else max(before, moved))
        if not fails:
            self.covers(self.initial, min(worker, self.now))

    @rule(skew=SKEWS, fails=st.booleans())
    def a_full_refresh(self, skew: timedelta, fails: bool) -> None:
        done = self.run(Run("manual", self.now + skew, full_refresh=True), fails)
        assert done is not None
        assert done.watermark_after == self.fallen_back(min(self.now + skew, self.now.replace(microsecond=0)))
        if not fails:
            # Whatever it says of itself, it read all that there was.
            assert self.copy >= {number for number, (_, shown) in enumerate(self.shop.rows) if shown <= self.now}

    @invariant()
    def the_watermark_never_passes_what_was_loaded(self) -> None:
        if self.watermark is not None and self.watermark > self.initial:
            self.covers(self.initial, self.watermark)

    def covers(self, start: datetime, end: datetime) -> None:
        reached = start
        for interval in sorted(self.loaded, key=lambda each: each.start):
            if interval.start <= reached:
                reached = max(reached, interval.end)
        assert reached >= end, f"nothing was loaded from {reached} on, W is {self.watermark}"

    def teardown(self) -> None:
        if not hasattr(self, "now"):
            return
        # Whatever happened: once the last late row is shown, one manual run makes the copy equal the shop.
        self.now += self.lag + SECOND
        self.run(Run("manual", self.now), fails=False)
        assert self.copy == set(range(len(self.shop.rows)))


TestAnySequenceOfRuns = AnySequenceOfRuns.TestCase
TestAnySequenceOfRuns.settings = settings(
    max_examples=400,
    stateful_step_count=20,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
