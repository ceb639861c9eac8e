"""A backfill, scheduled and manual runs together while the shop changes: nothing lost, nothing twice, nothing left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import groupby, pairwise
from pathlib import Path

import pytest
from tests.e2e.scene import SIZES, Scene, Seen, asked_for, scene
from tests.support.every import every
from tests.support.loads import Tables
from tests.support.postgres import PASSWORD, Postgres

from local_airflow.environment import HOST
from local_airflow.instance import LocalAirflow

pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("kind", ["duckdb", "postgres"])]

CONNECTION = "overlap_warehouse"
BACKFILLED = 5
TASK = "orders"


@contextmanager
def warehouse_of(kind: str, airflow: LocalAirflow, postgres: Postgres) -> Iterator[Tables | None]:
    """A PostgreSQL database that the Connection of the DAG points to, or None for the embedded DuckDB."""
    if kind == "duckdb":
        yield None
        return
    postgres.create_database("overlap")
    server = {"host": HOST, "port": postgres.port, "login": "postgres", "password": PASSWORD, "schema": "overlap"}
    airflow.api().post("/connections", {"connection_id": CONNECTION, "conn_type": "postgres", **server})
    try:
        yield postgres.tables("overlap", f"overlap_{kind}")
    finally:
        airflow.api().request("DELETE", f"/connections/{CONNECTION}")


def changing(it: Scene) -> AbstractContextManager[None]:
    """Rows of the shop change four times a second; a read that lasts half a second sees some of them move."""
    return every(0.5, lambda: it.shop.tick(2, names=[TASK], deletes=False))


def test_runs_of_all_kinds_together_end_in_the_shops_rows(
    airflow: LocalAirflow, postgres: Postgres, home: Path, kind: str
) -> None:
    dag_id = f"overlap_{kind}"
    sizes = {**SIZES, "orders": 150}
    folders = set((home / "tmp").glob("ecom_elt*"))
    with warehouse_of(kind, airflow, postgres) as tables, scene(airflow, dag_id, [TASK], tables, sizes=sizes) as it:
        # Long enough reads for other runs to come between, if they could.
        it.shop.fail("latency", seconds=0.1, times=None)
        with changing(it):
            it.unpause()
            it.backfill("2025-01-01T00:00:00Z", f"2025-{BACKFILLED:02}-01T00:00:00Z", max_active_runs=3)
            it.trigger()
            it.trigger()
            it.wait_until(all_made(it), "has not made all runs")
            together = [it.see(run["dag_run_id"]) for run in it.runs()]
        last = it.see(it.trigger())

        runs = [*together, last]
        assert {seen.run["state"] for seen in runs} == {"success"}
        assert {seen.tasks[f"{dag_id}.{TASK}"]["try_number"] for seen in runs} == {1}
        assert_took_turns(it, {window_of(seen) for seen in runs}, len(runs))
        it.tables.assert_equal_to(it.shop, TASK, TASK)
        schemas = it.tables.query("SELECT schema_name FROM information_schema.schemata")[1]
        assert [name for (name,) in schemas if name.startswith(f"{dag_id}_")] == []
        # Not at once: a parse of the DAG files makes one as well, for a moment.
        it.wait_until(lambda: set((home / "tmp").glob("ecom_elt*")) <= folders, "leaves a folder in the temp folder")


def all_made(it: Scene) -> Callable[[], bool]:
    """Whether the backfill, the schedule and the hand have made their runs."""

    def made() -> bool:
        kinds = [run["run_type"] for run in it.runs()]
        return [kinds.count(kind) for kind in ("backfill", "manual")] == [BACKFILLED, 2] and "scheduled" in kinds

    return made


def window_of(run: Seen) -> tuple[str, str]:
    """The window that a run reports."""
    window = run.reports[TASK]["windows"][TASK]
    return window["start"], window["end"]


def assert_took_turns(it: Scene, windows: set[tuple[str, str]], runs: int) -> None:
    """No request of a run came between two of another: each asked with its own window, one after another."""
    assert len(windows) == runs
    turns = [
        (window, list(requests))
        for window, requests in groupby(
            it.shop.requests, lambda record: (record.params["updated_since"], record.params["updated_before"])
        )
    ]
    assert len(turns) == runs
    asked = [window for window, _ in turns]
    assert {asked_for(start, end, asked) for start, end in windows} == set(asked)
    assert any(len(requests) > 1 for _, requests in turns)
    for (_, before), (_, after) in pairwise(turns):
        assert (before[-1].ended or float("inf")) <= after[0].started
