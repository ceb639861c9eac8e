"""Scheduled runs that failed, were ended by hand, deleted, or never made: the next one reads what they did not."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import pytest
from tests.e2e.scene import INITIAL, Expected, Outcome, Scene, Seen, later, scene

from demo_shop import RequestRecord
from local_airflow.instance import LocalAirflow

pytestmark = pytest.mark.e2e


def day(number: int) -> str:
    """The beginning of a day in March 2025."""
    return f"2025-03-{number:02}T00:00:00Z"


def scheduled(since: str, before: str, failed: str | None = None) -> Expected:
    """A scheduled run of a window."""
    return Expected("scheduled", since, before, before, failed=failed)


def test_runs_that_failed_leave_no_hole_with_catchup(airflow: LocalAirflow) -> None:
    expected = [
        scheduled(INITIAL, day(2)),
        *(scheduled(day(2), day(number), failed="404") for number in (3, 4, 5)),
        scheduled(day(2), day(6)),
    ]
    with scene(airflow, "hole_failed", ["customers"]) as it:
        it.change(expected)
        it.shop.fail("status", status=404, path="/v1/customers", skip=1, times=3)
        it.unpause()
        it.verify(expected, it.watch(it.run_ids("scheduled", 5)))
        assert_complete(it, "customers", day(6))


def test_runs_that_were_marked_as_failed_or_as_success_leave_no_hole(
    airflow: LocalAirflow,
) -> None:
    with scene(airflow, "hole_marked", ["products"]) as it:
        it.change([scheduled(day(number), day(number + 1)) for number in (1, 2, 3, 4)])
        over = Event()

        def hold(record: RequestRecord) -> None:
            # The answers that the second and the third run wait for.
            if len(it.shop.requests) in (2, 3):
                over.wait(300)

        it.shop.on_request(hold)
        try:
            it.unpause()
            for number, state in ((2, "failed"), (3, "success")):
                # Asked, so it is at work, and what came before it holds the warehouse no more.
                it.wait_until(has_asked(it, number), f"has not asked {number} times")
                it.mark(it.run_of_day(f"2025-03-0{number}"), state)
            runs = [it.see(run_id) for run_id in it.run_ids("scheduled", 4)]
        finally:
            over.set()
        assert [seen.run["state"] for seen in runs] == ["success", "failed", "success", "success"]
        outcome = it.outcome(runs)
        asked = [(record.params["updated_since"], record.params["updated_before"]) for record in outcome.requests]
        windows = [(INITIAL, day(2)), *((day(2), day(number)) for number in (3, 4, 5))]
        assert asked == [(later(start, -1), later(end, 1)) for start, end in windows]
        loaded = Outcome([runs[0], runs[3]], [outcome.requests[0], outcome.requests[3]], outcome.tables, outcome.shop)
        it.verify([scheduled(INITIAL, day(2)), scheduled(day(2), day(5))], loaded)
        assert_complete(it, "products", day(5))


def test_intervals_without_a_run_leave_no_hole_without_catchup(airflow: LocalAirflow) -> None:
    with scene(airflow, "hole_paused", ["reviews"]) as it:
        first = performed(it, "success", 1)
        it.verify([scheduled("min(W,start)", "end")] * len(first), it.outcome(first))
        watermark = str(it.watermarks["reviews"])

        # In the intervals that pass from here on; their runs are deleted.
        for seconds in (0, 1, 7):
            it.shop.late_commit("reviews", later(watermark, seconds))
        it.shop.fail("status", status=404, path="/v1/reviews", times=None)
        failed = performed(it, "failed", 1)
        for seen in failed:
            # Paused since its task failed, the DAG may not have ended the run itself.
            it.mark(seen.run["dag_run_id"], "failed")
            it.delete(seen.run["dag_run_id"])
        it.shop.clear_faults()
        it.outcome([])

        known = {seen.run["dag_run_id"] for seen in first}
        later_ones = [seen for seen in performed(it, "success", 1 + len(first)) if seen.run["dag_run_id"] not in known]
        # Between the watermark and its own interval lie others, which no run has loaded.
        assert later_ones[0].reports["reviews"]["windows"]["reviews"]["start"] == watermark
        assert later_ones[0].run["data_interval_start"] > watermark
        it.verify([scheduled("min(W,start)", "end")] * len(later_ones), it.outcome(later_ones))
        assert_complete(it, "reviews", str(it.watermarks["reviews"]))


def has_asked(it: Scene, times: int) -> Callable[[], bool]:
    """Whether the shop has been asked so many times."""
    return lambda: len(it.shop.requests) >= times


def performed(it: Scene, state: str, number: int) -> list[Seen]:
    """Unpauses the DAG until so many tasks have ended in a state; all such runs, in the order of their work."""
    it.unpause()
    it.wait_until(lambda: it.tasks_in(state) >= number, f"has not come to {number} tasks that are {state}")
    it.pause()
    # A run that is made by now stays as it is; a task that is at work goes on.
    it.wait_until(lambda: it.tasks_in("queued", "running", "restarting") == 0, "does not come to rest")
    runs = [it.look_at(run["dag_run_id"]) for run in it.runs()]
    task = f"{it.dag_id}.{it.names[0]}"
    found = [seen for seen in runs if task in seen.tasks and seen.tasks[task]["state"] == state]
    return sorted(found, key=lambda seen: str(seen.tasks[task]["start_date"]))


def assert_complete(it: Scene, name: str, watermark: str) -> None:
    """Up to the watermark the table has each of the shop's rows; what it is to have was worked out from windows."""
    assert it.watermarks[name] == watermark
    assert it.rows[name].keys() == {row["id"] for row in it.shop.rows(name) if row["updated_at"] < watermark}
