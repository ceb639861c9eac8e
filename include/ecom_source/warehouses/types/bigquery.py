"""BigQuery, by service account or the machine's default credentials.

https://airflow.apache.org/docs/apache-airflow-providers-google/stable/connections/gcp.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ecom_source.warehouses.drivers import Driver
from ecom_source.warehouses.google_keys import REFUSED, key_file, key_text, project
from ecom_source.warehouses.login_mapping import Login
from ecom_source.warehouses.warehouse_type import WarehouseType

COMMON: dict[str, Any] = {
    "settings": {"project_id": "extra.project", "location": "extra.location"},
    "refused": REFUSED,
    "label": "{project_id} {location}",
}
LOGINS = (
    Login(credentials=key_text, when=("extra.keyfile_dict",), **COMMON),
    Login(credentials=key_file, when=("extra.key_path",), **COMMON),
    Login(credentials=project, **COMMON),
)


def _datasets(client: Any) -> Iterable[str]:
    """Its information schema is another one for each region."""
    return [dataset.dataset_id for dataset in client.native_connection.list_datasets()]


BIGQUERY = WarehouseType(
    "bigquery",
    "BigQuery",
    logins={"google_cloud_platform": LOGINS, "gcpbigquery": LOGINS, "bigquery": LOGINS},
    drivers=(Driver("bigquery", ("google.cloud.bigquery",)),),
    datasets=_datasets,
)
