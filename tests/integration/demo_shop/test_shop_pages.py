"""Each version of the API: every row exactly once, filters, sorting, and what is refused."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from demo_shop import DemoShop

Get = Callable[..., requests.Response]
Rows = list[dict[str, Any]]


def by_offset(get: Get, name: str, **query: Any) -> Iterator[Rows]:
    offset = 0
    while rows := get(f"/v1/{name}", offset=offset, limit=100, **query).json()["data"]:
        yield rows
        offset += 100


def by_page(get: Get, name: str, **query: Any) -> Iterator[Rows]:
    page, pages = 1, 1
    while page <= pages:
        answer = get(f"/v2/{name}", page=page, per_page=90, **query).json()
        assert (answer["page"], answer["per_page"]) == (page, 90)
        pages = answer["total_pages"]
        yield answer["data"]
        page += 1


def by_cursor(get: Get, name: str, **query: Any) -> Iterator[Rows]:
    answer = get(f"/v3/{name}", limit=250, **query).json()
    yield answer["data"]
    while answer["next_cursor"]:
        answer = get(f"/v3/{name}", limit=250, cursor=answer["next_cursor"], **query).json()
        yield answer["data"]


def by_link(get: Get, name: str, **query: Any) -> Iterator[Rows]:
    answer = get(f"/v4/{name}", **query)
    yield answer.json()["data"]
    while "next" in answer.links:
        url = answer.links["next"]["url"]
        assert answer.json()["next"] == url
        answer = requests.get(url, headers={"X-API-Key": "k"}, timeout=5)
        yield answer.json()["data"]
    assert answer.json()["next"] is None


READERS = {"v1": by_offset, "v2": by_page, "v3": by_cursor, "v4": by_link}


@pytest.mark.parametrize("version", READERS)
@pytest.mark.parametrize("sort", ["id", "-id", "updated_at", "-updated_at"])
def test_all_rows_exactly_once_in_order(version: str, sort: str, shop: DemoShop, get: Get) -> None:
    pages = list(READERS[version](get, "resource", sort=sort))
    expected = shop.rows("resource", version)
    if sort.endswith("updated_at"):
        iso = {row["id"]: row["updated_at"] for row in shop.rows("resource")}
        expected.sort(key=lambda row: (iso[row["id"]], row["id"]))
    assert [row for page in pages for row in page] == (expected[::-1] if sort[0] == "-" else expected)
    assert len(expected) == 2540
    assert len(pages) == {"v1": 26, "v2": 29, "v3": 11, "v4": 26}[version]


@pytest.mark.parametrize(
    ("version", "since", "before"),
    [
        ("v1", {"updated_since": "2025-05-01T00:00:00Z"}, {"updated_before": "2025-05-31T22:00:00-02:00"}),
        ("v2", {"since": 1746057600}, {"until": 1748736000}),
        ("v3", {"from_ms": 1746057600000}, {"to_ms": 1748736000000}),
        ("v4", {"modified_from": "2025-05-01"}, {"modified_to": "2025-06-01"}),
    ],
)
def test_window(version: str, since: dict[str, Any], before: dict[str, Any], shop: DemoShop, get: Get) -> None:
    may = {r["id"] for r in shop.rows("orders") if "2025-05-01" <= r["updated_at"] < "2025-06-01"}
    read = READERS[version]
    assert {row["id"] for page in read(get, "orders", **since, **before) for row in page} == may
    totals = [get(f"/{version}/orders", **query).json()["total"] for query in (since, before, since | before, {})]
    assert totals[0] + totals[1] - totals[2] == totals[3] == 1200
    assert totals[2] == len(may) > 0


def test_window_takes_its_start_and_not_its_end(shop: DemoShop, get: Get) -> None:
    moment = shop.update("orders", 5, note="x")["updated_at"]
    assert get("/v1/orders", updated_since=moment).json()["total"] == 1
    assert get("/v1/orders", updated_before=moment).json()["total"] == 1199


def test_versions_show_the_same_time_in_their_way(shop: DemoShop, get: Get) -> None:
    shop.update("products", 3, stock=1)
    shown = {v: get(f"/{v}/products/3").json()["data"] for v in READERS}
    assert [shown[v]["updated_at"] for v in READERS] == [
        "2026-07-01T12:00:00Z",
        1782907200,
        1782907200000,
        "2026-07-01T12:00:00Z",
    ]
    assert shown["v4"]["updated_on"] == "2026-07-01"
    assert shown["v1"]["created_at"] == shown["v2"]["created_at"]


def test_first_page_of_the_catalogue(shop: DemoShop, get: Get) -> None:
    answer = get("/v1/resource")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {"data": shop.rows("resource")[:100], "total": 2540, "limit": 100, "offset": 0}
    assert get("/v1/resource", offset=2540).json() == {
        "data": [],
        "total": 2540,
        "limit": 100,
        "offset": 2540,
    }


def test_children_and_single_rows(shop: DemoShop, get: Get) -> None:
    for parent, child, field in (
        ("customers", "orders", "customer_id"),
        ("products", "reviews", "product_id"),
    ):
        for key in (1, 2, 3):
            answer = get(f"/v1/{parent}/{key}/{child}").json()
            assert answer["data"] == [row for row in shop.rows(child) if row[field] == key]
            assert answer["total"] == len(answer["data"])
    assert get("/v1/orders/17").json() == {"data": shop.row("orders", 17)}


def test_cursor_survives_deletes_where_offset_skips(shop: DemoShop, get: Get) -> None:
    cursor = get("/v3/orders", limit=100).json()["next_cursor"]
    for key in range(1, 6):
        shop.delete("orders", key)
    assert get("/v3/orders", cursor=cursor).json()["data"][0]["id"] == 101
    assert get("/v1/orders", offset=100).json()["data"][0]["id"] == 106


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/v1/resource?limit=251", "limit: found '251', expected at most 250"),
        ("/v1/resource?limit=0", "limit: found '0', expected a whole number of at least 1"),
        ("/v1/resource?offset=-1", "offset: found '-1', expected a whole number of at least 0"),
        ("/v1/resource?sort=price", "sort: found 'price', expected one of id, -id, updated_at, -updated_at"),
        (
            "/v1/resource?updated_since=2024-01-01",
            "updated_since: found '2024-01-01', expected ISO 8601 with Z",
        ),
        ("/v1/resource?include_total=yes", "include_total: found 'yes', expected true or false"),
        ("/v1/resource?update_since=x", "query parameters: found update_since, expected only include_total"),
        ("/v1/orders/1?limit=1", "query parameters: found limit, expected none"),
        ("/v2/resource?page=0", "page: found '0', expected a whole number of at least 1"),
        ("/v2/resource?since=2024-01-01", "since: found '2024-01-01', expected epoch seconds"),
        ("/v3/resource?cursor=zzz", "cursor: found 'zzz', expected a next_cursor"),
        ("/v4/resource?modified_from=1", "modified_from: found '1', expected a date YYYY-MM-DD"),
    ],
)
def test_wrong_queries(path: str, message: str, get: Get) -> None:
    answer = get(path)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(message)


def test_cursor_of_another_sort_is_refused(get: Get) -> None:
    cursor = get("/v3/orders", sort="-id").json()["next_cursor"]
    assert get("/v3/orders", sort="id", cursor=cursor).status_code == 400


@pytest.mark.parametrize(
    "path",
    ["/", "/v1", "/v1/baskets", "/v9/orders", "/v1/orders/0", "/v1/orders/x", "/v1/products/9999/reviews"],
)
def test_unknown_paths(path: str, get: Get) -> None:
    answer = get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_only_get(shop: DemoShop) -> None:
    answer = requests.post(f"{shop.url}/v1/orders", headers={"X-API-Key": "k"}, timeout=5)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")


def test_each_answer_is_dated_to_the_second(get: Get) -> None:
    end = time.time() + 1.2
    while (before := time.time()) < end:
        (date,) = get("/v1/resource", limit=1).raw.headers.getlist("Date")
        assert int(before) <= parsedate_to_datetime(date).timestamp() <= time.time()
