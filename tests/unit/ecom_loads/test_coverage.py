"""Loaded windows joined into stretches, and what is missing between them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ecom_loads.coverage import coverage

NOW = datetime(2026, 3, 10, tzinfo=UTC)


def day(number: int) -> datetime:
    return datetime(2026, 3, number, tzinfo=UTC)


def extra(start: int, end: int, after: int | None = None, name: str = "orders") -> dict[str, Any]:
    """Of a load of the window of these days of March."""
    mark = day(after or end).isoformat()
    return {"windows": {name: {"start": day(start).isoformat(), "end": day(end).isoformat(), "watermark_after": mark}}}


@pytest.mark.parametrize(
    ("windows", "covered", "holes"),
    [
        ([(1, 2), (2, 3)], [(1, 3)], []),
        ([(1, 4), (2, 3)], [(1, 4)], []),
        ([(5, 6), (1, 2)], [(1, 2), (5, 6)], [(2, 5)]),
        ([(1, 2), (5, 6), (2, 5)], [(1, 6)], []),
        ([(1, 2), (3, 4), (6, 7)], [(1, 2), (3, 4), (6, 7)], [(2, 3), (4, 6)]),
    ],
)
def test_windows_are_joined_and_holes_are_what_lies_between(
    windows: list[tuple[int, int]], covered: list[tuple[int, int]], holes: list[tuple[int, int]]
) -> None:
    (found,) = coverage([extra(*window) for window in windows], since=None, now=NOW)
    assert found.covered == [(day(start), day(end)) for start, end in covered]
    assert found.holes == [(day(start), day(end)) for start, end in holes]
    assert (found.start, found.end) == (day(1), NOW)


def test_the_range_cuts_windows_off() -> None:
    (found,) = coverage([extra(1, 4), extra(6, 9)], since=day(3), now=day(8))
    assert found.covered == [(day(3), day(4)), (day(6), day(8))]
    assert found.holes == [(day(4), day(6))]


@pytest.mark.parametrize(("earlier", "holes"), [(True, [(day(3), day(5))]), (False, [])])
def test_time_before_the_first_window_is_missing_only_if_there_were_loads_before(
    earlier: bool, holes: list[tuple[datetime, datetime]]
) -> None:
    (found,) = coverage([extra(5, 6)], since=day(3), now=NOW, earlier=earlier)
    assert found.holes == holes


def test_each_resource_has_its_own_and_the_watermark_is_the_newest_loads() -> None:
    found = coverage([extra(1, 3), extra(1, 2, name="items"), extra(1, 2, after=3)], since=None, now=NOW)
    assert [(each.resource, each.complete_to) for each in found] == [("orders", day(3)), ("items", day(2))]


def test_a_load_without_windows_covers_nothing() -> None:
    assert coverage([{"windows": {}}, {}], since=None, now=NOW) == []
