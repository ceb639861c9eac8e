"""What docker-compose.yaml runs, run: every service, two workers, and loads of each kind spread over both."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2
import pytest
import requests
from tests.faults.book import Book
from tests.support import PROJECT
from tests.support.compose import resolved, variables_of
from tests.support.containers import Differences, Stack, inherited, running, wait_until
from tests.support.loads import Tables, assert_same_rows
from tests.support.postgres import tables_of

from demo_shop.client import ShopAdmin
from local_airflow.api import DONE, AirflowApi, ApiError
from local_airflow.environment import HOST, free_port

pytestmark = pytest.mark.e2e

WORKERS = ("airflow-worker-1", "airflow-worker-2")
SECRETS = ("ECOM_API_KEY", "WAREHOUSE_PASSWORD", "METADATA_PASSWORD", "REDIS_PASSWORD", "FERNET_KEY", "JWT_SECRET")
WAIT_SECONDS = 400
HELD_SECONDS = 30.0
TABLES = (
    ("ecommerce", "ecommerce_data", "resource"),
    ("team_shop", "customers", "customers"),
    ("team_shop", "orders", "orders"),
)


# The ports that services listen to, by the file or by default.
SERVED = {"metadata": 5432, "warehouse": 5432, "redis": 6379, "airflow-apiserver": 8080, "demo-shop": 8000}


def differences(port: dict[str, int], dags: Path) -> Differences:
    """All that is not as the file says: one machine has one network, one file system and one set of programs."""
    return Differences(
        texts={
            **{f"{name}:{number}": f"{HOST}:{port[name]}" for name, number in SERVED.items()},
            "localhost:8080": f"{HOST}:{port['airflow-apiserver']}",
            "localhost:8974": f"{HOST}:{port['scheduler-health']}",
            "('localhost', 8000)": f"('{HOST}', {port['demo-shop']})",
            "--host=0.0.0.0": f"--host={HOST}",
            "--port=8000": f"--port={port['demo-shop']}",
            "dir /data": f"dir {{root}}/data\nbind {HOST}\nport {port['redis']}",
            "/opt/airflow": "{root}/opt/airflow",
        },
        environment={
            **inherited(),
            # The image's, or its user's.
            "AIRFLOW_HOME": "/opt/airflow",
            "PYTHONPATH": "/opt/airflow/include",
            "HOME": "{root}",
            "TMPDIR": "{root}/tmp",
            # The engine's; and since all have one host name here, Airflow is told to take it from the environment.
            "HOSTNAME": "{name}",
            "LOGNAME": "{name}",
            "AIRFLOW__CORE__HOSTNAME_CALLABLE": "getpass.getuser",
            # Ports that the file leaves to Airflow.
            "AIRFLOW__API__HOST": HOST,
            "AIRFLOW__API__PORT": str(port["airflow-apiserver"]),
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(port["scheduler-health"]),
            "NO_PROXY": f"{HOST},localhost",
            # The machine may be busy with other tests: a DAG file and an answer take as long as they take.
            "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
            "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "240",
            "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "240",
            # By default a task is silent for five minutes before it is taken for lost.
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "45",
            # And so long may be until a scheduler looks after the tasks of one that is gone.
            "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
        },
        arguments={"airflow-worker": ["--celery-hostname", "{name}"]},
        files={"/opt/airflow/dags": dags, "/opt/airflow/include": PROJECT / "include"},
        postgres={name: port[name] for name in ("metadata", "warehouse")},
    )


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """All files of all services. Not below pytest's own folder, which is closed to PostgreSQL's user."""
    folder = Path(os.environ["AIRFLOW_HOME"]) / "compose"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def variables(folder: Path) -> dict[str, str]:
    """Those of `make env`, with a shop that changes only when it is told to, and workers of one task at a time."""
    subprocess.run([sys.executable, str(PROJECT / "tools" / "environment.py"), str(folder / ".env")], check=True)
    return {**variables_of(folder / ".env"), "DEMO_SHOP_SECONDS": "86400", "WORKER_CONCURRENCY": "1"}


@pytest.fixture(scope="module")
def port() -> dict[str, int]:
    """A free port for each."""
    return {name: free_port() for name in (*SERVED, "scheduler-health")}


@pytest.fixture(scope="module")
def stack(folder: Path, variables: dict[str, str], port: dict[str, int]) -> Iterator[Stack]:
    """All services, healthy by their own checks."""
    dags = folder / "dags"
    dags.mkdir()
    for file in (*(PROJECT / "dags").glob("*.py"), *(PROJECT / "tests" / "deploy" / "dags").glob("*.py")):
        shutil.copy(file, dags)
    with running(resolved(variables), folder, differences(port, dags), {"airflow-worker": len(WORKERS)}) as stack:
        yield stack


@pytest.fixture(scope="module")
def api(stack: Stack, variables: dict[str, str], port: dict[str, int]) -> AirflowApi:
    """Airflow, logged in as the account that the file makes."""
    return AirflowApi(
        f"http://{HOST}:{port['airflow-apiserver']}", variables["ADMIN_USER"], variables["ADMIN_PASSWORD"]
    )


def test_runs_of_each_kind_on_two_workers_make_the_warehouse_equal_to_the_shop(
    stack: Stack, api: AirflowApi, variables: dict[str, str], port: dict[str, int]
) -> None:
    shop = ShopAdmin(f"http://{HOST}:{port['demo-shop']}", variables["ECOM_API_KEY"])
    shop.tick(40, deletes=False)
    for dag_id in ("team_shop", "ecommerce_elt"):
        api.wait_for_dag(dag_id)
        api.unpause(dag_id)
    api.trigger("team_shop")
    api.post("/backfills", {"dag_id": "team_shop", "from_date": "2025-03-01", "to_date": "2025-03-02"})
    api.trigger("ecommerce_elt")
    runs = finished(api, {"team_shop": 4, "ecommerce_elt": 2})
    tasks = [task for run in runs for task in run["tasks"]]

    assert {(run["state"], *(task["state"] for task in run["tasks"])) for run in runs} <= {
        ("success", "success"),
        ("success", "success", "success"),
    }
    kinds = sorted(run["run_type"] for run in runs if run["dag_id"] == "team_shop")
    assert kinds == ["backfill", "backfill", "manual", "scheduled"]
    assert len(tasks) == 4 * 2 + 2
    assert {task["hostname"] for task in tasks} == set(WORKERS)

    for dataset, table, name in TABLES:
        tables = warehouse(port["warehouse"], variables["WAREHOUSE_PASSWORD"], dataset)
        rows = shop.rows(name)
        assert_same_rows(tables.rows(table), {row["id"]: row for row in rows})
        if name == "orders":
            items = "SELECT o.id, i.sku, i.product_id, i.quantity, i.unit_price FROM team_shop.orders__line_items AS i "
            _, found = tables.query(items + "JOIN team_shop.orders AS o ON i._dlt_parent_id = o._dlt_id")
            expected = [(row["id"], *item.values()) for row in rows for item in row["line_items"]]
            assert sorted((key, sku, product, number, float(price)) for key, sku, product, number, price in found) == (
                sorted(expected)
            )

    # A log is read through the api-server, whichever worker wrote it; of a load nothing is left on its worker.
    for worker in WORKERS:
        (task, *_) = [task for task in tasks if task["hostname"] == worker]
        assert "rows read" in api.task_log(task["dag_id"], task["dag_run_id"], task["task_id"], task["try_number"])
        left = [path.name for path in (stack.containers[worker].root / "tmp").iterdir()]
        assert not [name for name in left if name.startswith(("dlt_", "ecom_elt"))]
    _, schemas = tables.query("SELECT schema_name FROM information_schema.schemata")
    assert not [name for (name,) in schemas if "staging" in name]


def test_services_that_go_away_in_mid_task(
    stack: Stack, api: AirflowApi, variables: dict[str, str], port: dict[str, int]
) -> None:
    shop = ShopAdmin(f"http://{HOST}:{port['demo-shop']}", variables["ECOM_API_KEY"])
    api.wait_for_dag("team_shop")
    api.unpause("team_shop")
    finished(api, {"team_shop": 1})
    for name in ("customers", "orders"):
        for row in shop.rows(name):
            shop.update(name, row["id"], notes="while services go away")
        shop.fail("latency", path=f"/v1/{name}", seconds=HELD_SECONDS)
    shop.reset_log()
    run_id = api.trigger("team_shop")
    wait_until(lambda: len({it.path for it in shop.requests}) == 2, "not both tasks have asked the shop")
    held = time.monotonic()
    (lost,) = [task["hostname"] for task in tasks_of(api, "team_shop", run_id) if task["task_id"].endswith("orders")]

    (redis,) = stack.of("redis")
    redis.service.stop()
    redis.service.start()
    stack.postgres["metadata"].crash()
    stack.postgres["metadata"].start()
    for name in ("airflow-scheduler", lost):
        stack.containers[name].service.signal(signal.SIGKILL)
        stack.containers[name].service.wait()
    assert time.monotonic() - held < HELD_SECONDS

    def over() -> bool:
        stack.bring_back()
        try:
            return api.get(f"/dags/team_shop/dagRuns/{quote(run_id, safe='')}")["state"] in DONE
        except (requests.RequestException, ApiError):
            return False

    wait_until(over, "the run does not end")
    tasks = {task["task_id"].partition(".")[2]: task for task in tasks_of(api, "team_shop", run_id)}
    # The one outlives the restarts of three services, the other is tried again where there is a worker.
    tries = {name: (task["state"], task["try_number"]) for name, task in tasks.items()}
    assert tries == {"customers": ("success", 1), "orders": ("success", 2)}
    for name in ("customers", "orders"):
        tables = warehouse(port["warehouse"], variables["WAREHOUSE_PASSWORD"], "team_shop")
        assert_same_rows(tables.rows(name), {row["id"]: row for row in shop.rows(name)})
    _, schemas = tables.query("SELECT schema_name FROM information_schema.schemata")
    assert not [name for (name,) in schemas if "staging" in name]
    # What was on the worker that was lost goes with the next load there.
    left = [path.name for path in (stack.containers[tasks["orders"]["hostname"]].root / "tmp").iterdir()]
    assert not [name for name in left if name.startswith(("dlt_", "ecom_elt"))]
    book = Book()
    for service in ("Redis", "metadata database", "scheduler"):
        book.note(f"{service} restarted", "first page", "PostgreSQL", "loads", how="1st attempt")
    book.note("worker lost in mid-task", "first page", "PostgreSQL", "loads", how="2nd attempt")


def tasks_of(api: AirflowApi, dag_id: str, run_id: str) -> list[dict[str, Any]]:
    """The tasks of a run."""
    path = f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances"
    return list(api.get(path)["task_instances"])


def test_no_service_writes_a_secret_into_a_log(stack: Stack, variables: dict[str, str]) -> None:
    logs = [*stack.folder.glob("*/output.log"), *stack.volume("airflow-logs").rglob("*.log")]
    assert len(logs) >= 10 + 10
    text = "\n".join(log.read_text(encoding="utf-8", errors="replace") for log in logs)
    assert [name for name in SECRETS if variables[name] in text] == []


def finished(api: AirflowApi, number: dict[str, int]) -> list[dict[str, Any]]:
    """The runs of each DAG with their tasks, once there are so many and all have ended."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        runs = [run for dag_id in number for run in api.get(f"/dags/{dag_id}/dagRuns")["dag_runs"]]
        if len(runs) >= sum(number.values()) and all(run["state"] in DONE for run in runs):
            break
        assert time.monotonic() < deadline, [(run["dag_run_id"], run["state"]) for run in runs]
        time.sleep(1)
    for run in runs:
        run["tasks"] = tasks_of(api, run["dag_id"], run["dag_run_id"])
    return runs


def warehouse(port: int, password: str, dataset: str) -> Tables:
    """The warehouse of the file."""
    return tables_of(
        lambda: psycopg2.connect(host=HOST, port=port, user="warehouse", password=password, dbname="warehouse"), dataset
    )
