"""S3 and Athena, by access key, profile or the machine's default credentials.

https://airflow.apache.org/docs/apache-airflow-providers-amazon/stable/connections/aws.html
https://airflow.apache.org/docs/apache-airflow-providers-amazon/stable/connections/athena.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ecom_source.warehouses.connection_fields import Fields, Source
from ecom_source.warehouses.login_mapping import Login
from ecom_source.warehouses.types.files import FILE_SETTINGS


def _verify(fields: Fields) -> dict[str, Any] | None:
    verify = fields["extra.verify"]
    if verify is None:
        return None
    return {"verify": fields.flag("extra.verify") if str(verify).lower() in ("true", "false") else verify}


def _old(name: str) -> tuple[str, str]:
    """Airflow's hook looks there, too."""
    return (f"extra.{name}", f"extra.session_kwargs.{name}")


CREDENTIALS: dict[str, Source] = {
    "aws_access_key_id": ("login", *_old("aws_access_key_id")),
    "aws_secret_access_key": ("password", *_old("aws_secret_access_key")),
    "aws_session_token": _old("aws_session_token"),
    "profile_name": _old("profile_name"),
    "region_name": _old("region_name"),
    "endpoint_url": ("extra.service_config.s3.endpoint_url", "extra.endpoint_url"),
    "s3_url_style": "extra.config_kwargs.s3.addressing_style",
}
REFUSED = {"extra.role_arn": "a profile (extra 'profile_name') in ~/.aws/config that has the role"}

S3 = Login(
    "filesystem",
    credentials=CREDENTIALS,
    settings={**FILE_SETTINGS, "client_kwargs": _verify},
    required=("extra.bucket_url",),
    refused=REFUSED,
    label="{bucket_url}",
)
# Athena runs queries over files: they go to the bucket, the results of queries to s3_staging_dir.
ATHENA = Login(
    "athena",
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

LOGINS = {"aws": (ATHENA, S3), "athena": (replace(ATHENA, when=()),), "s3": (S3,)}
