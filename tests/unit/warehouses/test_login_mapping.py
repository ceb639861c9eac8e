"""Airflow Connection -> dlt's resolved configuration, every field of it, with no network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import Connection
from tests.unit.warehouses.cases import ACCOUNT, CASES, LAKES, PEM, SERVER, SNOWFLAKE, Case

from ecom_source.errors import ConnectionFieldError
from ecom_source.secrets.airflow_connection import find_connection
from ecom_source.secrets.redactor import Redactor
from ecom_source.warehouses.catalog import login_of, warehouse_of
from ecom_source.warehouses.connection_fields import Fields
from ecom_source.warehouses.open_warehouse import destination_of

Found = Callable[[dict[str, Any] | str], Fields]
ALL = {**CASES, **LAKES}
AS_THEY_ARE = (
    *("aws, a bucket", "aws, keys in the extra", "generic, one of the others"),
    "ducklake in S3, catalog in PostgreSQL",
)
"""These have objects and numbers in the extra that are passed on as they are."""


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Found:
    """A Connection, through Airflow's own look-up; `$FOLDER` holds key files."""
    (tmp_path / "key.pem").write_text(PEM)
    (tmp_path / "account.json").write_text(json.dumps(ACCOUNT))

    def found(connection: dict[str, Any] | str) -> Fields:
        text = connection if isinstance(connection, str) else json.dumps(connection)
        monkeypatch.setenv("AIRFLOW_CONN_PROBE", text.replace("$FOLDER", str(tmp_path)))
        connected = find_connection("probe")
        assert connected
        return Fields(connected)

    return found


def resolved(fields: Fields) -> tuple[Any, Any, Any]:
    """What dlt's own configuration classes make of it: the destination's, its credentials and capabilities."""
    kind, access = warehouse_of(fields)
    destination = destination_of(kind, access)
    assert destination.destination_name == kind.dlt_name
    config = destination.configuration(destination.spec()._bind_dataset_name(dataset_name="shop"))
    return config, config.credentials, destination.capabilities()


def given(credentials: Any) -> dict[str, Any]:
    """All fields but those without a value and dlt's own connections."""
    if credentials is None:
        return {}
    own = ("conn_pool", "managed_engine")
    return {name: value for name, value in dict(credentials).items() if value is not None and name not in own}


@pytest.mark.parametrize("name", CASES)
def test_every_field_reaches_dlt(found: Found, name: str) -> None:
    case = CASES[name]
    config, credentials, capabilities = resolved(found(case.connection))
    assert given(credentials) == case.credentials
    for field, value in case.settings.items():
        holder = capabilities if field.startswith("preferred_") else config
        assert getattr(holder, field) == value, field


@pytest.mark.parametrize("name", LAKES)
def test_every_field_of_a_lake_reaches_dlt(found: Found, name: str) -> None:
    case = LAKES[name]
    _, credentials, _ = resolved(found(case.connection))
    storage = credentials.storage
    assert {
        "catalog": given(credentials.catalog),
        "storage": given(storage.credentials) or None,
        "bucket_url": storage.bucket_url,
        "global_config": credentials.global_config,
        "ducklake_name": credentials.ducklake_name,
    } == case.credentials


@pytest.mark.parametrize("name", ALL)
def test_the_forms_of_a_connection_say_the_same(found: Found, name: str) -> None:
    fields = found(ALL[name].connection)
    by_json = warehouse_of(fields)
    extra = dict(fields.extra)
    connection = {each: value for each, value in ALL[name].connection.items() if each != "extra"}
    uri = Connection(conn_id="probe", extra=json.dumps(extra) if extra else None, **connection).get_uri()
    assert _same(warehouse_of(found(uri)), by_json)
    # In a URI that a person writes each extra is a text of its own.
    as_text = {key: value if isinstance(value, str) else json.dumps(value) for key, value in extra.items()}
    nested = name in (
        "aws, a bucket",
        "aws, keys in the extra",
        "generic, one of the others",
        "ducklake in S3, catalog in PostgreSQL",
    )
    if not nested:
        assert _same(warehouse_of(found({**connection, "extra": as_text})), by_json)


def _same(one: Any, other: Any) -> bool:
    def as_text(found: Any) -> str:
        kind, access = found
        return json.dumps([kind.title, access.credentials, access.settings], default=str, sort_keys=True)

    return as_text(one) == as_text(other)


def _required(case: Case) -> tuple[str | tuple[str, ...], ...]:
    fields = {**case.connection, "extra": json.dumps(case.connection.get("extra", {}))}
    _, login = login_of(Fields(Connection(conn_id="probe", **fields)))
    # Without what chooses a way to log in, another one is meant.
    return tuple(paths for paths in login.required if paths not in login.when)


REQUIRED = [pytest.param(name, paths, id=f"{name}: {paths}") for name, case in ALL.items() for paths in _required(case)]


