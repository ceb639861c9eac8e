"""A key that comes twice in one read is one row, whatever the table is written by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.integration.conftest import Loader
from tests.support.apis import CATALOGUE, api, whole
from tests.support.loads import Tables, connection_json, make_load, manual, perform
from tests.support.rows_api import RowsApi, serving

from demo_shop import DemoShop, RequestRecord

STRATEGIES = pytest.mark.parametrize(
    "disposition",
    [
        pytest.param("merge", id="delete-insert"),
        pytest.param({"disposition": "merge", "strategy": "upsert"}, id="upsert"),
        pytest.param({"disposition": "merge", "strategy": "insert-only"}, id="insert-only"),
        pytest.param({"disposition": "merge", "strategy": "scd2"}, id="scd2"),
        pytest.param("replace", id="replace"),
    ],
)


def load_rows(rows: list[dict[str, Any]], temp: Path, monkeypatch: pytest.MonkeyPatch, **more: Any) -> None:
    run = manual(full_refresh=more.pop("full_refresh", False))
    with serving(RowsApi(rows, total=False)) as shop:
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url))
        perform(make_load(api(whole("things", "/rows", **more)), "things"), run)


@STRATEGIES
def test_a_row_that_changes_while_its_page_comes_again(
    shop: DemoShop, load: Loader, tables: Tables, disposition: Any
) -> None:
    """Without a cursor each page begins with the last row of the page before."""

    def change(record: RequestRecord) -> None:
        if record.number == 2:
            shop.update("resource", 100, stock=7)

    shop.on_request(change)
    load(api({**CATALOGUE, "write_disposition": disposition}))
    assert tables.scalar("SELECT count(*) FROM ecommerce.ecommerce_data") == 340
    assert tables.scalar("SELECT count(DISTINCT id) FROM ecommerce.ecommerce_data") == 340


def test_rows_that_are_pushed_over_the_border_of_a_page(shop: DemoShop, load: Loader, tables: Tables) -> None:
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


@STRATEGIES
@pytest.mark.parametrize(
    ("named", "full_refresh"),
    [
        pytest.param("id", False, id="id"),
        pytest.param("ID", False, id="a name that dlt writes its own way"),
        pytest.param("id", True, id="full refresh"),
    ],
)
def test_a_key_twice_on_one_page(
    tables: Tables,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    disposition: Any,
    named: str,
    full_refresh: bool,
) -> None:
    rows = [{named: key, "price": price} for key, price in ((1, 10), (2, 20), (1, 10), (3, 30), (3, 30))]
    for _ in range(2):
        load_rows(rows, tmp_path, monkeypatch, write_disposition=disposition, full_refresh=full_refresh)
        assert tables.query("SELECT id, price FROM ecommerce.things ORDER BY id")[1] == [(1, 10), (2, 20), (3, 30)]


@pytest.mark.parametrize("form", [dict, list])
def test_of_rows_with_one_key_the_one_that_dedup_sort_names_stays(
    tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: type
) -> None:
    hint = {"name": "seen", "data_type": "bigint", "dedup_sort": "desc"}
    columns = {"seen": hint} if form is dict else [hint]
    load_rows([{"id": 1, "seen": at} for at in (1, 9, 5)], tmp_path, monkeypatch, columns=columns)
    assert tables.query("SELECT id, seen FROM ecommerce.things")[1] == [(1, 9)]


def test_a_key_that_is_nested_is_merged_by_dlt(tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"data": {"id": key}, "price": price} for key, price in ((1, 10), (2, 20), (1, 10))]
    load_rows(rows, tmp_path, monkeypatch, primary_key="data__id")
    assert tables.query("SELECT data__id, price FROM ecommerce.things ORDER BY 1")[1] == [(1, 10), (2, 20)]


def test_one_page_with_a_key_twice_is_no_sign_of_missing_rows(
    tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"id": key} for key in (1, 2, 1)]
    load_rows(rows, tmp_path, monkeypatch, endpoint={"paginator": "single_page"})
    assert tables.query("SELECT id FROM ecommerce.things ORDER BY 1")[1] == [(1,), (2,)]


def test_rows_go_into_the_tables_that_they_name(
    tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"id": key, "kind": kind} for key in (1, 2) for kind in ("left", "right")]
    for full_refresh in (False, False, True):
        load_rows(rows, tmp_path, monkeypatch, table_name=lambda row: row["kind"], full_refresh=full_refresh)
    for kind in ("left", "right"):
        assert tables.query(f"SELECT id, kind FROM ecommerce.{kind} ORDER BY 1")[1] == [(1, kind), (2, kind)]
