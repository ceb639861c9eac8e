"""An Airflow DAG as a team adds it: several resources of one shop, loaded side by side."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum

from ecom_source import ECOMMERCE_API, elt_dag

WINDOWED: dict[str, Any] = {
    "data_selector": "data",
    "paginator": {"type": "offset", "limit": 100},
    "incremental": {
        "cursor_path": "updated_at",
        "initial_value": "2020-01-01T00:00:00Z",
        "start_param": "updated_since",
        "end_param": "updated_before",
    },
}

RESOURCES: list[Any] = [
    {"name": name, "endpoint": {"path": f"/v1/{name}", **WINDOWED}} for name in ("customers", "orders")
]

team_shop = elt_dag(
    "team_shop",
    {**ECOMMERCE_API, "resources": RESOURCES},
    dataset_name="team_shop",
    schedule="@daily",
    start_date=pendulum.datetime(2025, 1, 1, tz="UTC"),
    decompose="parallel",
    default_args={"retry_delay": timedelta(seconds=5)},
)
