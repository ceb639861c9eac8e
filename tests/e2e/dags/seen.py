"""Airflow DAGs for the Loads page: the loads of `seen_real` are real, those of the others are written down."""

from __future__ import annotations

from datetime import timedelta

import pendulum
from tests.support.apis import api, windowed

from ecom_source import elt_dag

for name, schedule in (("real", None), ("none", timedelta(hours=1)), ("one", None), ("many", None)):
    globals()[f"seen_{name}"] = elt_dag(
        f"seen_{name}",
        api(windowed("orders")),
        api_conn_id=f"seen_{name}",
        dataset_name=f"seen_{name}",
        schedule=schedule,
        start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    )
