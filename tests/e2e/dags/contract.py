"""Airflow DAGs for the run contract. Each reads a shop of its own, through a Connection named after the DAG."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, Asset, get_parsing_context
from tests.support.apis import api, windowed

from ecom_source import Options, elt_dag

PAST = pendulum.datetime(2025, 3, 1, tz="UTC")
RARE = "0 0 29 2 *"
"""Each 29 February: one interval lies in the past, and no other ends while a test runs."""

OFTEN = timedelta(seconds=8)
"""Short, so that a test can let intervals pass while the DAG is paused."""


def days(number: int) -> dict[str, Any]:
    """A daily schedule of exactly so many intervals, all of them past."""
    return {"schedule": "@daily", "start_date": PAST, "end_date": PAST.add(days=number - 1)}


MONTHLY = {"schedule": "@monthly", "start_date": pendulum.datetime(2025, 1, 1, tz="UTC")}
ONE_BY_ONE = {"catchup": True, "max_active_runs": 1}
RESOURCES: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "contract_schedule": (("products",), {**days(3), **ONE_BY_ONE}),
    "contract_backfill": (("customers",), days(31)),
    "contract_manual": (("orders",), {"schedule": RARE, "start_date": pendulum.datetime(2020, 1, 1, tz="UTC")}),
    "contract_window": (("resource",), {"schedule": None, "start_date": PAST}),
    "contract_asset": (("reviews",), {"schedule": [Asset("contract_arrival")], "start_date": PAST}),
    "contract_refused": (("products",), {"schedule": None, "start_date": PAST}),
    "contract_resources": (("products", "customers"), {"schedule": None, "start_date": PAST}),
    "hole_failed": (("customers",), {**days(5), **ONE_BY_ONE}),
    # Not one by one: after a run that is ended by hand, Airflow would make no next one for a while.
    "hole_marked": (("products",), {**days(4), "catchup": True}),
    "hole_paused": (("reviews",), {"schedule": OFTEN, "start_date": PAST, "max_active_runs": 1}),
    "overlap_duckdb": (("orders",), MONTHLY),
    "overlap_postgres": (("orders",), {**MONTHLY, "warehouse_conn_id": "overlap_warehouse"}),
}
"""By DAG: the resources that it loads, all with a cursor, and what else it is made of."""

LAG_SECONDS = {"contract_asset": 90}


def build(dag_id: str) -> DAG:
    """A DAG of `RESOURCES`."""
    names, settings = RESOURCES[dag_id]
    resources = [windowed(name, incremental={"lag": LAG_SECONDS.get(dag_id, 0)}) for name in names]
    # As it would find out by itself: so that each window is asked for in one way from the first run on.
    settings = {"options": Options(filter_step=timedelta(seconds=1)), **settings}
    client = {"paginator": {"type": "offset", "limit": 40}}
    return elt_dag(dag_id, api(*resources, client=client), api_conn_id=dag_id, dataset_name=dag_id, **settings)


# A task needs its own DAG only: building all of them would cost it seconds.
asked_for = get_parsing_context().dag_id
for each in RESOURCES:
    if asked_for in (None, each):
        globals()[each] = build(each)

with DAG("contract_starter", schedule=None, start_date=PAST) as contract_starter:
    TriggerDagRunOperator(task_id="start", trigger_dag_id="contract_manual")
