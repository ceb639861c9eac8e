"""DuckDB's memory is bounded by the rows of a load, where it can do with less."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.integration.conftest import Loader
from tests.support.apis import CATALOGUE, api
from tests.support.loads import Tables, duckdb_tables, make_load, perform

from demo_shop import DemoShop, RequestRecord
from ecom_source.repeats import DISTINCT
from ecom_source.tuning import duckdb_memory
from ecom_source.warehouses import turns

STEPPED = {**CATALOGUE, "processing_steps": [{"filter": lambda row: True}]}


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What DuckDB was given, load by load."""
    found: list[str] = []
    bound = turns.bound_memory

    def watched(connection: Any, config: Any, rows: int) -> None:
        bound(connection, config, rows)
        found.append(connection.execute("SELECT current_setting('memory_limit')").fetchone()[0])

    monkeypatch.setattr("ecom_source.warehouses.opening.bound_memory", watched)
    return found


def test_a_load_has_memory_for_its_rows(shop: DemoShop, load: Loader, tables: Tables, given: list[str]) -> None:
    load(api(CATALOGUE))
    tables.assert_equal_to(shop)
    assert duckdb_memory(341) == "100MB"
    assert given[-1] == "95.3 MiB"
    assert duckdb_memory(1_000_000) == "136MB"


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
