"""The Airflow DAG that copies the e-commerce API into the warehouse every day."""

from __future__ import annotations

import pendulum

from ecom_source import ECOMMERCE_API, elt_dag

ecommerce_elt = elt_dag(
    "ecommerce_elt",
    ECOMMERCE_API,
    api_conn_id="ecom_api",
    warehouse_conn_id="ecom_warehouse",
    dataset_name="ecommerce",
    schedule="@daily",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
)
