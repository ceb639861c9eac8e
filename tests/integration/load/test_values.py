"""Values and names as shops have them, loaded into real warehouses: kept, reported, or an error by row and key."""

from __future__ import annotations

import ast
import json
import logging
import os
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import airflow  # noqa: F401  (it sets up logging, which would take the lines from caplog)
import pytest
from tests.support.apis import api, whole
from tests.support.loads import KEY, Tables, connection_json, duckdb_tables
from tests.support.postgres import Postgres
from tests.support.rows_api import RowsApi, serving

from ecom_source.errors import ApiConfigError, PayloadError
from ecom_source.load.report import Report
from ecom_source.testing import run_load

Load = Callable[..., Report]


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[RowsApi]:
    with serving(RowsApi([])) as served:
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(served.url))
        yield served


@pytest.fixture(params=["duckdb", "postgres"])
def tables(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tables:
    if request.param == "duckdb":
        monkeypatch.setenv("ECOM_DUCKDB_PATH", str(tmp_path / "values.duckdb"))
        return duckdb_tables(tmp_path / "values.duckdb")
    postgres: Postgres = request.getfixturevalue("postgres")
    database = f"db_{uuid4().hex[:8]}"
    postgres.create_database(database)
    monkeypatch.setenv("AIRFLOW_CONN_ECOM_WAREHOUSE", postgres.connection_json(database))
    return postgres.tables(database)


@pytest.fixture
def load(shop: RowsApi, tables: Tables) -> Load:
    def run(rows: list[Any], *, full_refresh: bool = False, **more: Any) -> Report:
        shop.rows = rows
        return run_load(api(whole("things", "/rows", **more)), full_refresh=full_refresh)["things"]

    return run


def folded(row: dict[str, Any], name: str) -> Any:
    """The value of a field, be it in its column or in one of its own."""
    found = [value for column, value in row.items() if column.partition("__v_")[0] == name and value is not None]
    assert len(found) <= 1
    return found[0] if found else None


NUMBERS = [1000, "01000", "1_000", "1e3", "+5", " 7 ", "٣٤٥", "12.0", "-0", "17", "A-17", 2.5, True]


def test_a_text_in_a_number_column_is_kept_as_it_is_and_told_of(
    load: Load, tables: Tables, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [{"id": key, "sku": value} for key, value in enumerate(NUMBERS)]
    report = load(rows)
    found = tables.rows("things")
    assert [folded(found[key], "sku") for key in range(13)] == [*NUMBERS[:9], 17, *NUMBERS[10:]]
    varied = {"change": "type_varied", "table": "things", "column": "sku__v_text", "data_type": "text"}
    assert [varied, report.schema_changes[0]["change"]] == [
        next(each for each in report.schema_changes if each.get("column") == "sku__v_text"),
        "table_added",
    ]
    (warning,) = [each.getMessage() for each in caplog.records if "things.sku__v_text" in each.getMessage()]
    assert 'put `"columns": {"sku": {"data_type": "text"}}` into the resource' in warning
    # By another run, nothing but the rows changes.
    assert load([{"id": 20, "sku": "0007"}, {"id": 21, "sku": 7}]).schema_changes == []
    assert [folded(tables.rows("things")[key], "sku") for key in (20, 21)] == ["0007", 7]


@pytest.mark.parametrize("sku", ["01000", "A-17", 2.5, 2**63, None])
def test_a_key_of_another_type_is_an_error(load: Load, tables: Tables, sku: Any) -> None:
    load([{"id": 1, "sku": 1000}], primary_key="sku")
    with pytest.raises(PayloadError, match=r"things\.sku|no 'sku'"):
        load([{"id": 1, "sku": 1000}, {"id": 2, "sku": sku}], primary_key="sku")
    assert tables.rows("things") == {1: {"id": 1, "sku": 1000}}


def test_a_price_is_rounded_as_the_database_would_and_counted(
    load: Load, tables: Tables, caplog: pytest.LogCaptureFixture
) -> None:
    prices = [19.99, 0.1 + 0.2, "12.34565", "-12.34565", 10 / 3, "1.50000", 7]
    rows = [{"id": key, "price": price} for key, price in enumerate(prices)]
    columns = {"price": {"data_type": "decimal", "precision": 18, "scale": 4}}
    report = load(rows, columns=columns)
    # What the database itself makes of such a number.
    asked = [Decimal(str(tables.scalar(f"SELECT CAST({price!s} AS DECIMAL(18, 4))"))) for price in map(str, prices)]
    assert [tables.rows("things")[key]["price"] for key in range(7)] == asked
    assert report.as_extra()["values"]["values_rounded"] == {"things.price": 4}
    assert "things.price: 4 values had more digits than the column holds and were rounded, such as " in caplog.text


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ('"name": "cut \\ud83d"', r"things.name is 'cut \ud83d' in the row with id 7: half of a surrogate pair"),
        (f'"stock": {2**64}', f"things.stock is {2**64} in the row with id 7: a whole number takes 64 bits at most"),
        (f'"stock": {2**63}', f"things.stock cannot hold {2**63}, which the row with id 7 has"),
        ('"stock": NaN', "The answer of /rows is no JSON"),
        ('"lines": [{"price": 1e999}]', "things.lines.price is inf in the row with id 7"),
        ('"price": 1e15', "things.price cannot hold Decimal('1000000000000000.0'), which the row with id 7 has"),
        ('"seen": "9999-12-31T23:59:59-08:00"', "things.seen cannot hold '9999-12-31T23:59:59-08:00', which the row"),
        ('"code": null', "things.code has no value in the row with id 7, but the API description says"),
        ('"fooBar": 1, "foo_bar": 2', "things.foo_bar: 'fooBar' and 'foo_bar'"),
    ],
)
def test_what_cannot_be_stored_fails_by_row_and_key(load: Load, tables: Tables, row: str, words: str) -> None:
    columns = {
        "price": {"data_type": "decimal", "precision": 18, "scale": 4},
        "code": {"data_type": "text", "nullable": False},
    }
    first = {"id": 1, "price": 1, "code": "x", "seen": "2026-03-01T10:00:00Z", "stock": 5, "name": "a"}
    load([first], columns=columns)
    before = tables.rows("things")
    rows = ['{"id": 7, "code": "x", ' + row + "}", {**first, "id": 8}] if "code" not in row else [f'{{"id": 7, {row}}}']
    with pytest.raises(PayloadError) as caught:
        load(rows, columns=columns)
    assert words in str(caught.value)
    assert tables.rows("things") == before


