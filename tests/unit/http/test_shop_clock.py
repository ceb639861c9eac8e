"""What time it is at the shop."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from ecom_source.http.shop_clock import ShopClock

TEN = datetime(2026, 3, 1, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def seen(*dates: str | None, elapsed: float = 0.0) -> ShopClock:
    clock = ShopClock(elapsed=lambda: elapsed)
    for date in dates:
        clock.saw(date)
    return clock


def test_the_earlier_of_both_clocks_is_now() -> None:
    clock = seen(
        "Sun, 01 Mar 2026 10:00:07 GMT", "Sun, 01 Mar 2026 10:00:05 GMT", None, "Sun, 01 Mar 2026 10:01:00 GMT"
    )
    assert clock.now(TEN + MINUTE) == TEN + timedelta(seconds=5)
    assert clock.now(TEN) == TEN
    assert clock.latest == TEN + MINUTE
    assert seen().now(TEN) == TEN


@pytest.mark.parametrize(
    "date",
    [
        pytest.param("Sunday, 01-Mar-26 10:00:00 GMT", id="RFC 850"),
        pytest.param("Sun Mar  1 10:00:00 2026", id="asctime"),
        pytest.param("Sun, 01 Mar 2026 11:00:00 +0100", id="another zone"),
        pytest.param("Sun, 01 Mar 2026 10:00:00 -0000", id="UTC of nowhere"),
    ],
)
def test_a_date_is_read_in_all_its_forms(date: str) -> None:
    assert seen(date).earliest == TEN


@pytest.mark.parametrize(
    "date",
    [
        pytest.param("", id="empty"),
        pytest.param("soon", id="words"),
        pytest.param("0", id="a number"),
        pytest.param("Thu, 01 Jan 1970 00:00:00 GMT", id="1970"),
        pytest.param("Fri, 31 Dec 1999 23:59:59 GMT", id="before 2000"),
        pytest.param("Sun, 01 Mar 2026 25:00:00 GMT", id="no such hour"),
    ],
)
def test_a_date_that_tells_no_time_is_ignored_with_one_warning(date: str, caplog: pytest.LogCaptureFixture) -> None:
    clock = seen(date, date, "Sun, 01 Mar 2026 10:00:00 GMT", date)
    assert clock.earliest == TEN
    assert [record.getMessage() for record in caplog.records] == [
        f"The shop's Date header {date!r} tells no time and is ignored"
    ]


@pytest.mark.parametrize(
    ("worker", "lag", "says"),
    [
        pytest.param(TEN + 5 * MINUTE, MINUTE, "differ by 300 s, which is more than the lag of 60 s", id="ahead"),
        pytest.param(TEN - 5 * MINUTE, MINUTE, "differ by 300 s", id="behind"),
        pytest.param(TEN + MINUTE, MINUTE, None, id="by the lag"),
        pytest.param(TEN + timedelta(seconds=2), 0 * MINUTE, None, id="by what a Date cannot show"),
    ],
)
def test_clocks_that_differ_by_more_than_the_lag_are_both_reported(
    worker: datetime, lag: timedelta, says: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    # The first answer came 90 s after the run's start: an embedded warehouse was in use.
    clock = seen("Sun, 01 Mar 2026 10:01:30 GMT", "Sun, 01 Mar 2026 12:00:00 GMT", elapsed=90.0)
    with caplog.at_level(logging.WARNING):
        clock.report(worker, lag)
    if says is None:
        assert caplog.text == ""
    else:
        assert says in caplog.text
        assert worker.isoformat(timespec="seconds") in caplog.text
        assert "the shop's Date says 2026-03-01T10:00:00+00:00" in caplog.text
