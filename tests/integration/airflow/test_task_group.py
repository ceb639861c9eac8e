"""A task group in a DAG of the user's own: what Airflow sees of it at parse, and real runs of such a DAG."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pendulum
import pytest
from airflow.providers.http.notifications.http import HttpNotifier
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Param
from airflow.serialization.serialized_objects import DagSerialization
from tests.support import PROJECT
from tests.support.airflow_process import run_python
from tests.support.apis import api, whole, windowed
from tests.support.loads import Tables

from demo_shop import DemoShop
from ecom_source import Alarms, Options, elt_dag, elt_task_group, params
from ecom_source.airflow.task import load_tasks
from ecom_source.errors import ApiConfigError

START = pendulum.datetime(2026, 1, 1, tz="UTC")
SHOP = api(windowed("orders"), whole("customers"))
OTHER = api(whole("products"))


def dag_of(build: Callable[[], Any], **settings: Any) -> DAG:
    with DAG("mine", schedule="@daily", start_date=START, **settings) as dag:
        build()
    return dag


def group_of(**settings: Any) -> DAG:
    return dag_of(lambda: elt_task_group(SHOP, **{"dataset_name": "shop", **settings}))


def edges(dag: DAG) -> dict[str, list[str]]:
    return {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks}


def test_a_group_stands_between_other_tasks() -> None:
    def build() -> None:
        start, end = EmptyOperator(task_id="start"), EmptyOperator(task_id="end")
        start >> elt_task_group(SHOP, dataset_name="shop") >> end

    assert edges(dag_of(build)) == {
        "start": ["shop.orders"],
        "shop.orders": ["shop.customers"],
        "shop.customers": ["end"],
        "end": [],
    }


def test_parallel_loads_all_come_after_what_is_before_the_group() -> None:
    def build() -> None:
        start, end = EmptyOperator(task_id="start"), EmptyOperator(task_id="end")
        start >> elt_task_group(SHOP, dataset_name="shop", decompose="parallel") >> end

    both = ["shop.customers", "shop.orders"]
    assert edges(dag_of(build)) == {"start": both, "shop.orders": ["end"], "shop.customers": ["end"], "end": []}


def test_two_groups_of_two_apis_share_a_dag_and_its_trigger_form() -> None:
    def build() -> None:
        elt_task_group(SHOP, dataset_name="shop", group_id="sales") >> elt_task_group(OTHER, dataset_name="other")

    dag = dag_of(build, params={"mine": Param(1), **params(SHOP, OTHER)})
    assert edges(dag) == {
        "sales.orders": ["sales.customers"],
        "sales.customers": ["other.products"],
        "other.products": [],
    }
    assert [asset.uri for task in dag.tasks for asset in task.outlets] == [
        "ecom://shop/orders",
        "ecom://shop/customers",
        "ecom://other/products",
    ]
    assert list(dag.params) == ["mine", "window_start", "window_end", "full_refresh", "resources"]
    assert dag.params.get_param("resources").schema["items"]["enum"] == ["orders", "customers", "products"]
    written = json.loads(json.dumps(DagSerialization.to_dict(dag)))
    DagSerialization.validate_schema(written)
    assert DagSerialization.from_dict(written).task_ids == dag.task_ids


def test_a_group_within_a_group_and_two_loads_of_one_shop_into_two_warehouses() -> None:
    from airflow.sdk import TaskGroup

    def build() -> None:
        with TaskGroup("outer"):
            elt_task_group(OTHER, dataset_name="shop", group_id="here")
            elt_task_group(OTHER, dataset_name="shop", group_id="there", warehouse_conn_id="another")

    assert dag_of(build).task_ids == ["outer.here.products", "outer.there.products"]


def test_its_tasks_have_the_settings_of_a_load_and_those_of_the_dag_win() -> None:
    (task, _) = group_of().tasks
    assert (task.retries, task.retry_delay, task.max_active_tis_per_dag) == (1, timedelta(minutes=1), 1)
    dag = dag_of(lambda: elt_task_group(SHOP, dataset_name="shop"), default_args={"retries": 4, "owner": "me"})
    assert (dag.tasks[0].retries, dag.tasks[0].owner, dag.tasks[0].retry_delay) == (4, "me", timedelta(minutes=1))
    assert group_of(default_args={"retries": 3}, tooltip="The shop").tasks[0].retries == 3


def test_options_reach_the_loads() -> None:
    (orders, customers) = load_tasks(group_of(options={"orders": Options(parallel_pages=3)})).values()
    assert (orders.load.options["orders"].parallel_pages, customers.load.options["customers"]) == (3, Options())


def test_the_alarm_late_needs_the_deadline_of_the_dag() -> None:
    alarms = Alarms(HttpNotifier, {"http_conn_id": "x"}, late=timedelta(hours=1), failed=True)
    with pytest.raises(ApiConfigError, match="DAG 'mine': The alarm `late` is set for a task group, but the DAG has"):
        group_of(alarms=alarms)
    dag = dag_of(lambda: elt_task_group(SHOP, dataset_name="shop", alarms=alarms), deadline=alarms.deadlines())
    assert [task.on_failure_callback for task in dag.tasks] == [[alarms.on_failure]] * 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dataset_name": ""}, "dataset_name is ''"),
        ({"dataset_name": None}, "dataset_name is None"),
        ({"dataset_name": "__"}, "dataset_name is '__'"),
        ({"dataset_name": "my shop"}, "Airflow refuses the task group 'my shop': The key 'my shop' has to be"),
        ({"group_id": ""}, "Airflow refuses the task group ''"),
        ({"group_id": 7}, "Airflow refuses the task group '7'"),
        ({"dataset_name": "my-shop", "decompose": "none"}, "The name 'my-shop' cannot be that of a load"),
        ({"decompose": "paralell"}, "decompose is 'paralell'. Expected: one of serialize, parallel, none"),
        ({"api_conn_id": None}, "api_conn_id is 'None'"),
        ({"warehouse_conn_id": " "}, "warehouse_conn_id is ' '"),
        ({"alarms": {"failed": True}}, "alarms is .*failed"),
        ({"options": {"order": Options()}}, "There are options for 'order'"),
        ({"optoins": Options()}, "There is no argument 'optoins'"),
        ({"dag": None}, "There is no argument 'dag'"),
        ({"default_args": {"trigger_rule": "all_done"}}, "The task group 'shop' has a trigger_rule"),
    ],
    ids=str,
)
def test_what_cannot_work_is_refused_with_the_name_of_the_dag(
    settings: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ApiConfigError, match=f"^DAG 'mine': {message}") as caught:
        group_of(**settings)
    assert "To fix: " in str(caught.value)


def test_two_groups_are_told_apart() -> None:
    def twice(**settings: Any) -> None:
        elt_task_group(OTHER, dataset_name="shop")
        elt_task_group(OTHER, **{"dataset_name": "shop", **settings})

    with pytest.raises(
        ApiConfigError, match=r"DAG 'mine': Airflow refuses the task group 'shop': .*already been added"
    ):
        dag_of(twice)
    with pytest.raises(ApiConfigError, match=r"The task 'shop\.products' loads 'products' into the dataset 'shop' as"):
        dag_of(lambda: twice(group_id="second"))
    # The warehouse has one schema for both.
    with pytest.raises(ApiConfigError, match="'products' into the dataset 'Shop' as well"):
        dag_of(lambda: twice(dataset_name="Shop"))


def test_a_group_needs_a_dag() -> None:
    with pytest.raises(ApiConfigError, match="elt_task_group was called outside of a DAG"):
        elt_task_group(SHOP, dataset_name="shop")


@pytest.mark.parametrize("name", ["my-orders", "my orders", "9orders", "a/b", "a.b", "con", "x" * 65])
def test_a_resource_whose_name_dlt_would_refuse_in_the_task_is_refused_at_parse(name: str) -> None:
    with pytest.raises(ApiConfigError, match=f"^DAG 'shop': The name '{name}' cannot be that of a load"):
        elt_dag("shop", api(whole(name, "/v1/orders")), dataset_name="shop", start_date=START)
    # Its table may have that name.
    fine = api(whole("orders", "/v1/orders", table_name=name))
    assert elt_dag("shop", fine, dataset_name="shop", start_date=START).task_ids == ["shop.orders"]


@pytest.mark.parametrize("table", ["_dlt_loads", "_dlt_mine", "_DLT_version", "-dlt_x", "_ecom_loads", "__", "--"])
def test_a_table_of_dlts_own_is_no_resources(table: str) -> None:
    """The rows of such a table were counted as none, or replaced what dlt knows of its loads."""
    for resource in (whole(table, "/v1/orders"), whole("orders", table_name=table)):
        with pytest.raises(ApiConfigError, match=r"fills the table"):
            elt_dag("shop", api(resource), dataset_name="shop", start_date=START)


def test_an_argument_that_neither_the_package_nor_airflow_has_is_refused() -> None:
    with pytest.raises(ApiConfigError, match=r"^DAG 'shop': There is no argument 'parallel_page'"):
        elt_dag("shop", OTHER, dataset_name="shop", start_date=START, parallel_page=3)


def test_the_public_names_are_imported_on_first_use() -> None:
    code = """
