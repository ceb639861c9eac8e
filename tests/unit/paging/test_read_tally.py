"""The tally of one resource's read."""

from __future__ import annotations

import copy
import logging
import time

import pytest

from ecom_source.paging.read_tally import Reading


@pytest.mark.parametrize(
    ("pages", "total", "line"),
    [
        pytest.param([], None, "orders: 0 pages, 0 rows", id="nothing yet"),
        pytest.param([100], None, "orders: 1 page, 100 rows", id="one page"),
        pytest.param([100] * 12, 2540, "orders: 12 pages, 1,200 of 2,540 rows (47 %)", id="with a total"),
        pytest.param([100] * 12, 1200, "orders: 12 pages, 1,200 of 1,200 rows (100 %)", id="done"),
        pytest.param([100] * 12, 600, "orders: 12 pages, 1,200 of 600 rows (100 %)", id="never above 100 %"),
        pytest.param([0], 0, "orders: 1 page, 0 rows", id="a total of 0"),
    ],
)
def test_progress_is_one_line(pages: list[int], total: int | None, line: str) -> None:
    reading = Reading("orders")
    for rows in pages:
        reading.page(rows, rows, total)
    assert (reading.pages, reading.rows) == (len(pages), sum(pages))
    assert reading.progress(total) == line


def test_progress_is_logged_from_time_to_time(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    caplog.set_level(logging.INFO, "ecom_source.paging.read_tally")
    reading = Reading("orders", _told_at=0.0)
    for clock[0] in (1.0, 4.9, 5.0, 9.9, 10.0):
        reading.page(10, 10, 100)
    assert [record.getMessage() for record in caplog.records] == [
        "orders: 3 pages, 30 of 100 rows (30 %)",
        "orders: 5 pages, 50 of 100 rows (50 %)",
    ]


@pytest.mark.parametrize(
    ("finished", "distinct", "total"),
    [
        pytest.param([(5, 5)], 5, 5, id="one"),
        pytest.param([(5, 5), (0, 0), (7, 8)], 12, 13, id="a sum over the parents"),
        pytest.param([(5, None), (7, 8)], 12, None, id="a total that one of them does not know"),
        pytest.param([(5, 5), (7, None), (1, 1)], 13, None, id="is known no more"),
        pytest.param([(None, 5), (None, 8)], None, 13, id="without a key"),
    ],
)
def test_a_dependent_resource_adds_up(
    finished: list[tuple[int | None, int | None]], distinct: int | None, total: int | None
) -> None:
    reading = Reading("items")
    for pair in finished:
        reading.finish(*pair)
    assert (reading.distinct, reading.total) == (distinct, total)


def test_the_end_is_logged_for_the_first_parent_only(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ecom_source.paging.read_tally")
    reading = Reading("items")
    for _ in range(3):
        reading.page(2, 2, None)
        reading.finish(2, None)
    assert [record.getMessage() for record in caplog.records] == ["items: 1 page, 2 rows"]


def test_copies_of_a_paginator_share_one_tally() -> None:
    reading = Reading("items")
    assert copy.deepcopy({"a": reading})["a"] is reading


def test_a_read_that_begins_again_forgets_what_it_counted() -> None:
    reading = Reading("orders")
    reading.page(5, 5, 9)
    reading.finish(5, 9)
    reading.restart()
    assert (reading.pages, reading.rows, reading.distinct, reading.total, reading.again) == (0, 0, None, None, 1)
    reading.finish(9, 9)
    assert (reading.distinct, reading.total) == (9, 9)
