"""DuckDB's memory is bounded by what a load has, where it can do with less, and no load fails for it."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from tests.integration.conftest import Loader
from tests.support.apis import CATALOGUE, api, whole
from tests.support.loads import Tables, connection_json, duckdb_tables, make_load, perform
from tests.support.rows_api import RowsApi, serving

from demo_shop import DemoShop, RequestRecord
from ecom_source.repeats import DISTINCT
from ecom_source.warehouses import memory
from ecom_source.warehouses.memory import Memory

STEPPED = {**CATALOGUE, "processing_steps": [{"filter": lambda row: True}]}


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What DuckDB was given, load by load."""
    found: list[str] = []
    bound = Memory.bound

    def watched(self: Memory, rows: int, columns: int) -> None:
        bound(self, rows, columns)
        found.append(self._limit())

    monkeypatch.setattr(Memory, "bound", watched)
    return found


def test_a_load_has_memory_for_its_rows_and_columns(
    shop: DemoShop, load: Loader, tables: Tables, given: list[str]
) -> None:
    load(api(CATALOGUE))
    tables.assert_equal_to(shop)
    _, columns = tables.query(
        "SELECT count(*) FROM information_schema.columns "
        "WHERE table_schema = 'ecommerce' AND table_name LIKE 'ecommerce%'"
    )
    megabytes = 60 + 1.5 * columns[0][0] + 36 * 340 / 1_000_000
    assert given == [f"{int(10 * int(megabytes) * 1_000_000 / 2**20) / 10} MiB"]


def test_what_fails_for_want_of_memory_is_done_again_with_more(
    tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """First of all rows new, then of all replaced: the files fail, and the merge."""
    monkeypatch.setattr(memory, "FIXED", 2_000_000)
    monkeypatch.setattr(memory, "FOR_A_COLUMN", 0)
    caplog.set_level(logging.INFO, "ecom_source.warehouses.memory")
    resource = api(whole("things", "/rows"), client={"paginator": {"type": "offset", "limit": 1000}})
    rows = [{"id": key, **{f"text_{number}": f"{key} {number} " * 4 for number in range(40)}} for key in range(5000)]
    for change in ("", "!"):
        caplog.clear()
        changed = [{**row, "text_0": f"{row['text_0']}{change}"} for row in rows]
        with serving(RowsApi(changed)) as shop:
            monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url))
            report = perform(make_load(resource, "things", temp=tmp_path))
        assert report.rows["things"] == tables.scalar("SELECT count(*) FROM ecommerce.things") == 5000
        found = {key: row["text_0"] for key, row in tables.rows("things").items()}
        assert found == {row["id"]: row["text_0"] for row in changed}
        told = [record.getMessage() for record in caplog.records if record.name == "ecom_source.warehouses.memory"]
        assert told[0] == "DuckDB failed with 1.9 MiB of memory; it is tried again with 7.6 MiB"


def test_a_connection_that_says_how_much_wins(
    shop: DemoShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: list[str]
) -> None:
    path = tmp_path / "own.duckdb"
    own = {"conn_type": "duckdb", "host": str(path), "extra": {"memory_limit": "512MB"}}
    monkeypatch.setenv("AIRFLOW_CONN_ECOM_WAREHOUSE", json.dumps(own))
    perform(make_load(api(CATALOGUE), "ecommerce_data", temp=tmp_path))
    duckdb_tables(path).assert_equal_to(shop)
    assert set(given) == {"488.2 MiB"}


def test_a_merge_that_has_to_look_for_repeated_rows_is_not_bounded(
    shop: DemoShop, load: Loader, tables: Tables, given: list[str]
) -> None:
    load(api(CATALOGUE))
    given.clear()
    # What the first load told the merge has to be taken back.
    load(api(STEPPED))
    tables.assert_equal_to(shop)
    assert given == []
    assert f'"{DISTINCT}":false' in tables.scalar(
        "SELECT schema FROM ecommerce._dlt_version ORDER BY version DESC LIMIT 1"
    ).replace(" ", "")


def test_rows_that_come_twice_are_one_row(shop: DemoShop, load: Loader, tables: Tables) -> None:
    """The last rows of each page come again on the next."""

    def push(record: RequestRecord) -> None:
        if record.number == 2:
            shop.insert("resource")

    shop.on_request(push)
    newest_first = {**CATALOGUE, "endpoint": {"path": "/v1/resource", "params": {"sort": "-id"}}}
    read = load(api(newest_first))["ecommerce_data"].readings["ecommerce_data"]
    assert read.rows > (read.distinct or 0) >= 340
    assert len(tables.rows("ecommerce_data")) == read.distinct
    load(api(CATALOGUE))
    tables.assert_equal_to(shop)


@pytest.mark.parametrize("named", ["id", "ID"])
def test_rows_that_come_twice_on_one_page_are_one_row(
    tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    rows = [{named: key, "price": price} for key, price in ((1, 10), (2, 20), (1, 10), (3, 30), (3, 30))]
    with serving(RowsApi(rows, total=False)) as shop:
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url))
        perform(make_load(api(whole("things", "/rows")), "things", temp=tmp_path))
    assert tables.query("SELECT id, price FROM ecommerce.things ORDER BY id")[1] == [(1, 10), (2, 20), (3, 30)]
