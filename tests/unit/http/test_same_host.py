"""The key goes to the shop's own host, by https where it began so."""

from __future__ import annotations

import pytest

from ecom_source.errors import RequestFailedError
from ecom_source.http.same_host import at_home


@pytest.mark.parametrize(
    ("before", "after", "asked"),
    [
        ("https://shop.test/a", "https://shop.test/b?page=2", "https://shop.test/b?page=2"),
        ("http://shop.test/a", "https://shop.test/b", "https://shop.test/b"),
        # Behind a proxy that ends TLS, the shop believes that it is asked by http.
        ("https://shop.test/a", "http://shop.test/b?page=2", "https://shop.test/b?page=2"),
        ("https://shop.test/a", "http://shop.test:80/b", "https://shop.test/b"),
        ("https://shop.test:8443/a", "http://shop.test:8443/b", "https://shop.test:8443/b"),
        ("https://shop.test:8443/a", "http://shop.test/b", "https://shop.test:8443/b"),
        ("https://SHOP.test/a", "http://shop.TEST/b", "https://SHOP.test/b"),
    ],
)
def test_a_link_within_the_shop_is_followed(before: str, after: str, asked: str) -> None:
    assert at_home(before, after) == asked


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("https://shop.test/a", "https://other.test/b"),
        ("https://shop.test/a", "http://other.test/b"),
        ("https://shop.test/a", "https://shop.test.other.test/b"),
        ("https://shop.test/a", "http://shop.test:8080/b"),
        ("http://shop.test:8080/a", "http://shop.test:9090/b"),
        ("https://shop.test/a", "https://shop.test@other.test/b"),
        ("https://shop.test/a", "ftp://shop.test/b"),
    ],
)
def test_a_link_that_leaves_the_shop_is_refused(before: str, after: str) -> None:
    with pytest.raises(RequestFailedError, match="on to another host") as caught:
        at_home(before, after)
    assert "make it the host of the Connection" in caught.value.fix
