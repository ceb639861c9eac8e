"""Airflow DAGs for the Loads page, whose loads a test performs or writes down."""

from __future__ import annotations

from datetime import timedelta

import pendulum
from tests.support.apis import api, windowed

from ecom_source import elt_dag

for name in ("none", "one", "many"):
    globals()[f"seen_{name}"] = elt_dag(
        f"seen_{name}",
        api(windowed("orders")),
        dataset_name=f"seen_{name}",
        schedule=timedelta(hours=1),
        start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    )
