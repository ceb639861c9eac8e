"""An Airflow DAG whose Connections only a secrets backend has."""

from __future__ import annotations

import pendulum
from tests.support.apis import api, windowed

from ecom_source import elt_dag

filed = elt_dag(
    "filed",
    api(windowed("customers"), windowed("products")),
    api_conn_id="filed_api",
    warehouse_conn_id="filed_warehouse",
    dataset_name="filed",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
)
