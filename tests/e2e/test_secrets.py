"""The key is nowhere to be found after loads that end well and loads that end badly, everything at DEBUG."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path

import pytest
from tests.support.loads import KEY, Tables
from tests.support.postgres import Postgres

from demo_shop import DemoShop
from ecom_source.secrets.redactor import Redactor
from local_airflow.instance import LocalAirflow

pytestmark = pytest.mark.e2e

RUNS = {
    "troubled_resource": ("success", "resource: {rows} of {rows} rows read"),
    "troubled_products": ("failed", "The shop answered 401 to GET /v1/products, saying "),
    "troubled_customers": ("failed", ", after 4 attempts, with waits of 2, 4 and 8 s."),
    "troubled_orders": ("failed", "gave no complete answer: the connection was closed before an answer, after 4"),
    "troubled_reviews": ("failed", "gave no complete answer: connection refused, after 4 attempts"),
    "troubled_by_header": ("success", "resource: {rows} of {rows} rows read"),
    "troubled_by_bearer": ("success", "resource: {rows} of {rows} rows read"),
    "troubled_by_basic": ("success", "resource: {rows} of {rows} rows read"),
    "troubled_by_named": ("failed", "The shop answered 401 to GET /v1/resource, saying "),
    "troubled_by_oauth2": ("success", "resource: {rows} of {rows} rows read"),
}
"""By DAG: how its run ends, and what the task's log says of it."""
OUTAGES = ("troubled_customers", "troubled_orders", "troubled_reviews")


def rows(database: Tables) -> dict[str, bytes]:
    """All that is in a PostgreSQL database, by table: texts as they are, neither compressed nor quoted."""
    columns = database.query(
        "SELECT table_name, column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = 'public' ORDER BY table_name"
    )[1]
    found = {}
    for table, of_table in groupby(columns, lambda column: column[0]):
        chosen = ", ".join(f'"{name}"' if kind == "bytea" else f'"{name}"::text' for _, name, kind in of_table)
        values = [value for row in database.query(f'SELECT {chosen} FROM "{table}"')[1] for value in row if value]
        found[f"table {table}"] = b"\n".join(
            value.encode() if isinstance(value, str) else bytes(value) for value in values
        )
    return found


def test_the_key_is_in_nothing_that_airflow_or_a_task_wrote(
    airflow: LocalAirflow, shop: DemoShop, home: Path, postgres: Postgres, metadata: str
) -> None:
    shop.set_habits(echo_key_in_errors=True)
    shop.fail("status", path="/v1/products", status=401, times=None, body=json.dumps({"your_key": KEY}))
    shop.fail("status", path="/v1/customers", status=503, times=None)
    shop.fail("cut", path="/v1/orders", skip=1, times=2)
    shop.fail("drop", path="/v1/orders", times=None)
    api = airflow.api()
    for dag_id in RUNS:
        api.wait_for_dag(dag_id)
        api.unpause(dag_id)
    run_ids = {dag_id: airflow.trigger(dag_id) for dag_id in RUNS}
    answers = []
    for dag_id, (state, message) in RUNS.items():
        assert airflow.wait_for_run(dag_id, run_ids[dag_id], timeout=180) == state
        (task,) = api.get(f"/dags/{dag_id}/dagRuns/{run_ids[dag_id]}/taskInstances")["task_instances"]
        log = airflow.task_log(dag_id, run_ids[dag_id], task["task_id"], task["try_number"])
        assert message.format(rows=len(shop.rows("resource"))) in log
        # A failure that a person must fix is not tried again by Airflow; an outage of the shop is.
        assert task["try_number"] == (2 if dag_id in OUTAGES else 1)
        path = f"/dags/{dag_id}/dagRuns/{run_ids[dag_id]}/taskInstances/{task['task_id']}"
        answers += [log, json.dumps(task), json.dumps(api.get(f"/dags/{dag_id}/details"))]
        answers += [json.dumps(api.get(f"{path}/xcomEntries"))]
    answers += [json.dumps(api.get("/assets/events"))]
    answers += [json.dumps(api.get("/eventLogs")), json.dumps(api.get("/connections"))]

    assert {each.auth for each in shop.requests} >= {"query", "header", "bearer", "basic", "oauth", None}

    forms = Redactor([KEY], ["shop", "demo-client"]).forms
    assert KEY in forms
    written = {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}
    written |= rows(postgres.tables(metadata))
    assert b"troubled_resource" in written["table task_instance"]
    assert any("scheduler" in name for name in written)
    for name, content in {**written, **{f"answer {n}": each.encode() for n, each in enumerate(answers)}}.items():
        found = [form for form in forms if form.encode() in content]
        assert not found, f"{name} holds the key as {found}"
