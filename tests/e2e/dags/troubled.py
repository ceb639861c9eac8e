"""Airflow DAGs that each read another path of the demo shop, so that a test can trouble one of them at a time."""

from __future__ import annotations

import pendulum
from tests.support.apis import api, windowed

from ecom_source import elt_dag

for name, conn_id in (
    ("resource", "ecom_api"),
    ("products", "ecom_api"),
    ("customers", "ecom_api"),
    ("orders", "ecom_api"),
    ("reviews", "ecom_refused"),
):
    globals()[f"troubled_{name}"] = elt_dag(
        f"troubled_{name}",
        api(windowed(name)),
        api_conn_id=conn_id,
        dataset_name=f"troubled_{name}",
        schedule=None,
        start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    )
