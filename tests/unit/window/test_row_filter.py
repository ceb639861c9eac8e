"""Which rows dlt lets through for a window, asked of dlt itself."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dlt.extract.incremental.transform import JsonIncremental
from hypothesis import given, settings
from hypothesis import strategies as st

from ecom_source.errors import PayloadError
from ecom_source.window.cursor_format import cursor_of
from ecom_source.window.row_filter import RowFilter
from ecom_source.window.run_window import FOREVER, Interval, Window

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
MARCH_4 = datetime(2026, 3, 4, tzinfo=UTC)
WINDOW = Window(Interval(MARCH_4, MARCH_4 + DAY), None, None)


def filter_of(like: Any = "2020-01-01T00:00:00Z", *, zone: str | None = None, window: Window = WINDOW) -> RowFilter:
    return RowFilter(replace(cursor_of(like, resource="orders"), time_zone=ZoneInfo(zone) if zone else None), window)


def taken(rows: RowFilter, *values: Any) -> list[int]:
    """Which of the rows with these cursors dlt lets through."""
    incremental = JsonIncremental(
        "orders",
        "at",
        rows.start,
        rows.start,
        rows.end,
        rows.latest,
        "id",
        set(),
        on_cursor_value_missing="include",
        range_end="closed" if rows.end == FOREVER else "open",
    )
    given = [{"id": number, "at": value} for number, value in enumerate(values)]
    return [row["id"] for row in given if incremental(row)[0] is not None]


SHAPES = [
    pytest.param(
        "2020-01-01T00:00:00Z",
        ["2019-12-31T23:59:59Z", "2026-03-03T23:59:59Z", "2026-03-04T00:00:00Z", "2026-03-04T23:59:59Z"],
        ["2026-03-05T00:00:00Z"],
        id="text",
    ),
    pytest.param(
        "2020-01-01T00:00:00+01:00",
        [
            "2019-12-31T23:59:59+01:00",
            "2026-03-04T00:59:59+01:00",
            "2026-03-04T01:00:00+01:00",
            "2026-03-05T00:59:59+01:00",
        ],
        ["2026-03-05T01:00:00.000+01:00"],
        id="text with offsets",
    ),
    pytest.param(1577836800, [1577836799, 1772582399, 1772582400, 1772668799], [1772668800], id="epoch seconds"),
    pytest.param(
        1577836800000,
        [1577836799999, 1772582399999, 1772582400000, 1772668799999],
        [1772668800000],
        id="epoch milliseconds",
    ),
    pytest.param(
        datetime(2020, 1, 1, tzinfo=UTC),
        [datetime(2019, 12, 31, tzinfo=UTC), MARCH_4 - SECOND, MARCH_4, MARCH_4 + DAY - SECOND],
        [MARCH_4 + DAY],
        id="datetimes",
    ),
    pytest.param(
        "Wed, 01 Jan 2020 00:00:00 +0000",
        [
            "Tue, 31 Dec 2019 23:59:59 +0000",
            "Tue, 03 Mar 2026 23:59:59 +0000",
            "Wed, 04 Mar 2026 00:00:00 +0000",
            "Wed, 04 Mar 2026 23:59:59 +0000",
        ],
        ["Thu, 05 Mar 2026 00:00:00 +0000"],
        id="RFC 2822",
    ),
]


@pytest.mark.parametrize(("like", "before", "after"), SHAPES)
def test_rows_below_the_initial_value_and_from_the_end_on_are_left(
    like: Any, before: list[Any], after: list[Any]
) -> None:
    values = [*before, *after]
    kept = list(range(1, len(before)))
    assert taken(filter_of(like), *values) == kept
    backwards = [len(values) - 1 - number for number in taken(filter_of(like), *reversed(values))]
    assert sorted(backwards) == kept
    # A row without the cursor is dlt's to judge.
    assert taken(filter_of(like), None, *values) == [0, *(number + 1 for number in kept)]


def test_a_row_from_before_the_start_is_dropped_where_that_is_asked_for() -> None:
    rows = filter_of()
    rows.cut = MARCH_4
    assert taken(rows, "2026-03-03T23:59:59Z", "2026-03-04T00:00:00Z", "2026-03-05T00:00:00Z") == [1]


def test_a_window_before_the_initial_value_has_its_own_rows() -> None:
    early = Window(Interval(datetime(2019, 1, 1, tzinfo=UTC), datetime(2019, 2, 1, tzinfo=UTC)), None, None)
    values = ["2018-12-31T23:59:59Z", "2019-01-01T00:00:00Z", "2019-01-31T00:00:00Z", "2019-02-01T00:00:00Z"]
    assert taken(filter_of(window=early), *values) == [1, 2]


def test_a_full_refresh_takes_rows_of_all_time_from_the_initial_value_on() -> None:
    rows = filter_of(
        window=replace(WINDOW, interval=Interval(datetime(2020, 1, 1, tzinfo=UTC), MARCH_4), full_refresh=True)
    )
    values = ["2019-12-31T23:59:59Z", "2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z", "9999-12-31T23:59:59-08:00"]
    assert taken(rows, *values) == [1, 2, 3]


@pytest.mark.parametrize(
    ("zone", "kept"),
    [
        # From 14 hours ahead of UTC to 12 hours behind it: what can be from before the end is taken.
        pytest.param(None, [1, 2, 3, 4], id="not known"),
        pytest.param("UTC", [1, 2], id="UTC"),
        pytest.param("Europe/Berlin", [1, 2, 3], id="to the east"),
        pytest.param("America/New_York", [1], id="to the west"),
    ],
)
@pytest.mark.parametrize("as_text", [True, False], ids=["texts", "datetimes"])
def test_a_cursor_without_a_zone_takes_the_one_that_is_given(zone: str | None, kept: list[int], as_text: bool) -> None:
    texts = [
        "2019-12-31T23:59:59",
        "2026-03-04T00:00:00",
        "2026-03-04T23:59:59",
        "2026-03-05T00:30:00",
        "2026-03-05T13:59:59",
        "2026-03-05T14:00:00",
    ]
    values: list[Any] = texts if as_text else [datetime.fromisoformat(text) for text in texts]
    assert taken(filter_of("2020-01-01T00:00:00", zone=zone), *values) == kept


def test_rows_without_a_zone_are_taken_for_all_they_can_be_where_the_api_is_asked_with_one() -> None:
    values = ["2019-12-31T11:00:00", "2026-03-05T13:00:00", "2026-03-05T15:00:00"]
    assert taken(filter_of("2020-01-01T00:00:00Z"), *values) == [1]


def test_rows_that_are_appended_without_a_key_are_taken_up_to_a_limit() -> None:
    rows = filter_of()
    rows.cut, rows.limit = rows.start, lambda: MARCH_4 + timedelta(hours=12)
    values = ["2026-03-03T23:59:59Z", "2026-03-04T11:59:59Z", "2026-03-04T12:00:00Z", "2026-03-05T00:00:00Z"]
    assert taken(rows, *values) == [1]


@settings(deadline=None, max_examples=200)
@given(
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", None]),
    cuts=st.lists(st.integers(0, 3 * 86_400), min_size=2, max_size=6, unique=True).map(sorted),
    row=st.integers(0, 3 * 86_400),
)
def test_windows_of_appended_rows_have_each_row_once(zone: str | None, cuts: list[int], row: int) -> None:
    """Also in the hour that comes twice, and where the zone is not known."""
    begin = datetime(2026, 10, 24, tzinfo=UTC)
    text = (begin + timedelta(seconds=row)).astimezone(ZoneInfo(zone or "UTC")).replace(tzinfo=None).isoformat()
    times = 0
    moments = [begin + timedelta(seconds=each) for each in (-30 * 86_400, *cuts, 30 * 86_400)]
    for window in itertools.starmap(Interval, itertools.pairwise(moments)):
        rows = filter_of("2020-01-01T00:00:00", zone=zone, window=Window(window, None, None))
        rows.cut, rows.limit = rows.start, lambda: FOREVER
        times += len(taken(rows, text))
    assert times == 1


def test_what_came_is_remembered() -> None:
    rows = filter_of("2020-01-01T00:00:00")
    assert (rows.newest, rows.past, rows.beyond) == (None, 0, 0)
    taken(rows, "2026-03-04T10:00:00", "2026-03-04T12:00:00", "2026-03-04T11:00:00", "2026-03-09T00:00:00")
    assert (rows.newest, rows.past, rows.beyond) == (datetime(2026, 3, 9), 3, 1)


@pytest.mark.parametrize(
    ("values", "moment"),
    [
        pytest.param(("2026-03-04T00:00:00Z", MARCH_4 - DAY), MARCH_4, id="a row and a bound"),
        pytest.param(("2026-03-04T05:30:00+01:00", MARCH_4), MARCH_4 + timedelta(hours=4.5), id="an offset"),
        pytest.param((1772600767, MARCH_4), MARCH_4 + timedelta(seconds=18367), id="a number and a bound"),
        pytest.param(("2026-03-04T01:00:00+01:00",), MARCH_4, id="one alone"),
        pytest.param(iter(["2026-03-04T00:00:00Z", MARCH_4 + SECOND]), MARCH_4 + SECOND, id="an iterator"),
    ],
)
def test_the_latest_is_told_by_instant_and_not_by_text(values: Any, moment: datetime) -> None:
    assert filter_of().latest(values) == moment


@pytest.mark.parametrize(
    "value", ["", "0000-00-00 00:00:00", "soon", 10**18, "Wed, 04 Mar 2026 05:06:07 +0000"], ids=repr
)
def test_a_row_whose_cursor_is_no_instant_is_named(value: Any) -> None:
    with pytest.raises(PayloadError) as caught:
        filter_of().latest((value, MARCH_4))
    assert f"{str(value)!r}, which is no instant" in caught.value.found
    assert "`cursor_path`" in caught.value.fix


@pytest.mark.parametrize(
    ("values", "newer"),
    [
        ([], False),
        ([None], False),
        (["2026-03-04T00:00:01Z", "2030-01-01T00:00:00Z"], True),
        (["2026-03-04T00:00:01Z", "2026-03-04T00:00:00Z"], False),
    ],
)
def test_a_page_of_rows_that_were_stamped_after_the_read_began(values: list[Any], newer: bool) -> None:
    assert filter_of().is_all_after(values, MARCH_4) is newer
