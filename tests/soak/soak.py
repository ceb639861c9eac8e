"""The soak itself: runs by the schedule, a shop that changes, what happens meanwhile, and what is left of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from tests.e2e.scene import Scene, iso, scene
from tests.soak.events import RESOURCES, Happen, happen
from tests.soak.gauges import Gauges, Sample, megabytes, of_process
from tests.soak.limits import BOUNDS, COLD
from tests.soak.plan import plan
from tests.soak.warehouse import DATABASE, Warehouse
from tests.support.every import every
from tests.support.loads import duckdb_tables
from tests.support.postgres import PASSWORD, Postgres

from local_airflow.api import DONE
from local_airflow.environment import HOST
from local_airflow.instance import LocalAirflow

DAGS = ("soak_postgres", "soak_duckdb")
SIZES = {"orders": 60, "resource": 90, "products": 50}
SAMPLE_SECONDS = 1.0
CHANGE_SECONDS = 0.1
UNDER_WAY = ("running", "queued", "scheduled", "restarting")
SETTLE_SECONDS = 30.0


@dataclass
class Soak:
    """A soak of an Airflow that runs.

    Args:
        scenes: the DAGs, by id, each with a shop of its own.
        metadata: the database of Airflow's metadata, on the same server as the warehouse.
        interval: seconds between scheduled runs.
    """

    airflow: LocalAirflow
    scenes: Mapping[str, Scene]
    warehouse: Warehouse
    metadata: str
    interval: float
    duckdb: Path
    temp: Path
    seed: int
    killed: int = 0
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    _start: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.gauges = Gauges(self._read, BOUNDS)

    def say(self, text: str) -> None:
        """A line of the timeline; pytest shows it of a test that fails."""
        print(f"{time.monotonic() - self._start:6.1f} s  {text}", flush=True)

    def run(self, seconds: float, every: float, kinds: Mapping[str, Happen], *, warm: bool) -> None:
        """Soaks for so long, something happening `every` few seconds, and asserts what must be so afterwards.

        Args:
            warm: compare with what there is after a first run, not before it.
        """
        self.say(f"seed {self.seed}: runs every {self.interval:g} s for {seconds:g} s")
        if warm:
            self._to_rest()
        else:
            self.gauges.bounds = {**BOUNDS, **COLD}
        self.gauges.before = self._read()
        runs_before = self._count_runs()
        with self._changing():
            self._unpause()
            self._let_happen(seconds, every, kinds)
        for each in self.scenes.values():
            each.shop.clear_faults()
        self.say("no more faults or changes")
        self._to_rest()
        self.gauges.after = self._read()
        runs = self._count_runs() - runs_before
        self.say(f"{sum(runs.values())} runs ({dict(runs)}), {self.killed} tasks killed")
        table, wrong = self.gauges.judge(sum(runs.values()))
        print(table)
        self._assert_exact()
        assert wrong == [], f"seed {self.seed}: {wrong}"
        unexplained = self._unexplained()
        assert len(unexplained) <= self.killed, f"seed {self.seed}: {unexplained}"

    def trigger(self, of: Scene, conf: Mapping[str, Any] | None = None, *, first: bool = False) -> str:
        """A manual run, as Airflow's trigger form makes it: with a logical date.

        Of runs that wait for their turn Airflow takes that with the earliest date first, and those without one last:
        where the schedule is faster than the loads, for ever.

        Args:
            first: before all that wait. The date of a manual run says nothing of what it reads.
        """
        return of.trigger(conf, iso(datetime.now(UTC) - timedelta(days=first)))

    def last_runs(self, of: Scene, number: int = 8) -> list[dict[str, Any]]:
        """The newest runs of a DAG."""
        return list(of.api.get(f"{of.path}/dagRuns", limit=number, order_by="-run_after")["dag_runs"])

    def tasks(self) -> list[psutil.Process]:
        """The processes in which tasks run: each is the one child of a worker of Airflow's LocalExecutor."""
        found = []
        for worker in psutil.Process(self.airflow.services["scheduler"].pid).children():
            with suppress(psutil.NoSuchProcess):
                found += [task for task in worker.children() if task.status() != psutil.STATUS_ZOMBIE]
        return found

    def _let_happen(self, seconds: float, every: float, kinds: Mapping[str, Happen]) -> None:
        begin = time.monotonic()
        events = plan(self.seed, seconds, every, tuple(kinds), DAGS)
        while (now := time.monotonic() - begin) < seconds:
            while events and events[0].at <= now:
                event = events.pop(0)
                said = happen(self, self.scenes[event.dag_id], event.kind, kinds, event.dice)
                self.say(f"{event.dag_id:14} {event.kind}: {said}")
            self.gauges.sample()
            time.sleep(SAMPLE_SECONDS)

    def _changing(self) -> AbstractContextManager[None]:
        """Rows of every shop change all the time; only of those that are read whole, some are deleted."""

        def change() -> None:
            for each in self.scenes.values():
                each.shop.tick(1, names=("orders", "resource"), deletes=False)
                each.shop.tick(1, names=("products",))

        return every(CHANGE_SECONDS, change)

    def _unpause(self) -> None:
        for each in self.scenes.values():
            each.unpause()

    def _to_rest(self) -> None:
        """One more run of each DAG, which must succeed; then nothing runs any more."""
        self._unpause()
        last = {dag_id: self.trigger(each, first=True) for dag_id, each in self.scenes.items()}
        for dag_id, run_id in last.items():
            state = self.airflow.api().wait_for_run(dag_id, run_id)
            assert state == "success", f"seed {self.seed}: {self.scenes[dag_id].look_at(run_id).log[-3000:]}"
        for each in self.scenes.values():
            # Of a paused DAG, tasks that run go on, others do not begin.
            each.pause()
        for each in self.scenes.values():
            each.wait_until(partial(self._is_idle, each, "running", "queued"), "does not come to rest")
            for run in self.last_runs(each):
                if run["state"] not in DONE:
                    each.mark(run["dag_run_id"], "failed")
            each.wait_until(partial(self._is_idle, each, *UNDER_WAY), "does not come to rest")
        # Not at once: a connection takes a moment to end, and each parse of the DAG files has a folder while it lasts.
        deadline = time.monotonic() + SETTLE_SECONDS
        while self.gauges.too_much_at_rest(self._read()) and time.monotonic() < deadline:
            time.sleep(SAMPLE_SECONDS)

    @staticmethod
    def _is_idle(scene: Scene, *states: str) -> bool:
        return scene.tasks_in(*states) == 0

    def _count_runs(self) -> Counter[str]:
        counts: Counter[str] = Counter()
        for each in self.scenes.values():
            for state in DONE:
                found = each.api.get(f"{each.path}/dagRuns", limit=1, state=state)
                counts[state] += found["total_entries"]
        return counts

    def _unexplained(self) -> list[str]:
        """The newest failed tasks whose log does not say what to do; a task that was killed could not."""
        found = []
        for each in self.scenes.values():
            tasks = each.api.get(f"{each.path}/dagRuns/~/taskInstances", state="failed", limit=20, order_by="-id")
            for task in tasks["task_instances"]:
                log = each.api.task_log(each.dag_id, task["dag_run_id"], task["task_id"], task["try_number"])
                if "To fix:" not in log and task["try_number"]:
                    found.append(f"{task['dag_run_id']}: {log[-2000:]}")
        return found

    def _read(self) -> Sample:
        found: dict[str, float] = {}
        services = self.airflow.services
        for name, service in services.items():
            found |= of_process(name, service.pid)
        guards = psutil.Process().children(recursive=True)
        folders = [path for path in self.temp.iterdir() if path.name.startswith(("ecom_elt", "dlt_"))]
        return {
            **found,
            "processes": len(guards),
            "metadata: connections": self.warehouse.connections(self.metadata),
            "warehouse: connections": self.warehouse.connections(),
            "warehouse: staging": self.warehouse.staging(),
            "warehouse: MB": self.warehouse.megabytes(),
            "DuckDB: MB": megabytes(self.duckdb.parent, self.duckdb.name),
            "work folders": len(folders),
            "temp folder: MB": megabytes(self.temp),
        }

    def _assert_exact(self) -> None:
        for each in self.scenes.values():
            for name in RESOURCES:
                each.tables.assert_equal_to(each.shop, name, name)
            items = sum(len(row["line_items"]) for row in each.shop.rows("orders"))
            assert each.tables.scalar(f"SELECT count(*) FROM {each.dag_id}.orders__line_items") == items
            schemas = each.tables.query("SELECT schema_name FROM information_schema.schemata")[1]
            assert [name for (name,) in schemas if "staging" in name] == [], f"seed {self.seed}"
        self.say("the tables equal the shops")


