"""A model over the loaded orders as an Airflow DAG: it runs after each load that wrote any, inside the warehouse."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from tempfile import TemporaryDirectory
from typing import Any

import pendulum
from airflow.sdk import Asset, dag, task

ORDERS = Asset(name="demo.orders", uri="ecom://demo/orders")
"""The asset of the task that loads the orders: its DAG's dataset, then the resource."""

SALES = """
SELECT CAST(o.created_at AS DATE) AS day, i.product_id,
    SUM(i.quantity) AS items, SUM(i.quantity * i.unit_price) AS revenue
FROM orders AS o JOIN orders__line_items AS i ON i._dlt_parent_id = o._dlt_id
GROUP BY 1, 2
"""


@dag(schedule=[ORDERS], start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), catchup=False, tags=["ecom-elt"])
def demo_sales() -> None:
    """Sales by day and product, made anew from the orders."""

    @task.short_circuit
    def new_orders(triggering_asset_events: Any = None) -> int:
        """The rows that the loads behind this run have written; no rows, no need to go on."""
        extras = [event.extra for event in (triggering_asset_events or {}).get(ORDERS, [])]
        return sum(rows for extra in extras for rows in extra["rows_loaded"].values())

    @task
    def sales(rows: int) -> None:
        """Lets the warehouse fill the table `sales` from a SELECT; dlt speaks its dialect and swaps the table."""
        import dlt

        from ecom_source.warehouses import open_warehouse

        with (
            open_warehouse("ecom_warehouse", dataset_name="demo", staging_layout="%s_staging_sales") as warehouse,
            TemporaryDirectory() as folder,
        ):
            query = dlt.dataset(warehouse.destination, "demo", schema="orders")(SALES)

            @dlt.resource(name="sales", write_disposition="replace", columns=query.columns_schema)
            def model() -> Iterator[Any]:
                yield query

            pipeline = dlt.pipeline(
                "demo_sales", destination=warehouse.destination, dataset_name="demo", pipelines_dir=folder
            )
            info = pipeline.run(model)
            logging.getLogger(__name__).info("Sales made from %d new rows: %s", rows, info)

    sales(new_orders())  # type: ignore[arg-type]


demo_sales()
