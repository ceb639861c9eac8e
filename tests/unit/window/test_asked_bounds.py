"""What the API is asked with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ecom_source.window.asked_bounds import asked_bounds
from ecom_source.window.cursor_format import cursor_of
from ecom_source.window.run_window import Interval, Window

DAY = timedelta(days=1)
NOON = Interval(datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 6, 12, 0, 0, 500_000, tzinfo=UTC))


def asked(like: Any, *, zone: str | None = None, interval: Interval = NOON, **more: Any) -> tuple[Any, Any]:
    cursor = replace(cursor_of(like, resource="orders"), time_zone=ZoneInfo(zone) if zone else None)
    window = Window(interval, None, None, more.pop("full_refresh", False), more.pop("lag", timedelta(0)))
    return asked_bounds(cursor, window, **{"step": cursor.step, **more})


@pytest.mark.parametrize(
    ("like", "start", "end"),
    [
        pytest.param("2020-01-01T00:00:00Z", "2026-03-04T23:59:59Z", "2026-03-06T12:00:02Z", id="seconds"),
        pytest.param(
            "2020-01-01T00:00:00.000Z", "2026-03-04T23:59:59.999Z", "2026-03-06T12:00:00.501Z", id="milliseconds"
        ),
        pytest.param("2020-01-01T00:00+01:00", "2026-03-05T00:59+01:00", "2026-03-06T13:02+01:00", id="minutes"),
        pytest.param(1577836800, 1772668799, 1772798402, id="epoch seconds"),
        pytest.param("2020-01-01T00:00:00", "2026-03-04T11:59:59", "2026-03-07T02:00:02", id="no zone"),
        # The day in which it is noon can be the one before or the next.
        pytest.param("2020-01-01", "2026-03-03", "2026-03-09", id="dates"),
    ],
)
def test_both_bounds_move_outward_by_a_step(like: Any, start: Any, end: Any) -> None:
    assert asked(like) == (start, end)


@pytest.mark.parametrize(
    ("like", "zone", "start", "end"),
    [
        pytest.param(
            "2020-01-01T00:00:00", "Europe/Berlin", "2026-03-05T00:59:59", "2026-03-06T13:00:02", id="to the east"
        ),
        pytest.param(
            "2020-01-01T00:00:00", "America/New_York", "2026-03-04T18:59:59", "2026-03-06T07:00:02", id="to the west"
        ),
        pytest.param("2020-01-01", "Europe/Berlin", "2026-03-04", "2026-03-08", id="dates"),
        pytest.param(
            "2020-01-01T00:00:00Z", "Europe/Berlin", "2026-03-04T23:59:59Z", "2026-03-06T12:00:02Z", id="one it names"
        ),
    ],
)
def test_a_time_zone_that_is_given_counts(like: Any, zone: str, start: Any, end: Any) -> None:
    assert asked(like, zone=zone) == (start, end)


@pytest.mark.parametrize(
    ("lag", "start"),
    [
        pytest.param(0, "2026-03-04T00:00:00Z", id="no lag: the step"),
        pytest.param(60, "2026-03-04T00:01:00Z", id="less than the step: what lacks of it"),
        pytest.param(86_400, "2026-03-05T00:00:00Z", id="as much"),
        pytest.param(100_000, "2026-03-05T00:00:00Z", id="more: the lag alone"),
    ],
)
def test_lag_and_step_do_not_add_up(lag: int, start: str) -> None:
    found = asked("2020-01-01T00:00:00Z", step=DAY, lag=timedelta(seconds=lag))
    assert found == (start, "2026-03-07T12:00:01Z")


def test_an_end_reaches_further_while_the_filters_step_is_not_known() -> None:
    assert asked("2020-01-01T00:00:00Z", reach=DAY) == ("2026-03-04T23:59:59Z", "2026-03-07T12:00:01Z")


@pytest.mark.parametrize(
    ("like", "end"),
    [
        ("2020-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
        ("2020-01-01T00:00:00.000+0200", "9999-12-31T23:59:59.999+0200"),
        ("2020-01-01", "9999-12-31"),
        (1577836800, 253402300799),
        ("Wed, 01 Jan 2020 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"),
    ],
)
def test_a_full_refresh_is_from_the_first_value_to_the_end_of_time(like: Any, end: Any) -> None:
    assert asked(like, full_refresh=True) == (like, end)


def test_the_ends_of_time_hold() -> None:
    ever = Interval(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    assert asked("2020-01-01T00:00:00Z", interval=ever) == ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")
    assert asked("2020-01-01", interval=ever) == ("0001-01-01", "9999-12-31")
    assert asked("1969-12-31T23:30:00Z", interval=replace(ever, start=datetime(1969, 12, 31, 23, tzinfo=UTC)))[0] == (
        "1969-12-31T22:59:59Z"
    )
