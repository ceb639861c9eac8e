"""Retries as the shop saw them: how many requests, how far apart."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from tests.integration.conftest import Loader
from tests.support.loads import KEY, Tables

from demo_shop import DemoShop
from ecom_source import ECOMMERCE_API, Options
from ecom_source.errors import ShopUnavailableError
from ecom_source.http.session import Traffic, shop_session
from ecom_source.secrets.redactor import Redactor


def get(shop: DemoShop, traffic: Traffic | None = None, timeout: Any = None) -> requests.Response:
    session = shop_session(Redactor([KEY]), traffic or Traffic())
    extra = {"timeout": timeout} if timeout else {}
    return session.get(f"{shop.url}/v1/resource", params={"api_key": KEY, "limit": "1"}, **extra)


def waits(shop: DemoShop) -> list[float]:
    """Seconds between the end of each request and the start of the next."""
    return [after.started - (before.ended or before.started) for before, after in pairwise(shop.requests)]


def test_each_status_is_retried_three_times_at_2_4_and_8_seconds() -> None:
    def attempt(status: int) -> tuple[int, int, list[float]]:
        with DemoShop(api_key=KEY, sizes={"resource": 1}) as shop:
            shop.fail("status", status=status, times=None)
            return get(shop).status_code, len(shop.requests), waits(shop)

    statuses = (429, 500, 502, 503, 504)
    with ThreadPoolExecutor(len(statuses)) as pool:
        for status, (answered, number, seen) in zip(statuses, pool.map(attempt, statuses), strict=True):
            assert (answered, number) == (status, 4)
            # A busy machine may add to a wait; twice as long would be the next one.
            assert [wait for wait, least in zip(seen, (2, 4, 8), strict=True) if not least <= wait < 2 * least] == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 422, 501, 505, 507])
def test_no_other_status_is_retried(shop: DemoShop, status: int) -> None:
    shop.fail("status", status=status, times=None)
    assert get(shop).status_code == status
    assert len(shop.requests) == 1


@pytest.mark.parametrize("failures", [1, 2, 3])
def test_an_answer_within_four_attempts_is_a_success(
    shop: DemoShop, load: Loader, tables: Tables, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=slept.append))
    shop.fail("status", status=503, skip=1, times=failures)
    report = load(ECOMMERCE_API)["ecommerce_data"]
    assert slept == [2.0, 4.0, 8.0][:failures]
    assert len(shop.requests) == report.traffic.requests == 4 + failures
    assert dict(report.traffic.troubles) == {"503": failures}
    tables.assert_equal_to(shop)


def test_a_status_that_stays_fails_the_load_after_four_requests(
    shop: DemoShop, load: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=lambda seconds: None))
    shop.fail("status", status=503, times=None)
    says = "The shop answered 503 to GET /v1/resource, .*, after 4 attempts, with waits of 0.0, 0.0 and 0.0 s"
    with pytest.raises(ShopUnavailableError, match=says):
        load(ECOMMERCE_API)
    assert len(shop.requests) == 4


def test_retry_after_in_seconds_is_respected(shop: DemoShop) -> None:
    shop.fail("status", status=429, retry_after="5")
    traffic = Traffic()
    assert get(shop, traffic).status_code == 200
    (wait,) = waits(shop)
    assert 5 <= wait < 8
    assert dict(traffic.troubles) == {"429": 1}


def test_retry_after_as_a_date_is_respected(shop: DemoShop) -> None:
    until = (datetime.now(UTC) + timedelta(seconds=4)).replace(microsecond=0)
    shop.fail("status", status=503, retry_after=format_datetime(until, usegmt=True))
    assert get(shop).status_code == 200
    retried_at = datetime.fromisoformat(shop.requests[1].at)
    assert timedelta(0) <= retried_at - until <= timedelta(seconds=3)


def test_a_long_retry_after_is_cut_to_five_minutes(shop: DemoShop, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=slept.append))
    shop.fail("status", status=429, retry_after="3600")
    assert get(shop).status_code == 200
    assert slept == [300]


@pytest.mark.parametrize("kind", ["drop", "cut"])
def test_a_lost_connection_is_retried_like_a_status(
    shop: DemoShop, load: Loader, tables: Tables, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=slept.append))
    monkeypatch.setattr("tests.support.loads.DEFAULTS", Options(parallel_pages=1))
    shop.fail(kind, skip=2, times=2)
    load(ECOMMERCE_API)
    assert (slept, len(shop.requests)) == ([2.0, 4.0], 6)
    tables.assert_equal_to(shop)


def test_connecting_and_reading_each_have_a_timeout(shop: DemoShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecom_source.http.session.TIMEOUT", (0.5, 0.5))
    monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=lambda seconds: None))
    shop.fail("stall", times=None)
    with pytest.raises(requests.exceptions.ReadTimeout):
        get(shop)
    assert len(shop.requests) == 4
    session = shop_session(Redactor([]), Traffic())
    assert session.timeout == (0.5, 0.5)  # type: ignore[attr-defined]
