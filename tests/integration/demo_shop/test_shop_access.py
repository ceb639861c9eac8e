"""The key over real connections, in each way a client may give it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests

from demo_shop import WAYS, Access, DemoShop

KEY = 'k+y/=&%é"1'

GIVE: dict[str, Callable[[str], dict[str, Any]]] = {
    "query": lambda key: {"params": {"api_key": key}},
    "header": lambda key: {"headers": {"X-API-Key": key}},
    "bearer": lambda key: {"headers": {"Authorization": f"Bearer {key}".encode()}},
    "basic": lambda key: {"auth": ("shop", key)},
    "cookie": lambda key: {"cookies": {"api_key": quote(key, safe="")}},
}


@pytest.fixture(scope="module")
def locked() -> Iterator[DemoShop]:
    with DemoShop(KEY, sizes={"orders": 3}) as running:
        yield running


@pytest.mark.parametrize("way", GIVE)
def test_each_way(way: str, locked: DemoShop) -> None:
    locked.access.ways = WAYS
    url = f"{locked.url}/v1/orders"
    assert requests.get(url, timeout=5, **GIVE[way](KEY)).json()["total"] == 3
    assert locked.requests[-1].auth == way
    assert requests.get(url, timeout=5, **GIVE[way](KEY[:-1])).status_code == 401
    locked.access.ways = tuple(other for other in WAYS if other not in (way, "oauth"))
    assert requests.get(url, timeout=5, **GIVE[way](KEY)).status_code == 401


def test_without_a_key(locked: DemoShop) -> None:
    locked.access.ways = WAYS
    answer = requests.get(f"{locked.url}/v1/orders", timeout=5)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="demo shop"'
    assert answer.json() == {"error": {"code": "unauthorized", "message": "Access denied: no key was given."}}
    assert requests.get(f"{locked.url}/health", timeout=5).json()["status"] == "ok"


def test_other_names() -> None:
    access = Access("k", query_name="token", header_name="X-Shop", cookie_name="sid", basic_user="me")
    with DemoShop(access=access, sizes={"orders": 3}) as shop:
        gifts: list[dict[str, Any]] = [
            {"params": {"token": "k"}},
            {"headers": {"X-Shop": "k"}},
            {"cookies": {"sid": "k"}},
            {"auth": ("me", "k")},
        ]
        for gift in gifts:
            assert requests.get(f"{shop.url}/v1/orders", timeout=5, **gift).status_code == 200
        for give in ("query", "header", "basic", "cookie"):
            assert requests.get(f"{shop.url}/v1/orders", timeout=5, **GIVE[give]("k")).status_code == 401


def test_next_link_does_not_repeat_the_key(locked: DemoShop) -> None:
    locked.access.ways = WAYS
    answer = requests.get(f"{locked.url}/v4/orders", params={"api_key": KEY, "limit": "2"}, timeout=5)
    assert answer.json()["next"] == f"{locked.url}/v4/orders?limit=2&offset=2"


def test_oauth_client_credentials() -> None:
    form = {"grant_type": "client_credentials", "client_id": "demo-client", "client_secret": KEY}
    with DemoShop(access=Access(KEY, ways=("oauth",)), sizes={"orders": 3}) as shop:

        def ask(token: str) -> int:
            headers = {"Authorization": f"Bearer {token}".encode()}
            return requests.get(f"{shop.url}/v1/orders", headers=headers, timeout=5).status_code

        answer = requests.post(f"{shop.url}/oauth/token", data=form, timeout=5).json()
        assert (answer["expires_in"], answer["token_type"]) == (3600, "Bearer")
        assert ask(answer["access_token"]) == 200
        assert shop.requests[-1].auth == "oauth"
        assert ask(KEY) == 401
        shop.expire_tokens()
        assert ask(answer["access_token"]) == 401
        for wrong in ({"client_secret": "x"}, {"client_id": "x"}):
            refused = requests.post(f"{shop.url}/oauth/token", data=form | wrong, timeout=5)
            assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_client")
        other = requests.post(f"{shop.url}/oauth/token", data=form | {"grant_type": "password"}, timeout=5)
        assert other.status_code == 400

        shop.access.token_seconds = 0.05
        short = requests.post(f"{shop.url}/oauth/token", data=form, timeout=5).json()["access_token"]
        assert ask(short) == 200
        time.sleep(0.06)
        assert ask(short) == 401


def test_open_shop() -> None:
    with DemoShop(sizes={"orders": 3}) as shop:
        assert requests.get(f"{shop.url}/v1/orders", timeout=5).status_code == 200
        assert shop.requests[0].auth is None
