"""Every description in docs/shops.md is loaded from the demo shop, twice."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.integration.conftest import Loader
from tests.support import PROJECT
from tests.support.loads import Tables, connection_json

from demo_shop import DemoShop

PAGE = (PROJECT / "docs" / "shops.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"```python\n([A-Z0-9_]+) = (.+?)\n```", PAGE, re.S))
"""The Python of each example, by its name."""

EXPECTED: dict[str, tuple[str, str, int]] = {
    "OFFSET_PAGES": ("orders", "query", 3),
    "SINGLE_PAGE": ("products", "query", 1),
    "FOUND_BY_DLT": ("orders", "query", 3),
    "HEADER_KEY": ("products", "header", 1),
    "BEARER_TOKEN": ("products", "bearer", 1),
    "OAUTH2": ("products", "oauth", 1),
    "PAGE_NUMBERS": ("orders", "query", 3),
    "CURSOR_PAGES": ("orders", "query", 3),
    "LINKS": ("orders", "query", 3),
    "NESTED_TYPES": ("orders", "query", 2),
    "RENAMED_FIELD": ("orders", "query", 2),
}
"""Of each: its resource, how the key came, and the requests for rows."""

OPTIONS = ("NAMED_TOTAL", "READ_TWICE")
"""Those that are the options of a description; `test_docs_totals` loads with them."""


def test_every_example_is_known() -> None:
    assert EXAMPLES.keys() == {*EXPECTED, *OPTIONS}


@pytest.mark.parametrize("name", EXPECTED)
def test_an_example_loads_every_row_and_then_what_changed(
    load: Loader, tables: Tables, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    resource, way, requests = EXPECTED[name]
    with DemoShop(api_key="a-plain-key", sizes={"products": 30, "orders": 120}) as shop:
        login = "demo-client" if way == "oauth" else None
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url, "a-plain-key", login=login))
        description: Any = eval(EXAMPLES[name].replace("https://shop.example.com", shop.url))  # noqa: S307
        report = load(description)[resource]
        asked = [each for each in shop.requests if each.path.startswith("/v")]
        assert [each.auth for each in asked] == [way] * requests
        assert report.rows[resource] == len(shop.rows(resource))
        shop.update(resource, 7, **({"title": "changed"} if resource == "products" else {"status": "returned"}))
        load(description)
        version = asked[0].path.split("/")[1]
        rows = {row["id"]: row for row in shop.rows(resource, version)}
        found = tables.rows(resource)
        assert found.keys() == rows.keys()
        assert [found[7].get(column) for column in ("title", "status")] == [
            rows[7].get(column) for column in ("title", "status")
        ]


def test_money_in_a_list_is_a_decimal(load: Loader, tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    with DemoShop(api_key="a-plain-key", sizes={"orders": 120}) as shop:
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url, "a-plain-key"))
        load(eval(EXAMPLES["NESTED_TYPES"].replace("https://shop.example.com", shop.url)))  # noqa: S307
        prices = [Decimal(str(item["unit_price"])) for row in shop.rows("orders") for item in row["line_items"]]
    _, rows = tables.query("SELECT typeof(unit_price), unit_price FROM ecommerce.orders__line_items")
    assert {kind for kind, _ in rows} == {"DECIMAL(18,4)"}
    assert sorted(price for _, price in rows) == sorted(prices)


def test_links_on_the_page_lead_somewhere() -> None:
    headings = re.findall(r"^#+ (.+)$", PAGE, re.M)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", PAGE):
        file, _, anchor = target.partition("#")
        assert file == "" or Path(PROJECT, "docs", file).exists(), target
        assert file or anchor in anchors, target
