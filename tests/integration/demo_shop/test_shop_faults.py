"""Faults as an HTTP client meets them, hooks, and the request log."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from demo_shop import DemoShop, RequestRecord

Get = Callable[..., requests.Response]


def test_status_with_retry_after(shop: DemoShop, get: Get) -> None:
    shop.fail("status", path="/v1/orders", skip=1, times=2, status=429, retry_after=3)
    shop.fail("status", path="/v1/orders", status=503, skip=3, retry_after="Wed, 01 Jul 2026 12:00:05 GMT")
    answers = [get("/v1/orders") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 429, 429, 503, 200]
    assert [answer.headers.get("Retry-After") for answer in answers] == [
        None, "3", "3", "Wed, 01 Jul 2026 12:00:05 GMT", None,
    ]  # fmt: skip
    assert answers[1].json()["error"]["code"] == "rate_limited"
    assert [record.fault for record in shop.requests] == [None, "status", "status", "status", None]


def test_status_with_a_body_for_ever_until_cleared(shop: DemoShop, get: Get) -> None:
    fault = shop.fail("status", status=500, body="oops", times=None)
    assert [get("/v1/orders").text for _ in range(3)] == ["oops"] * 3
    assert fault.used == 3
    shop.clear_faults()
    assert get("/v1/orders").status_code == 200


def test_latency_with_another_fault(shop: DemoShop, get: Get) -> None:
    shop.fail("latency", seconds=0.1)
    shop.fail("html")
    answer = get("/v1/orders")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    (record,) = shop.requests
    assert record.ended is not None
    assert 0.1 <= record.ended - record.started < 0.5
    assert (record.fault, record.status) == ("latency+html", 200)


def test_stall_until_the_client_leaves(shop: DemoShop) -> None:
    shop.fail("stall")
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{shop.url}/v1/orders", headers={"X-API-Key": "k"}, timeout=0.1)
    deadline = time.monotonic() + 2
    while shop.requests[0].ended is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (shop.requests[0].status, shop.requests[0].fault) == (None, "stall")
    assert shop.requests[0].ended is not None


@pytest.mark.parametrize("kind", ["stall", "latency"])
def test_a_waiting_request_does_not_hold_up_the_stop(kind: str) -> None:
    shop = DemoShop(sizes={"orders": 1}).start()
    shop.fail(kind, seconds=30, times=None)
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(requests.get, f"{shop.url}/v1/orders", timeout=20) for _ in range(3)]
        while len(shop.requests) < 3:
            time.sleep(0.01)
        began = time.monotonic()
        shop.stop()
        assert time.monotonic() - began < 1
        for request in asked:
            assert isinstance(request.exception(), requests.ConnectionError)


def test_drop_closes_the_connection_without_an_answer(shop: DemoShop, get: Get) -> None:
    shop.fail("drop", times=2)
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            get("/v1/orders")
    assert get("/v1/orders").status_code == 200
    assert [(record.status, record.fault) for record in shop.requests] == [
        (None, "drop"),
        (None, "drop"),
        (200, None),
    ]


def test_cut_promises_more_than_it_sends(shop: DemoShop, get: Get) -> None:
    whole = len(get("/v1/orders").content)
    shop.fail("cut")
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        get("/v1/orders")
    assert [record.response_bytes for record in shop.requests] == [whole, whole // 2]


def test_malformed_json(shop: DemoShop, get: Get) -> None:
    shop.fail("malformed")
    answer = get("/v1/orders")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_wrong_shapes(shop: DemoShop, get: Get) -> None:
    for kind in ("no_data_key", "object_data", "missing_id"):
        shop.fail(kind)
    assert get("/v1/orders").json() == {"total": 1200, "limit": 100, "offset": 0}
    assert list(get("/v1/orders", limit=2).json()["data"]) == ["1", "2"]
    rows = get("/v1/orders").json()["data"]
    assert len(rows) == 100
    assert not any("id" in row for row in rows)


def test_redirect(shop: DemoShop, get: Get) -> None:
    shop.fail("redirect", url="http://127.0.0.1:9/login")
    shop.fail("redirect", url=f"{shop.url}/health", status=307)
    answer = get("/v1/orders")
    assert (answer.status_code, answer.headers["Location"]) == (302, "http://127.0.0.1:9/login")
    assert get("/v1/orders").status_code == 307


def test_hook_changes_rows_between_pages(shop: DemoShop, get: Get) -> None:
    def delete_one(record: RequestRecord) -> None:
        if record.params.get("offset") == "100":
            shop.delete("orders", 1)

    shop.on_request(delete_one)
    pages = [get("/v1/orders", offset=offset).json() for offset in (0, 100)]
    assert [page["total"] for page in pages] == [1200, 1199]
    assert pages[1]["data"][0]["id"] == 102
    shop.clear_hooks()


def test_hook_may_ask_the_shop_and_its_failure_is_seen(shop: DemoShop, get: Get) -> None:
    def hook(record: RequestRecord) -> None:
        if record.path == "/v1/orders":
            assert get("/v1/products").json()["total"] == 301, "products"

    shop.on_request(hook)
    answer = requests.get(f"{shop.url}/v1/orders", timeout=5)
    assert answer.status_code == 500
    assert answer.json()["error"]["message"].startswith("AssertionError: products")


def test_request_log(shop: DemoShop, get: Get) -> None:
    answer = get("/v1/orders", limit=2, updated_since="2024-01-01T00:00:00+00:00")
    get("/v1/orders/7")
    get("/v1/orders_of_others")
    requests.get(f"{shop.url}/health", timeout=5)
    first, second, third = shop.requests
    assert (first.number, second.number, third.number) == (1, 2, 3)
    assert first.params == {"limit": "2", "updated_since": "2024-01-01T00:00:00+00:00"}
    assert (first.method, first.path, first.status, first.auth) == ("GET", "/v1/orders", 200, "header")
    assert first.response_bytes == len(answer.content)
    assert first.at.endswith("+00:00")
    assert [record.path for record in shop.requests_for("/v1/orders")] == ["/v1/orders", "/v1/orders/7"]
    shop.reset_log()
    assert shop.requests == []


def test_requests_in_flight(shop: DemoShop) -> None:
    together = threading.Barrier(4)
    shop.on_request(lambda record: together.wait(5))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: requests.get(f"{shop.url}/v1/orders?api_key=k", timeout=5), range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert sorted(record.in_flight for record in shop.requests) == [1, 2, 3, 4]
    assert shop.max_in_flight == 4


def test_changes_from_many_threads(shop: DemoShop) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: shop.insert("reviews", product_id=1), range(200)))
    assert [row["id"] for row in shop.rows("reviews")] == list(range(1, 801))
