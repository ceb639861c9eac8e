"""OAuth2: a token is got from whatever answer has one; any other answer is one error, in the shop's own words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from dlt.common.configuration.specs import configspec
from dlt.sources.helpers.rest_client.auth import AuthConfigBase, OAuth2ClientCredentials, OAuthJWTAuth
from tests.integration.conftest import Loader
from tests.support.apis import api, whole
from tests.support.loads import KEY, Tables, connection_json

from ecom_source.errors import EcomError, PayloadError, RequestFailedError, ShopUnavailableError

TOKEN = "t0k3n-of-this-test"
ROWS = [{"id": number} for number in range(7)]


@dataclass
class TokenShop:
    """A shop whose rows need the token that its token address gives, in an answer of the test's choice."""

    url: str = ""
    status: int = 200
    answer: Any = None
    content_type: str = "application/json"
    asked: list[str] = field(default_factory=list)

    def respond(self, path: str, authorization: str | None) -> tuple[int, str, Any]:
        """Status, content type and body."""
        self.asked.append(path)
        if path == "/token":
            return self.status, self.content_type, self.answer
        if authorization != f"Bearer {TOKEN}":
            return 401, "application/json", {"error": f"{authorization} is not valid"}
        return 200, "application/json", {"data": ROWS, "total": len(ROWS)}


@pytest.fixture
def token_shop(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> Iterator[TokenShop]:
    """Which the Connection points to; nobody waits between attempts."""
    shop = TokenShop()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, kind, body = shop.respond(urlsplit(self.path).path, self.headers.get("Authorization"))
            content = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            """Stays quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    shop.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url, login="me"))
    monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=lambda seconds: None))
    yield shop
    server.shutdown()
    server.server_close()
    thread.join()


def _described(shop: TokenShop) -> Any:
    return {"type": "oauth2_client_credentials", "access_token_url": f"{shop.url}/token"}


def _object(shop: TokenShop) -> AuthConfigBase:
    return OAuth2ClientCredentials(access_token_url=f"{shop.url}/token", client_id="me", client_secret=KEY)


def _jwt(shop: TokenShop) -> AuthConfigBase:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    auth = OAuthJWTAuth(client_id="me", private_key=key.decode(), auth_endpoint=f"{shop.url}/token", scopes="all")
    # dlt looks for one in its configuration otherwise, and then asks for another.
    auth.token = "none yet"
    return auth


WAYS = pytest.mark.parametrize("auth", [_described, _object, _jwt], ids=["described", "object", "jwt"])
Auth = Callable[[TokenShop], Any]


@WAYS
@pytest.mark.parametrize(
    "expires",
    [
        {},
        {"expires_in": None},
        {"expires_in": "3600"},
        {"expires_in": 3600.5},
        {"expires_in": "3600.0"},
        {"expires_in": "never"},
        {"expires_in": ""},
        {"expires_in": []},
        {"expires_in": True},
        {"expires_in": 10**30},
        {"expires_in": "Infinity"},
        {"expires_in": "NaN"},
    ],
    ids=lambda given: str(given.get("expires_in", "none")),
)
def test_a_token_is_taken_whatever_its_expiry_looks_like(
    token_shop: TokenShop, load: Loader, tables: Tables, auth: Auth, expires: dict[str, Any]
) -> None:
    token_shop.answer = {"access_token": TOKEN, "token_type": "Bearer", **expires}
    load(api(whole("orders"), client={"auth": auth(token_shop)}))
    assert sorted(tables.rows("orders")) == list(range(7))
    assert token_shop.asked.count("/token") == 1


def test_a_token_that_runs_out_at_once_is_asked_for_again(token_shop: TokenShop, load: Loader, tables: Tables) -> None:
    token_shop.answer = {"access_token": TOKEN, "expires_in": 0}
    load(api(whole("orders"), client={"auth": _described(token_shop)}))
    assert sorted(tables.rows("orders")) == list(range(7))


SECRET = f"{KEY} is wrong"


@WAYS
@pytest.mark.parametrize(
    ("status", "answer", "kind", "says"),
    [
        (200, {"token": TOKEN}, PayloadError, "an object without an access_token (it has ['token'])."),
        (200, {"access_token": None}, PayloadError, "an object without an access_token"),
        (200, {"access_token": ""}, PayloadError, "an object without an access_token"),
        (200, {"access_token": {"is": TOKEN}}, PayloadError, "an object without an access_token"),
        (
            200,
            {"error": "invalid_client", "error_description": SECRET},
            PayloadError,
            'saying "*** is wrong; invalid_client".',
        ),
        (200, [TOKEN], PayloadError, "is no JSON object."),
        (200, f'"{TOKEN}"', PayloadError, "is no JSON object."),
        (200, "null", PayloadError, "is no JSON object."),
        (200, "", PayloadError, "is no JSON."),
        (200, f"access_token={TOKEN}&token_type=bearer", PayloadError, "is no JSON."),
        (200, "<html><title>Log in</title>", PayloadError, 'is no JSON, saying "Log in".'),
        (
            400,
            {"error": "invalid_client", "error_description": SECRET},
            RequestFailedError,
            'answered 400 to POST /token, saying "*** is wrong; invalid_client". It is not asked again',
        ),
        (401, "", RequestFailedError, "answered 401 to POST /token: it does not accept the key."),
        (403, {"message": "IP 1.2.3.4"}, RequestFailedError, 'saying "IP 1.2.3.4": it is not allowed.'),
        (503, "<title>Down</title>", ShopUnavailableError, 'POST /token, saying "Down", after 4 attempts'),
    ],
    ids=str,
)
def test_an_answer_without_a_token_is_one_error_in_the_shops_words(
    token_shop: TokenShop, load: Loader, auth: Auth, status: int, answer: Any, kind: type[EcomError], says: str
) -> None:
    token_shop.status, token_shop.answer = status, answer
    with pytest.raises(kind) as caught:
        load(api(whole("orders"), client={"auth": auth(token_shop)}))
    assert type(caught.value) is kind
    assert says in caught.value.found
    assert "warehouse" not in str(caught.value)
    assert KEY not in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert token_shop.asked == ["/token"] * (4 if status == 503 else 1)


def test_a_token_that_the_shop_sends_back_is_hidden(token_shop: TokenShop, load: Loader) -> None:
    token_shop.answer = {"access_token": "another-t0k3n"}
    with pytest.raises(RequestFailedError) as caught:
        load(api(whole("orders"), client={"auth": _described(token_shop)}))
    assert 'GET /v1/orders, saying "*** is not valid": it does not accept the key.' in caught.value.found


def test_a_class_that_finds_its_token_elsewhere_is_left_to_it(
    token_shop: TokenShop, load: Loader, tables: Tables
) -> None:
    @configspec
    class Nested(OAuth2ClientCredentials):
        """As https://dlthub.com/docs/general-usage/http/rest-client shows."""

        def parse_access_token(self, response_json: Any) -> str:
            return str(response_json["data"]["token"])

    token_shop.answer = {"data": {"token": TOKEN}, "expires_in": None}
    auth = Nested(access_token_url=f"{token_shop.url}/token", client_id="me", client_secret=KEY)
    load(api(whole("orders"), client={"auth": auth}))
    assert sorted(tables.rows("orders")) == list(range(7))
