"""Rows whose values or names do not fit: an error by row and key, a count, or a column of their own; either way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.unit.dlt_internals.columnar.test_normalizer import Counted, assert_same, normalized, thing, things

from ecom_source.dlt_internals.exact_normalizer import ExactNormalizer
from ecom_source.errors import PayloadError

WAYS = pytest.mark.parametrize("kind", [ExactNormalizer, Counted])


def error_of(kind: type[ExactNormalizer], *chunks: list[Any], **more: Any) -> str:
    with pytest.raises(PayloadError) as caught:
        normalized(kind, list(chunks), **more)
    return str(caught.value)


@WAYS
@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"fooBar": 1, "foo_bar": 2}, "one column, things.foo_bar: 'fooBar' and 'foo_bar'"),
        ({"fooBar": None, "foo_bar": 2}, "one column, things.foo_bar: 'fooBar' and 'foo_bar'"),
        ({"颜色": "red", "尺寸": "XL"}, "one column, things.x: '颜色' and '尺寸'"),
        ({"na!e": 1, "na%e": "1"}, "one column, things.na_e: 'na!e' and 'na%e'"),
        ({"a": {"b": 1}, "a__b": 2}, "one column, things.a__b: 'a__b' and 'a.b'"),
        ({"": 1, " ": 2}, "one column, things._empty: '' and ' '"),
        ({"lists": [1], "Lists": [2]}, "one table, things__lists: 'lists' and 'Lists'"),
        ({"a": {"b": [1]}, "a__b": [2]}, "one table, things__a__b: "),
        ({"a": [{"b": [1]}], "a__b": [2]}, "one table, things__a__b: "),
        ({"items": [{"line": 1, "fooBar": 1, "foo_bar": 2}]}, "things__items.foo_bar: 'items.fooBar' and"),
        ({"tags": [[{"aB": 1, "a_b": 2}]]}, "things__tags__list.a_b: 'tags.list.aB' and 'tags.list.a_b'"),
        ({"_dlt_load_id": "mine"}, "things._dlt_load_id: '_dlt_load_id' and a column that dlt fills itself"),
        ({"items": [{"_dlt_list_idx": 7}]}, "things__items._dlt_list_idx: 'items._dlt_list_idx' and a column"),
        ({"small": "x", "small__v_text": "y"}, "things.small__v_text cannot hold"),
    ],
)
def test_two_fields_that_become_one_are_named(kind: type[ExactNormalizer], row: dict[str, Any], words: str) -> None:
    first = things(0, 60)
    assert words in error_of(kind, [thing(0, **row)])
    assert words in error_of(kind, first, [thing(60, **row)])
    assert words in error_of(kind, [*first, thing(60, **row), *things(61, 5)])


@WAYS
def test_names_of_one_column_in_two_rows_or_with_one_value_lose_nothing(kind: type[ExactNormalizer]) -> None:
    chunk = [thing(0, fooBar=1), thing(1, foo_bar=2), thing(2, fooBar=3, foo_bar=3), thing(3, a={"b": 1})]
    rows = normalized(kind, [chunk, things(4, 60), chunk])[1]["things"]
    assert [row.get("foo_bar") for row in rows] == [1, 2, 3, None, *[None] * 60, 1, 2, 3, None]


@WAYS
def test_numbers_with_too_many_digits_are_rounded_half_away_from_zero_and_counted(kind: type[ExactNormalizer]) -> None:
    prices = [0.1 + 0.2, "12.34565", "-12.34565", 10 / 3, "0.99995", "1.50000", "2.5", 7, None]
    chunk = [thing(key, price=price) for key, price in enumerate(prices)]
    _, rows, _, normalizer = normalized(kind, [things(0, 60), chunk, things(0, 1, items=[{"line": 1, "price": 0.3}])])
    assert [row["price"] for row in rows["things"][60:69]] == [
        *map(Decimal, ("0.3000", "12.3457", "-12.3457", "3.3333", "1.0000", "1.5000", "2.5000", "7.0000")),
        None,
    ]
    assert normalizer.checks.cut == {"things.price": 5}
    assert normalizer.checks.examples["things.price"].endswith("(the row with id 0)")
    assert "30000000000000004" in normalizer.checks.examples["things.price"]


@WAYS
def test_instants_are_cut_to_microseconds_and_counted(kind: type[ExactNormalizer]) -> None:
    chunk = [thing(1, seen="2026-03-29T01:30:00.123456789Z", found="2026-03-29T01:30:00.1234567Z")]
    _, rows, _, normalizer = normalized(kind, [things(0, 60), chunk])
    assert rows["things"][60]["seen"].microsecond == 123456
    assert normalizer.checks.cut == {"things.seen": 1, "things.found": 1}


@WAYS
@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            {"price": 1e15},
            "things.price cannot hold Decimal('1000000000000000.0'), which the row with id 70 has: it takes 14 digits",
        ),
        ({"price": "99999999999999.99999"}, "things.price cannot hold Decimal('99999999999999.99999')"),
        (
            {"small": 40_000},
            "things.small cannot hold 40000, which the row with id 70 has: it takes whole numbers up to",
        ),
        ({"id": 2**63}, f"things.id cannot hold {2**63}, which the row with id {2**63} has"),
        (
            {"id": "SKU-1"},
            "things.id cannot hold 'SKU-1', which the row with id 'SKU-1' has: the column is of the type",
        ),
        ({"id": "070"}, "things.id cannot hold '070'"),
        ({"seen": "9999-12-31T23:59:59-08:00"}, "things.seen cannot hold '9999-12-31T23:59:59-08:00', which the row"),
        ({"items": [{"line": 2**63}]}, f"things__items.line cannot hold {2**63}, which the row with id 70 has"),
        ({"id": None}, "things.id has no value in a row without a key"),
    ],
)
def test_what_cannot_be_stored_is_named(kind: type[ExactNormalizer], row: dict[str, Any], words: str) -> None:
    assert words in error_of(kind, things(0, 60), [thing(70) | row])
    odd = [*things(0, 60), thing(70) | row]
    assert words in error_of(kind, odd)


@WAYS
@pytest.mark.parametrize("row", [{"a": None}, {}])
def test_a_column_that_is_never_null_is_named(kind: type[ExactNormalizer], row: dict[str, Any]) -> None:
    hints = {"a": {"data_type": "text", "nullable": False}}
    words = "things.a has no value in the row with id 70, but the API description says that it is never null."
    assert words in error_of(kind, things(0, 60, a="x"), [thing(70) | row], hints=hints)
    assert words in error_of(kind, things(0, 60, a="x"), [thing(70) | row], hints={"a": {"nullable": False}})


@WAYS
def test_a_table_that_is_too_wide_names_what_widened_it(
    kind: type[ExactNormalizer],
) -> None:
    wide = thing(70, meta={str(key): key for key in range(30)})
    error = error_of(kind, things(0, 60), [wide], most_columns=30)
    assert "things would have 47 columns" in error
    assert "with the row with id 70, which brings meta___0, meta___1, meta___10, …" in error
    assert "at most 30 columns" in error
    assert '"columns": {"meta": {"data_type": "json"}}' in error


MARKS = {
    "bool": [
        (True, True),
        (False, False),
        ("1", True),
        ("0", False),
        ("yes", True),
        (1, True),
        (0, False),
        (None, False),
    ],
    "text": [("0", True), ("", True), ("x", True), (0, True), (None, False)],
    "timestamp": [("2026-03-01T00:00:00Z", True), (1772366400, True), (None, False)],
    "bigint": [(0, True), (1, True), ("0", True), (None, False)],
}
"""By the type of the flag: its values, and whether dlt's merge deletes such a row."""