@contextmanager
def soaking(airflow: LocalAirflow, postgres: Postgres, metadata: str, interval: float, seed: int) -> Iterator[Soak]:
    """A soak that can begin: both DAGs with their shops, Connections and warehouses."""
    postgres.create_database(DATABASE)
    duckdb = airflow.home / "warehouse" / "soak.duckdb"
    duckdb.parent.mkdir(exist_ok=True)
    server = {"host": HOST, "port": postgres.port, "login": "postgres", "password": PASSWORD, "schema": DATABASE}
    warehouses: dict[str, dict[str, Any]] = {
        DAGS[0]: {"conn_type": "postgres", **server},
        DAGS[1]: {"conn_type": "duckdb", "host": str(duckdb)},
    }
    for dag_id, fields in warehouses.items():
        airflow.api().post("/connections", {"connection_id": f"{dag_id}_warehouse", **fields})
    with ExitStack() as stack:
        where = {DAGS[0]: postgres.tables(DATABASE, DAGS[0]), DAGS[1]: duckdb_tables(duckdb, DAGS[1])}
        scenes = {
            dag_id: stack.enter_context(scene(airflow, dag_id, RESOURCES, tables, sizes=SIZES, seed=seed))
            for dag_id, tables in where.items()
        }
        warehouse = Warehouse(postgres)
        stack.callback(warehouse.close)
        yield Soak(airflow, scenes, warehouse, metadata, interval, duckdb, Path(airflow.env["TMPDIR"]), seed)
