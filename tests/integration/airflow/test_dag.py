"""The DAG: what Airflow sees of it, what parsing it costs and leaves behind."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pendulum
import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization
from tests.support import PROJECT
from tests.support.airflow_process import counting_backend, run_python
from tests.support.apis import api, whole, windowed

from ecom_source import elt_dag
from ecom_source.errors import ApiConfigError

START = pendulum.datetime(2026, 1, 1, tz="UTC")


def dag_of(*resources: Any, **settings: Any) -> DAG:
    return elt_dag("shop", api(*resources), **{"dataset_name": "shop", "start_date": START, **settings})


@pytest.mark.parametrize("folder", ["dags", "include/demo_shop/dags"])
def test_dag_files_import_without_errors(folder: str) -> None:
    bag = DagBag(str(PROJECT / folder))
    assert bag.import_errors == {}
    assert sorted(bag.dags) == {"dags": ["ecommerce_elt"]}.get(folder, ["demo_orders", "demo_sales"])


def test_the_dag_of_the_project_has_the_names_that_others_rely_on() -> None:
    dag = DagBag(str(PROJECT / "dags")).dags["ecommerce_elt"]
    (task,) = dag.tasks
    assert task.task_id == "ecommerce.ecommerce_data"
    assert list(dag.task_group.children) == ["ecommerce"]
    assert list(dag.params) == ["window_start", "window_end", "full_refresh", "resources"]
    assert [asset.name for asset in task.outlets] == ["ecommerce.ecommerce_data"]
    assert (task.max_active_tis_per_dag, task.retries, dag.catchup) == (1, 1, False)


def test_the_dag_survives_serialisation() -> None:
    dag = DagBag(str(PROJECT / "dags")).dags["ecommerce_elt"]
    written = json.loads(json.dumps(DagSerialization.to_dict(dag)))
    DagSerialization.validate_schema(written)
    read = DagSerialization.from_dict(written)
    assert read.task_ids == dag.task_ids
    assert read.timetable.summary == "0 0 * * *"
    assert list(read.params) == list(dag.params)
    assert read.get_task("ecommerce.ecommerce_data").max_active_tis_per_dag == 1


def test_several_resources_make_several_tasks_one_after_another() -> None:
    dag = dag_of(
        whole("customers"),
        whole("customer_orders", "/v1/customers/{resources.customers.id}/orders"),
        windowed("orders"),
        whole("products"),
    )
    assert dag.task_ids == ["shop.customers", "shop.orders", "shop.products"]
    assert [sorted(task.downstream_task_ids) for task in dag.tasks] == [["shop.orders"], ["shop.products"], []]


@pytest.mark.parametrize(
    ("decompose", "tasks"), [("parallel", ["shop.customers", "shop.orders"]), ("none", ["shop.shop"])]
)
def test_decompose_says_how_the_tasks_stand(decompose: Any, tasks: list[str]) -> None:
    dag = dag_of(whole("customers"), windowed("orders"), decompose=decompose)
    assert dag.task_ids == tasks
    assert all(not task.downstream_task_ids for task in dag.tasks)


@pytest.mark.parametrize(
    ("schedule", "timetable"),
    [
        ("@daily", "CronDataIntervalTimetable"),
        ("0 6 * * 1", "CronDataIntervalTimetable"),
        (timedelta(hours=6), "DeltaDataIntervalTimetable"),
        (None, "NullTimetable"),
    ],
    ids=str,
)
def test_a_schedule_has_data_intervals(schedule: Any, timetable: str) -> None:
    dag = dag_of(windowed("orders"), schedule=schedule)
    assert type(dag.timetable).__name__ == timetable


def test_dag_arguments_are_airflows() -> None:
    dag = dag_of(
        windowed("orders"), tags=["mine"], catchup=True, max_active_runs=3, default_args={"retries": 5, "owner": "me"}
    )
    assert (dag.tags, dag.catchup, dag.max_active_runs) == ({"mine"}, True, 3)
    assert (dag.tasks[0].retries, dag.tasks[0].owner) == (5, "me")


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        (windowed("orders", incremental={"initial_value": None}), "incremental block of resource 'orders'"),
        ({"name": "orders", "endpoint": {"path": "orders"}, "primry_key": "id"}, "primry_key"),
        (whole("lines", "/v1/orders/{resources.nowhere.id}/lines"), "nowhere"),
        (
            whole("orders", endpoint={"params": {"since": {"type": "incremental", "cursor_path": "updated_at"}}}),
            "The parameter 'since' of resource 'orders' holds the cursor",
        ),
    ],
    ids=["a cursor without initial_value", "a misspelt key", "an unknown parent", "a cursor in a parameter"],
)
def test_a_description_that_cannot_work_is_refused_when_the_file_is_parsed(
    resource: dict[str, Any], message: str
) -> None:
    with pytest.raises(ApiConfigError, match=message) as caught:
        dag_of(resource)
    assert "Expected: " in str(caught.value)
    assert "To fix: " in str(caught.value)


@pytest.mark.parametrize("number", [0, -1])
def test_a_number_of_pages_that_cannot_be_is_refused_when_the_file_is_parsed(number: int) -> None:
    with pytest.raises(ApiConfigError, match=f"DAG 'shop': parallel_pages is {number}"):
        dag_of(windowed("orders"), parallel_pages=number)


PARSE = """
import socket, sys, pathlib, tempfile
def refuse(*args, **kwargs): raise AssertionError(f"network at parse: {args}")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from airflow.dag_processing.dagbag import DagBag
bag = DagBag("dags")
assert not bag.import_errors, bag.import_errors
print(list(bag.dags), sorted(p.name for p in pathlib.Path(tempfile.gettempdir()).glob("dlt_*")))
"""


def test_parsing_looks_nothing_up_needs_no_network_and_leaves_nothing_behind(tmp_path: Path) -> None:
    env, notes = counting_backend(tmp_path, {})
    assert run_python(PARSE, env).splitlines()[-1] == "['ecommerce_elt'] []"
    assert notes.read_text() == ""


def test_start_date_carries_the_time_zone_into_the_schedule() -> None:
    dag = dag_of(windowed("orders"), start_date=pendulum.datetime(2026, 1, 1, tz="Europe/Berlin"))
    assert "Europe/Berlin" in str(dag.timetable)
    assert dag.start_date == datetime(2025, 12, 31, 23, tzinfo=UTC)
