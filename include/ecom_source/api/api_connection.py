"""Airflow Connection -> dlt.secrets, and the API description with its secrets filled in.

Connections are read in the task only, one look-up each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ecom_source.errors import ConnectionFieldError
from ecom_source.secrets.airflow_connection import extra_of, find_connection, wrong_field
from ecom_source.secrets.redactor import Redactor

if TYPE_CHECKING:
    from airflow.sdk import Connection

SECRET_FIELDS: Mapping[str, tuple[str, ...]] = {
    "api_key": ("api_key",),
    "bearer": ("token",),
    "http_basic": ("username", "password"),
    "oauth2_client_credentials": ("client_id", "client_secret"),
}
"""The fields of each of dlt's auth types that a Connection fills when the API description leaves them out."""

KEY_LOCATIONS: Mapping[str, Mapping[str, str]] = {
    "query": {"type": "api_key", "location": "query"},
    "header": {"type": "api_key", "location": "header"},
    "bearer": {"type": "bearer"},
    "basic": {"type": "http_basic"},
}
"""Where the key goes, by the Connection's `key_location`: dlt's own auth types."""

CONNECTION_FIELDS: Mapping[str, str] = {
    "api_key": "password",
    "token": "password",
    "password": "password",
    "client_secret": "password",
    "username": "login",
    "client_id": "login",
}
"""Where in the Connection each of them is kept."""


@dataclass(frozen=True)
class ApiConnection:
    """What an API Connection says.

    Args:
        conn_id: its id, for messages.
        base_url: the shop's address; None where the Connection names no host.
        login, password: as stored; the password is never part of the repr.
        key_location: one of `KEY_LOCATIONS`; None where the API description says it.
        key_name: the query parameter or header that holds the key; None where the API description says it.
        page_size: rows in a page of an offset paginator; None where the API description says it.
        test_path: what the Test button asks for; None for the first page of the specification's resource.
    """

    conn_id: str
    base_url: str | None
    login: str | None
    password: str | None = field(repr=False)
    key_location: str | None = None
    key_name: str | None = None
    page_size: int | None = None
    test_path: str | None = None

    @property
    def secret(self) -> str | None:
        """What must not be seen: the password, or the login where the key is the user name of an empty password."""
        return self.password or self.login

    @property
    def redactor(self) -> Redactor:
        """Hides this Connection's secret."""
        return Redactor([self.secret], [self.login])


def api_connection(conn_id: str) -> ApiConnection:
    """Reads the Connection `conn_id`.

    Raises:
        ConnectionFieldError: there is none, its host is no web address, or an extra field has a value that it cannot.
    """
    connection = find_connection(conn_id)
    if connection is None:
        raise ConnectionFieldError(
            f"There is no Connection {conn_id!r}.",
            expected="an Airflow Connection that holds the shop's address and its API key.",
            fix=f"{add_command(conn_id)}, or Admin > Connections > Add in the Airflow UI.",
        )
    extra = extra_of(connection)
    return ApiConnection(
        conn_id,
        _base_url(conn_id, connection),
        connection.login or None,
        connection.password or None,
        key_location=_one_of(conn_id, extra, "key_location", tuple(KEY_LOCATIONS)),
        key_name=_text(conn_id, extra, "key_name"),
        page_size=_whole_number(conn_id, extra, "page_size"),
        test_path=_text(conn_id, extra, "test_path"),
    )


def add_command(conn_id: str) -> str:
    """The shell command that makes such a Connection."""
    return f"airflow connections add {conn_id} --conn-type ecom_api --conn-host https://SHOP --conn-password API_KEY"


@contextmanager
def secrets_in_dlt(connection: ApiConnection) -> Iterator[None]:
    """Makes the Connection's secrets readable as `dlt.secrets["api_key"]` and so on, for as long as the block lasts."""
    import dlt

    values = {name: getattr(connection, source) for name, source in CONNECTION_FIELDS.items()}
    with dlt.secrets.values({name: value for name, value in values.items() if value}):
        yield


def fill_auth(auth: Any, connection: ApiConnection) -> Any:
    """`auth` as dlt's rest_api takes it, with the secret fields that it leaves out taken from `dlt.secrets`.

    A user name or password of HTTP basic that is written as an empty text stays empty.

    Args:
        auth: dlt's short form (`"bearer"`), a dict, an auth object, or None for a public API.

    Raises:
        ConnectionFieldError: a field is needed that the Connection leaves empty.
    """
    import dlt

    if isinstance(auth, str):
        auth = {"type": auth}
    if not isinstance(auth, dict):
        return auth
    filled = dict(auth)
    kind = filled.get("type", "bearer")
    for name in SECRET_FIELDS.get(kind, ()):
        # With some shops the key is the user name, and the password is empty, or the other way round.
        if filled.get(name) or (kind == "http_basic" and filled.get(name) == ""):
            continue
        source = CONNECTION_FIELDS[name]
        if not getattr(connection, source):
            raise ConnectionFieldError(
                f"The Connection {connection.conn_id!r} has an empty {source}.",
                expected=f"the {name} of the shop's {kind!r} login in its field {source!r}"
                + (f', or `"{name}": ""` in the auth of the API description.' if kind == "http_basic" else "."),
                fix=f"airflow connections delete {connection.conn_id}, then {add_command(connection.conn_id)}"
                f"{' --conn-login NAME' if source == 'login' else ''}; or Admin > Connections in the Airflow UI.",
            )
        # As text: dlt would make a number of a key that looks like one.
        filled[name] = dlt.secrets.get(name, str)
    return filled


def _one_of(conn_id: str, extra: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str | None:
    value = extra.get(name) or None
    if value is not None and value not in allowed:
        raise wrong_field(conn_id, name, repr(value)[:60], f"one of {', '.join(allowed)}, or nothing")
    return value


def _text(conn_id: str, extra: Mapping[str, Any], name: str) -> str | None:
    value = extra.get(name) or None
    if value is not None and not isinstance(value, str):
        raise wrong_field(conn_id, name, repr(value)[:60], "a text, or nothing")
    return value.strip() or None if value else None


def _whole_number(conn_id: str, extra: Mapping[str, Any], name: str) -> int | None:
    value = extra.get(name)
    if value is None or value == "":
        return None
    # Airflow's URI form has texts only.
    number = int(value) if isinstance(value, str) and value.strip().isdecimal() else value
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise wrong_field(conn_id, name, repr(value)[:60], "a whole number from 1 on, or nothing")
    return number


def _base_url(conn_id: str, connection: Connection) -> str | None:
    host = (connection.host or "").strip()
    if not host:
        return None
    url = host if "://" in host else f"{connection.schema or 'https'}://{host}"
    try:
        parts, port = urlsplit(url), urlsplit(url).port
    except ValueError:
        parts, port = urlsplit(""), None
    if connection.port and not port:
        url = parts._replace(netloc=f"{parts.netloc}:{connection.port}").geturl()
    # An "@" is looked for anywhere: a "/" in a password ends what the parser takes for user and password.
    secret = "@" in host or bool(parts.query)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment or secret or " " in host:
        shown = "a user name, password or query in it" if secret else f"the value {host[:100]!r}"
        raise ConnectionFieldError(
            f"The host of Connection {conn_id!r} has {shown}.",
            expected="an address such as https://shop.example.com, with the key in the field password.",
            fix="Admin > Connections in the Airflow UI, field Host.",
        )
    return url.rstrip("/")
