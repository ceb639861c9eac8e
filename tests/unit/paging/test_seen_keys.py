"""Rows told apart by their primary key."""

from __future__ import annotations

from array import array
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecom_source.paging.seen_keys import Hashes, SeenRows, value_of


def fresh(keys: SeenRows, rows: list[Any]) -> list[Any]:
    return keys.add(rows, keys.marks(rows))


@pytest.mark.parametrize(
    ("columns", "pages", "new"),
    [
        pytest.param(["id"], [[1, 2], [2, 3], [1, 2, 3]], [[1, 2], [3], []], id="a repeated row is not fresh"),
        pytest.param(["id"], [[1], ["1"]], [[1], []], id="a number and its text are one key"),
    ],
)
def test_rows_are_told_apart_by_their_key(columns: list[str], pages: list[list[Any]], new: list[list[Any]]) -> None:
    keys = SeenRows(columns)
    found = [fresh(keys, [{"id": key, "seen": number} for key in page]) for number, page in enumerate(pages)]
    assert [[row["id"] for row in page] for page in found] == new
    assert keys.distinct == sum(map(len, new))


def test_a_key_of_several_columns_is_compared_as_a_whole() -> None:
    keys = SeenRows(["order", "line"])
    rows = [{"order": 1, "line": 23}, {"order": 12, "line": 3}]
    assert fresh(keys, rows) == rows
    assert fresh(keys, [{"order": 1, "line": 23}]) == []


@pytest.mark.parametrize(
    ("column", "rows"),
    [
        pytest.param("data__id", [{"data": {"id": 1}}, {"data": {"id": 2}}], id="a nested column"),
        pytest.param("key", [{"a": 1, "b": 2}, {"a": 1, "b": 3}], id="a key that a processing step makes"),
        pytest.param("id", [{"id": None}, {"id": None}], id="a key that is null"),
        pytest.param("id", ["one", "one"], id="no objects"),
    ],
)
def test_rows_without_their_key_are_never_taken_for_repeats(column: str, rows: list[Any]) -> None:
    keys = SeenRows([column])
    assert fresh(keys, rows) == rows
    assert fresh(keys, rows) == rows
    assert not keys.tracked


def test_a_row_without_its_key_among_others_is_passed_on() -> None:
    keys = SeenRows(["id"])
    rows = [{"id": 1}, {"name": "a"}, {"id": 1}, {"name": "a"}]
    assert fresh(keys, rows) == [{"id": 1}, {"name": "a"}, {"name": "a"}]
    assert fresh(keys, rows) == [{"name": "a"}, {"name": "a"}]
    assert keys.distinct == 1


def test_of_rows_with_one_key_on_one_page_the_first_is_fresh() -> None:
    keys = SeenRows(["id"])
    rows = [{"id": 1, "seen": 1}, {"id": 2, "seen": 2}, {"id": 1, "seen": 3}, {"name": "no key"}]
    assert fresh(keys, rows) == [rows[0], rows[1], rows[3]]
    assert keys.distinct == 2


@pytest.mark.parametrize(
    ("row", "value"),
    [
        pytest.param({"id": 0}, 0, id="its own name"),
        pytest.param({"ID": 1}, 1, id="in capitals"),
        pytest.param({"id": None, "Id": 2}, 2, id="null under its own"),
        pytest.param({"ID": 1, "Id": 2}, 2, id="two of them"),
        pytest.param({"id": None}, None, id="null"),
        pytest.param({"name": 1}, None, id="not there"),
        pytest.param("id", None, id="no object"),
    ],
)
def test_a_column_goes_by_any_name_of_which_dlt_makes_it(row: Any, value: Any) -> None:
    assert value_of(row, "id") == value


HASH = st.one_of(st.integers(-(2**63), 2**63 - 1).filter(bool), st.integers(-40, 40).filter(bool))


@given(st.lists(HASH, max_size=3000))
def test_hashes_are_a_set(values: list[int]) -> None:
    hashes, expected = Hashes(), set[int]()
    for value in values:
        assert (value in hashes) == (value in expected)
        assert hashes.add(value) == (value not in expected)
        expected.add(value)
    assert len(hashes) == len(expected)
    assert all(value in hashes for value in expected)


def test_a_million_hashes_take_17_megabytes() -> None:
    hashes = Hashes()
    for number in range(1_000_000):
        hashes.add(hash((str(number),)))
    assert len(hashes) == 1_000_000
    assert memoryview(hashes._places).nbytes == 16_777_216
    assert isinstance(hashes._places, array)
