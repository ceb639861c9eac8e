"""The connection type "E-commerce API": what Airflow knows of it, and its Test button on a real shop."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from airflow.models.connection import Connection
from airflow.providers_manager import ProvidersManager
from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator
from requests import Response
from tests.integration.conftest import Loader
from tests.support.apis import api, whole, windowed
from tests.support.loads import KEY, Tables, connection_json

from demo_shop import DemoShop, RequestRecord
from ecom_source.errors import ConnectionFieldError, RequestFailedError
from local_airflow.environment import free_port

Press = Callable[..., tuple[bool, str]]


@pytest.fixture
def press(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, shop: DemoShop) -> Press:
    """Presses Test on a form with these fields, as Airflow's api-server does; its answer never has the key."""

    def press(extra: Any = None, **fields: Any) -> tuple[bool, str]:
        given = {"host": shop.url, "password": KEY, **fields}
        connection = Connection("transient", "ecom_api", extra=json.dumps(extra or {}), **given)
        monkeypatch.setenv("AIRFLOW_CONN_TRANSIENT", connection.get_uri())
        with caplog.at_level(logging.DEBUG):
            passed, message = connection.test_connection()  # type: ignore[no-untyped-call]
        for form in (KEY, quote(KEY), quote_plus(KEY)):
            assert form not in message
            assert form not in caplog.text
        assert "transient" not in message
        return passed, message

    return press


def test_the_installed_package_brings_the_type() -> None:
    manager = ProvidersManager()  # type: ignore[no-untyped-call]
    hook = manager.hooks["ecom_api"]
    assert hook is not None
    assert (hook.hook_name, hook.package_name) == ("E-commerce API", "ecom-elt")
    fields = [name for name in manager.connection_form_widgets if name.startswith("extra__ecom_api__")]
    assert [name.rpartition("__")[2] for name in fields] == ["key_location", "key_name", "page_size", "test_path"]
    behaviour = manager.field_behaviours["ecom_api"]
    assert behaviour["relabeling"]["host"] == "Base URL"
    assert set(behaviour["hidden_fields"]) == {"schema", "extra"}


def test_a_good_form_says_what_came(press: Press, shop: DemoShop) -> None:
    passed, message = press()
    assert passed, message
    start = f"{shop.url} was reached, the key is accepted, the first page of /v1/resource was read in "
    assert message.startswith(start)
    assert message.endswith(" ms: 100 of 340 rows.")
    (request,) = shop.requests
    assert (request.path, request.auth) == ("/v1/resource", "query")
    assert request.params == {"limit": "100", "offset": "0", "api_key": KEY}


@pytest.mark.parametrize(
    ("extra", "fields", "way", "rows"),
    [
        ({"page_size": 7}, {}, "query", "7 of 340 rows"),
        ({"test_path": "/v1/orders?limit=3"}, {}, "query", "3 of 120 rows"),
        ({"test_path": "/v1/products/1"}, {}, "query", "1 row"),
        ({"key_location": "header", "key_name": "X-API-Key"}, {"password": "plain"}, "header", "100 of 340 rows"),
        ({"key_location": "bearer"}, {"password": "plain"}, "bearer", "100 of 340 rows"),
        ({"key_location": "basic"}, {"password": "plain", "login": "shop"}, "basic", "100 of 340 rows"),
    ],
    ids=["page size", "test path", "a single row", "header", "bearer", "basic"],
)
def test_each_field_is_heeded(
    press: Press, shop: DemoShop, extra: dict[str, Any], fields: dict[str, Any], way: str, rows: str
) -> None:
    if fields:
        shop.access.api_key = "plain"
    passed, message = press(extra, **fields)
    assert passed, message
    assert message.endswith(f" ms: {rows}.")
    assert [each.auth for each in shop.requests] == [way]


@pytest.mark.parametrize(
    ("extra", "fields", "says"),
    [
        ({}, {"password": "wrong"}, ". The shop answered 401 to GET /v1/resource, saying"),
        ({}, {"password": None}, "This Connection has an empty password. Expected: the api_key"),
        ({}, {"host": None}, "The field Base URL is empty. Expected: the shop's address"),
        ({}, {"host": "file:///etc/passwd"}, "has the value 'file:///etc/passwd'"),
        ({}, {"host": "http://no-such-shop.invalid"}, "gave no complete answer: name not known, after 1 attempt"),
        (
            {},
            {"host": f"http://127.0.0.1:{free_port()}"},
            "gave no complete answer: connection refused, after 1 attempt",
        ),
        ({"test_path": "/nowhere"}, {}, ". The shop answered 404 to GET /nowhere"),
        ({"page_size": 100_000}, {}, ". The shop answered 400 to GET /v1/resource, saying"),
        ({"page_size": "x"}, {}, "This Connection has 'x' in its field 'page_size'. Expected: a whole number"),
        ({"key_location": "header"}, {}, "the key goes into a header, not into which"),
    ],
    ids=["key", "no key", "no host", "no web address", "name", "port", "path", "page size", "number", "no key name"],
)
def test_a_form_that_cannot_work_says_which_step_failed(
    press: Press, extra: dict[str, Any], fields: dict[str, Any], says: str
) -> None:
    passed, message = press(extra, **fields)
    assert not passed
    assert says in message


