"""Whatever the rows are: by columns or row by row, the same tables are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq
import pytest
from dlt.common.json import json, may_have_pua
from dlt.common.schema import Schema
from dlt.common.schema.utils import new_table
from dlt.common.storages import (
    LoadStorage,
    LoadStorageConfiguration,
    NormalizeStorage,
    NormalizeStorageConfiguration,
)
from dlt.destinations import duckdb
from dlt.normalize.configuration import NormalizeConfiguration
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecom_source.dlt_internals.columnar.normalizer import ColumnarNormalizer
from ecom_source.dlt_internals.exact_normalizer import ExactNormalizer
from ecom_source.dlt_internals.value_checks import ValueChecks
from ecom_source.errors import PayloadError

LOAD_ID = "1700000000.5"
COLUMNS: Any = {
    "id": {"name": "id", "data_type": "bigint", "nullable": False, "primary_key": True},
    "price": {"name": "price", "data_type": "decimal", "precision": 18, "scale": 4, "nullable": True},
    "number": {"name": "number", "data_type": "decimal", "nullable": True},
    "seen": {"name": "seen", "data_type": "timestamp", "nullable": True},
    "day": {"name": "day", "data_type": "date", "nullable": True},
    "clock": {"name": "clock", "data_type": "time", "nullable": True},
    "small": {"name": "small", "data_type": "bigint", "precision": 16, "nullable": True},
    "ratio": {"name": "ratio", "data_type": "double", "nullable": True},
    "label": {"name": "label", "data_type": "text", "nullable": True},
    "raw": {"name": "raw", "data_type": "json", "nullable": True},
}
CAPS = duckdb().capabilities()
Tables = dict[str, list[dict[str, Any]]]


class Counted(ColumnarNormalizer):
    """Counts the chunks that were left to dlt."""

    left = 0

    def _tables(self, *arguments: Any) -> Iterator[Any]:
        self.left += 1
        yield from super()._tables(*arguments)
        self.left -= 1


def normalized(
    kind: type[ExactNormalizer],
    chunks: list[list[Any]],
    *,
    disposition: str = "merge",
    nesting: int = 1000,
    hints: dict[str, Any] | None = None,
    merged: bool = False,
    most_columns: int | None = None,
) -> tuple[Any, Tables, dict[str, Any], ExactNormalizer]:
    """The schema of the files, the rows and the columns by table, and the normalizer."""
    with TemporaryDirectory() as folder:
        schema = Schema("shop")
        columns = {name: {**column, **(hints or {}).get(name, {})} for name, column in COLUMNS.items()}
        columns |= {name: {"name": name, **hint} for name, hint in (hints or {}).items() if name not in COLUMNS}
        table: Any = new_table("things", None, disposition, list(columns.values()), resource="things")  # type: ignore[arg-type]
        table["x-normalizer"] = {"max_nesting": nesting}
        schema.update_table(table)
        load = LoadStorage(True, ["parquet"], LoadStorageConfiguration(str(Path(folder, "load"))))
        load.new_packages.create_package(LOAD_ID)
        from dlt.common.configuration.container import Container
        from dlt.common.data_writers import get_best_writer_spec

        with Container().injectable_context(CAPS):
            normalizer = kind(
                load.create_item_storage(get_best_writer_spec("object", "parquet")),
                load,
                NormalizeStorage(True, NormalizeStorageConfiguration(str(Path(folder, "normalize")))),
                schema,
                LOAD_ID,
                NormalizeConfiguration(destination_capabilities=CAPS),
                checks=ValueChecks(
                    {("", "things"): frozenset(name for name, each in columns.items() if each.get("data_type"))},
                    most_columns=most_columns,
                    merged=frozenset({"things"} if merged else ()),
                ),
            )
            try:
                for chunk in chunks:
                    line = json.dumpb(chunk)
                    normalizer._normalize_chunk("things", json.loadb(line), may_have_pua(line), skip_write=False)
                normalizer.item_storage.close_writers(LOAD_ID)
            finally:
                normalizer.item_storage.close_writers(LOAD_ID, skip_flush=True)
        rows: Tables = {}
        types: dict[str, Any] = {}
        for metrics in normalizer.item_storage.closed_files(LOAD_ID):
            table = pq.read_table(metrics.file_path)
            assert table.num_rows == metrics.items_count
            name = Path(metrics.file_path).name.split(".")[0]
            types.setdefault(name, []).append(table.schema)
            rows.setdefault(name, []).extend(table.to_pylist())
        known = {name: schema.get_table_columns(name, include_incomplete=True) for name in sorted(schema.tables)}
        return types, rows, known, normalizer


def without_ids(rows: Tables) -> dict[str, list[Any]]:
    """The rows by their place: random ids are replaced by the place of the row that they name."""
    places: dict[str, Any] = {}
    found = {}
    for name in sorted(rows, key=lambda each: (each.count("__"), each)):
        here = []
        for number, row in enumerate(rows[name]):
            parent = row.get("_dlt_parent_id")
            place = (name, number) if parent is None else (name, places[parent], row["_dlt_list_idx"])
            places[row["_dlt_id"]] = place
            root = places[row["_dlt_root_id"]] if row.get("_dlt_root_id") else None
            kept = {column: value for column, value in row.items() if column[:5] != "_dlt_"}
            here.append((str(place), str(root), row.get("_dlt_load_id"), kept))
        found[name] = sorted(here, key=lambda each: each[0])
    return found


def assert_same(chunks: list[list[Any]], **more: Any) -> int:
    """Both ways make the same, or fail alike; how many chunks were left to dlt."""
    try:
        types, rows, columns, plain = normalized(ExactNormalizer, chunks, **more)
    except Exception as error:
        with pytest.raises(type(error), match=re.escape(str(error))):
            normalized(Counted, chunks, **more)
        return -1
    own_types, own_rows, own_columns, normalizer = normalized(Counted, chunks, **more)
    assert own_columns == columns
    assert {name: [each.names for each in found] for name, found in own_types.items()} == {
        name: [each.names for each in found] for name, found in types.items()
    }
    for name, found in types.items():
        assert [each.types for each in own_types[name]] == [each.types for each in found]
    assert repr(without_ids(own_rows)) == repr(without_ids(rows))
    assert (normalizer.checks.cut, +normalizer.checks.deleted) == (plain.checks.cut, +plain.checks.deleted)
    assert isinstance(normalizer, Counted)
    return normalizer.left


def thing(key: int, **more: Any) -> dict[str, Any]:
    """A row with everything that goes by columns."""
    return {
        "id": key,
        "price": [10, 10.5, 0.1, None][key % 4],
        "number": ["12.50", "-3", None][key % 3],
        "seen": [f"2026-03-29T01:30:0{key % 10}Z", "2026-03-29T01:30:00.123456+02:00", None][key % 3],
        "day": "2026-02-28",
        "small": key % 100,
        "ratio": [1, 2.5, None][key % 3],
        "label": ["", "größer 漢字 🛒", None, 'a "quote"'][key % 4],
        "Odd Name-Here": key % 2 == 0,
        "found": "2026-01-02T03:04:05.678Z",
        "size": None if key % 5 == 0 else {"width": key, "unit": {"name": "cm", "factor": 0.01}},
        "tags": [f"tag {number}" for number in range(key % 3)],
        "numbers": None if key % 4 == 0 else [1, 2][: key % 3],
        "items": [
            {"line": line, "price": line + 0.5, "parts": [{"part": key, "of": {"x": line}}] if line else []}
            for line in range(key % 4)
        ],
        **more,
    }


def things(first: int, count: int, **more: Any) -> list[dict[str, Any]]:
    return [thing(key, **more) for key in range(first, first + count)]


@pytest.mark.parametrize("disposition", ["merge", "append", "replace"])
def test_all_but_the_first_chunk_go_by_columns(disposition: str) -> None:
    chunks = [things(0, 40), things(40, 40), things(80, 1), things(81, 60)]
    assert assert_same(chunks, disposition=disposition) == 1


def test_what_the_first_rows_bring_is_known_to_the_rest_of_their_chunk() -> None:
    assert assert_same([[*things(0, 70), *things(70, 300, colour="red")]]) == 2
    assert assert_same([things(0, 300)]) == 1


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({"ratio": True}, id="true among numbers"),
        pytest.param({"number": "about 3"}, id="a text that is no number"),
        pytest.param({"number": " 12 "}, id="a number with spaces"),
        pytest.param({"seen": 1774747800}, id="an epoch in a timestamp"),
        pytest.param({"seen": "2026-03-29 01:30:00"}, id="a time without a zone"),
        pytest.param({"seen": "2026-03-29T01:30:00.1234567Z"}, id="more digits than microseconds"),
        pytest.param({"day": "2026-02-28T10:00:00Z"}, id="a time in a date"),
        pytest.param({"clock": "10:00:00"}, id="a time of the day"),
        pytest.param({"label": 7}, id="a number in a text"),
        pytest.param({"small": 2.0}, id="a float in an integer"),
        pytest.param({"small": 2.5}, id="a broken number in an integer"),
        pytest.param({"id": "12"}, id="a text in an integer"),
        pytest.param({"id": 2**62}, id="a large integer"),
        pytest.param({"new": 1}, id="a new column"),
        pytest.param({"New": None}, id="a new column of nothing"),
        pytest.param({"label": {"de": "x"}}, id="an object in a text"),
        pytest.param({"size": 3}, id="a number in an object"),
        pytest.param({"size": {"width": 1, "depth": 2}}, id="a new field in an object"),
        pytest.param({"size": {}}, id="an empty object"),
        pytest.param({"items": [{"line": 1, "colour": "red"}]}, id="a new column in a list"),
        pytest.param({"items": ["red"]}, id="a text in a list of objects"),
        pytest.param({"items": [None]}, id="nothing in a list of objects"),
        pytest.param({"tags": [None, "x"]}, id="nothing in a list of texts"),
        pytest.param({"tags": [1]}, id="a number in a list of texts"),
        pytest.param({"tags": [["x"]]}, id="a list in a list"),
        pytest.param({"things": [{"a": 1}]}, id="a new table"),
        pytest.param({"raw": {"a": [1]}}, id="JSON"),
        pytest.param({"raw": None}, id="JSON that is null"),
        pytest.param({"odd_name_here": True}, id="two names for one column"),
        pytest.param({"_dlt_id": "mine"}, id="a column of dlt"),
        pytest.param({"label": "\uf0261.5"}, id="a private character"),
        pytest.param({"": 1}, id="no name"),
        pytest.param({" ": 1}, id="a blank name"),
        pytest.param({"price": 1e-7}, id="more digits than the column"),
        pytest.param({"price": 1e22}, id="more than the column holds"),
        pytest.param({"small": 70_000}, id="more than the integer holds"),
        pytest.param({"ratio": 2**60}, id="an integer that no double has"),
    ],
)
def test_a_row_that_is_odd_is_left_to_dlt(odd: dict[str, Any]) -> None:
    chunks = [things(0, 20), [*things(20, 5), thing(25, **odd), *things(26, 5)], things(31, 10), [thing(41, **odd)]]
    assert_same(chunks)


@pytest.mark.parametrize("chunk", [[1, 2], [None, {"id": 5}], [[{"id": 7}]], ["x"], [{}], []])
def test_rows_that_are_no_objects(chunk: list[Any]) -> None:
    assert_same([things(0, 10), chunk, things(20, 5)])


@pytest.mark.parametrize("nesting", [0, 1, 2])
def test_no_deeper_than_the_resource_says(nesting: int) -> None:
    assert_same([things(0, 20), things(20, 20)], nesting=nesting)


def test_a_key_that_is_null_is_named() -> None:
    chunks = [things(0, 20), [*things(20, 5), thing(25) | {"id": None}]]
    for kind in (ExactNormalizer, Counted):
        with pytest.raises(PayloadError, match=r"things\.id has no value in a row without a key"):
            normalized(kind, chunks)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(blacklist_categories=("Cs", "Co")), max_size=6),
    st.sampled_from(["2026-01-01", "2026-01-01T10:00:00Z", "1.5", "7", "true"]),
    st.datetimes().map(lambda moment: moment.replace(tzinfo=UTC).isoformat()),
)
NAMES = st.sampled_from(["id", "price", "seen", "ratio", "label", "size", "items", "a", "b", "A b"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=5,
)


@settings(
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.lists(st.lists(st.dictionaries(NAMES, VALUES, max_size=5), min_size=1, max_size=4), min_size=2, max_size=4))
def test_any_rows(chunks: list[list[dict[str, Any]]]) -> None:
    assert_same([[{**row, "id": key} for key, row in enumerate(chunk)] for chunk in chunks])
