"""What is decided after a page: cases that the families have found, each with the requests that are right."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.paged_shop import PagedShop, read

from ecom_source.errors import IncompleteReadError
from ecom_source.paging.page_policy import ONE_AGAIN
from ecom_source.paging.read_tally import COUNTED, JOINED, READ_WHOLE

GUESSED: dict[str, Any] = {"total": None}
KEYLESS: dict[str, Any] = {"key": (), "required": ()}


def gone(number: int, *ids: int) -> dict[int, Any]:
    return {number: lambda shop: shop.delete(*ids)}


@pytest.mark.parametrize(
    ("shop", "expected", "proof", "requests"),
    [
        pytest.param(
            PagedShop(30, "link", changes=gone(1, 1)),
            {},
            READ_WHOLE,
            5,
            id="links that count rows: the page before again",
        ),
        pytest.param(
            PagedShop(30, "position", changes=gone(2, 1, 15)),
            {},
            READ_WHOLE,
            5,
            id="a cursor that counts rows",
        ),
        pytest.param(PagedShop(30, "keyset", changes=gone(1, 1)), {}, READ_WHOLE, 5, id="a cursor that needs it not"),
        pytest.param(
            PagedShop(1, limit=2, says="this page"),
            {**GUESSED, **KEYLESS},
            "not provable: the shop says 0 rows, and 1 came",
            4,
            id="a guessed total of this page, no key",
        ),
        pytest.param(
            PagedShop(3, limit=2, says="this page", refuses="rounds down"),
            GUESSED,
            "not provable: the shop says 0 rows, and 3 came",
            None,
            id="offsets rounded down, a guessed total of this page",
        ),
        pytest.param(
            PagedShop(3, limit=2, says="this page"),
            {},
            "not provable: the shop says 0 rows, and 3 came",
            None,
            id="a named total of this page",
        ),
        pytest.param(
            PagedShop(3, "page", limit=2, says="this page"),
            {"size_param": False},
            "not provable: the shop says 0 rows, and 3 came",
            None,
            id="and page numbers of unknown size",
        ),
        pytest.param(
            PagedShop(5, limit=10, says="nothing", refuses="400"),
            {"overlap": True},
            "not provable: the shop says no total",
            4,
            id="400 on the first overlap",
        ),
        pytest.param(
            PagedShop(20, limit=10, says="nothing", refuses="400", empty="204"),
            {"overlap": True},
            "not provable: the shop says no total",
            4,
            id="400, then a 204",
        ),
        pytest.param(PagedShop(20, "page", empty="no key"), {}, READ_WHOLE, 3, id="the list left out beyond the total"),
        pytest.param(
            PagedShop(5, "page", longest=1, says="nothing", changes={2: lambda shop: shop.insert(0)}),
            {},
            "not provable: the shop says no total",
            None,
            id="a page of rows comes in front",
        ),
        pytest.param(
            PagedShop(10, "page", last_page_again=True),
            {},
            READ_WHOLE,
            3,
            id="one full page again, a total: its size tells",
        ),
        pytest.param(
            PagedShop(25, last_page_again=True, says="nothing"),
            {},
            JOINED,
            4,
            id="no request for the last page again",
        ),
        pytest.param(PagedShop(5, "link", says="nothing"), {}, READ_WHOLE, 1, id="one page without a link"),
        pytest.param(
            PagedShop(3, "page", limit=2, says="filter ignored", last_page_again=True),
            GUESSED,
            "not provable: the shop says 10 rows somewhere, and 3 came, twice",
            8,
            id="the last page again, and a guessed total that is too high",
        ),
        pytest.param(
            PagedShop(1, limit=2, says="filter ignored", refuses="400"),
            GUESSED,
            "not provable: the shop says 8 rows somewhere, and 1 came, twice",
            6,
            id="400 on the first overlap, and a guessed total that is too high",
        ),
        pytest.param(PagedShop(25), KEYLESS, COUNTED, 3, id="rows without a key are counted"),
        pytest.param(PagedShop(25, "link", says="nothing"), {"twice": True}, READ_WHOLE, 6, id="read twice"),
        pytest.param(PagedShop(25, "link"), {"twice": True}, READ_WHOLE, 6, id="read twice, with a total"),
        pytest.param(
            PagedShop(30, "position", says="nothing", changes=gone(1, 1)),
            {"count": True},
            READ_WHOLE,
            6,
            id="a path that counts is asked first, too",
        ),
    ],
)
def test_every_row_comes_and_no_more_is_said_than_is_true(
    shop: PagedShop, expected: dict[str, Any], proof: str, requests: int | None
) -> None:
    found = read(shop, **expected)
    assert found.error is None
    assert shop.always <= {row["id"] for row in found.rows}
    assert len(found.rows) == len({row["id"] for row in found.rows})
    assert found.reading.proof == proof
    assert requests in (None, len(shop.asked)), shop.asked


@pytest.mark.parametrize(
    ("shop", "expected"),
    [
        pytest.param(PagedShop(25, stuck=True, says="this page"), GUESSED, id="offset, a guessed total of this page"),
        pytest.param(PagedShop(25, stuck=True, says="this page"), {}, id="named"),
        pytest.param(PagedShop(25, "page", stuck=True, says="this page"), GUESSED, id="page number"),
        pytest.param(PagedShop(25, limit=10, longest=20, stuck=True, says="this page"), GUESSED, id="its size, too"),
        pytest.param(PagedShop(3, "keyset", limit=2, stuck=True), KEYLESS, id="a cursor, rows without a key"),
    ],
)
def test_a_shop_that_gives_its_first_page_for_ever_is_refused(shop: PagedShop, expected: dict[str, Any]) -> None:
    found = read(shop, **expected)
    assert isinstance(found.error, IncompleteReadError)
    assert "is the first one again: the shop seems to ignore" in found.error.found


def test_a_first_page_again_whose_size_nobody_knows_is_not_provable() -> None:
    found = read(PagedShop(25, "page", stuck=True, says="this page"), size_param=False, **GUESSED)
    assert found.error is None
    assert found.reading.proof == f"not provable: {ONE_AGAIN}"


def test_equal_pages_here_and_there_are_no_endless_read() -> None:
    """Rows that cannot be told apart, in 150 pairs of equal pages."""
    shop = PagedShop(600, limit=2)
    for place, row in enumerate(shop.rows):
        row.update(id=place // 4 * 2 + place % 2, place=0)
    found = read(shop, **KEYLESS)
    assert found.error is None
    assert len(found.rows) == 600


def test_a_page_size_that_was_tried_does_not_stay() -> None:
    shop = PagedShop(10, stuck=True, says="this page")
    read(shop, **GUESSED)
    assert [each for each in shop.asked if "limit=5" in each] == ["offset=0&limit=5"] * 3
    assert shop.asked[0] == shop.asked[len(shop.asked) // 3] == "offset=0&limit=10"
