"""Tables of files in S3, by access key, profile or the machine's default credentials.

https://airflow.apache.org/docs/apache-airflow-providers-amazon/stable/connections/aws.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ecom_source.warehouses.aws_credentials import CREDENTIALS, REFUSED
from ecom_source.warehouses.connection_fields import Fields
from ecom_source.warehouses.drivers import S3 as DRIVER
from ecom_source.warehouses.login_mapping import Login
from ecom_source.warehouses.table_formats import FILE_SETTINGS, FILES


def _verify(fields: Fields) -> dict[str, Any] | None:
    verify = fields["extra.verify"]
    if verify is None:
        return None
    return {"verify": fields.flag("extra.verify") if str(verify).lower() in ("true", "false") else verify}


LOGIN = Login(
    credentials=CREDENTIALS,
    settings={**FILE_SETTINGS, "client_kwargs": _verify},
    required=("extra.bucket_url",),
    refused=REFUSED,
    label="{bucket_url}",
)

S3 = replace(
    FILES,
    title="S3: Delta, Iceberg, parquet",
    logins={"aws": (LOGIN,), "s3": (LOGIN,)},
    drivers=(DRIVER,),
)
