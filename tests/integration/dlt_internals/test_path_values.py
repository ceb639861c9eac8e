"""Keys in paths, loaded from a shop that is asked for each of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from tests.support.apis import api, whole
from tests.support.loads import Tables, connection_json

from ecom_source.errors import PayloadError, RequestFailedError
from ecom_source.testing import run_load

KEYS = ["A", "A#B", "A?x=1", "A/B", "50%", "%41", "a b", "a+b", "a;b=c", "..a", "Ü漢😀", "a\tb", "B"]


class Shop:
    """Products by `sku`, and the stock of each at a path and under a parameter of its own."""

    def __init__(self) -> None:
        self.keys = list(KEYS)
        self.href = "/stock/{number}/at?place=1#top"
        self.unknown: list[str] = []
        self.url = ""

    def answer(self, target: str) -> Any:
        """The answer to a request; None for what is not there."""
        parts = urlsplit(target)
        query = parse_qs(parts.query, keep_blank_values=True)
        path = [unquote(part) for part in parts.path.split("/")[1:]]
        if path == ["products"]:
            return [{"sku": key, "href": self.href.format(number=at)} for at, key in enumerate(self.keys)]
        if path == ["stock"] and "sku" in query:
            path = ["stock", query["sku"][0]]
        if len(path) == 3 and path[2] == "at" and query.get("place") == ["1"]:
            path = ["stock", self.keys[int(path[1])]]
        if len(path) == 2 and path[1] in self.keys:
            return [{"item": self.keys.index(path[1]), "of": path[1]}]
        self.unknown.append(target)
        return None


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A shop that the Connection `ecom_api` points to."""
    shop = Shop()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer = shop.answer(self.path)
            body = json.dumps(answer).encode()
            self.send_response(404 if answer is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Stays quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    shop.url = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url))
    try:
        yield shop
    finally:
        server.shutdown()
        server.server_close()


def load(temp: Path, path: str, **endpoint: Any) -> None:
    single = {"data_selector": "$", "paginator": "single_page"}
    products = whole("products", "/products", primary_key="sku", endpoint=single)
    more = {"primary_key": "item", "include_from_parent": ["sku"]}
    run_load(api(products, whole("stock", path, endpoint={**single, **endpoint}, **more)))


BY_PARAM = {"params": {"key": {"type": "resolve", "resource": "products", "field": "sku"}}}


@pytest.mark.parametrize(
    ("path", "endpoint"),
    [
        ("/stock/{resources.products.sku}", {}),
        ("stock/{key}", BY_PARAM),
        ("/stock", {"params": {"sku": "{resources.products.sku}"}}),
        ("/stock?sku={resources.products.sku}", {}),
        ("{resources.products.href}", {}),
        ("/{resources.products.href}", {}),
    ],
)
def test_each_row_gets_its_own(shop: Shop, tables: Tables, tmp_path: Path, path: str, endpoint: Any) -> None:
    load(tmp_path, path, **endpoint)
    assert shop.unknown == []
    found = {number: (row["of"], row["_products_sku"]) for number, row in tables.rows("stock", key="item").items()}
    assert found == {number: (key, key) for number, key in enumerate(KEYS)}


def test_an_address_of_a_row_s_own_is_asked(shop: Shop, tables: Tables, tmp_path: Path) -> None:
    shop.href = shop.url + shop.href
    load(tmp_path, "{resources.products.href}")
    assert len(tables.rows("stock", key="item")) == len(KEYS)


@pytest.mark.parametrize("host", ["http://localhost", "https://evil.example.com", "HTTP://evil.example.com:80"])
def test_the_key_goes_to_no_other_host(shop: Shop, tables: Tables, tmp_path: Path, host: str) -> None:
    shop.href = host + shop.href
    with pytest.raises(RequestFailedError, match="another host"):
        load(tmp_path, "{resources.products.href}")


@pytest.mark.parametrize("key", ["", ".", ".."])
def test_a_key_that_would_lead_elsewhere_fails_the_load(shop: Shop, tables: Tables, tmp_path: Path, key: str) -> None:
    shop.keys.append(key)
    with pytest.raises(PayloadError) as error:
        load(tmp_path, "/stock/{resources.products.sku}")
    assert f"A row of 'products' has {key!r} for the placeholder 'resources.products.sku'" in error.value.found
    assert shop.unknown == []