@pytest.mark.parametrize(("name", "paths"), REQUIRED)
def test_each_required_field_is_asked_for_by_name(found: Found, name: str, paths: str | tuple[str, ...]) -> None:
    connection: dict[str, Any] = json.loads(json.dumps(ALL[name].connection))
    prefix = f"extra__{connection['conn_type']}__"
    for path in (paths,) if isinstance(paths, str) else paths:
        head, _, rest = path.partition(".")
        holder = connection.get("extra", {}) if head == "extra" else connection
        for each in (rest or head, f"{prefix}{rest}"):
            holder.pop(each, None)
        if rest.startswith("session_kwargs"):
            holder.pop("session_kwargs", None)
    with pytest.raises(ConnectionFieldError) as caught:
        warehouse_of(found(connection))
    first = (paths if isinstance(paths, str) else paths[0]).removeprefix("extra.")
    assert first in caught.value.found
    assert "'probe'" in caught.value.found
    assert "Admin > Connections" in caught.value.fix
    assert not [secret for secret in ALL[name].secrets if secret in str(caught.value)]


@pytest.mark.parametrize("name", ALL)
def test_no_secret_is_seen(found: Found, name: str) -> None:
    case = ALL[name]
    fields = found(case.connection)
    _, access = warehouse_of(fields)
    assert access.label == case.label
    shown = "\n".join([repr(access), access.label, repr(fields)])
    assert not [secret for secret in case.secrets if secret in shown]
    redact = Redactor(access_secrets(fields))
    told = redact("\n".join([json.dumps(fields.extra), str(fields.extra), *case.secrets, fields["password"] or ""]))
    assert not [secret for secret in case.secrets if secret in told]
    # What is no secret can still be read.
    for word in ("db.example.com", "loader", "true", "shop-project", "LOADING"):
        assert redact(word) == word


def access_secrets(fields: Fields) -> tuple[str, ...]:
    """All that a load hides."""
    from ecom_source.warehouses.open_warehouse import secrets_of

    return secrets_of(fields, destination_of(*warehouse_of(fields)))


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "another type": ({"conn_type": "http", "host": "x"}, "is of type 'http'."),
    "generic without a destination": ({"conn_type": "generic"}, "its extra names no 'destination'"),
    "no such destination": (
        {"conn_type": "generic", "extra": {"destination": "oracle9"}},
        "extra 'destination' of Connection 'probe' is 'oracle9'",
    ),
    "an extra that is no JSON": ({"conn_type": "postgres", **SERVER, "extra": "sslmode=require"}, "is no JSON object"),
    "an extra that is a list": ({"conn_type": "postgres", **SERVER, "extra": "[1]"}, "is no JSON object"),
    "a number that is none": (
        {"conn_type": "postgres", **SERVER, "extra": {"connect_timeout": "soon"}},
        "extra 'connect_timeout' of Connection 'probe' is no number",
    ),
    "tokens by IAM": ({"conn_type": "postgres", **SERVER, "extra": {"iam": True}}, "has the extra 'iam'"),
    "tokens that are refreshed": (
        {"conn_type": "snowflake", "extra": {**SNOWFLAKE, "refresh_token": "s3cr3t"}},
        "has the extra 'refresh_token'",
    ),
    "a role to take on": (
        {"conn_type": "aws", "extra": {"bucket_url": "s3://x", "role_arn": "arn:1"}},
        "has the extra 'role_arn'",
    ),
    "another account to act for": (
        {"conn_type": "google_cloud_platform", "extra": {"impersonation_chain": "a@b"}},
        "has the extra 'impersonation_chain'",
    ),
    "a key file that is not there": (
        {"conn_type": "google_cloud_platform", "extra": {"key_path": "/nowhere.json"}},
        "names /nowhere.json, which cannot be read: No such file or directory",
    ),
    "a key that is no service account": (
        {"conn_type": "google_cloud_platform", "extra": {"keyfile_dict": '{"private_key": "s3cr3t"}'}},
        "extra 'keyfile_dict' of Connection 'probe' holds no service account",
    ),
    "a key that is no JSON": (
        {"conn_type": "google_cloud_platform", "extra": {"keyfile_dict": "s3cr3t"}},
        "extra 'keyfile_dict' of Connection 'probe' is no JSON object",
    ),
    "a table format": (
        {"conn_type": "fs", "extra": {"path": "/x", "table_format": "hudi"}},
        "extra 'table_format' of Connection 'probe' is 'hudi'",
    ),
    "an SSL mode": (
        {"conn_type": "mysql", **SERVER, "extra": {"ssl_mode": "maybe"}},
        "extra 'ssl_mode' of Connection 'probe' is 'MAYBE'",
    ),
    "a connection string": (
        {"conn_type": "wasb", "extra": {"bucket_url": "az://x", "connection_string": "s3cr3t"}},
        "extra 'connection_string' of Connection 'probe' cannot be used",
    ),
    "a catalog": (
        {"conn_type": "ducklake", "extra": {"local_data_path": "/x", "engine": "oracle"}},
        "extra 'engine' of Connection 'probe' is 'oracle'",
    ),
    "MotherDuck as a host": ({"conn_type": "duckdb", "host": "md:shop"}, "is an address of MotherDuck"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused_with_one_clear_error(found: Found, name: str) -> None:
    connection, says = REFUSED[name]
    with pytest.raises(ConnectionFieldError) as caught:
        warehouse_of(found(connection))
    assert says in caught.value.found
    assert "Admin > Connections" in caught.value.fix
    assert "s3cr3t" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_what_dlt_refuses_keeps_its_words(found: Found) -> None:
    connection = {"conn_type": "mssql", **SERVER, "extra": {"driver": "FreeTDS"}}
    with pytest.raises(ConnectionFieldError, match="dlt refuses the Connection of the warehouse mssql"):
        resolved(found(connection))