def test_a_nul_is_left_out_and_told_of(load: Load, tables: Tables, caplog: pytest.LogCaptureFixture) -> None:
    report = load([{"id": 1, "name": "a\0b\0"}, {"id": 2, "lines": [{"text": "\0"}]}])
    assert tables.rows("things")[1]["name"] == "ab"
    assert report.as_extra()["values"]["nul_left_out"] == {"name": 2, "text": 1}
    assert "name: 2 NUL characters were left out of its texts: " in caplog.text


def test_a_table_with_too_many_columns_is_refused_by_name(load: Load, tables: Tables, shop: RowsApi) -> None:
    rows = [{"id": key, "meta": {str(n): key for n in range(400 * key, 400 * key + 400)}} for key in range(5)]
    if "AIRFLOW_CONN_ECOM_WAREHOUSE" not in os.environ:
        # DuckDB takes any number.
        load(rows)
        assert tables.rows("things")[4]["meta___1999"] == 4
        return
    with pytest.raises(PayloadError, match=r"things would have .* columns with the row with id 3") as caught:
        load(rows)
    assert "1,600 columns" in str(caught.value)
    load(rows, columns={"meta": {"data_type": "json"}})
    assert tables.rows("things")[4]["meta"] == rows[4]["meta"]


@pytest.mark.parametrize(
    ("column", "deleted", "kept"),
    [
        ({"data_type": "bool"}, ["1", 1, True, "yes"], ["0", 0, False, "no", None]),
        ({"data_type": "text"}, ["1", "0", ""], [None]),
        ({"data_type": "timestamp"}, ["2026-03-01T00:00:00Z"], [None]),
    ],
)
@pytest.mark.parametrize("field", ["gone", "isGone", "state"])
def test_a_full_refresh_and_a_merge_agree_on_deleted_rows(
    load: Load, tables: Tables, column: dict[str, Any], deleted: list[Any], kept: list[Any], field: str
) -> None:
    name = "state__gone" if field == "state" else field
    columns = {name: {**column, "hard_delete": True}}
    marks = [*kept, *deleted]
    rows = [{"id": key, field: {"gone": mark} if field == "state" else mark} for key, mark in enumerate(marks)]
    unmarked: list[Any] = [{"id": key, field: {} if field == "state" else None} for key in range(len(rows))]
    for full_refresh in (False, True):
        load(unmarked, columns=columns, full_refresh=full_refresh)
        assert len(tables.rows("things")) == len(rows)
        report = load(rows, columns=columns, full_refresh=full_refresh)
        assert sorted(tables.rows("things")) == list(range(len(kept)))
        assert report.as_extra()["values"]["rows_marked_deleted"] == ({"things": len(deleted)} if full_refresh else {})
    # All of them are gone.
    load(rows[len(kept) :], columns=columns, full_refresh=True)
    assert tables.rows("things") == {}