import sys
import ecom_source
assert not {"airflow", "dlt"} & {name.partition(".")[0] for name in sys.modules}
from ecom_source import elt_task_group, params
print(elt_task_group.__module__, params.__module__)
"""
    assert run_python(code).split() == ["ecom_source.airflow.task_group", "ecom_source.airflow.trigger_form"]


RUNS: dict[str, tuple[str, dict[str, Any]]] = {
    "all": ("grouped_plain", {}),
    "the branch leaves the group out": ("grouped_plain", {"leave_out": True}),
    "one resource": ("grouped_plain", {"resources": ["customers"]}),
    "a resource by its name alone": ("grouped_plain", {"resources": "orders"}),
    "a resource that there is not": ("grouped_plain", {"resources": ["custmers"]}),
    "resources that are none": ("grouped_plain", {"resources": 7}),
    "one resource of each group": ("grouped", {"resources": ["orders", "products"]}),
}
PROGRAM = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag("tests/e2e/dags/grouped.py")
assert not bag.import_errors, bag.import_errors
found = {}
for name, (dag_id, conf) in json.loads(sys.argv[1]).items():
    run = bag.dags[dag_id].test(run_conf=conf)
    found[name] = {ti.task_id: str(ti.state) for ti in run.get_task_instances()}
print()
print(json.dumps(found))
"""


