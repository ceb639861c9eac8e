"""What an error or a passed-over answer means while pages are read."""

from __future__ import annotations

import pytest
from requests import HTTPError
from tests.support.paged_shop import PagedShop, read

from ecom_source.errors import IncompleteReadError


class Refusing(PagedShop):
    """Answers with `status` from an offset on."""

    status = 400
    since = 0

    def answer(self, query: dict[str, str]) -> tuple[int, dict[str, str], object]:
        answer = super().answer(query)
        return (self.status, {}, {"message": "no"}) if int(query.get("offset", 0)) >= self.since else answer


@pytest.mark.parametrize("status", [400, 404, 416, 422])
def test_a_page_beyond_the_total_may_be_refused(status: int) -> None:
    shop = Refusing(20)
    shop.status, shop.since = status, 20
    found = read(shop)
    assert found.error is None
    assert [row["id"] for row in found.rows] == shop.ids
    assert shop.asked == ["offset=0&limit=10", "offset=10&limit=10", "offset=20&limit=10"]


@pytest.mark.parametrize("status", [400, 403, 500])
def test_a_page_within_the_total_may_not(status: int) -> None:
    shop = Refusing(40)
    shop.status, shop.since = status, 20
    assert isinstance(read(shop).error, HTTPError)


def test_a_total_of_a_thousand_beyond_which_nothing_is_given_may_be_the_most_that_is_given() -> None:
    shop = Refusing(1000, limit=100)
    shop.since = 1000
    found = read(shop)
    assert isinstance(found.error, IncompleteReadError)
    assert (
        found.error.found
        == "The shop gives no rows of 'orders' from offset 1,000 on, though it says that there are 1,000."
    )


def test_an_offset_that_is_refused_is_asked_for_at_a_multiple_of_the_limit() -> None:
    shop = PagedShop(25, refuses="400")
    found = read(shop, overlap=True)
    assert found.error is None
    assert [row["id"] for row in found.rows] == shop.ids
    assert shop.asked == [f"offset={offset}&limit=10" for offset in (0, 9, 10, 20)]


@pytest.mark.parametrize("kind", ["offset", "page", "link", "keyset"])
@pytest.mark.parametrize("size", [0, 20])
def test_no_content_is_no_rows(kind: str, size: int) -> None:
    shop = PagedShop(size, kind, empty="204")
    found = read(shop)
    assert found.error is None
    assert [row["id"] for row in found.rows] == shop.ids
