"""Airflow DAGs of a user's own: task groups between other tasks, and a schedule whose intervals have no length."""

from __future__ import annotations

from typing import Any

import pendulum
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import BranchPythonOperator
from airflow.sdk import DAG
from tests.support.apis import api, whole, windowed

from ecom_source import elt_task_group, params

START = pendulum.datetime(2026, 1, 1, tz="UTC")
SALES = api(windowed("orders"), whole("customers"))
CATALOGUE = api(whole("products"), windowed("ecommerce_data", "/v1/resource"))


def choose(**context: Any) -> str:
    """The group, unless the run is to leave it out."""
    return "other" if context["params"].get("leave_out") else "grouped_branch.orders"


with DAG("grouped", schedule="@daily", start_date=START, params=params(SALES, CATALOGUE)) as grouped:
    (
        EmptyOperator(task_id="start")
        >> elt_task_group(SALES, dataset_name="grouped_sales", group_id="sales")
        >> elt_task_group(CATALOGUE, dataset_name="grouped_catalogue", decompose="parallel")
        >> EmptyOperator(task_id="end", trigger_rule="none_failed")
    )

# Without the fields of the trigger form.
with DAG("grouped_plain", schedule="@daily", start_date=START) as grouped_plain:
    branch = BranchPythonOperator(task_id="branch", python_callable=choose)
    group = elt_task_group(SALES, dataset_name="grouped_branch")
    end = EmptyOperator(task_id="end", trigger_rule="none_failed")
    branch >> group >> end
    branch >> EmptyOperator(task_id="other") >> end