def test_nested_columns_are_described_by_nested_hints(load: Load, tables: Tables) -> None:
    rows = [
        {
            "id": key,
            "lines": [{"price": price, "parts": [{"weight": price}]} for price in (25, "10.50", 0.1)],
            "shipping": {"taxes": [{"amount": price} for price in (1, 2.5)]},
        }
        for key in range(70)
    ]
    hints = {
        "lines": {"columns": {"price": {"name": "price", "data_type": "decimal"}}},
        ("lines", "parts"): {"columns": {"weight": {"name": "weight", "data_type": "decimal"}}},
        ("shipping", "taxes"): {
            "parent_table_name": "things",
            "columns": {"amount": {"name": "amount", "data_type": "decimal"}},
        },
    }
    report = load(rows, nested_hints=hints)
    assert [each for each in report.schema_changes if each["change"] == "type_varied"] == []
    for table, column, total in (
        ("things__lines", "price", Decimal("35.6")),
        ("things__lines__parts", "weight", Decimal("35.6")),
        ("things__shipping__taxes", "amount", Decimal("3.5")),
    ):
        assert tables.scalar(f"SELECT sum({column}) FROM ecommerce.{table}") == 70 * total
    load(rows, nested_hints=hints)
    assert tables.scalar("SELECT count(*) FROM ecommerce.things__lines") == 210


def test_a_nested_hint_without_its_name_is_refused(load: Load, tables: Tables) -> None:
    with pytest.raises(ApiConfigError, match="nested_hints of 'things' have a column 'price' that does not repeat"):
        load([{"id": 1}], nested_hints={"lines": {"columns": {"price": {"data_type": "decimal"}}}})


def test_the_line_in_the_warning_describes_the_column(
    load: Load, tables: Tables, caplog: pytest.LogCaptureFixture
) -> None:
    def line(price: Any) -> dict[str, Any]:
        return {"price": price, "parts": [{"weight": price, "of": {"sizes": [{"size": price}]}}]}

    rows = [{"id": 1, "total": 7, "lines": [line(25), line(10.5)], "shipping": {"taxes": [line(1), line(2.5)]}}]
    rows.append({"id": 2, "total": 7.5})
    assert len([each for each in load(rows).schema_changes if each["change"] == "type_varied"]) == 7
    lines = re.findall(r"put `(.+?)` into the resource", caplog.text)
    assert lines[0] == '"columns": {"total": {"data_type": "decimal"}}'
    assert lines[1] == '"nested_hints": {"lines": {"columns": {"price": {"name": "price", "data_type": "decimal"}}}}'
    for text in lines:
        name = f"things_{lines.index(text)}"
        more = ast.literal_eval(f"{{{text}}}".replace('"things', f'"{name}'))
        changes = load(rows, table_name=name, **more).schema_changes
        varied = [each["column"] for each in changes if each["change"] == "type_varied"]
        assert len(varied) == 6, (text, varied)


def test_a_frozen_contract_names_the_line_too(load: Load, tables: Tables) -> None:
    contract = {"columns": "evolve", "data_type": "freeze"}
    load([{"id": 1, "lines": [{"price": 25}]}], schema_contract=contract)
    with pytest.raises(PayloadError) as caught:
        load([{"id": 1, "lines": [{"price": 10.5}]}], schema_contract=contract)
    assert "A row for things__lines.price breaks the schema contract" in str(caught.value)
    assert '`"nested_hints": {"lines": {"columns": {"price": {"name": "price", "data_type": "decimal"}}}}`' in str(
        caught.value
    )


def test_the_key_is_not_in_an_error(load: Load, tables: Tables) -> None:
    load([{"id": 1}])
    for row in ({"id": 1, "a_b": f"{'x' * 95}{KEY}", "aB": 1}, {"id": f"{'x' * 95}{KEY}"}):
        with pytest.raises(PayloadError) as caught:
            load([row])
        assert KEY[:5] not in str(caught.value)


def test_lines_are_logged_once(load: Load, tables: Tables, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    load(
        [{"id": key, "price": json.loads("1.23456")} for key in range(300)],
        columns={"price": {"data_type": "decimal", "precision": 10, "scale": 2}},
    )
    assert caplog.text.count("300 values had more digits than the column holds") == 1
