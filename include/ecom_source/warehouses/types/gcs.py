"""Tables of files in Google Cloud Storage, by service account or the machine's default credentials.

https://airflow.apache.org/docs/apache-airflow-providers-google/stable/connections/gcp.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ecom_source.warehouses.drivers import GCS as DRIVER
from ecom_source.warehouses.google_keys import REFUSED, key_file, key_text, project
from ecom_source.warehouses.login_mapping import Login
from ecom_source.warehouses.table_formats import FILE_SETTINGS, FILES

COMMON: dict[str, Any] = {"settings": FILE_SETTINGS, "refused": REFUSED, "label": "{bucket_url}"}

GCS = replace(
    FILES,
    title="Google Cloud Storage: Delta, Iceberg, parquet",
    logins={
        # A bucket makes the Connection to BigQuery a lake.
        "google_cloud_platform": (
            Login(credentials=key_text, when=("extra.bucket_url", "extra.keyfile_dict"), **COMMON),
            Login(credentials=key_file, when=("extra.bucket_url", "extra.key_path"), **COMMON),
            Login(credentials=project, when=("extra.bucket_url",), **COMMON),
        )
    },
    drivers=(DRIVER,),
)
