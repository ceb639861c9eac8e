"""What a task costs in a whole Airflow: CPU seconds of the worker, scheduler, api-server and metadata database.

`python -m bench.tasks`: many shops as docs/deploying.md has them, few rows each, so that the price of a run is left.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import psutil
from tests.support.postgres import PASSWORD, running_postgres

from bench.fleet import dag_file
from demo_shop import DemoShop
from local_airflow.environment import HOST
from local_airflow.instance import LocalAirflow

KEY = "the-key-of-a-bench"
SLOTS = 2


def cpu(process: psutil.Process) -> float:
    """CPU seconds of a process and of those of its children that have ended."""
    return float(sum(process.cpu_times()[:4]))


def used(airflow: LocalAirflow, server: psutil.Process) -> Mapping[str, float]:
    """CPU seconds so far, by who used them."""
    scheduler = psutil.Process(airflow.services["scheduler"].pid)
    workers = [child for child in scheduler.children() if child.status() != psutil.STATUS_ZOMBIE]
    return {
        "worker": sum(cpu(child) for child in workers),
        "scheduler": sum(scheduler.cpu_times()[:2]),
        **{name: cpu(psutil.Process(airflow.services[name].pid)) for name in ("api-server", "dag-processor")},
        "metadata": cpu(server) + sum(cpu(child) for child in server.children()),
    }


def main() -> None:
    """Prints what a task takes."""
    parser = argparse.ArgumentParser(prog="python -m bench.tasks", description=__doc__)
    parser.add_argument("--shops", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each shop that are measured")
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="bench-tasks-") as folder,
        DemoShop(KEY, sizes={"resource": 340}) as shop,
        running_postgres(Path(folder, "postgres")) as postgres,
    ):
        postgres.create_database("airflow")
        postgres.create_database("warehouse")
        (pid_file,) = Path(folder, "postgres").rglob("postmaster.pid")
        server = psutil.Process(int(pid_file.read_text().split()[0]))
        home, dags = Path(folder, "airflow"), Path(folder, "dags")
        dags.mkdir()
        (home / "tmp").mkdir(parents=True)
        (dags / "shops.py").write_text(dag_file(args.shops), encoding="utf-8")
        shops = [f"shop_{number:03}" for number in range(1, args.shops + 1)]
        here = {"conn_type": "ecom_api", "host": shop.url, "password": KEY}
        with LocalAirflow(
            home,
            dags=dags,
            metadata_url=f"postgresql+psycopg2://postgres:{quote(PASSWORD, safe='')}@{HOST}:{postgres.port}/airflow",
            connections={
                **{f"{name}_api": here for name in shops},
                "ecom_warehouse": json.loads(postgres.connection_json("warehouse")),
            },
            extra_env={
                "AIRFLOW__CORE__PARALLELISM": str(SLOTS),
                "TMPDIR": str(home / "tmp"),
                # Parsed once: what a parse costs is measured by bench.fleet.
                "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
            },
        ) as airflow:
            for name in shops:
                airflow.api().wait_for_dag(name)
                airflow.api().unpause(name)
            everyone(airflow, shops)
            before, began = used(airflow, server), time.monotonic()
            for _ in range(args.rounds):
                everyone(airflow, shops)
            after, clock = used(airflow, server), time.monotonic() - began
        tasks = args.rounds * args.shops
        print(
            f"{tasks} tasks of {args.shops} shops, {SLOTS} at a time, {clock:.0f} s by the clock; CPU seconds a task:"
        )
        for name in after:
            print(f"  {name:14}{(after[name] - before[name]) / tasks:8.2f}")


def everyone(airflow: LocalAirflow, shops: list[str]) -> None:
    """A run of each shop, triggered together, to its success."""
    runs = {name: airflow.trigger(name) for name in shops}
    for name, run_id in runs.items():
        state = airflow.wait_for_run(name, run_id, timeout=900)
        assert state == "success", f"{name} {run_id}: {state}"


if __name__ == "__main__":
    main()
