"""A DAG with a shop, a Connection and a dataset of its own; its runs, and what became of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from threading import Event, Lock
from typing import Any
from urllib.parse import quote

import duckdb
from tests.support.loads import Tables, assert_same_rows, duckdb_tables

from demo_shop import DemoShop, RequestRecord
from local_airflow.api import DONE, AirflowApi, ApiError
from local_airflow.instance import LocalAirflow

SHOP_KEY = "the-key-of-a-scene"
SIZES = {"resource": 70, "products": 30, "customers": 30, "orders": 30, "reviews": 30}
INITIAL = "2020-01-01T00:00:00Z"
WAIT_SECONDS = 600.0
POLL_SECONDS = 1.0
Rows = dict[int, dict[str, Any]]

_one_reader = Lock()


def embedded_path(home: Path) -> Path:
    """The DuckDB file of the embedded warehouse. Its name is none of a dataset's, which DuckDB could not tell apart."""
    return home / "warehouse" / "test.duckdb"


def embedded_warehouse(home: Path, dataset: str = "ecommerce") -> Tables:
    """The embedded warehouse, read between two loads: it is locked while one of them writes."""
    plain = duckdb_tables(embedded_path(home), dataset)

    def query(sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                with _one_reader:
                    return plain.query(sql)
            except duckdb.IOException as error:
                if "lock" not in str(error) or time.monotonic() > deadline:
                    raise
            time.sleep(0.02)

    return Tables(query, dataset)


def instant(text: str) -> datetime:
    """An aware datetime from ISO text."""
    return datetime.fromisoformat(text)


def iso(moment: datetime) -> str:
    """ISO text in UTC with `Z`, as this package writes an instant."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def later(text: str, seconds: float) -> str:
    """The instant so many seconds after another."""
    return iso(instant(text) + timedelta(seconds=seconds))


Asked = tuple[str | None, str | None]
"""The bounds of a request, as the shop saw them."""


def asked_for(since: str, before: str, asked: Sequence[Asked]) -> Asked:
    """Those bounds among `asked` that are this window, each at most a second wider."""
    second = timedelta(seconds=1)
    near = {
        (start, end)
        for start, end in asked
        if start is not None
        and end is not None
        and timedelta(0) <= instant(since) - instant(start) < 2 * second
        and timedelta(0) <= instant(end) - instant(before) <= 2 * second
    }
    assert len(near) == 1, (since, before, sorted(near))
    return near.pop()


def is_within(moment: str, bounds: Asked) -> bool:
    """Whether an instant lies in [start, end), either of which may be open."""
    start, end = bounds
    return (start is None or instant(start) <= instant(moment)) and (end is None or instant(moment) < instant(end))


@dataclass(frozen=True)
class Expected:
    """What the run contract says of one run.

    Args:
        run_type: Airflow's.
        since, before: the window. An ISO text; `W`, the watermark before (or the cursor's first value where there is
            none); `W-<seconds>`; `now`; `start` or `end` of the data interval; `min(W,start)`.
        after: the watermark after: the same, where `W` stands for an unchanged one.
        loads: the resources that are loaded, where that is not all of them.
        refused: what the task's log says of a run that fails without asking the shop for anything.
        failed: what it says of a run that fails after it has asked; the watermark stays.
    """

    run_type: str
    since: str = INITIAL
    before: str = "now"
    after: str = "now"
    full_refresh: bool = False
    loads: tuple[str, ...] | None = None
    refused: str | None = None
    failed: str | None = None


@dataclass
class Seen:
    """What Airflow shows of a run: itself, its task instances and newest reports by resource, the log of a failure."""

    run: dict[str, Any]
    tasks: dict[str, dict[str, Any]]
    reports: dict[str, dict[str, Any]]
    log: str = ""


@dataclass
class Outcome:
    """What runs left behind: the requests of the shop in between, and its rows and the table's, by resource."""

    runs: list[Seen]
    requests: list[RequestRecord]
    tables: dict[str, Rows]
    shop: dict[str, Rows]


@dataclass
class Scene:
    """A DAG (also the name of its Connection and dataset) and its own shop.

    Args:
        names: the resources that the DAG loads.
        watermarks, rows: what they are by now: W, and the rows that the table has to have.
        over: set to wait for nothing any more.
    """

    airflow: LocalAirflow
    dag_id: str
    names: tuple[str, ...]
    shop: DemoShop
    tables: Tables
    watermarks: dict[str, str | None] = field(default_factory=dict)
    rows: dict[str, Rows] = field(default_factory=dict)
    over: Event = field(default_factory=Event)
    _told: int = 0

    def __post_init__(self) -> None:
        # A session of its own: scenes run side by side.
        self.api = AirflowApi(self.airflow.url, self.airflow.user, self.airflow.password)
        self.path = f"/dags/{self.dag_id}"
        self.watermarks = dict.fromkeys(self.names)
        self.rows = {name: {} for name in self.names}

    # What a person or a program may do.

    def unpause(self) -> None:
        """Lets runs start; one of the schedule may start at once."""
        self.api.unpause(self.dag_id)

    def pause(self) -> None:
        """Keeps further runs from starting."""
        self.api.patch(self.path, {"is_paused": True})

    def trigger(self, conf: Mapping[str, Any] | None = None, logical_date: str | None = None) -> str:
        """A manual run through the REST API; its run id."""
        return self.api.trigger(self.dag_id, conf, logical_date)

    def backfill(self, first: str, last: str, **more: Any) -> None:
        """A backfill through the REST API, from one day to another, both included."""
        self._end_backfills()
        self.api.post("/backfills", {"dag_id": self.dag_id, "from_date": first, "to_date": last, **more})

    def _end_backfills(self) -> None:
        """Ends those whose runs are over; the scheduler does so each half minute, and allows no second one before."""
        for backfill in self.api.get("/backfills", dag_id=self.dag_id)["backfills"]:
            if backfill["completed_at"] is None:
                # The scheduler may just have ended it.
                with suppress(ApiError):
                    self.api.request("PUT", f"/backfills/{backfill['id']}/cancel")

    def clear(self, run_id: str) -> None:
        """Clears all tasks of a run, which then starts again."""
        body = {"dry_run": False, "dag_run_id": run_id, "only_failed": False, "reset_dag_runs": True}
        self.api.post(f"{self.path}/clearTaskInstances", body)

    def mark(self, run_id: str, state: str) -> None:
        """Marks a run as `success` or `failed`."""
        self.api.patch(f"{self.path}/dagRuns/{quote(run_id, safe='')}", {"state": state})

    def delete(self, run_id: str) -> None:
        """Deletes a run."""
        self.api.request("DELETE", f"{self.path}/dagRuns/{quote(run_id, safe='')}")

    # What there is.

    def runs(self, run_type: str | None = None) -> list[dict[str, Any]]:
        """The DAG's runs by logical date, those without one at the end."""
        runs = self.api.get(f"{self.path}/dagRuns", limit=100)["dag_runs"]
        chosen = [run for run in runs if run_type in (None, run["run_type"])]
        return sorted(chosen, key=lambda run: (run["logical_date"] is None, run["logical_date"], run["run_after"]))

    def run_ids(self, run_type: str, number: int) -> list[str]:
        """The ids of the runs of a type, once there are so many."""
        self.wait_until(lambda: len(self.runs(run_type)) >= number, f"has not made {number} {run_type} runs")
        found = [run["dag_run_id"] for run in self.runs(run_type)]
        assert len(found) == number, found
        return found

    def run_of_day(self, day: str) -> str:
        """The id of the run whose logical date is this day's beginning."""
        (run,) = [run for run in self.runs() if (run["logical_date"] or "").startswith(f"{day}T00:00:00")]
        return str(run["dag_run_id"])

    def tasks_in(self, *states: str) -> int:
        """The number of task instances in these states."""
        tasks = self.api.get(f"{self.path}/dagRuns/~/taskInstances", state=list(states), limit=100)["task_instances"]
        return len([task for task in tasks if task["state"] in states])

    def wait_until(self, condition: Callable[[], bool], otherwise: str) -> None:
        """Waits until something is so. Not too eagerly: each look costs Airflow a part of its one or two cores.

        Raises:
            TimeoutError: it is not so after a long time; it says `otherwise`.
        """
        deadline = time.monotonic() + WAIT_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.dag_id} {otherwise}, after {WAIT_SECONDS:g} s")
            if self.over.wait(POLL_SECONDS):
                raise RuntimeError("The scene is over.")

    def see(self, run_id: str) -> Seen:
        """Waits for the end of a run and looks at it."""
        path = f"{self.path}/dagRuns/{quote(run_id, safe='')}"
        self.wait_until(lambda: self.api.get(path)["state"] in DONE, f"has not ended {run_id}")
        return self.look_at(run_id)

    def look_at(self, run_id: str) -> Seen:
        """Looks at a run, over or not."""
        path = f"{self.path}/dagRuns/{quote(run_id, safe='')}"
        tasks = {task["task_id"]: task for task in self.api.get(f"{path}/taskInstances")["task_instances"]}
        found = self.api.get("/assets/events", source_dag_id=self.dag_id, source_run_id=run_id, limit=100)
        events = sorted(found["asset_events"], key=lambda event: int(event["id"]))
        assert all(event["source_run_id"] == run_id for event in events)
        seen = Seen(self.api.get(path), tasks, {event["extra"]["resource"]: event["extra"] for event in events})
        for task in tasks.values():
            if task["state"] == "failed":
                seen.log += self.api.task_log(self.dag_id, run_id, task["task_id"], task["try_number"])
        return seen

    def table(self, name: str) -> Rows:
        """The rows of a resource's table; none where there is no table yet."""
        with suppress(duckdb.CatalogException):
            return self.tables.rows(name)
        return {}

    def watch(self, run_ids: Sequence[str]) -> Outcome:
        """Waits for the end of runs, and tells what became of them."""
        return self.outcome([self.see(run_id) for run_id in run_ids])

    def outcome(self, seen: list[Seen]) -> Outcome:
        """What there is after these runs, and what was asked since the last time."""
        requests = [record for record in self.shop.requests if record.number > self._told]
        self._told = max((record.number for record in requests), default=self._told)
        shop = {name: {row["id"]: row for row in self.shop.rows(name)} for name in self.names}
        return Outcome(seen, requests, {name: self.table(name) for name in self.names}, shop)

    def change(self, expected: Sequence[Expected] = ()) -> None:
        """Changes rows now, and adds late ones on both sides of both bounds of the windows that are expected."""
        self.shop.tick(4, names=self.names, deletes=False)
        for name in self.names:
            bounds = {self._resolve(text, name) or INITIAL for each in expected for text in (each.since, each.before)}
            for bound in sorted(bounds - {INITIAL}):
                self.shop.late_commit(name, bound)
                self.shop.late_commit(name, later(bound, -1))

    # What must have been.

    def verify(self, expected: Sequence[Expected], outcome: Outcome, *, in_order: bool = True) -> None:
        """Compares runs with the contract, and takes what they did as the state before the next ones.

        Args:
            in_order: the runs were performed in the order that is given.
        """
        assert len(outcome.runs) == len(expected)
        for name in self.names:
            windows = []
            requests = [record for record in outcome.requests if record.path == f"/v1/{name}"]
            asked = [(record.params.get("updated_since"), record.params.get("updated_before")) for record in requests]
            for each, seen in zip(expected, outcome.runs, strict=True):
                assert seen.run["run_type"] == each.run_type
                if each.failed is not None:
                    windows.append(self._verify_failure(each, seen, name, asked))
                elif self._was_loaded(each, seen, name):
                    windows.append(self._verify_load(each, seen, name, outcome.shop[name], asked))
            turns = [window for window, _ in groupby(asked)]
            assert (turns if in_order else sorted(turns, key=str)) == (
                windows if in_order else sorted(windows, key=str)
            )
            assert_same_rows(outcome.tables[name], self.rows[name])
        reported = sum(report["requests"] for seen in outcome.runs for report in seen.reports.values())
        answered = [record for record in outcome.requests if record.status == 200]
        assert reported == len(answered)
        assert answered == outcome.requests or any(each.failed for each in expected)

    def _verify_failure(self, expected: Expected, seen: Seen, name: str, asked: Sequence[Asked]) -> Asked:
        task = seen.tasks[f"{self.dag_id}.{name}"]
        assert (seen.run["state"], task["state"], task["try_number"]) == ("failed", "failed", 1)
        assert str(expected.failed) in seen.log
        assert seen.reports == {}
        since, before = (str(self._resolve(text, name, seen.run)) for text in (expected.since, expected.before))
        return asked_for(since, before, asked)

    def _was_loaded(self, expected: Expected, seen: Seen, name: str) -> bool:
        task = seen.tasks[f"{self.dag_id}.{name}"]
        if expected.refused is not None:
            assert (seen.run["state"], task["state"], task["try_number"]) == ("failed", "failed", 1)
            assert expected.refused in seen.log
            assert seen.reports == {}
            return False
        assert seen.run["state"] != "failed"
        if name not in (self.names if expected.loads is None else expected.loads):
            assert task["state"] == "skipped"
            assert name not in seen.reports
            return False
        assert task["state"] == "success"
        return True

    def _verify_load(self, expected: Expected, seen: Seen, name: str, shop: Rows, asked: Sequence[Asked]) -> Asked:
        window = seen.reports[name]["windows"][name]
        now = self._now(expected, seen, name, window)
        before = self.watermarks[name]
        since, until = (str(self._resolve(text, name, seen.run, now)) for text in (expected.since, expected.before))
        after = self._resolve(expected.after, name, seen.run, now) if expected.after != "W" else before
        assert window == {
            "start": since,
            # The window grows to a whole second, so that this one is read; the watermark falls back to one.
            "end": window["end"] if expected.before == "now" else until,
            "full_refresh": expected.full_refresh,
            "watermark_before": before,
            "watermark_after": after,
        }
        bounds = (None, None) if expected.full_refresh else asked_for(since, window["end"], asked)
        came = {key: row for key, row in shop.items() if is_within(row["updated_at"], bounds)}
        counts = seen.reports[name]["resources"][name]
        assert (counts["rows_read"], counts["distinct_keys"], counts["api_total"]) == (len(came),) * 3
        # What comes from before the window is merged; what is from its end on is left to the next one.
        kept = (None, None if expected.full_refresh else window["end"])
        found = {key: row for key, row in came.items() if is_within(row["updated_at"], kept)}
        self.rows[name] = found if expected.full_refresh else self.rows[name] | found
        self.watermarks[name] = after
        return bounds

    def _now(self, expected: Expected, seen: Seen, name: str, window: Mapping[str, Any]) -> str | None:
        """The second in which the task began to work, by what it reports, within what Airflow saw."""
        if "now" not in (expected.before, expected.after):
            return None
        task = seen.tasks[f"{self.dag_id}.{name}"]
        known = "watermark_after" if expected.after == "now" else "end"
        now = instant(window[known])
        began, ended = instant(task["start_date"]).replace(microsecond=0), instant(task["end_date"])
        assert began <= now <= ended + timedelta(seconds=1 if known == "end" else 0)
        if expected.before == "now":
            # The watermark falls back to a whole second of whichever clock is behind: the worker's or the shop's.
            assert timedelta(0) <= instant(window["end"]) - now <= timedelta(seconds=2)
        return iso(now)

    def _resolve(
        self, text: str, name: str, run: Mapping[str, Any] | None = None, now: str | None = None
    ) -> str | None:
        watermark = self.watermarks[name]
        if text == "now":
            return now
        if text == "W":
            return watermark or INITIAL
        if text.startswith("W-"):
            return later(watermark, -int(text[2:])) if watermark else INITIAL
        if text in ("start", "end", "min(W,start)"):
            if run is None:
                return None
            bounds = {key: iso(instant(run[f"data_interval_{key}"])) for key in ("start", "end")}
            return min(watermark or INITIAL, bounds["start"]) if text not in bounds else bounds[text]
        return text


@contextmanager
def scene(
    airflow: LocalAirflow, dag_id: str, names: Sequence[str], tables: Tables | None = None, **shop: Any
) -> Iterator[Scene]:
    """A scene with a new shop, whose DAG is known to Airflow and paused.

    Args:
        tables: where the rows end up; the embedded warehouse if not given.
        **shop: arguments of `DemoShop`.
    """
    with DemoShop(api_key=SHOP_KEY, **{"sizes": SIZES, **shop}) as its_shop:
        warehouse = tables or embedded_warehouse(airflow.home, dag_id)
        its_scene = Scene(airflow, dag_id, tuple(names), its_shop, warehouse)
        fields = {"conn_type": "ecom_api", "host": its_shop.url, "password": SHOP_KEY}
        its_scene.api.post("/connections", {"connection_id": dag_id, **fields})
        its_scene.api.wait_for_dag(dag_id)
        try:
            yield its_scene
        finally:
            its_scene.pause()
            its_scene.api.request("DELETE", f"/connections/{dag_id}")
