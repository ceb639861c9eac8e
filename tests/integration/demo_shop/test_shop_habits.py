"""Each bad habit: what it does to real answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from demo_shop import DemoShop

Get = Callable[..., requests.Response]


def test_cap_limit_silently(shop: DemoShop, get: Get) -> None:
    shop.set_habits(max_limit=40, cap_limit_silently=True)
    loaded = [row["id"] for o in range(0, 2540, 100) for row in get("/v1/resource", limit=100, offset=o).json()["data"]]
    assert len(loaded) == len(set(loaded)) == 1040
    shop.habits.cap_limit_silently = False
    assert get("/v1/resource", limit=100).status_code == 400


def _read_by_time(get: Get, version: str) -> list[int]:
    keys: list[int] = []
    if version == "v1":
        for offset in range(0, 2540, 50):
            page = get("/v1/resource", limit=50, offset=offset, sort="updated_at").json()["data"]
            keys += [row["id"] for row in page]
        return keys
    query: dict[str, Any] = {"limit": 50, "sort": "updated_at"}
    while True:
        answer = get("/v3/resource", **query).json()
        keys += [row["id"] for row in answer["data"]]
        if answer["next_cursor"] is None:
            return keys
        query["cursor"] = answer["next_cursor"]


def test_unstable_sort_repeats_and_skips_rows(shop: DemoShop, get: Get) -> None:
    assert len(set(_read_by_time(get, "v1"))) == 2540
    shop.habits.unstable_sort = True
    keys = _read_by_time(get, "v1")
    assert len(keys) == 2540
    assert 2300 < len(set(keys)) < 2540
    skipped = _read_by_time(get, "v3")
    assert len(skipped) == len(set(skipped)) < 2540


def test_default_sort(shop: DemoShop, get: Get) -> None:
    shop.habits.default_sort = "-updated_at"
    times = [row["updated_at"] for row in get("/v1/resource").json()["data"]]
    assert times == sorted((row["updated_at"] for row in shop.rows("resource")), reverse=True)[:100]


def test_whole_numbers_first(shop: DemoShop, get: Get) -> None:
    shop.habits.whole_numbers_first = 20
    prices = [row["price"] for row in get("/v1/resource").json()["data"]]
    assert [type(price) for price in prices] == [int] * 20 + [float] * 80


def test_decimals_as_strings(shop: DemoShop, get: Get) -> None:
    before = get("/v1/orders/1").json()["data"]
    shop.habits.decimals_as_strings = True
    after = get("/v1/orders/1").json()["data"]
    assert after["total"] == f"{before['total']:.2f}"
    assert after["line_items"][0]["unit_price"] == f"{before['line_items'][0]['unit_price']:.2f}"
    assert after["customer_id"] == before["customer_id"]
    assert after == shop.row("orders", 1)


def test_null_first_field(shop: DemoShop, get: Get) -> None:
    shop.habits.null_first_field = 100
    first, second = (get("/v1/resource", offset=offset).json()["data"] for offset in (0, 100))
    assert {row["rating"] for row in first} == {row["discontinued_at"] for row in first} == {None}
    assert any(row["rating"] is not None for row in second)
    assert any(row["discontinued_at"] is not None for row in second)


@pytest.mark.parametrize("version", ["v1", "v2", "v3", "v4"])
def test_totals(version: str, shop: DemoShop, get: Get) -> None:
    assert get(f"/{version}/orders").json()["total"] == 1200
    shop.habits.total_on_request = True
    assert not {"total", "total_pages"} & set(get(f"/{version}/orders").json())
    assert get(f"/{version}/orders", include_total="true").json()["total"] == 1200
    shop.habits.no_total = True
    assert not {"total", "total_pages"} & set(get(f"/{version}/orders", include_total="true").json())


def test_ignore_unknown(shop: DemoShop, get: Get) -> None:
    shop.habits.ignore_unknown = True
    answer = get("/v1/orders", update_since="2026-01-01T00:00:00Z")
    assert (answer.status_code, answer.json()["total"]) == (200, 1200)


@pytest.mark.parametrize(("path", "query"), [("/v1", {"offset": 200}), ("/v2", {"page": 3}), ("/v4", {"offset": 9})])
def test_ignore_offset(path: str, query: dict[str, int], shop: DemoShop, get: Get) -> None:
    shop.habits.ignore_offset = True
    assert [row["id"] for row in get(f"{path}/orders", **query).json()["data"]] == list(range(1, 101))


def test_ignore_offset_gives_the_same_cursor_for_ever(shop: DemoShop, get: Get) -> None:
    shop.habits.ignore_offset = True
    cursor = get("/v3/orders").json()["next_cursor"]
    assert get("/v3/orders", cursor=cursor).json()["next_cursor"] == cursor


def test_ignore_window(shop: DemoShop, get: Get) -> None:
    assert get("/v1/orders", updated_since="2027-01-01T00:00:00Z").json()["total"] == 0
    shop.habits.ignore_window = True
    assert get("/v1/orders", updated_since="2027-01-01T00:00:00Z").json()["total"] == 1200


def test_drop_timezone(shop: DemoShop, get: Get) -> None:
    assert get("/v1/orders/1").json()["data"]["updated_at"].endswith("Z")
    shop.habits.drop_timezone = True
    row = get("/v1/orders/1").json()["data"]
    assert len(row["updated_at"]) == len(row["created_at"]) == len("2026-01-01T00:00:00")


def test_echo_key_in_errors(shop: DemoShop, get: Get) -> None:
    wrong = 'wr"ng+é'
    assert "wr" not in requests.get(f"{shop.url}/v1/orders", params={"api_key": wrong}, timeout=5).text
    shop.habits.echo_key_in_errors = True
    answer = requests.get(f"{shop.url}/v1/orders", params={"api_key": wrong}, timeout=5)
    assert answer.status_code == 401
    assert answer.json()["error"]["message"].endswith(f"(key given: {wrong})")
    assert get("/v1/orders", limit=0).json()["error"]["message"].endswith("(key given: k)")
    shop.fail("status", status=503)
    assert "key given" not in get("/v1/orders").text
