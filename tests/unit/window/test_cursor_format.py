"""Cursors of every shape: read, written back, put in order."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pendulum
import pytest
from dlt.extract.incremental.transform import JsonIncremental
from hypothesis import given, settings
from hypothesis import strategies as st

from ecom_source.errors import ApiConfigError, PayloadError
from ecom_source.window.cursor_format import cursor_of, instant, latest

MICROSECOND, MILLISECOND = timedelta(microseconds=1), timedelta(milliseconds=1)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
MOMENT = datetime(2026, 3, 4, 5, 6, 7, 891_234, UTC)
NAIVE = datetime(2020, 1, 1)
MARCH_4 = datetime(2026, 3, 4, tzinfo=UTC)

SHAPES = [
    pytest.param("2020-01-01T00:00:00Z", SECOND, "2026-03-04T05:06:07Z", id="Z"),
    pytest.param("2020-01-01T00:00:00+00:00", SECOND, "2026-03-04T05:06:07+00:00", id="a zero offset"),
    pytest.param("2020-01-01T00:00:00+02:00", SECOND, "2026-03-04T07:06:07+02:00", id="an offset"),
    pytest.param("2020-01-01T00:00:00-03:30", SECOND, "2026-03-04T01:36:07-03:30", id="an offset to the west"),
    pytest.param("2020-01-01T00:00:00", SECOND, "2026-03-04T05:06:07", id="naive"),
    pytest.param("2020-01-01T00:00Z", SECOND, "2026-03-04T05:06:07Z", id="without seconds"),
    pytest.param("2020-01-01 00:00:00", SECOND, "2026-03-04 05:06:07", id="a blank"),
    pytest.param("2020-01-01 00:00:00+01:00", SECOND, "2026-03-04 06:06:07+01:00", id="a blank, an offset"),
    pytest.param("2020-01-01T00:00:00.000Z", MILLISECOND, "2026-03-04T05:06:07.891Z", id="milliseconds"),
    pytest.param("2020-01-01 00:00:00.000", MILLISECOND, "2026-03-04 05:06:07.891", id="milliseconds, naive"),
    pytest.param("2020-01-01T00:00:00.000000Z", MICROSECOND, "2026-03-04T05:06:07.891234Z", id="microseconds"),
    pytest.param(
        "2020-01-01T00:00:00.000000-01:00", MICROSECOND, "2026-03-04T04:06:07.891234-01:00", id="and an offset"
    ),
    pytest.param("2020-01-01", DAY, "2026-03-04", id="a date"),
    pytest.param("20200101", DAY, "20260304", id="a compact date"),
    pytest.param(date(2020, 1, 1), DAY, date(2026, 3, 4), id="a date object"),
    pytest.param(datetime(2020, 1, 1, tzinfo=UTC), MICROSECOND, MOMENT, id="a datetime"),
    pytest.param(NAIVE, MICROSECOND, MOMENT.replace(tzinfo=None), id="a naive datetime"),
    pytest.param(1577836800, SECOND, 1772600767, id="epoch seconds"),
    pytest.param(1577836800.0, SECOND, 1772600767.0, id="epoch seconds, float"),
    pytest.param("1577836800", SECOND, "1772600767", id="epoch seconds, text"),
    pytest.param(1577836800000, MILLISECOND, 1772600767891, id="epoch milliseconds"),
    pytest.param(1577836800000.0, MILLISECOND, 1772600767891.0, id="epoch milliseconds, float"),
    pytest.param("1577836800000", MILLISECOND, "1772600767891", id="epoch milliseconds, text"),
]


@pytest.mark.parametrize(("like", "step", "written"), SHAPES)
def test_an_instant_is_written_in_the_shape_of_the_initial_value(like: Any, step: timedelta, written: Any) -> None:
    cursor = cursor_of(like, resource="orders")
    assert cursor.step == step
    assert cursor.render(MOMENT) == written
    assert type(cursor.render(MOMENT)) is type(like)
    # dlt may hand over its bounds as pendulum's datetimes.
    assert cursor.render(pendulum.instance(MOMENT)) == written


@pytest.mark.parametrize(("like", "step", "written"), SHAPES)
@settings(deadline=None, max_examples=40)
@given(moment=st.datetimes(timezones=st.just(UTC), min_value=datetime(1973, 3, 4), max_value=datetime(2200, 1, 1)))
def test_what_is_written_is_read_back_to_the_step(like: Any, step: timedelta, written: Any, moment: datetime) -> None:
    cursor = cursor_of(like, resource="orders")
    floored = moment - (moment - datetime(1970, 1, 1, tzinfo=UTC)) % step
    assert instant(cursor.render(moment)) == floored
    assert instant(cursor.render(floored)) == floored


def test_no_millisecond_is_lost_by_floating_point() -> None:
    cursor = cursor_of(1577836800000, resource="orders")
    begin = datetime(2004, 5, 1, tzinfo=UTC)
    short = [n for n in range(5000) if cursor.render(begin + n * MILLISECOND) != 1083369600000 + n]
    assert short == []


def test_early_years_keep_four_digits() -> None:
    year_one = datetime(1, 1, 1, tzinfo=UTC)
    assert cursor_of("0001-01-01", resource="orders").render(year_one) == "0001-01-01"
    assert cursor_of("00010101", resource="orders").render(year_one) == "00010101"
    assert cursor_of("0001-01-01T00:00:00Z", resource="orders").initial == year_one


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        pytest.param("2026-03-04T00:00:00Z", MARCH_4, id="Z"),
        pytest.param("2026-03-04T01:00:00+01:00", MARCH_4, id="an offset"),
        pytest.param("2026-03-04T00:00:00+0000", MARCH_4, id="an offset without a colon"),
        pytest.param("2026-03-04 00:00:00.000", MARCH_4, id="naive is UTC"),
        pytest.param("2026-03-04T00:00:00.000000000Z", MARCH_4, id="nanoseconds"),
        pytest.param("2026-03-04", MARCH_4, id="a date"),
        pytest.param("20260304", MARCH_4, id="a compact date"),
        pytest.param(date(2026, 3, 4), MARCH_4, id="a date object"),
        pytest.param(datetime(2026, 3, 4), MARCH_4, id="a naive datetime"),
        pytest.param(pendulum.datetime(2026, 3, 4, tz="Europe/Berlin"), MARCH_4 - timedelta(hours=1), id="pendulum"),
        pytest.param(1772582400, MARCH_4, id="epoch seconds"),
        pytest.param(1772582400.25, MARCH_4 + timedelta(milliseconds=250), id="epoch seconds with a fraction"),
        pytest.param("1772582400250", MARCH_4 + timedelta(milliseconds=250), id="epoch milliseconds as text"),
        pytest.param(0, datetime(1970, 1, 1, tzinfo=UTC), id="a row of 1970"),
        pytest.param(-86400, datetime(1969, 12, 31, tzinfo=UTC), id="a row from before 1970"),
    ],
)
def test_an_instant_is_read_from_any_shape(value: Any, moment: datetime) -> None:
    assert instant(value) == moment
    assert instant(value).tzinfo is UTC or instant(value).utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(None, id="none"),
        pytest.param(True, id="a bool"),
        pytest.param("", id="empty"),
        pytest.param("soon", id="words"),
        pytest.param("Wed, 04 Mar 2026 05:06:07 GMT", id="an HTTP date"),
        pytest.param("0000-00-00 00:00:00", id="a zero date"),
        pytest.param(["2026-03-04"], id="a list"),
        pytest.param(float("nan"), id="not a number"),
        pytest.param(float("inf"), id="infinite"),
        pytest.param(1_772_600_767_000_000, id="epoch microseconds"),
        pytest.param("9" * 30, id="a long number"),
        pytest.param("0001-01-01T00:00:00+05:00", id="before the first instant in UTC"),
        pytest.param(0, id="0, which may be seconds or milliseconds"),
        pytest.param(99_999_999, id="a number too small to tell"),
    ],
)
def test_an_initial_value_that_is_no_instant_is_refused(value: Any) -> None:
    with pytest.raises(ApiConfigError) as caught:
        cursor_of(value, resource="orders")
    assert caught.value.found == f"The incremental block of resource 'orders' has initial_value {value!r}."
    assert "epoch seconds (from 100000000 on)" in caught.value.expected
    assert "`initial_value`" in caught.value.fix


@pytest.mark.parametrize(
    ("values", "moment"),
    [
        pytest.param(("2026-03-04T00:00:00Z", "2026-03-04T00:00:00.000Z"), MARCH_4, id="with and without a fraction"),
        pytest.param(("2026-03-04T00:30:00+01:00", "2026-03-04T00:00:00Z"), MARCH_4, id="an offset, text says later"),
        pytest.param(("2026-03-03T23:00:00-01:00", "2026-03-03T23:59:59Z"), MARCH_4, id="an offset, text says earlier"),
        pytest.param(("2026-03-03T23:59:59.9Z", MARCH_4), MARCH_4, id="text and a bound"),
        pytest.param((1772582399, MARCH_4), MARCH_4, id="a number and a bound"),
        pytest.param(("2026-03-04",), MARCH_4, id="one alone"),
        pytest.param(iter(["2026-03-04", "2026-03-01"]), MARCH_4, id="an iterator"),
    ],
)
def test_the_latest_is_told_by_instant_and_not_by_text(values: Any, moment: datetime) -> None:
    assert latest(values) == moment


@settings(deadline=None)
@given(st.lists(st.datetimes(min_value=datetime(1980, 1, 1), max_value=datetime(2100, 1, 1)), min_size=1, max_size=4))
def test_the_latest_is_the_same_in_every_shape(moments: list[datetime]) -> None:
    aware = [moment.replace(tzinfo=UTC, microsecond=0) for moment in moments]
    shapes = ["1980-01-01T00:00:00Z", "1980-01-01 00:00:00.000+05:00", 1577836800, 1577836800000]
    for like in shapes:
        cursor = cursor_of(like, resource="orders")
        assert latest(cursor.render(moment) for moment in aware) == max(aware)


@pytest.mark.parametrize("value", [None, "", "0000-00-00 00:00:00", "soon", 10**18], ids=repr)
def test_a_row_whose_cursor_is_no_instant_is_named(value: Any) -> None:
    with pytest.raises(PayloadError) as caught:
        latest((value, MARCH_4))
    assert f"{str(value)!r}, which is no instant" in caught.value.found
    assert "`cursor_path`" in caught.value.fix


def rows_in_window(*values: Any) -> list[int]:
    """Which of the rows with these cursors dlt lets through for the window of March 4."""
    incremental = JsonIncremental(
        "orders", "at", MARCH_4, MARCH_4, MARCH_4 + DAY, latest, "id", set(), on_cursor_value_missing="include"
    )
    rows = [{"id": number, "at": value} for number, value in enumerate(values)]
    return [row["id"] for row in rows if incremental(row)[0] is not None]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(
            ["2026-03-03T23:59:59Z", "2026-03-04T00:00:00Z", "2026-03-04T23:59:59Z", "2026-03-05T00:00:00Z"], id="text"
        ),
        pytest.param(
            [
                "2026-03-04T00:59:59+01:00",
                "2026-03-04T01:00:00+01:00",
                "2026-03-05T00:59:59.999+01:00",
                "2026-03-05T01:00:00.000+01:00",
            ],
            id="text with an offset",
        ),
        pytest.param([1772582399, 1772582400, 1772668799, 1772668800], id="epoch seconds"),
        pytest.param([1772582399999, 1772582400000, 1772668799999, 1772668800000], id="epoch milliseconds"),
        pytest.param(["2026-03-03", "2026-03-04", "2026-03-04", "2026-03-05"], id="dates"),
        pytest.param([MARCH_4 - SECOND, MARCH_4, MARCH_4 + DAY - SECOND, MARCH_4 + DAY], id="datetimes"),
        pytest.param(
            [each.replace(tzinfo=None) for each in (MARCH_4 - SECOND, MARCH_4, MARCH_4 + DAY - SECOND, MARCH_4 + DAY)],
            id="naive datetimes",
        ),
    ],
)
def test_dlt_keeps_just_the_rows_of_the_half_open_window(values: list[Any]) -> None:
    assert rows_in_window(*values) == [1, 2]
    assert rows_in_window(*reversed(values)) == [1, 2]
    assert rows_in_window(None, *values) == [0, 2, 3]
