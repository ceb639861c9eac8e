"""Loads as points of a chart: none is lost, however many there are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ecom_loads.records import Attempt, Loaded
from ecom_loads.series import MOST_POINTS, series, totals

START = datetime(2026, 1, 1, tzinfo=UTC)


def load(hours: float, rows: int = 10, **more: object) -> Loaded:
    extra = {
        "rows_loaded": {"orders": rows, "orders__items": 1},
        "resources": {"orders": {"rows_read": rows}},
        "requests": 3,
        "retries": {"503": 1},
        "waited": {"503": 2.5},
        "seconds": {"extract": hours, "load": 1.0},
        **more,
    }
    return Loaded(START + timedelta(hours=hours), "run", -1, extra)


def failure(hours: float) -> Attempt:
    return Attempt("run", -1, 1, "failed", None, START + timedelta(hours=hours), True)


def test_a_few_loads_are_a_point_each() -> None:
    found = series([load(1), load(3)], [failure(2)], START, START + timedelta(days=1))
    assert found["width"] is None
    assert [(point["t"], point["rows"], point["failed"]) for point in found["points"]] == [
        (1767225600000 + 3600_000 * hours, rows, failed) for hours, rows, failed in ((1, 11, 0), (2, 0, 1), (3, 11, 0))
    ]


@pytest.mark.parametrize("number", [MOST_POINTS + 1, 5000])
def test_many_loads_are_summed_up_by_time(number: int) -> None:
    loads = [load(hours, rows=hours) for hours in range(number)]
    found = series(loads, [failure(7)], START, START + timedelta(hours=number))
    points = found["points"]
    assert len(points) <= MOST_POINTS + 1
    assert sum(point["rows"] for point in points) == sum(range(number)) + number
    assert sum(point["loads"] for point in points) == number
    assert sum(point["failed"] for point in points) == 1
    assert sum(point["requests"] for point in points) == 3 * number
    assert max(point["seconds"] for point in points) == number - 1 + 1.0
    assert all(point["t"] % (found["width"] * 1000) == 0 for point in points)


def test_totals_leave_out_the_changes_of_the_first_load() -> None:
    change = {"change": "column_added"}
    loads = [load(1, schema_changes=[change] * 5, first=True), load(2, schema_changes=[change])]
    found = totals(loads, [failure(3)])
    assert (found["loads"], found["failed"], found["changes"], found["rows"], found["waited"]) == (2, 1, 1, 22, 5.0)
