"""DuckDB's memory is bounded by what a load has, where it can do with less, and no load fails for it."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import duckdb
import pytest
from tests.integration.conftest import Loader
from tests.support.apis import CATALOGUE, api, whole
from tests.support.loads import Tables, connection_json, duckdb_tables, make_load, perform
from tests.support.rows_api import RowsApi, serving

from demo_shop import DemoShop
from ecom_source.dlt_internals import duckdb_memory as memory
from ecom_source.dlt_internals.duckdb_memory import Memory
from ecom_source.paging.deduplicate import DISTINCT

STEPPED = {**CATALOGUE, "processing_steps": [{"filter": lambda row: True}]}


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What DuckDB was given, load by load."""
    found: list[int] = []
    bound = Memory.bound

    def watched(self: Memory, rows: int, columns: int, size: int) -> None:
        bound(self, rows, columns, size)
        found.append(self.limit)

    monkeypatch.setattr(Memory, "bound", watched)
    return found


def test_a_load_has_memory_for_its_rows_and_columns(
    shop: DemoShop, load: Loader, tables: Tables, given: list[int]
) -> None:
    load(api(CATALOGUE))
    tables.assert_equal_to(shop)
    _, columns = tables.query(
        "SELECT count(*) FROM information_schema.columns "
        "WHERE table_schema = 'ecommerce' AND table_name LIKE 'ecommerce%'"
    )
    (limit,) = given
    values = limit - 60_000_000 - 1_500_000 * columns[0][0] - 36 * 340
    # All rows are read at once here, a few hundred bytes each.
    assert 4 * 340 * 100 < values < 4 * 340 * 1000


def test_the_bound_is_never_more_than_duckdb_would_take_and_is_gone_once_something_failed() -> None:
    connection = duckdb.connect(config={"memory_limit": "400MB"})
    memory = Memory(connection, {})
    memory.bound(100_000, 20, 60_000_000)
    # Of 2,000 rows 1,200,000 bytes.
    assert abs(memory.limit - (60_000_000 + 30_000_000 + 3_600_000 + 4_800_000)) < 200_000
    memory.bound(1_000_000, 300, 0)
    assert abs(memory.limit - 400_000_000) < 200_000
    memory.bound(1000, 20, 0)
    memory.widen()
    memory.bound(1000, 20, 0)
    assert abs(memory.limit - 400_000_000) < 200_000


def test_what_fails_for_want_of_memory_is_done_again_with_more(
    tables: Tables, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """First of all rows new, then of all replaced: the files fail, and the merge."""
    monkeypatch.setattr(memory, "FIXED", 2_000_000)
    monkeypatch.setattr(memory, "FOR_A_COLUMN", 0)
    monkeypatch.setattr(memory, "FOR_A_BYTE", 0)
    caplog.set_level(logging.INFO, "ecom_source.dlt_internals.duckdb_memory")
    resource = api(whole("things", "/rows"), client={"paginator": {"type": "offset", "limit": 1000}})
    rows = [{"id": key, **{f"text_{number}": f"{key} {number} " * 4 for number in range(40)}} for key in range(5000)]
    for change in ("", "!"):
        caplog.clear()
        changed = [{**row, "text_0": f"{row['text_0']}{change}"} for row in rows]
        with serving(RowsApi(changed)) as shop:
            monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url))
            report = perform(make_load(resource, "things"))
        assert report.rows["things"] == tables.scalar("SELECT count(*) FROM ecommerce.things") == 5000
        found = {key: row["text_0"] for key, row in tables.rows("things").items()}
        assert found == {row["id"]: row["text_0"] for row in changed}
        told = [
            record.getMessage() for record in caplog.records if record.name == "ecom_source.dlt_internals.duckdb_memory"
        ]
        assert [text.partition("; it is tried again within ")[0] for text in told] == ["DuckDB failed within 2 MB"]


def test_a_connection_that_says_how_much_wins(
    shop: DemoShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: list[int]
) -> None:
    path = tmp_path / "own.duckdb"
    own = {"conn_type": "duckdb", "host": str(path), "extra": {"memory_limit": "512MB"}}
    monkeypatch.setenv("AIRFLOW_CONN_ECOM_WAREHOUSE", json.dumps(own))
    perform(make_load(api(CATALOGUE), "ecommerce_data"))
    duckdb_tables(path).assert_equal_to(shop)
    assert {round(limit, -6) for limit in given} == {512_000_000}


def test_a_merge_that_has_to_look_for_repeated_rows_is_not_bounded(
    shop: DemoShop, load: Loader, tables: Tables, given: list[int]
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