@WAYS
@pytest.mark.parametrize("data_type", MARKS)
@pytest.mark.parametrize("field", ["gone", "isGone", "state"])
def test_a_full_refresh_leaves_out_what_a_merge_would_delete(
    kind: type[ExactNormalizer], data_type: str, field: str
) -> None:
    name = {"gone": "gone", "isGone": "is_gone", "state": "state__gone"}[field]
    hints = {name: {"data_type": data_type, "hard_delete": True}}

    def marked(key: int, value: Any) -> dict[str, Any]:
        return thing(key, **{field: {"gone": value} if field == "state" else value})

    marks = MARKS[data_type]
    chunks = [
        things(0, 60),
        [marked(100 + key, value) for key, (value, _) in enumerate(marks)],
        *([marked(200 + key, value)] for key, (value, _) in enumerate(marks)),
    ]
    kept = [*range(60), *(first + key for first in (100, 200) for key, (_, gone) in enumerate(marks) if not gone)]
    _, rows, _, normalizer = normalized(kind, chunks, disposition="replace", hints=hints, merged=True)
    assert [row["id"] for row in rows["things"]] == kept
    assert {row["_dlt_parent_id"] for row in rows["things__items"]} <= {row["_dlt_id"] for row in rows["things"]}
    assert +normalizer.checks.deleted == {"things": 2 * sum(gone for _, gone in marks)}
    # A table that is replaced by its description keeps them, and dlt's own merge deletes them.
    for disposition, merged in (("replace", False), ("merge", True), ("append", False)):
        rows = normalized(kind, chunks, disposition=disposition, hints=hints, merged=merged)[1]
        assert len(rows["things"]) == 60 + 2 * len(marks)


@WAYS
def test_a_mark_of_another_type_is_an_error(kind: type[ExactNormalizer]) -> None:
    hints = {"gone": {"data_type": "timestamp", "hard_delete": True}}
    for disposition in ("replace", "merge"):
        error = error_of(kind, things(0, 60), [thing(70, gone="0000-00-00")], hints=hints, disposition=disposition)
        assert "things.gone cannot hold '0000-00-00', which the row with id 70 has" in error


NAMES = st.sampled_from(["fooBar", "foo_bar", "a", "A", "a__b", "b", "na!e", "na%e", "", " ", "price", "price__v_text"])
VALUES = st.recursive(
    st.sampled_from([1, 2, "01", "x", None, True, 2.5]),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=4,
)


def leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in leaves(each)]
    if isinstance(value, list):
        return [leaf for each in value for leaf in leaves(each)]
    return [] if value is None else [spelled(value)]


@settings(max_examples=80, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.dictionaries(NAMES, VALUES, max_size=5), min_size=1, max_size=4))
@example([{"fooBar": 1, "foo_bar": 2}])
@example([{"a": {"b": 1}, "a__b": 2}])
def test_colliding_names_lose_no_value(rows: list[dict[str, Any]]) -> None:
    """Each value of each row is somewhere in the tables, under whatever name, or the run fails."""
    numbered = [{"id": key, **row} for key, row in enumerate(rows, 100)]
    assert_same([numbered])
    try:
        tables = normalized(ExactNormalizer, [numbered])[1]
    except PayloadError:
        return
    found = [
        spelled(value)
        for rows in tables.values()
        for row in rows
        for name, value in row.items()
        if value is not None and not name.startswith("_dlt")
    ]
    # Two names of one column may have the same value, which is there once.
    assert set(found) == set(leaves(numbered))


def spelled(value: Any) -> str:
    """A value as a text; true is 1, which a column of booleans takes for it."""
    text = str(value.normalize() if isinstance(value, Decimal) else value)
    return {"True": "1", "1.0": "1", "2.0": "2"}.get(text, text)
