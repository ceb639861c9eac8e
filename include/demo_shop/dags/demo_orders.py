"""The demo shop's orders as a second Airflow DAG: their line items become a table of their own."""

from __future__ import annotations

import pendulum
from dlt.sources.rest_api.typing import RESTAPIConfig

from ecom_source import ECOMMERCE_API, elt_dag

ORDERS: RESTAPIConfig = {
    **ECOMMERCE_API,
    "resources": [
        {
            "name": "orders",
            "endpoint": {
                "path": "/v1/orders",
                "data_selector": "data",
                "paginator": {"type": "offset", "limit": 100},
                "incremental": {
                    "cursor_path": "updated_at",
                    "initial_value": "2020-01-01T00:00:00Z",
                    "start_param": "updated_since",
                    "end_param": "updated_before",
                },
            },
            "columns": {"total": {"data_type": "decimal", "precision": 18, "scale": 4}},
        }
    ],
}

demo_orders = elt_dag(
    "demo_orders",
    ORDERS,
    dataset_name="demo",
    schedule="@hourly",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
)
