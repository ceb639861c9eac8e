"""Under a real scheduler: tasks killed at every stage, and a full refresh with readers watching, on PostgreSQL."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from tests.support.killing import STAGES
from tests.support.loads import Tables
from tests.support.postgres import PASSWORD, Postgres

from demo_shop import DemoShop
from local_airflow.environment import HOST
from local_airflow.instance import LocalAirflow

pytestmark = pytest.mark.e2e

DATABASE = "killed"


@pytest.fixture(scope="module")
def tables(airflow: LocalAirflow, postgres: Postgres) -> Tables:
    """The PostgreSQL warehouse of the DAG `killed`."""
    postgres.create_database(DATABASE)
    fields = {"conn_type": "postgres", "host": HOST, "port": postgres.port, "schema": DATABASE}
    login = {"login": "postgres", "password": PASSWORD}
    airflow.api().post("/connections", {"connection_id": "killed_warehouse", **fields, **login})
    airflow.api().wait_for_dag("killed")
    airflow.api().unpause("killed")
    return postgres.tables(DATABASE, "killed")


def run(airflow: LocalAirflow, **conf: Any) -> dict[str, int]:
    """Runs the DAG to its success; the attempts by task."""
    run_id = airflow.trigger("killed", conf)
    assert airflow.wait_for_run("killed", run_id) == "success"
    tasks = airflow.api().get(f"/dags/killed/dagRuns/{run_id}/taskInstances")["task_instances"]
    return {task["task_id"]: task["try_number"] for task in tasks}


def assert_exact(tables: Tables, shop: DemoShop) -> None:
    tables.assert_equal_to(shop)
    tables.assert_equal_to(shop, "orders", "orders")
    items = sum(len(row["line_items"]) for row in shop.rows("orders"))
    assert tables.scalar("SELECT count(*) FROM killed.orders__line_items") == items
    assert tables.scalar("SELECT count(*) FROM pg_namespace WHERE nspname LIKE '%staging%'") == 0


@pytest.mark.parametrize("stage", STAGES)
def test_a_task_killed_at_any_stage_is_tried_again_and_the_table_equals_the_shop(
    airflow: LocalAirflow, shop: DemoShop, tables: Tables, home: Path, stage: str
) -> None:
    shop.tick(20, names=["orders", "resource"], deletes=False)
    # Whatever was loaded before: the stages are those of a load that has much to do.
    (home / "kill-order").write_text(stage)
    assert run(airflow, window_start="2020-01-01T00:00:00Z") == {"killed.orders": 2, "killed.ecommerce_data": 1}
    assert run(airflow) == {"killed.orders": 1, "killed.ecommerce_data": 1}
    assert_exact(tables, shop)
    assert [path.name for path in (home / "tmp").iterdir() if "dlt" in path.name or "ecom_elt" in path.name] == []


def test_readers_never_see_a_full_refresh(
    airflow: LocalAirflow, shop: DemoShop, tables: Tables, postgres: Postgres
) -> None:
    run(airflow)
    shop.delete("orders", shop.rows("orders")[0]["id"])
    done, seen = threading.Event(), set()

    def read() -> None:
        connection = postgres.connect(DATABASE)
        while not done.is_set():
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM killed.orders")
                seen.add(cursor.fetchone()[0])
        connection.close()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        run(airflow, full_refresh=True)
    finally:
        done.set()
        reader.join()
    rows = len(shop.rows("orders"))
    assert seen == {rows + 1, rows}
    assert_exact(tables, shop)
