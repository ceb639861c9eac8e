"""Task groups in a DAG of the user's own, which the scheduler runs by `@daily`: intervals that have no length."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.e2e.scene import embedded_warehouse

from demo_shop import DemoShop
from local_airflow.api import AirflowApi
from local_airflow.instance import LocalAirflow

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

TABLES = {
    "grouped_sales": {"orders": "orders", "customers": "customers"},
    "grouped_catalogue": {"products": "products", "ecommerce_data": "resource"},
}
"""By dataset: its tables, and the shop's resources."""
LOADS = {"sales.orders", "sales.customers", "grouped_catalogue.products", "grouped_catalogue.ecommerce_data"}


def states(api: AirflowApi, run_id: str) -> dict[str, str]:
    path = f"/dags/grouped/dagRuns/{quote(run_id, safe='')}/taskInstances"
    return {task["task_id"]: task["state"] for task in api.get(path)["task_instances"]}


def assert_tables(home: Path, shop: DemoShop) -> None:
    for dataset, tables in TABLES.items():
        warehouse = embedded_warehouse(home, dataset)
        for table, name in tables.items():
            warehouse.assert_equal_to(shop, name, table)


def scheduled_run(api: AirflowApi) -> dict[str, Any]:
    """The one scheduled run, once it is there."""
    deadline = time.monotonic() + 300
    while True:
        runs = [run for run in api.get("/dags/grouped/dagRuns")["dag_runs"] if run["run_type"] == "scheduled"]
        if runs or time.monotonic() > deadline:
            (run,) = runs
            return dict(run)
        time.sleep(1)


def test_a_scheduled_run_of_a_daily_dag_loads_up_to_now(airflow: LocalAirflow, shop: DemoShop, home: Path) -> None:
    api = airflow.api()
    api.wait_for_dag("grouped")
    api.unpause("grouped")
    run = scheduled_run(api)
    assert run["data_interval_start"] == run["data_interval_end"]
    assert api.wait_for_run("grouped", run["dag_run_id"]) == "success"
    # A run whose logical date is none of the DAG's would succeed with no task at all.
    assert states(api, run["dag_run_id"]) == dict.fromkeys({"start", *LOADS, "end"}, "success")
    assert_tables(home, shop)

    shop.tick(6, names=["orders", "customers", "products", "resource"], deletes=False)
    again = api.trigger("grouped", {"resources": ["orders", "ecommerce_data"]})
    assert api.wait_for_run("grouped", again) == "success"
    assert states(api, again) == {
        "start": "success",
        "sales.orders": "success",
        "sales.customers": "skipped",
        "grouped_catalogue.products": "skipped",
        "grouped_catalogue.ecommerce_data": "success",
        "end": "success",
    }
    assert api.wait_for_run("grouped", api.trigger("grouped")) == "success"
    assert_tables(home, shop)
    events = api.get("/assets/events", source_dag_id="grouped", source_run_id=run["dag_run_id"])["asset_events"]
    windows = [event["extra"]["windows"]["orders"] for event in events if event["extra"]["resource"] == "orders"]
    assert [(each["start"], each["watermark_before"]) for each in windows] == [("2020-01-01T00:00:00Z", None)]
    assert windows[0]["watermark_after"] > run["data_interval_end"]
