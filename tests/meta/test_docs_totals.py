"""What docs/shops.md says of totals and paginators is what the examples do."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.meta.test_docs_shops import EXAMPLES, EXPECTED, PAGE
from tests.support.loads import Tables, connection_json

from demo_shop import DemoShop
from ecom_source.errors import IncompleteReadError
from ecom_source.options import Options
from ecom_source.paging.read_tally import JOINED, READ_WHOLE
from ecom_source.testing import run_load

NOT_PROVABLE = "not provable: the shop says no total"
PROVEN: list[tuple[str, str | None, bool, int, str]] = [
    ("PAGE_NUMBERS", None, True, 3, READ_WHOLE),
    ("PAGE_NUMBERS", "NAMED_TOTAL", True, 3, READ_WHOLE),
    # The page after the last one, as no total says which that is; read twice, by 50 rows and by 35.
    ("PAGE_NUMBERS", None, False, 4, NOT_PROVABLE),
    ("PAGE_NUMBERS", "READ_TWICE", False, 9, READ_WHOLE),
    ("OFFSET_PAGES", None, True, 3, READ_WHOLE),
    ("OFFSET_PAGES", "NAMED_TOTAL", True, 3, READ_WHOLE),
    ("OFFSET_PAGES", None, False, 4, JOINED),
    ("OFFSET_PAGES", "READ_TWICE", False, 9, JOINED),
    ("CURSOR_PAGES", "NAMED_TOTAL", True, 3, READ_WHOLE),
    ("CURSOR_PAGES", None, False, 3, NOT_PROVABLE),
    ("CURSOR_PAGES", "READ_TWICE", False, 6, READ_WHOLE),
    ("LINKS", "NAMED_TOTAL", True, 3, READ_WHOLE),
    ("LINKS", None, False, 3, NOT_PROVABLE),
    ("LINKS", "READ_TWICE", False, 6, READ_WHOLE),
    ("SINGLE_PAGE", None, False, 1, READ_WHOLE),
    ("FOUND_BY_DLT", None, True, 3, READ_WHOLE),
    ("FOUND_BY_DLT", None, False, 3, NOT_PROVABLE),
]
"""Of an example with options, if any, and a shop with or without a total: the requests for rows, and what is proven."""


@pytest.mark.parametrize(("name", "options", "total", "requests", "proof"), PROVEN)
def test_what_is_proven_of_a_read(
    tables: Tables,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    options: str | None,
    total: bool,
    requests: int,
    proof: str,
) -> None:
    resource = EXPECTED[name][0]
    with DemoShop(api_key="a-plain-key", sizes={"products": 30, "orders": 120}) as shop:
        shop.habits.no_total = not total
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url, "a-plain-key"))
        description: Any = eval(EXAMPLES[name].replace("https://shop.example.com", shop.url))  # noqa: S307
        chosen = eval(EXAMPLES[options], {"Options": Options}) if options else None  # noqa: S307
        report = run_load(description, options=chosen)[resource]
        assert len([each for each in shop.requests if each.path.startswith("/v")]) == requests
        assert report.readings[resource].proof == proof
        assert tables.rows(resource).keys() == {row["id"] for row in shop.rows(resource)}


@contextmanager
def shop_of_three_totals() -> Iterator[tuple[str, list[str]]]:
    """A shop of 7 orders in pages of 3, with its total in each answer, in a header and at a path.

    Gives its address, and the paths that are asked for.
    """
    asked: list[str] = []

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(urlsplit(self.path).path)
            offset = int(parse_qs(urlsplit(self.path).query).get("offset", ["0"])[0])
            rows = [{"id": number} for number in range(7)][offset : offset + 3]
            page = {"data": rows, "meta": {"total": 7}}
            self.send_response(200)
            self.send_header("X-WP-Total", "7")
            self.end_headers()
            self.wfile.write(json.dumps({"count": 7} if asked[-1].endswith("/count") else page).encode())

        def log_message(self, *_: Any) -> None:
            """Stays quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()


NAMED = [
    ast.literal_eval(text)
    for text in re.findall(
        r'^\| `(".+?"|False)` \|', PAGE.partition("| `Options(total=…)` |")[2].partition("\n\n")[0], re.M
    )
]
"""What `Options(total=…)` may be, by the page's table."""


def test_the_table_has_each_way_to_name_a_total() -> None:
    assert NAMED == ["meta.total", "X-WP-Total", "/v1/orders/count", False]


@pytest.mark.parametrize("total", NAMED)
def test_a_total_is_found_where_it_is_named(tables: Tables, monkeypatch: pytest.MonkeyPatch, total: Any) -> None:
    description: Any = eval(EXAMPLES["OFFSET_PAGES"])  # noqa: S307
    description["client"]["paginator"] = {"type": "offset", "limit": 3, "total_path": None}
    with shop_of_three_totals() as (url, asked):
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(url, "a-plain-key"))
        report = run_load(description, options=Options(total=total))["orders"]
    reading = report.readings["orders"]
    assert (reading.distinct, reading.total, reading.proof) == (
        (7, None, JOINED) if total is False else (7, 7, READ_WHOLE)
    )
    assert asked.count("/v1/orders/count") == (total == "/v1/orders/count")
    assert sorted(tables.rows("orders")) == list(range(7))


def test_a_read_that_stays_short_of_a_named_total_fails(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    with DemoShop(api_key="a-plain-key", sizes={"orders": 120}) as shop:
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url, "a-plain-key"))
        description: Any = eval(EXAMPLES["PAGE_NUMBERS"].replace("https://shop.example.com", shop.url))  # noqa: S307
        description["resources"][0]["endpoint"]["paginator"] = "single_page"
        with pytest.raises(IncompleteReadError, match="has 120 rows, and 50 different rows came"):
            run_load(description, options=eval(EXAMPLES["NAMED_TOTAL"], {"Options": Options}))  # noqa: S307
        # Unless it is only guessed that this is the total.
        report = run_load(description)["orders"]
        assert report.readings["orders"].proof == "not provable: the shop says 120 rows somewhere, and 50 came, twice"
