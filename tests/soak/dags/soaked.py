"""Airflow DAGs for a soak: the same shop's kinds of resources every few seconds, into PostgreSQL and into DuckDB."""

from __future__ import annotations

import os
from datetime import timedelta

import pendulum
from tests.support.apis import api, whole, windowed

from ecom_source import elt_dag

DESCRIPTION = api(
    # With a list in its rows, which becomes a table.
    windowed("orders"),
    windowed("resource"),
    # Its deleted rows are seen.
    whole("products", write_disposition="replace"),
    client={"paginator": {"type": "offset", "limit": 20}},
)

for name in ("soak_postgres", "soak_duckdb"):
    globals()[name] = elt_dag(
        name,
        DESCRIPTION,
        api_conn_id=name,
        warehouse_conn_id=f"{name}_warehouse",
        dataset_name=name,
        schedule=timedelta(seconds=float(os.environ.get("SOAK_EVERY", "5"))),
        start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
        # One task for all: a run then takes as long as its slowest part, not as many starts of a process.
        decompose="none",
        max_active_runs=2,
        default_args={"retry_delay": timedelta(seconds=1)},
    )
