"""Airflow DAGs that each read another path of the demo shop, or log in another way, so that a test can trouble each."""

from __future__ import annotations

import os
from datetime import timedelta

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
        default_args={"retry_delay": timedelta(seconds=1)},
    )

OAUTH2 = {"type": "oauth2_client_credentials", "access_token_url": f"{os.environ.get('SHOP_URL')}/oauth/token"}

for way in ("header", "bearer", "basic", "named", "oauth2"):
    globals()[f"troubled_by_{way}"] = elt_dag(
        f"troubled_by_{way}",
        api(windowed("resource"), **({"client": {"auth": OAUTH2}} if way == "oauth2" else {})),
        # How the key goes is said by the Connection.
        api_conn_id=f"ecom_{way}",
        dataset_name=f"troubled_by_{way}",
        schedule=None,
        start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    )
