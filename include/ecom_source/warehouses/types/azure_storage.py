"""Tables of files in Azure Storage, by key, SAS token, service principal or default credentials.

https://airflow.apache.org/docs/apache-airflow-providers-microsoft-azure/stable/connections/wasb.html
https://airflow.apache.org/docs/apache-airflow-providers-microsoft-azure/stable/connections/adls_v2.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from ecom_source.warehouses.connection_fields import Fields
from ecom_source.warehouses.drivers import AZURE
from ecom_source.warehouses.login_mapping import Login
from ecom_source.warehouses.table_formats import FILE_SETTINGS, FILES

ACCOUNT = "azure_storage_account_name"
KEY, SAS = "azure_storage_account_key", "azure_storage_sas_token"


def _account(fields: Fields) -> str | None:
    """The storage account: of the account's URL, or by its name in the login (wasb) or the host (adls)."""
    host = fields["host"]
    if host:
        return (urlsplit(host if "://" in host else f"//{host}").hostname or "").partition(".")[0] or None
    return str(fields["login"]) if fields["login"] else None


def _from_connection_string(fields: Fields) -> dict[str, Any]:
    text = str(fields["extra.connection_string"])
    parts = dict(part.split("=", 1) for part in text.split(";") if "=" in part)
    found = {ACCOUNT: parts.get("AccountName"), KEY: parts.get("AccountKey"), SAS: parts.get("SharedAccessSignature")}
    if not found[ACCOUNT] or not (found[KEY] or found[SAS]):
        raise fields.wrong(
            "extra.connection_string",
            "cannot be used",
            expected="one with AccountName and AccountKey or SharedAccessSignature.",
        )
    return {name: value for name, value in found.items() if value}


def _from_sas(fields: Fields) -> dict[str, Any]:
    """The token alone, or the whole URL that ends in it."""
    token = str(fields["extra.sas_token"])
    if not token.startswith("https://"):
        return {ACCOUNT: _account(fields), SAS: token.removeprefix("?")}
    url = urlsplit(token)
    return {ACCOUNT: (url.hostname or "").partition(".")[0], SAS: url.query}


COMMON: dict[str, Any] = {
    "settings": FILE_SETTINGS,
    "refused": {
        f"extra.{name}": "a key, a SAS token, a service principal or the machine's default credentials"
        for name in ("managed_identity_client_id", "workload_identity_tenant_id")
    },
    "label": "{bucket_url}",
}
NAMED = ("extra.bucket_url", ("host", "login"))

CONNECTION_STRING = Login(
    credentials=_from_connection_string,
    required=("extra.bucket_url",),
    when=("extra.connection_string",),
    **COMMON,
)
SERVICE_PRINCIPAL = Login(
    credentials={
        ACCOUNT: _account,
        "azure_tenant_id": "extra.tenant_id",
        "azure_client_id": "login",
        "azure_client_secret": "password",
    },
    required=("extra.bucket_url", "host", "login", "password"),
    when=("extra.tenant_id",),
    **COMMON,
)
SHARED_KEY = Login(
    credentials={ACCOUNT: _account, KEY: ("extra.shared_access_key", "password", "extra.account_key")},
    required=(*NAMED, ("extra.shared_access_key", "password", "extra.account_key")),
    **COMMON,
)
DEFAULT = Login(credentials={ACCOUNT: _account}, required=NAMED, **COMMON)


def _when(login: Login, path: str) -> Login:
    return replace(login, when=(path,))


SAS_TOKEN = Login(credentials=_from_sas, required=("extra.bucket_url",), when=("extra.sas_token",), **COMMON)
# In the order in which Airflow's hooks look.
WASB = (
    CONNECTION_STRING,
    SERVICE_PRINCIPAL,
    _when(SHARED_KEY, "extra.shared_access_key"),
    SAS_TOKEN,
    _when(SHARED_KEY, "password"),
    _when(SHARED_KEY, "extra.account_key"),
    DEFAULT,
)

AZURE_STORAGE = replace(
    FILES,
    title="Azure Storage: Delta, Iceberg, parquet",
    logins={
        "wasb": WASB,
        "adls": (CONNECTION_STRING, SERVICE_PRINCIPAL, _when(SHARED_KEY, "password"), DEFAULT),
    },
    drivers=(AZURE,),
    tested="resolved, except for an account key",
)
