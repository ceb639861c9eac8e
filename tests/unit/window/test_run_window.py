"""The run contract, row by row, and as a property of any sequence of runs."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ecom_source.errors import WindowError
from ecom_source.window.run_window import Interval, Run, Window, iso, parse_bound, window_for

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
            manual(window_end=at("12-31")),
            at("03-09"),
            INITIAL,
            at("12-31"),
            at("03-09"),
            id="a window into the future",
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
    assert found == Window(Interval(start, end), watermark, after, run.full_refresh)


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
    assert window(early, at("03-09 00:30"), lag=HOUR) == Window(
        Interval(at("03-08 23:30"), at("03-09")), at("03-09 00:30"), at("03-09 00:30")
    )


@pytest.mark.parametrize(
    ("step", "start", "end", "after"),
    [
        pytest.param(SECOND, at("03-05 06:07:08"), at("03-10 12:34:57"), at("03-10 12:34:56"), id="seconds"),
        pytest.param(DAY, at("03-05"), at("03-11"), at("03-10"), id="days"),
        pytest.param(
            timedelta(milliseconds=1),
            at("03-05 06:07:08.900"),
            at("03-10 12:34:56.501"),
            at("03-10 12:34:56"),
            id="milliseconds, of a shop that may store seconds",
        ),
    ],
)
def test_the_window_grows_to_whole_steps_and_the_watermark_falls_back_to_one(
    step: timedelta, start: datetime, end: datetime, after: datetime
) -> None:
    run = replace(manual(), now=NOW + timedelta(microseconds=500_300))
    found = window(run, at("03-05 06:07:08.900"), step=step)
    assert (found.interval, found.watermark_after) == (Interval(start, end), after)


def test_bounds_on_whole_steps_stay_as_they_are() -> None:
    assert window(scheduled(), at("03-05"), step=DAY).interval == MARCH_5


def test_steps_hold_before_1970_and_at_the_end_of_time() -> None:
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)
    run = manual(window_start=datetime(1969, 12, 31, 23, 30, tzinfo=UTC), window_end=last)
    assert window(run, None, step=HOUR).interval == Interval(datetime(1969, 12, 31, 23, tzinfo=UTC), last)
    assert window(manual(), None, initial=first, step=DAY).interval.start == first


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
                "[2026-12-01T00:00:00Z, 2026-03-10T12:34:56Z) is reversed",
                "empty window_end means now",
                "trigger the run",
            ),
            id="a start in the future",
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


class Shop:
    """Rows that a shop stamps at one instant and shows a little later."""

    def __init__(self) -> None:
        self.rows: list[tuple[datetime, datetime]] = []

    def edit(self, now: datetime, late: timedelta) -> None:
        self.rows.append((now, now + late))

    def read(self, interval: Interval, now: datetime, step: timedelta) -> set[int]:
        """The numbers of the rows in the window that are shown by now; the shop stores their time in whole steps, of a
        second at least.
        """
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        stamped = [(stamp - (stamp - epoch) % step, shown) for stamp, shown in self.rows]
        return {
            number
            for number, (stamp, shown) in enumerate(stamped)
            if shown <= now and interval.start <= stamp < interval.end
        }


class AnySequenceOfRuns(RuleBasedStateMachine):
    """Runs of every kind in any order, some of which fail, against a model of the time and the rows they loaded."""

    @initialize(
        length=st.sampled_from([HOUR, DAY]),
        lag=st.sampled_from([timedelta(0), timedelta(seconds=90), 2 * HOUR]),
        step=st.sampled_from([timedelta(microseconds=1), SECOND, DAY]),
        begins=st.integers(-3, 3),
    )
    def begin(self, length: timedelta, lag: timedelta, step: timedelta, begins: int) -> None:
        self.length, self.lag, self.step = length, lag, step
        self.stored = max(step, SECOND)
        self.start_date = INITIAL + begins * length
        self.now = INITIAL + 4 * length
        self.due = 0
        self.watermark: datetime | None = None
        self.loaded: list[Interval] = []
        self.shop, self.copy = Shop(), set[int]()

    def window(self, run: Run) -> Window:
        found = window_for(run, watermark=self.watermark, initial=INITIAL, lag=self.lag, step=self.step)
        assert found.watermark_before == self.watermark
        assert found.interval.start < found.interval.end
        return found

    def land(self, found: Window) -> None:
        rows = self.shop.read(found.interval, self.now, self.stored)
        if found.full_refresh:
            self.loaded, self.copy = [], set()
        self.loaded.append(found.interval)
        self.copy |= rows
        self.watermark = found.watermark_after

    def interval(self, number: int) -> Interval:
        start = self.start_date + number * self.length
        return Interval(start, start + self.length)

    def past(self, fraction: float) -> Interval:
        whole = (self.now - self.start_date) // self.length
        return self.interval(int(fraction * max(0, whole - 1)))

    def floored(self, moment: datetime) -> datetime:
        return moment - (moment - datetime(1970, 1, 1, tzinfo=UTC)) % self.step

    def fallen_back(self, moment: datetime) -> datetime:
        return moment - (moment - datetime(1970, 1, 1, tzinfo=UTC)) % self.stored

    @rule(seconds=st.integers(1, 200_000), late=st.floats(0, 1))
    def time_passes_and_a_row_is_edited(self, seconds: int, late: float) -> None:
        self.now += timedelta(seconds=seconds, microseconds=seconds)
        self.shop.edit(self.now, self.lag * late)

    @precondition(lambda self: self.interval(self.due).end <= self.now)
    @rule(fails=st.booleans(), skipped=st.integers(0, 3))
    def the_scheduler_runs_the_next_interval(self, fails: bool, skipped: int) -> None:
        """`skipped` intervals never get a run: the DAG was paused, and catchup is off."""
        while skipped and self.interval(self.due + 1).end <= self.now:
            self.due, skipped = self.due + 1, skipped - 1
        interval = self.interval(self.due)
        self.due += 1
        self.run_scheduled(interval, fails)

    @rule(fraction=st.floats(0, 1), fails=st.booleans())
    def a_past_interval_is_cleared_or_caught_up_with(self, fraction: float, fails: bool) -> None:
        self.run_scheduled(self.past(fraction), fails)

    def run_scheduled(self, interval: Interval, fails: bool) -> None:
        before = self.watermark
        found = self.window(Run("scheduled", self.now, interval))
        assert found.interval.start <= interval.start < interval.end <= found.interval.end
        if before is not None and before >= interval.end:
            assert found.interval == self.outward(interval)
            assert found.watermark_after == before
        else:
            moved = self.fallen_back(interval.end)
            assert found.watermark_after == (moved if before is None else max(before, moved))
        if not fails:
            self.land(found)
            self.covers(INITIAL, interval.end)

    @rule(fraction=st.floats(0, 1), fails=st.booleans())
    def a_backfill(self, fraction: float, fails: bool) -> None:
        self.exactly(Run("backfill", self.now, self.past(fraction)), self.past(fraction), fails)

    @rule(back=st.integers(1, 500), hours=st.integers(1, 400), given_end=st.booleans(), fails=st.booleans())
    def a_manual_run_with_a_window(self, back: int, hours: int, given_end: bool, fails: bool) -> None:
        start = self.now - back * HOUR
        end = start + hours * HOUR if given_end else None
        self.exactly(
            Run("manual", self.now, window_start=start, window_end=end),
            Interval(start, end or self.now),
            fails,
        )

    def exactly(self, run: Run, interval: Interval, fails: bool) -> None:
        found = self.window(run)
        assert found.interval == self.outward(interval)
        assert found.watermark_after == self.watermark
        if not fails:
            self.land(found)

    def outward(self, interval: Interval) -> Interval:
        end = self.floored(interval.end)
        return Interval(self.floored(interval.start), end if end == interval.end else end + self.step)

    @precondition(lambda self: self.watermark is None or self.now > self.watermark)
    @rule(fails=st.booleans())
    def a_manual_run(self, fails: bool) -> None:
        found = self.window(Run("manual", self.now))
        assert found.watermark_after == self.fallen_back(self.now)
        if not fails:
            self.land(found)
            self.covers(INITIAL, self.now)

    @rule(behind=st.integers(0, 100_000), fails=st.booleans())
    def a_full_refresh(self, behind: int, fails: bool) -> None:
        """On a worker whose clock may be behind."""
        now = max(INITIAL + HOUR, self.now - timedelta(seconds=behind))
        found = self.window(Run("manual", now, full_refresh=True))
        assert found.interval == self.outward(Interval(INITIAL, now))
        assert found.watermark_after == self.fallen_back(now)
        if not fails:
            self.land(found)

    @invariant()
    def the_watermark_never_passes_what_was_loaded(self) -> None:
        if self.watermark is not None and self.watermark > INITIAL:
            self.covers(INITIAL, self.watermark)

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
        self.land(self.window(Run("manual", self.now)))
        assert self.copy == set(range(len(self.shop.rows)))


TestAnySequenceOfRuns = AnySequenceOfRuns.TestCase
TestAnySequenceOfRuns.settings = settings(
    max_examples=100,
    stateful_step_count=30,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
