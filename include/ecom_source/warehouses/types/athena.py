"""Athena, which runs queries over files in S3.

https://airflow.apache.org/docs/apache-airflow-providers-amazon/stable/connections/athena.html
"""

from __future__ import annotations

from dataclasses import replace

from ecom_source.warehouses.aws_credentials import CREDENTIALS, REFUSED
from ecom_source.warehouses.drivers import Driver
from ecom_source.warehouses.login_mapping import Login
from ecom_source.warehouses.warehouse_type import WarehouseType

# Files go to the bucket, the results of queries to s3_staging_dir.
LOGIN = Login(
    credentials=CREDENTIALS,
    settings={
        "query_result_bucket": "extra.s3_staging_dir",
        "athena_work_group": "extra.work_group",
        "aws_data_catalog": "extra.catalog",
        # Its other tables cannot be merged into.
        "force_iceberg": lambda _: True,
    },
    required=("extra.s3_staging_dir", ("extra.region_name", "extra.session_kwargs.region_name"), "extra.bucket_url"),
    when=("extra.s3_staging_dir",),
    refused=REFUSED,
    label="{aws_data_catalog} {query_result_bucket}",
)

ATHENA = WarehouseType(
    "athena",
    "Athena",
    logins={"athena": (replace(LOGIN, when=()),), "aws": (LOGIN,)},
    drivers=(Driver("athena", ("pyathena", "botocore", "s3fs")),),
    staging_bucket="extra.bucket_url",
)
