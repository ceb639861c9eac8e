"""Instants and times without a zone: what a bound must be so that no row is missed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecom_source.window.time_zones import FIRST, LAST, in_utc, local, local_end, local_start, possible, shifted

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns"]
AROUND_CHANGES = st.sampled_from(["2026-03-08", "2026-03-29", "2026-04-05", "2026-10-25", "2026-11-01"]).flatmap(
    lambda day: st.integers(-2 * 86_400, 2 * 86_400).map(
        lambda seconds: datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(seconds=seconds)
    )
)
"""Within two days of a change of clocks somewhere."""


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@settings(deadline=None, max_examples=500)
@given(moment=AROUND_CHANGES, later=st.integers(0, 200_000), zone=st.sampled_from(ZONES).map(ZoneInfo))
def test_all_that_happens_from_a_moment_on_is_at_or_after_its_local_start(
    moment: datetime, later: int, zone: ZoneInfo
) -> None:
    shown = local(moment + timedelta(seconds=later), zone)
    assert local_start(moment, zone) <= shown
    assert local_start(moment, None) <= shown
    # It is no earlier than need be: an hour, where clocks are put back.
    assert local(moment, zone) - local_start(moment, zone) <= timedelta(hours=1)


@settings(deadline=None, max_examples=500)
@given(moment=AROUND_CHANGES, earlier=st.integers(0, 200_000), zone=st.sampled_from(ZONES).map(ZoneInfo))
def test_all_that_happened_before_a_moment_is_at_or_before_its_local_end(
    moment: datetime, earlier: int, zone: ZoneInfo
) -> None:
    shown = local(moment - timedelta(seconds=earlier), zone)
    assert shown <= local_end(moment, zone)
    assert shown <= local_end(moment, None)
    assert local_end(moment, zone) - local(moment, zone) <= timedelta(hours=1)


@settings(deadline=None, max_examples=500)
@given(moment=AROUND_CHANGES, zone=st.sampled_from(ZONES).map(ZoneInfo))
def test_a_local_time_can_mean_the_moment_that_it_was_made_of(moment: datetime, zone: ZoneInfo) -> None:
    for known in (zone, None):
        earliest, latest = possible(local(moment, zone), known)
        assert earliest <= moment <= latest


@pytest.mark.parametrize(
    ("text", "earliest", "latest"),
    [
        pytest.param("2026-10-25 01:59:59", "2026-10-24 23:59:59", "2026-10-24 23:59:59", id="before clocks go back"),
        pytest.param(
            "2026-10-25 02:30:00", "2026-10-25 00:30:00", "2026-10-25 01:30:00", id="an hour that comes twice"
        ),
        pytest.param("2026-10-25 03:00:00", "2026-10-25 02:00:00", "2026-10-25 02:00:00", id="after"),
        pytest.param("2026-03-29 02:30:00", "2026-03-29 00:30:00", "2026-03-29 01:30:00", id="an hour that is missing"),
    ],
)
def test_hours_that_come_twice_or_not_at_all(text: str, earliest: str, latest: str) -> None:
    assert possible(datetime.fromisoformat(text), BERLIN) == (utc(earliest), utc(latest))


def test_bounds_where_clocks_go_back() -> None:
    # 02:50 for the first time: what happens 20 minutes later shows 02:10, and the next hour begins at 02:00 again.
    assert local_start(utc("2026-10-25 00:50:00"), BERLIN) == datetime(2026, 10, 25, 1, 50)
    # 02:10 for the second time: what happened before shows up to 02:59.
    assert local_end(utc("2026-10-25 01:10:00"), BERLIN) == datetime(2026, 10, 25, 3, 10)


def test_a_zone_that_is_not_known_can_be_any() -> None:
    moment = utc("2026-03-01 12:00:00")
    assert local_start(moment, None) == datetime(2026, 3, 1, 0, 0)
    assert local_end(moment, None) == datetime(2026, 3, 2, 2, 0)
    assert possible(datetime(2026, 3, 1, 12), None) == (utc("2026-02-28 22:00:00"), utc("2026-03-02 00:00:00"))


def test_the_ends_of_time_hold() -> None:
    assert in_utc(datetime.fromisoformat("9999-12-31T23:59:59-08:00")) == LAST
    assert in_utc(datetime.fromisoformat("0001-01-01T00:00:00+08:00")) == FIRST
    assert local_start(FIRST, None) == local_start(FIRST, ZoneInfo("America/New_York")) == datetime.min
    assert local_end(LAST, None) == local_end(LAST, BERLIN) == datetime.max
    assert shifted(LAST, timedelta(days=1)) == LAST
    assert shifted(FIRST, timedelta(days=-1)) == FIRST
