"""`Options(total=…)` and `read_twice` with a shop that is really asked, and tables that are really filled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.support.apis import api, whole
from tests.support.loads import Tables, connection_json, load_as
from tests.support.paged_shop import PagedShop

from ecom_source.errors import IncompleteReadError
from ecom_source.load.report import Report
from ecom_source.options import Options
from ecom_source.paging.read_tally import JOINED

PAGINATORS: dict[str, Any] = {
    "offset": {"type": "offset", "limit": 10, "total_path": None},
    "page": {"type": "page_number", "base_page": 1, "total_path": None},
    "position": {"type": "cursor", "cursor_path": "cursor", "cursor_param": "cursor"},
}


@contextmanager
def served(shop: PagedShop, counts: list[str], too_many: int = 0) -> Iterator[str]:
    """Serves a shop on 127.0.0.1; `/orders/count` counts its rows, and `too_many` beside."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = {name: value for name, value in parse_qsl(url.query) if name != "api_key"}
            if url.path == "/orders/count":
                counts.append(url.query.partition("&api_key")[0])
                status, headers, body = 200, dict[str, str](), {"count": len(shop.rows) + too_many}
            else:
                status, headers, body = shop.answer(query)
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: Any) -> None:
            """Stays quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def loaded(
    shop: PagedShop, monkeypatch: pytest.MonkeyPatch, too_many: int = 0, **options: Any
) -> tuple[Report, list[str]]:
    endpoint = {"paginator": PAGINATORS[shop.kind], "params": {"status": "any"}}
    counts: list[str] = []
    with served(shop, counts, too_many) as url:
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(url))
        reports = load_as(
            api(whole("orders", "/orders", endpoint=endpoint)), options=Options(parallel_pages=1, **options)
        )
    return reports["orders"], counts


@pytest.mark.parametrize("kind", PAGINATORS)
@pytest.mark.parametrize(
    ("total", "where"),
    [("total", "body"), ("X-Total-Count", "header"), ("/orders/count", "nowhere"), (None, "body"), (False, "body")],
)
def test_each_form_of_a_total(
    kind: str, total: Any, where: str, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = PagedShop(25, kind, says="nothing" if where == "nowhere" else "right", where=where)
    report, counts = loaded(shop, monkeypatch, total=total)
    assert sorted(tables.rows("orders")) == shop.ids
    reading = report.readings["orders"]
    assert (reading.total, reading.distinct) == (None if total is False else 25, 25)
    assert bool(reading.doubts) is (total is False and kind != "offset")
    # Before the first page, too, where pages cannot overlap.
    assert counts == ["status=any"] * (0 if where != "nowhere" else 1 if kind == "offset" else 2)


@pytest.mark.parametrize("kind", PAGINATORS)
@pytest.mark.parametrize(("total", "too_many"), [("total", 0), ("/orders/count", 7)])
def test_a_named_total_that_is_too_high_fails_the_run(
    kind: str, total: str, too_many: int, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = PagedShop(25, kind, says="nothing" if too_many else "filter ignored")
    with pytest.raises(IncompleteReadError, match="has 32 rows, and 25 different rows came") as caught:
        loaded(shop, monkeypatch, too_many, total=total)
    assert "name the right one by `Options(total=…)`" in caught.value.fix


def test_a_guessed_total_that_is_too_high_is_not_provable(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = PagedShop(25, "page", says="filter ignored")
    report, _ = loaded(shop, monkeypatch)
    assert sorted(tables.rows("orders")) == shop.ids
    reading = report.readings["orders"]
    assert (reading.again, reading.proof) == (1, "not provable: the shop says 32 rows somewhere, and 25 came, twice")


def test_two_reads_in_different_page_sizes_are_compared(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = PagedShop(25, says="nothing")
    report, _ = loaded(shop, monkeypatch, read_twice=True)
    assert sorted(tables.rows("orders")) == shop.ids
    assert [query for query in shop.asked if "offset=0" in query] == [
        "status=any&offset=0&limit=10",
        "status=any&offset=0&limit=7",
    ]
    assert report.readings["orders"].proof == JOINED


def test_two_reads_that_differ_are_read_once_more(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = PagedShop(25, "position", says="nothing", changes={1: lambda shop: shop.delete(1)})
    report, _ = loaded(shop, monkeypatch, read_twice=True)
    # The first read lost row 11, which a deletion had pulled over the border of a page; the second and third agree.
    assert sorted(tables.rows("orders")) == shop.ids == list(range(2, 26))
    assert report.readings["orders"].again == 2


def test_two_reads_that_never_agree_fail_the_run(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = PagedShop(25, "position", says="nothing", changes={at: lambda shop: shop.insert() for at in range(1, 40)})
    with pytest.raises(IncompleteReadError, match="Two reads of 'orders' gave different rows"):
        loaded(shop, monkeypatch, read_twice=True)
