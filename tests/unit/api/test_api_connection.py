"""Airflow Connections, through Airflow's own look-up."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any, get_args

import dlt
import pytest
from dlt.sources.rest_api.typing import AuthType

from ecom_source.api.api_connection import (
    CONNECTION_FIELDS,
    SECRET_FIELDS,
    ApiConnection,
    add_command,
    api_connection,
    fill_auth,
    secrets_in_dlt,
)
from ecom_source.errors import ConnectionFieldError
from ecom_source.secrets.airflow_connection import find_connection

KEY = 'k+y/=&%é"1'


def found(monkeypatch: pytest.MonkeyPatch, connection: str | dict[str, Any]) -> ApiConnection:
    """`shop_probe` as an environment variable says it."""
    text = connection if isinstance(connection, str) else json.dumps({"conn_type": "ecom_api", **connection})
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_PROBE", text)
    return api_connection("shop_probe")


@pytest.mark.parametrize(
    ("connection", "base_url"),
    [
        pytest.param({"host": "https://shop.test"}, "https://shop.test", id="an address"),
        pytest.param({"host": " https://shop.test/ "}, "https://shop.test", id="blanks and a slash at its end"),
        pytest.param({"host": "http://127.0.0.1:8080/api/"}, "http://127.0.0.1:8080/api", id="a port and a path"),
        pytest.param({"host": "shop.test"}, "https://shop.test", id="a name alone is https"),
        pytest.param({"host": "shop.test", "schema": "http"}, "http://shop.test", id="the schema"),
        pytest.param(
            {"host": "https://shop.test", "schema": "http"}, "https://shop.test", id="the host's own goes first"
        ),
        pytest.param({"host": "shop.test", "port": 8443}, "https://shop.test:8443", id="the port"),
        pytest.param(
            {"host": "http://shop.test/api", "port": 80}, "http://shop.test:80/api", id="the port before a path"
        ),
        pytest.param({"host": "shop.test:1", "port": 2}, "https://shop.test:1", id="the host's own port goes first"),
        pytest.param({"host": "[::1]:8080", "schema": "http"}, "http://[::1]:8080", id="IPv6"),
        pytest.param({"host": "", "password": KEY}, None, id="no host"),
        pytest.param("ecom-api://:key@http%3A%2F%2F127.0.0.1%3A8080", "http://127.0.0.1:8080", id="a URI, escaped"),
        pytest.param("ecom-api://:key@shop.test:8443/http", "http://shop.test:8443", id="a URI with a schema"),
    ],
)
def test_the_address_is_put_together_from_host_schema_and_port(
    monkeypatch: pytest.MonkeyPatch, connection: str | dict[str, Any], base_url: str | None
) -> None:
    assert found(monkeypatch, connection).base_url == base_url


@pytest.mark.parametrize(
    ("connection", "says"),
    [
        pytest.param(
            {"host": "https://joe:s3cr3t@shop.test"}, "a user name, password or query", id="a user and password"
        ),
        pytest.param({"host": "joe:s3cr3t@shop.test"}, "a user name, password or query", id="without a scheme"),
        pytest.param({"host": "https://joe:12/s3cr3t@shop.test"}, "a user name, password or query", id="with a slash"),
        pytest.param({"host": "https://joe:x/s3cr3t@shop.test"}, "a user name, password or query", id="no port either"),
        pytest.param({"host": "https://joe@shop.test"}, "a user name, password or query", id="a user"),
        pytest.param({"host": "https://shop.test?api_key=s3cr3t"}, "a user name, password or query", id="a query"),
        pytest.param({"host": "https://shop.test/#top"}, "'https://shop.test/#top'", id="a fragment"),
        pytest.param({"host": "file:///etc/passwd"}, "'file:///etc/passwd'", id="a file"),
        pytest.param({"host": "shop.test", "schema": "ftp"}, "'shop.test'", id="another schema"),
        pytest.param({"host": "https://"}, "'https://'", id="a scheme alone"),
        pytest.param({"host": "https://[::1"}, "'https://[::1'", id="half of an IPv6 address"),
        pytest.param({"host": "shop.test:99999"}, "'shop.test:99999'", id="no such port"),
        pytest.param({"host": "http:shop.test"}, "'http:shop.test'", id="slashes left out"),
        pytest.param({"host": "our shop"}, "'our shop'", id="words"),
        pytest.param({"host": "x://" + "y" * 200}, f"'x://{'y' * 96}'", id="a long one is cut"),
    ],
)
def test_a_host_that_is_no_web_address_is_refused(
    monkeypatch: pytest.MonkeyPatch, connection: dict[str, Any], says: str
) -> None:
    with pytest.raises(ConnectionFieldError) as caught:
        found(monkeypatch, connection)
    assert caught.value.found.startswith("The host of Connection 'shop_probe' has ")
    assert says in caught.value.found
    assert "s3cr3t" not in str(caught.value)
    assert "field Host" in caught.value.fix


@pytest.mark.parametrize(
    "connection",
    [
        pytest.param({"host": "shop.test", "login": "joe", "password": KEY}, id="JSON"),
        pytest.param("ecom-api://joe:k%2By%2F%3D%26%25%C3%A9%221@shop.test", id="URI"),
    ],
)
def test_login_and_password_are_read_as_stored(
    monkeypatch: pytest.MonkeyPatch, connection: str | dict[str, Any]
) -> None:
    connected = found(monkeypatch, connection)
    assert connected == ApiConnection("shop_probe", "https://shop.test", "joe", KEY)
    assert KEY not in repr(connected)
    assert connected.redactor(f"api_key={KEY}") == "api_key=***"


def test_empty_fields_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(monkeypatch, {"login": "", "password": ""}) == ApiConnection("shop_probe", None, None, None)


@pytest.mark.parametrize(
    ("extra", "fields"),
    [
        pytest.param("", {}, id="none"),
        pytest.param({"key_location": "", "key_name": " ", "page_size": None, "test_path": None}, {}, id="empty ones"),
        pytest.param(
            {"key_location": "header", "key_name": "X-API-Key"},
            {"key_location": "header", "key_name": "X-API-Key"},
            id="where the key goes",
        ),
        pytest.param({"page_size": 250}, {"page_size": 250}, id="a number"),
        pytest.param({"page_size": "250"}, {"page_size": 250}, id="a number as text"),
        pytest.param({"test_path": "/v1/orders"}, {"test_path": "/v1/orders"}, id="a path"),
        pytest.param({"of_another_tool": [1]}, {}, id="fields of others are left alone"),
    ],
)
def test_extra_fields(monkeypatch: pytest.MonkeyPatch, extra: Any, fields: dict[str, Any]) -> None:
    connected = found(monkeypatch, {"host": "shop.test", "extra": extra})
    assert connected == ApiConnection("shop_probe", "https://shop.test", None, None, **fields)


def test_extra_fields_in_a_uri(monkeypatch: pytest.MonkeyPatch) -> None:
    connected = found(monkeypatch, "ecom-api://:k@shop.test/?key_location=header&key_name=X-API-Key&page_size=7")
    assert (connected.key_location, connected.key_name, connected.page_size) == ("header", "X-API-Key", 7)


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ({"key_location": "cookie"}, "'cookie' in its field 'key_location'"),
        ({"key_location": 1}, "1 in its field 'key_location'"),
        ({"key_name": ["a"]}, "['a'] in its field 'key_name'"),
        ({"page_size": 0}, "0 in its field 'page_size'"),
        ({"page_size": -5}, "-5 in its field 'page_size'"),
        ({"page_size": "many"}, "'many' in its field 'page_size'"),
        ({"page_size": 1.5}, "1.5 in its field 'page_size'"),
        ({"page_size": True}, "True in its field 'page_size'"),
        ({"test_path": 3}, "3 in its field 'test_path'"),
        ('["s3cr3t"]', "a text that is no JSON object in its field 'extra'"),
        ("s3cr3t", "a text that is no JSON object in its field 'extra'"),
    ],
    ids=str,
)
def test_an_extra_field_that_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch, extra: Any, says: str) -> None:
    with pytest.raises(ConnectionFieldError) as caught:
        found(monkeypatch, {"host": "shop.test", "extra": extra})
    assert caught.value.found == f"The Connection 'shop_probe' has {says}."
    assert "Admin > Connections" in caught.value.fix
    assert "s3cr3t" not in str(caught.value)


def test_a_missing_connection_says_how_to_make_it() -> None:
    assert find_connection("shop_nowhere") is None
    with pytest.raises(ConnectionFieldError) as caught:
        api_connection("shop_nowhere")
    assert caught.value.found == "There is no Connection 'shop_nowhere'."
    assert add_command("shop_nowhere") in caught.value.fix
    assert "airflow connections add shop_nowhere --conn-type ecom_api --conn-host" in caught.value.fix


@pytest.mark.parametrize("text", ["{broken", "ecom-api://:s3cr3t@http://127.0.0.1:8080"], ids=["JSON", "URI"])
def test_a_connection_that_cannot_be_read_is_not_taken_for_none(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_PROBE", text)
    with pytest.raises(ConnectionFieldError, match="AIRFLOW_CONN_SHOP_PROBE is no Connection") as caught:
        find_connection("shop_probe")
    assert "s3cr3t" not in str(caught.value)


FULL = ApiConnection("shop", "https://shop.test", "joe", KEY)


@pytest.mark.parametrize(
    ("auth", "filled"),
    [
        pytest.param(None, None, id="a public API"),
        pytest.param("bearer", {"type": "bearer", "token": KEY}, id="bearer, short"),
        pytest.param({"token": ""}, {"token": KEY}, id="bearer is dlt's default"),
        pytest.param("api_key", {"type": "api_key", "api_key": KEY}, id="api_key, short"),
        pytest.param(
            {"type": "api_key", "name": "X-Key", "location": "header"},
            {"type": "api_key", "name": "X-Key", "location": "header", "api_key": KEY},
            id="api_key",
        ),
        pytest.param("http_basic", {"type": "http_basic", "username": "joe", "password": KEY}, id="http_basic, short"),
        pytest.param(
            {"type": "http_basic", "username": "ann"},
            {"type": "http_basic", "username": "ann", "password": KEY},
            id="a field of the description stays",
        ),
        pytest.param(
            {"type": "oauth2_client_credentials", "access_token_url": "https://shop.test/token"},
            {
                "type": "oauth2_client_credentials",
                "access_token_url": "https://shop.test/token",
                "client_id": "joe",
                "client_secret": KEY,
            },
            id="oauth2",
        ),
        pytest.param({"type": "of_their_own"}, {"type": "of_their_own"}, id="a type that is not known is left alone"),
    ],
)
def test_the_secret_fields_left_out_come_from_the_connection(auth: Any, filled: Any) -> None:
    before = json.dumps(auth)
    with secrets_in_dlt(FULL):
        assert fill_auth(auth, FULL) == filled
    assert json.dumps(auth) == before


def test_an_auth_object_is_left_alone() -> None:
    from dlt.sources.helpers.rest_client.auth import BearerTokenAuth

    auth = BearerTokenAuth(token="theirs")
    assert fill_auth(auth, FULL) is auth


@pytest.mark.parametrize(
    ("kind", "name"),
    [pytest.param(kind, name, id=f"{kind} {name}") for kind, names in SECRET_FIELDS.items() for name in names],
)
def test_an_empty_field_is_named_with_its_connection_and_command(kind: str, name: str) -> None:
    source = CONNECTION_FIELDS[name]
    values = {"login": "joe", "password": KEY, source: None}
    half = ApiConnection("shop", None, values["login"], values["password"])
    others = {field: "given" for field in SECRET_FIELDS[kind] if field != name}
    with secrets_in_dlt(half):
        with pytest.raises(ConnectionFieldError) as caught:
            fill_auth({"type": kind, **others}, half)
        # Not asked for where the description has it.
        assert fill_auth({"type": kind, **others, name: "given"}, half)[name] == "given"
    assert caught.value.found == f"The Connection 'shop' has an empty {source}."
    assert caught.value.expected.startswith(f"the {name} of the shop's {kind!r} login in its field {source!r}")
    assert (f'`"{name}": ""`' in caught.value.expected) == (kind == "http_basic")
    assert "airflow connections add shop" in caught.value.fix
    assert ("--conn-login" in caught.value.fix) == (source == "login")
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("empty", ["username", "password"])
def test_an_empty_text_in_http_basic_is_meant(empty: str) -> None:
    """With some shops the key is the user name, with others the password, and the other one is empty."""
    given = ApiConnection("shop", None, *((None, KEY) if empty == "username" else (KEY, None)))
    with secrets_in_dlt(given):
        filled = fill_auth({"type": "http_basic", empty: ""}, given)
    assert filled == {"type": "http_basic", "username": KEY, "password": KEY, empty: ""}
    # Wherever it is, it is the key.
    sent = b64encode(f"{filled['username']}:{filled['password']}".encode()).decode()
    assert given.redactor(f"Basic {sent}") == "Basic ***"
    assert KEY not in given.redactor(f"no {KEY} here")


def test_every_auth_type_of_dlt_is_known() -> None:
    assert set(SECRET_FIELDS) == set(get_args(AuthType))


def test_secrets_are_in_dlt_for_the_block_only() -> None:
    with secrets_in_dlt(FULL):
        assert {name: dlt.secrets.get(name) for name in CONNECTION_FIELDS} == {
            "api_key": KEY,
            "token": KEY,
            "password": KEY,
            "client_secret": KEY,
            "username": "joe",
            "client_id": "joe",
        }
    assert dlt.secrets.get("api_key") is None
    with secrets_in_dlt(ApiConnection("shop", None, None, None)):
        assert dlt.secrets.get("api_key") is None
