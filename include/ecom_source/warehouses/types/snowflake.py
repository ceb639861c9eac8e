"""Snowflake, by password, key pair or token.

https://airflow.apache.org/docs/apache-airflow-providers-snowflake/stable/connections/snowflake.html
"""

from __future__ import annotations

from typing import Any

from ecom_source.warehouses.connection_fields import Fields, Source
from ecom_source.warehouses.drivers import Driver
from ecom_source.warehouses.login_mapping import Login
from ecom_source.warehouses.warehouse_type import WarehouseType

PASSED_ON = (
    *("insecure_mode", "ocsp_fail_open", "session_parameters", "client_request_mfa_token"),
    *("client_store_temporary_credential", "proxy_host", "proxy_port", "proxy_user", "proxy_password"),
)
"""Extras that Snowflake's connector takes by the same names."""


def _account(fields: Fields) -> str:
    """Older accounts name their region apart."""
    account, region = str(fields["extra.account"]), fields["extra.region"]
    return f"{account}.{region}" if region and not account.endswith(f".{region}") else account


def _connector(fields: Fields) -> dict[str, Any] | None:
    return {name: fields[f"extra.{name}"] for name in PASSED_ON if fields[f"extra.{name}"] is not None} or None


WHERE: dict[str, Source] = {
    "host": _account,
    "database": "extra.database",
    "warehouse": "extra.warehouse",
    "role": "extra.role",
    "authenticator": "extra.authenticator",
    "query": _connector,
}
NO_OAUTH = "a key pair, a password or the extra 'token', since tokens are refreshed by Airflow's hook alone"
COMMON: dict[str, Any] = {
    "refused": {f"extra.{name}": NO_OAUTH for name in ("refresh_token", "grant_type", "azure_conn_id")},
    "label": "{host}/{database}",
}

KEY_TEXT = Login(
    credentials={
        **WHERE,
        "username": "login",
        # PEM, or the base64 of one: dlt tells them apart, as Airflow's hook does.
        "private_key": "extra.private_key_content",
        "private_key_passphrase": "password",
    },
    required=("extra.account", "extra.database", "login"),
    when=("extra.private_key_content",),
    **COMMON,
)
KEY_FILE = Login(
    credentials={
        **WHERE,
        "username": "login",
        "private_key": lambda fields: fields.file("extra.private_key_file"),
        "private_key_passphrase": "password",
    },
    required=("extra.account", "extra.database", "login"),
    when=("extra.private_key_file",),
    **COMMON,
)
TOKEN = Login(
    credentials={
        **WHERE,
        "username": "login",
        "token": "extra.token",
        "workload_identity_provider": "extra.workload_identity_provider",
    },
    required=("extra.account", "extra.database", "extra.authenticator"),
    when=("extra.token",),
    **COMMON,
)
PASSWORD = Login(
    credentials={**WHERE, "username": "login", "password": "password"},
    required=("extra.account", "extra.database", "login", "password"),
    **COMMON,
)

SNOWFLAKE = WarehouseType(
    "snowflake",
    "Snowflake",
    logins={"snowflake": (KEY_TEXT, KEY_FILE, TOKEN, PASSWORD)},
    drivers=(Driver("snowflake", ("snowflake.connector",)),),
    # TRUNCATE ends the transaction that it is in; DELETE does not.
    truncate_in_transaction=False,
)
