"""Databricks, by personal access token or service principal.

https://airflow.apache.org/docs/apache-airflow-providers-databricks/stable/connections/databricks.html
"""

from __future__ import annotations

from urllib.parse import urlsplit

from ecom_source.warehouses.connection_fields import Fields, Source
from ecom_source.warehouses.drivers import Driver
from ecom_source.warehouses.login_mapping import Login
from ecom_source.warehouses.warehouse_type import WarehouseType


def _hostname(fields: Fields) -> str:
    host = str(fields.first("extra.host", "host"))
    return urlsplit(host).hostname or host if "://" in host else host


WHERE: dict[str, Source] = {
    "server_hostname": _hostname,
    "http_path": "extra.http_path",
    "catalog": "extra.catalog",
    "session_configuration": lambda fields: fields.mapping("extra.session_configuration") or None,
}
REQUIRED = (("host", "extra.host"), "extra.http_path", "extra.catalog")
REFUSED = {
    f"extra.{name}": "a token or a service principal (extra 'service_principal_oauth')"
    for name in (
        *("azure_tenant_id", "use_azure_managed_identity", "use_default_azure_credential"),
        *("federated_token_provider", "federated_k8s", "k8s_projected_volume_token_path"),
    )
}
LABEL = "{server_hostname}{http_path}/{catalog}"

SERVICE_PRINCIPAL = Login(
    credentials={**WHERE, "client_id": "login", "client_secret": "password"},
    required=(*REQUIRED, "login", "password"),
    when=("extra.service_principal_oauth",),
    refused=REFUSED,
    label=LABEL,
)
TOKEN = Login(
    credentials={**WHERE, "access_token": ("extra.token", "password")},
    required=(*REQUIRED, ("password", "extra.token")),
    refused=REFUSED,
    label=LABEL,
)

DATABRICKS = WarehouseType(
    "databricks",
    "Databricks",
    logins={"databricks": (SERVICE_PRINCIPAL, TOKEN)},
    drivers=(Driver("databricks", ("databricks.sql",)),),
)
