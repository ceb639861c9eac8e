"""Cursors of every shape: read, written back, put in order."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pendulum
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecom_source.errors import ApiConfigError
from ecom_source.window.cursor_format import cursor_of, instant

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
    pytest.param("2020-01-01T00:00Z", timedelta(minutes=1), "2026-03-04T05:06Z", id="without seconds"),
    pytest.param("2020-01-01T00:00:00+0000", SECOND, "2026-03-04T05:06:07+0000", id="an offset without a colon"),
    pytest.param("2020-01-01T00:00:00+0100", SECOND, "2026-03-04T06:06:07+0100", id="the same, to the east"),
    pytest.param("2020-01-01T00:00:00-00:00", SECOND, "2026-03-04T05:06:07-00:00", id="less than no offset"),
    pytest.param("2020-01-01 00:00:00 UTC", SECOND, "2026-03-04 05:06:07 UTC", id="UTC in words"),
    pytest.param("2020/01/01 00:00:00 +0000", SECOND, "2026/03/04 05:06:07 +0000", id="slashes"),
    pytest.param("2020-01-01t00:00:00z", SECOND, "2026-03-04t05:06:07z", id="small letters"),
    pytest.param("20200101T000000Z", SECOND, "20260304T050607Z", id="compact"),
    pytest.param("2020-W01-3", DAY, "2026-W10-3", id="a week date"),
    pytest.param(
        "2020-01-01T00:00:00.0Z", timedelta(milliseconds=100), "2026-03-04T05:06:07.8Z", id="tenths of a second"
    ),
    pytest.param("2020-01-01T00:00:00,000Z", MILLISECOND, "2026-03-04T05:06:07,891Z", id="a comma"),
    pytest.param("2020-01-01T00:00:00.000000000Z", MICROSECOND, "2026-03-04T05:06:07.891234000Z", id="nanoseconds"),
    pytest.param(
        "Wed, 01 Jan 2020 00:00:00 +0000", SECOND, "Wed, 04 Mar 2026 05:06:07 +0000", id="as in an e-mail's header"
    ),
    pytest.param("Wed, 01 Jan 2020 00:00:00 GMT", SECOND, "Wed, 04 Mar 2026 05:06:07 GMT", id="as in HTTP"),
    pytest.param("1 Jan 2020 00:00 -0500", timedelta(minutes=1), "4 Mar 2026 00:06 -0500", id="the same, in short"),
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
    pytest.param(datetime(2020, 1, 1, tzinfo=UTC), SECOND, MOMENT.replace(microsecond=0), id="a datetime"),
    pytest.param(NAIVE, SECOND, MOMENT.replace(tzinfo=None, microsecond=0), id="a naive datetime"),
    pytest.param(NAIVE.replace(microsecond=1), MICROSECOND, MOMENT.replace(tzinfo=None), id="one with a fraction"),
    pytest.param(
        pendulum.datetime(2020, 1, 1, tz="UTC"),
        SECOND,
        pendulum.instance(MOMENT.replace(microsecond=0)),
        id="pendulum's",
    ),
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
    # A shape's own day or minute may begin elsewhere than one of UTC.
    zone = cursor.zone or UTC
    own = moment.astimezone(zone).replace(tzinfo=None)
    floored = (own - (own - datetime(1970, 1, 1)) % step).replace(tzinfo=zone)
    read = [cursor.read(cursor.render(each)) for each in (moment, floored)]
    assert [each if each.tzinfo else each.replace(tzinfo=UTC) for each in read] == [floored, floored]


DIGITS = st.integers(0, 9).map(lambda n: f".{'0' * n}" if n else "")
ZONES = st.sampled_from(["", "Z", "z", " UTC", "+0000", "+00:00", "-00:00", "-0330", "+05:45", " +0100", "+02"])


@settings(deadline=None, max_examples=400)
@given(
    moment=st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31)).map(
        lambda moment: moment.replace(microsecond=0)
    ),
    date=st.sampled_from(["%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y.%m.%d", "%G-W%V-%u", "%GW%V%u"]),
    between=st.sampled_from("T t"),
    clock=st.sampled_from(["%H", "%H:%M", "%H%M", "%H:%M:%S", "%H%M%S"]),
    fraction=DIGITS,
    zone=ZONES,
)
def test_any_iso_shape_is_kept_to_the_letter(
    moment: datetime, date: str, between: str, clock: str, fraction: str, zone: str
) -> None:
    def written(shape: str) -> str:
        # `strftime` leaves out the zeros in front of a year.
        return moment.strftime(shape.replace("%Y", f"{moment.year:04}").replace("%G", f"{moment.isocalendar()[0]:04}"))

    text = written(f"{date}{between}{clock}") + (fraction if "S" in clock else "") + zone
    for like in (text, written(date)):
        cursor = cursor_of(like, resource="orders")
        assert cursor.write(cursor.read(like).replace(tzinfo=None)) == like
        assert cursor.zone is not None or cursor.render(cursor.initial) == like


@settings(deadline=None, max_examples=200)
@given(
    moment=st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2199, 12, 31)),
    name=st.booleans(),
    padded=st.booleans(),
    clock=st.sampled_from(["%H:%M", "%H:%M:%S"]),
    zone=st.sampled_from(["", " GMT", " UTC", " +0000", " -0800"]),
)
def test_any_rfc_2822_shape_is_kept_to_the_letter(
    moment: datetime, name: bool, padded: bool, clock: str, zone: str
) -> None:
    day = f"{moment.day:02}" if padded else str(moment.day)
    like = moment.strftime(f"{'%a, ' if name else ''}{day} %b %Y {clock}") + zone
    cursor = cursor_of(like, resource="orders")
    assert cursor.write(cursor.read(like).replace(tzinfo=None)) == like


@settings(deadline=None)
@given(st.one_of(st.integers(100_000_000, 4_102_444_799), st.integers(100_000_000_000, 4_102_444_799_999)))
def test_any_epoch_is_kept_to_the_letter(number: int) -> None:
    for like in (number, str(number), float(number)):
        cursor = cursor_of(like, resource="orders")
        assert cursor.render(cursor.initial) == like


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("2020-01-01T00:00:00.123456789Z", id="more of a second than can be told apart"),
        pytest.param(1577836800.25, id="a part of an epoch second"),
        pytest.param("Thu, 01 Jan 2020 00:00:00 +0000", id="a day of the week that it was not"),
    ],
)
def test_a_shape_that_cannot_be_kept_is_refused(value: Any) -> None:
    with pytest.raises(ApiConfigError) as caught:
        cursor_of(value, resource="orders")
    assert f"initial_value {value!r}, which would be written back as " in caught.value.found
    assert "whole seconds" in caught.value.fix


@pytest.mark.parametrize(
    "like", ["2020-01-01T00:00:00Z", "2020-01-01T00:00:00+0200", "2020-01-01", 1577836800], ids=repr
)
def test_the_end_of_time_is_written_in_every_shape(like: Any) -> None:
    cursor = cursor_of(like, resource="orders")
    last = datetime.max.replace(tzinfo=UTC)
    assert str(cursor.render(last)).startswith(("9999-12-31", "253402300799"))
    assert len(str(cursor.render(last))) >= len(str(like))


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
        pytest.param("Wednesday, 04-Mar-26 05:06:07 GMT", id="a date of RFC 850"),
        pytest.param("2020-W01", id="a week"),
        pytest.param("2020-01", id="a month"),
        pytest.param(5_000_000_000, id="a counter that would be the year 2128"),
        pytest.param("791094000000000", id="one that would be the year 27038"),
        pytest.param(9_910_940_000_000, id="a counter of milliseconds, in 2284"),
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
    assert f"The incremental block of resource 'orders' has initial_value {value!r}" in caught.value.found
    assert "leave `incremental` out" in caught.value.fix
    assert "epoch seconds (from 100000000 on)" in caught.value.expected
    assert "`initial_value`" in caught.value.fix
