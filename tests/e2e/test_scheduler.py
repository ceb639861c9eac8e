"""The DAG of the project under a real scheduler: run, log, asset event, and nothing left behind."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from tests.support.loads import Tables, duckdb_tables

from demo_shop import DemoShop
from local_airflow.instance import LocalAirflow

pytestmark = pytest.mark.e2e


def test_a_run_loads_the_shop_logs_at_true_levels_and_cleans_up(
    airflow: LocalAirflow, shop: DemoShop, warehouse: Tables, home: Path
) -> None:
    api = airflow.api()
    api.wait_for_dag("ecommerce_elt")
    api.unpause("ecommerce_elt")
    run_id = airflow.trigger("ecommerce_elt")
    assert airflow.wait_for_run("ecommerce_elt", run_id) == "success"
    warehouse.assert_equal_to(shop)

    log = airflow.task_log("ecommerce_elt", run_id, "ecommerce.ecommerce_data")
    lines = [line for line in log.splitlines() if '"logger": "' in line]
    by_dlt = [line for line in lines if '"logger": "dlt"' in line]
    assert any(" DEBUG " in line for line in by_dlt)
    assert not any(" ERROR " in line for line in by_dlt)
    assert not any('"logger": "task.stderr"' in line and "|dlt|" in line for line in lines[lines.index(by_dlt[0]) :])
    assert '"logger": "ecom_source.airflow.task"' in [line for line in lines if "ecom_source" in line][-1]

    events = api.get("/assets/events", source_run_id=run_id)["asset_events"]
    (extra,) = [event["extra"] for event in events if event["source_run_id"] == run_id]
    assert extra["resources"]["ecommerce_data"]["rows_read"] == extra["resources"]["ecommerce_data"]["api_total"]
    assert extra["windows"]["ecommerce_data"]["watermark_after"] is not None
    assert json.dumps(extra)
    assert sorted(path.name for path in (home / "tmp").glob("*e*lt*")) == []
    schemas = warehouse.query("SELECT DISTINCT schema_name FROM information_schema.schemata")[1]
    assert not [name for (name,) in schemas if "ecommerce_staging" in name]


def test_connections_of_a_secrets_backend_are_looked_up_once_by_each_task(
    airflow: LocalAirflow, shop: DemoShop, home: Path
) -> None:
    api = airflow.api()
    api.wait_for_dag("filed")
    notes = home.with_name(f"{home.name}-backend") / "look-ups.txt"
    ours = ("connection filed_api", "connection filed_warehouse")
    assert not [line for line in notes.read_text().splitlines() if line in ours]
    api.unpause("filed")
    assert airflow.wait_for_run("filed", airflow.trigger("filed")) == "success"
    found = Counter(line for line in notes.read_text().splitlines() if line in ours)
    # Two tasks; a Connection is asked for by each of them once, never by a parse.
    assert found == dict.fromkeys(ours, 2)
    assert not [line for line in notes.read_text().splitlines() if line.startswith("variable")]
    tables = duckdb_tables(home / "warehouse" / "in_a_file.duckdb", "filed")
    for name in ("customers", "products"):
        tables.assert_equal_to(shop, name, name)
