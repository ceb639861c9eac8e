"""How to log in to AWS: by access key, profile or the machine's default credentials.

https://airflow.apache.org/docs/apache-airflow-providers-amazon/stable/connections/aws.html
"""

from __future__ import annotations

from ecom_source.warehouses.connection_fields import Source


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
"""Ways to log in of Airflow's hook that dlt does not have."""