@pytest.mark.slow
def test_real_runs_of_a_dag_that_has_no_trigger_form(shop: DemoShop, tables: Tables, tmp_path: Path) -> None:
    env = {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path / "home"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "tests" / "e2e" / "dags"),
        "PYTHONPATH": f"{PROJECT}:{PROJECT / 'include'}",
    }
    migrate = [sys.executable, "-m", "airflow", "db", "migrate"]
    subprocess.run(migrate, env=env, cwd=PROJECT, check=True, capture_output=True, timeout=300)
    program = [sys.executable, "-c", PROGRAM, json.dumps(RUNS)]
    done = subprocess.run(program, env=env, cwd=PROJECT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])

    def plain(branch: str, other: str, orders: str, customers: str, end: str = "success") -> dict[str, str]:
        loads = {"grouped_branch.orders": orders, "grouped_branch.customers": customers}
        return {"branch": branch, "other": other, **loads, "end": end}

    assert found == {
        "all": plain("success", "skipped", "success", "success"),
        "the branch leaves the group out": plain("success", "success", "skipped", "skipped"),
        "one resource": plain("success", "skipped", "skipped", "success"),
        "a resource by its name alone": plain("success", "skipped", "success", "skipped"),
        "a resource that there is not": plain("success", "skipped", "failed", "upstream_failed", "upstream_failed"),
        "resources that are none": plain("success", "skipped", "failed", "upstream_failed", "upstream_failed"),
        "one resource of each group": {
            "start": "success",
            "sales.orders": "success",
            "sales.customers": "skipped",
            "grouped_catalogue.products": "success",
            "grouped_catalogue.ecommerce_data": "skipped",
            "end": "success",
        },
    }
    said = done.stdout + done.stderr
    assert "The run's `resources` names 'custmers', which no load of this DAG has." in said
    assert "The run's `resources` is '7'." in said
    assert "Not loaded: the task 'grouped_branch.orders' before it was skipped." in said
    for dataset, names in {"grouped_branch": ["orders", "customers"], "grouped_sales": ["orders"]}.items():
        for name in names:
            Tables(tables.query, dataset).assert_equal_to(shop, name, name)
    assert not list(Path(tempfile.gettempdir()).glob("ecom_elt*"))
