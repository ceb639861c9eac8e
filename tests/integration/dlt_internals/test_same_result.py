"""The tables are those that plain dlt makes: the same names, columns and types, the same values, for every setting."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import dlt
import pytest
from dlt.sources.rest_api import rest_api_source
from tests.support.apis import api, whole
from tests.support.loads import KEY, Tables, connection_json, duckdb_tables, make_load, perform
from tests.support.postgres import Postgres
from tests.support.rows_api import RowsApi, serving

from ecom_source import Options

COLUMNS = {
    "price": {"data_type": "decimal", "precision": 18, "scale": 4},
    "changed": {"data_type": "timestamp"},
    "day": {"data_type": "date"},
    "clock": {"data_type": "time"},
    "code": {"data_type": "text"},
    "number": {"data_type": "decimal"},
}

NIGHT = "2026-03-29T01:30:00"
TEXTS = ["", "plain", 'a "quote", a \\ and a \' one', "two\nlines\tand a tab", "größer 漢字 🛒", "null", "\\N"]


def row(key: int) -> dict[str, Any]:
    """Rows with everything that one format of files might keep differently from another."""
    return {
        "id": key,
        "price": [10, 10.5, "1234567.8901", 0.1, -3, 1e-4, None][key % 7],
        "number": ["12345678901234567890.123456789", 1, 2.5][key % 3],
        "changed": [f"{NIGHT}+02:00", f"{NIGHT}.123456Z", NIGHT.replace("T", " "), 1774747800][key % 4],
        "seen": "2026-01-02T03:04:05.678Z",
        "day": "2026-02-28",
        "clock": ["23:59:59", "00:00:00.000001"][key % 2],
        "code": [7, 1.0, "007", True][key % 4],
        "text": TEXTS[key % 7],
        "whole_then_broken": key if key < 150 else key + 0.25,
        "number_then_text": key if key < 160 else f"number {key}",
        "mostly_null": {"deep": {"er": key}} if key == 205 else None,
        "is_active": key % 2 == 0,
        "ratio": [0.1, 1e300, -0.0, 5e-324][key % 4],
        "big": 2**62 + key,
        "Odd Name-Here": key,
        "dimensions": {"width": key, "unit": {"name": "cm", "factor": 0.01}},
        "tags": [f"tag {number}" for number in range(key % 3)],
        "items": [
            {"line": line, "price": line + (0.5 if key % 2 else 0), "parts": [{"part": key}] if line else []}
            for line in range(key % 4)
        ],
        "matrix": [[1, 2], [key]] if key % 50 == 0 else [],
    }


ROWS = [row(key) for key in range(1, 231)]
HUGE = [f'{{"id": {key}, "huge": {"1" * 19}, "text": "\\u0041"}}' for key in range(1, 131)]

PLAIN = [
    {
        "id": key,
        "price": [10, 10.5, 0.1, None][key % 4],
        "changed": f"{NIGHT}.{key:06d}Z",
        "seen": f"{NIGHT}+02:00",
        "text": TEXTS[key % 7],
        "size": {"width": key, "unit": {"name": "cm", "factor": 0.01}} if key % 9 else None,
        "items": [
            {"line": line, "price": line + 0.5, "parts": [{"part": key}] if line else []} for line in range(key % 4)
        ],
    }
    for key in range(1, 231)
]
NUL = [{"id": key, "text": "a\0b"} for key in range(1, 4)]


def description(**more: Any) -> Any:
    return api(whole("things", "/rows", columns=COLUMNS, **more))


def load_plainly(url: str, destination: Any, folder: Path, config: Any) -> None:
    """dlt alone, with the same description."""
    config = {**config, "client": {**config["client"], "base_url": url}}
    config["client"]["auth"] = {**config["client"]["auth"], "api_key": KEY}
    pipeline = dlt.pipeline("plain", destination=destination, dataset_name="plain", pipelines_dir=str(folder / "plain"))
    # A merge has the root key anyway; this package keeps it in tables that are replaced as well.
    pipeline.run(rest_api_source(config, name="things", root_key=True))


def columns(tables: Tables) -> dict[str, dict[str, tuple[Any, ...]]]:
    """Types and nullability of the columns of each table."""
    _, rows = tables.query(
        "SELECT table_name, column_name, data_type, numeric_precision, numeric_scale, datetime_precision, is_nullable "
        f"FROM information_schema.columns WHERE table_schema = '{tables.dataset}'"
    )
    found: dict[str, dict[str, tuple[Any, ...]]] = {}
    for table, column, *about in rows:
        if table[:5] != "_dlt_":
            found.setdefault(table, {})[column] = tuple(about)
    return found


def values(tables: Tables) -> dict[str, dict[Any, dict[str, Any]]]:
    """The rows of each table by their place: the key of the row, or the place of the parent and the index in its list.

    dlt's own ids differ from load to load, so what they join is compared instead.
    """
    names = sorted(columns(tables), key=lambda name: (name.count("__"), name))
    places: dict[str, Any] = {}
    found: dict[str, dict[Any, dict[str, Any]]] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop(0)
        heads, rows = tables.query(f"SELECT * FROM {tables.dataset}.{name}")
        dicts = [dict(zip(heads, each, strict=True)) for each in rows]
        if any("_dlt_parent_id" in each and each["_dlt_parent_id"] not in places for each in dicts):
            waiting.append(name)
            continue
        here: dict[Any, dict[str, Any]] = {}
        for each in dicts:
            place = (places[each["_dlt_parent_id"]], each["_dlt_list_idx"]) if "_dlt_parent_id" in each else each["id"]
            assert "_dlt_root_id" not in each or each["_dlt_root_id"] in places
            places[each["_dlt_id"]] = (name, place)
            here[place] = {column: value for column, value in each.items() if column[:5] != "_dlt_"}
        assert len(here) == len(dicts)
        found[name] = here
    return found


def assert_same(ours: Tables, plain: Tables) -> None:
    assert columns(ours) == columns(plain)
    found, expected = values(ours), values(plain)
    assert found.keys() == expected.keys()
    for table in expected:
        assert found[table] == expected[table], table
        for place, each in expected[table].items():
            assert [type(value) for value in found[table][place].values()] == [type(value) for value in each.values()]


@pytest.fixture(params=["duckdb", "postgres"])
def warehouse(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Any, Tables, Tables]]:
    """dlt's destination, and the tables of plain dlt's dataset and of ours."""
    if request.param == "duckdb":
        path = tmp_path / "same.duckdb"
        monkeypatch.setenv("ECOM_DUCKDB_PATH", str(path))
        yield dlt.destinations.duckdb(str(path)), duckdb_tables(path, "plain"), duckdb_tables(path, "ours")
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    database = f"db_{uuid4().hex[:8]}"
    postgres.create_database(database)
    monkeypatch.setenv("AIRFLOW_CONN_ECOM_WAREHOUSE", postgres.connection_json(database))
    from tests.support.postgres import PASSWORD

    credentials = {"host": "127.0.0.1", "port": postgres.port, "username": "postgres", "password": PASSWORD}
    yield (
        dlt.destinations.postgres({**credentials, "database": database}),
        postgres.tables(database, "plain"),
        postgres.tables(database, "ours"),
    )


@pytest.mark.parametrize(
    ("rows", "more", "settings"),
    [
        pytest.param(ROWS, {}, {}, id="as it is"),
        pytest.param(ROWS, {}, {"PAGES": "1"}, id="one page after the other"),
        pytest.param(ROWS, {}, {"DATA_WRITER__DISABLE_COMPRESSION": "false"}, id="files compressed"),
        pytest.param(ROWS, {}, {"DATA_WRITER__BUFFER_MAX_ITEMS": "7"}, id="rows in small chunks, most by columns"),
        pytest.param(PLAIN, {}, {"DATA_WRITER__BUFFER_MAX_ITEMS": "20"}, id="plain rows by columns"),
        pytest.param(ROWS, {"file_format": "insert_values"}, {}, id="a file format of the resource"),
        pytest.param(ROWS, {"write_disposition": "replace"}, {}, id="replace"),
        pytest.param(ROWS, {"max_table_nesting": 1}, {}, id="nested to a limit"),
        pytest.param(HUGE, {}, {}, id="numbers of 19 digits"),
        pytest.param(NUL, {}, {}, id="a NUL in a text"),
    ],
)
def test_every_table_is_the_same(
    warehouse: tuple[Any, Tables, Tables],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rows: list[Any],
    more: dict[str, Any],
    settings: dict[str, str],
) -> None:
    destination, plain, ours = warehouse
    plain_more = {name: value for name, value in more.items() if name != "file_format"}
    with serving(RowsApi(rows)) as shop:
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url))
        load_plainly(shop.url, destination, tmp_path, description(**plain_more))
        requests = len(shop.requests)
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("tests.support.loads.DEFAULTS", Options(parallel_pages=int(os.environ.get("PAGES", "10"))))
        perform(make_load(description(**more), "things", dataset="ours"))
        assert len(shop.requests) - requests <= requests + 1
    assert_same(ours, plain)
