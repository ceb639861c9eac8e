"""The worker's clock steps back: what a run reads, and what the next one begins from."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dlt.common.time import increasing_precise_time
from tests.faults.book import Book
from tests.faults.scene import Scene, Seen
from tests.support.loads import manual

from ecom_source.window.run_window import Interval, Run

HOUR = timedelta(hours=1)
ROW = "the clock steps back"


@pytest.fixture(autouse=True)
def names_of_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a load of these tests was named after is forgotten at the end, as a process would forget it."""
    monkeypatch.setattr(increasing_precise_time, "_last", increasing_precise_time._last)


def run_at(scene: Scene, offset: timedelta, run: Run | None = None, **fields: Any) -> Seen:
    """A run on a worker whose clock is wrong by `offset`: for its "now", and for dlt, which names loads after it."""
    from dlt.common import time as dlt_time

    right = time.time
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: right() + offset.total_seconds())
        patch.setattr(dlt_time, "precise_time", time.time)
        # As in a process that starts now.
        patch.setattr(dlt_time.increasing_precise_time, "_last", 0.0)
        return scene.run(run or manual(now=datetime.now(UTC) + offset, **fields))


def test_a_clock_that_is_an_hour_behind(scene: Scene, book: Book) -> None:
    scene.next_run()
    scene.change()
    seen = run_at(scene, -HOUR)
    assert "is not before now" in seen.text
    book.note(f"{ROW}, manual run", "connect", scene.kind, seen.end)
    now = datetime.now(UTC)
    for kind in ("scheduled", "backfill"):
        of_a_day = Run(kind, now=now - HOUR, interval=Interval(now - 24 * HOUR, now + HOUR))
        seen = run_at(scene, -HOUR, of_a_day)
        book.note(f"{ROW}, scheduled run or backfill", "connect", scene.kind, seen.end, variant=kind)
        scene.assert_equal()
        scene.change()
    seen = run_at(scene, -HOUR, full_refresh=True)
    book.note(f"{ROW}, full refresh", "connect", scene.kind, seen.end, variant="behind")
    # It read up to an hour ago, and that is where the next run begins: not at the watermark of before.
    scene.next_run()


def test_a_clock_that_was_ahead_and_is_set_right(scene: Scene, book: Book) -> None:
    assert run_at(scene, 24 * HOUR).end == "loads"
    # The shop's `Date` kept the watermark where the rows were.
    assert run_at(scene, 0 * HOUR).end == "loads"
    scene.assert_equal()
    seen = run_at(scene, 0 * HOUR, full_refresh=True)
    book.note(f"{ROW}, full refresh", "connect", scene.kind, seen.end, variant="was ahead")
    scene.assert_equal()
    for _ in range(2):
        scene.change()
        scene.next_run()
