"""The words of a report: what a person reads at the end of a task's log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ecom_source.http.session import Traffic
from ecom_source.load.report import Report
from ecom_source.paging.read_tally import Reading
from ecom_source.window.run_window import Interval, Window


def reading(name: str, *, rows: int, repeated: int = 0, total: int | None = None, doubt: str = "") -> Reading:
    found = Reading(name, rows=rows, repeated=repeated, total=total)
    if doubt:
        found.doubt(doubt)
    return found


def instant(hour: int) -> datetime:
    return datetime(2026, 5, 1, hour, tzinfo=UTC)


def report(**more: Any) -> Report:
    given: dict[str, Any] = {
        "resource": "orders",
        "dataset": "demo",
        "warehouse": "duckdb /srv/shop.duckdb",
        "readings": {"orders": reading("orders", rows=2540, total=2540)},
        "windows": {},
        "rows": {"orders": 2540, "orders__line_items": 1},
        "load_ids": ("1777629612.7",),
        "traffic": Traffic(requests=26),
        "seconds": {"extract": 1.25, "load": 0.5},
        **more,
    }
    return Report(**given)


def test_it_says_what_was_read_where_it_went_and_what_it_took() -> None:
    assert report().lines() == [
        "orders: 2,540 of 2,540 rows read",
        "orders: 2,540 rows loaded into demo.orders",
        "orders: 1 row loaded into demo.orders__line_items",
        "orders: 26 requests, 1.8 s; duckdb /srv/shop.duckdb, load 1777629612.7",
    ]
    assert str(report()) == "\n".join(report().lines())


@pytest.mark.parametrize(
    ("read", "said"),
    [
        ({"rows": 120, "total": 120}, ["120 of 120 rows read"]),
        ({"rows": 121, "repeated": 1, "total": 120}, ["120 of 120 rows read (1 more came again)"]),
        ({"rows": 1, "total": 1}, ["1 of 1 row read"]),
        ({"rows": 0, "total": 0}, ["0 of 0 rows read"]),
        ({"rows": 123, "total": 120}, ["123 rows read, where the shop says 120"]),
        ({"rows": 1}, ["1 row read"]),
        ({"rows": 1200, "doubt": "no total and no key"}, ["1,200 rows read", "not provable: no total and no key"]),
    ],
    ids=lambda it: it[0] if isinstance(it, list) else "",
)
def test_rows_are_counted_as_people_count_them(read: dict[str, Any], said: list[str]) -> None:
    found = report(readings={"orders": reading("orders", **read)}).lines()
    assert found[: len(said)] == [f"orders: {line}" for line in said]


@pytest.mark.parametrize(
    ("before", "after", "full_refresh", "said"),
    [
        (None, 10, False, "window [2026-05-01T08:00:00Z, 2026-05-01T10:00:00Z), watermark set to 2026-05-01T10:00:00Z"),
        (
            9,
            10,
            False,
            "window [2026-05-01T08:00:00Z, 2026-05-01T10:00:00Z), watermark moved from 2026-05-01T09:00:00Z "
            "to 2026-05-01T10:00:00Z",
        ),
        (9, 9, False, "window [2026-05-01T08:00:00Z, 2026-05-01T10:00:00Z), watermark stays at 2026-05-01T09:00:00Z"),
        (None, None, False, "window [2026-05-01T08:00:00Z, 2026-05-01T10:00:00Z), no watermark yet"),
    ],
)
def test_a_window_and_what_became_of_the_watermark(
    before: int | None, after: int | None, full_refresh: bool, said: str
) -> None:
    marks = [None if hour is None else instant(hour) for hour in (before, after)]
    window = Window(Interval(instant(8), instant(10)), marks[0], marks[1], full_refresh)
    found = report(windows={"orders": window}).lines()
    assert found[-2] == f"orders: {said}"


def test_nothing_new_and_requests_that_failed() -> None:
    traffic = Traffic(requests=1)
    traffic.troubles.update({"503": 1, "429": 2})
    found = report(rows={}, load_ids=(), readings={}, traffic=traffic, seconds={}).lines()
    assert found == [
        "orders: nothing read",
        "orders: nothing new to load",
        "orders: 1 request (2 x 429, 1 x 503), 0.0 s; duckdb /srv/shop.duckdb, no load",
    ]
