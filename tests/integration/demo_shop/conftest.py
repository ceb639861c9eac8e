"""A running shop, and requests to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from demo_shop import DemoShop

Get = Callable[..., requests.Response]


@pytest.fixture
def shop() -> Iterator[DemoShop]:
    """A shop with the key ``k``, and its clock at 2026-07-01 12:00 UTC."""
    with DemoShop("k", clock="2026-07-01T12:00:00Z") as running:
        yield running


@pytest.fixture
def get(shop: DemoShop) -> Iterator[Get]:
    """``get(path, **query)`` with the key in the header."""
    with requests.Session() as session:
        session.headers["X-API-Key"] = "k"

        def ask(path: str, **query: Any) -> requests.Response:
            return session.get(shop.url + path, params=query, timeout=5, allow_redirects=False)

        yield ask