@pytest.mark.parametrize(
    ("fault", "options", "says"),
    [
        ("html", {}, ". The answer of /v1/resource is no JSON but 'text/html'"),
        ("malformed", {}, ". The answer of /v1/resource is no JSON but 'application/json'"),
        ("status", {"status": 503}, ". The shop answered 503 to GET /v1/resource"),
        ("status", {"status": 429}, ". The shop answered 429 to GET /v1/resource"),
        ("drop", {}, "gave no complete answer: the connection was closed before an answer"),
    ],
)
def test_a_shop_that_is_ill_is_asked_once(
    press: Press, shop: DemoShop, fault: str, options: dict[str, Any], says: str
) -> None:
    shop.fail(fault, times=None, **options)
    passed, message = press()
    assert not passed
    assert says in message
    assert len(shop.requests) == 1


def test_a_shop_without_tls_is_told_from_one_that_is_not_trusted(press: Press, shop: DemoShop) -> None:
    passed, message = press(host=shop.url.replace("http:", "https:"))
    assert not passed
    assert "gave no complete answer: it does not speak TLS (https) there" in message


def test_a_load_takes_key_location_and_page_size_from_the_connection(
    load: Loader, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = {"key_location": "header", "key_name": "X-API-Key", "page_size": 12}
    with DemoShop(api_key="plain", sizes={"products": 30}) as shop:
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url, "plain", extra=extra))
        load(api(whole("products")))
        asked = [(each.auth, each.params["limit"]) for each in shop.requests]
    assert len(asked) in (3, 4)
    assert set(asked) == {("header", "12")}
    assert len(tables.rows("products")) == 30


def test_a_load_refuses_a_wrong_extra_before_any_request(
    shop: DemoShop, load: Loader, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url, extra={"key_location": "nowhere"}))
    with pytest.raises(ConnectionFieldError, match="'nowhere' in its field 'key_location'"):
        load(api(whole("products")))
    assert shop.requests == []


@pytest.mark.parametrize("location", ["query", "header"])
def test_the_key_follows_no_redirect_to_another_host(
    press: Press,
    shop: DemoShop,
    load: Loader,
    tables: Tables,
    monkeypatch: pytest.MonkeyPatch,
    location: str,
) -> None:
    extra = {"key_location": location, "key_name": "api_key" if location == "query" else "X-API-Key"}
    monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url, extra=extra))
    with DemoShop(api_key=KEY) as other:
        shop.fail("redirect", url=f"{other.url}/v1/products", status=307, times=2)
        with pytest.raises(RequestFailedError, match=f"The shop sends /v1/products on to another host, {other.url}"):
            load(api(whole("products")))
        passed, message = press({**extra, "test_path": "/v1/products"})
        assert not passed
        assert "on to another host" in message
        assert other.requests == []
    # One of its own is followed.
    shop.fail("redirect", url=f"{shop.url}/v1/products?api_key={quote_plus(KEY)}", status=307)
    load(api(whole("products")))
    assert len(tables.rows("products")) == 30


def test_the_key_follows_no_link_to_another_host(
    shop: DemoShop, load: Loader, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Elsewhere(JSONLinkPaginator):
        """A shop behind a proxy, whose links name a host of their own."""

        def update_state(self, response: Response, data: list[Any] | None = None) -> None:
            super().update_state(response, data)
            self._next_reference = (self._next_reference or "").replace("127.0.0.1", "localhost")

    paginator = Elsewhere(next_url_path="next")
    with pytest.raises(RequestFailedError, match="The shop sends /v4/resource on to another host, http://localhost:"):
        load(api(whole("ecommerce_data", "/v4/resource", endpoint={"paginator": paginator})))
    assert len(shop.requests) == 1


def test_a_redirect_to_the_same_page_is_followed_where_pages_are_asked_for_in_advance(
    shop: DemoShop, load: Loader, tables: Tables
) -> None:
    sent: list[int] = []

    def once(record: RequestRecord) -> None:
        # The page is one that was asked for in advance; the shop sends the client there once more.
        if record.params.get("offset") == "198" and not sent:
            sent.append(record.number)
            shop.fail("redirect", url=f"{shop.url}{record.path}?{urlencode(record.params)}", status=307)

    shop.on_request(once)
    load(api(windowed("ecommerce_data", "/v1/resource")))
    assert sent
    assert [each.params["offset"] for each in shop.requests].count("198") == 2
    assert len(tables.rows("ecommerce_data")) == 340
