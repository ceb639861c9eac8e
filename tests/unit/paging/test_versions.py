"""Of rows with one key, the one that stays."""

from __future__ import annotations

from typing import Any

import pytest

from ecom_source.paging.versions import Versions


@pytest.mark.parametrize(
    ("order", "values", "kept"),
    [
        pytest.param("desc", [1, 3, 2], 3, id="the greatest"),
        pytest.param("asc", [2, 1, 3], 1, id="the least"),
        pytest.param("desc", ["9", "10"], "10", id="numbers as text"),
        pytest.param("desc", [9, "10"], "10", id="numbers, one as text"),
        pytest.param("desc", ["2026-01-02", "2026-01-10"], "2026-01-10", id="days"),
        pytest.param("desc", [None, 1], 1, id="none, then one"),
        pytest.param("desc", [1, None], 1, id="one, then none"),
        pytest.param("asc", [1, None], 1, id="none is never the least"),
        pytest.param("desc", [False, True], True, id="booleans"),
        pytest.param("desc", [1, "x"], "x", id="a number and a text, as texts"),
    ],
)
def test_one_version_of_each_key_stays(order: str, values: list[Any], kept: Any) -> None:
    versions = Versions(["id"], "at", order)
    for value in values:
        assert versions.take([{"id": 1, "at": value}, {"id": 2, "at": 5}], last=False) == []
    assert versions.take([], last=True) == [{"id": 1, "at": kept}, {"id": 2, "at": 5}]


def test_of_equal_versions_the_first_stays_and_a_key_has_several_columns() -> None:
    versions = Versions(["id", "shop"], "at", "desc")
    rows = [{"id": 1, "shop": shop, "at": 1, "n": n} for n, shop in enumerate("aab")]
    assert [row["n"] for row in versions.take(rows, last=True)] == [0, 2]
