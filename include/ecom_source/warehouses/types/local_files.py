"""Tables of files in a local folder.

https://airflow.apache.org/docs/apache-airflow/stable/howto/connection.html
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ecom_source.warehouses.connection_fields import Fields
from ecom_source.warehouses.login_mapping import Login
from ecom_source.warehouses.table_formats import FILE_SETTINGS, FILES


def _folder(fields: Fields) -> str:
    place = str(fields.first("extra.bucket_url", "extra.path", "host"))
    return place if "://" in place else Path(place).expanduser().absolute().as_uri()


LOGIN = Login(
    settings={**FILE_SETTINGS, "bucket_url": _folder},
    required=(("extra.bucket_url", "extra.path", "host"),),
    label="{bucket_url}",
)

LOCAL_FILES = replace(
    FILES,
    title="a local folder: Delta, Iceberg, parquet",
    logins={"fs": (LOGIN,), "filesystem": (LOGIN,), "file": (LOGIN,)},
    tested="loaded",
)
