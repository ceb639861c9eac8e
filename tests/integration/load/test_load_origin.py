"""From a row back to the DAG run that wrote it, by one query that is the same in every warehouse."""

from __future__ import annotations

import json
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
from tests.support import PROJECT
from tests.support.apis import TWO, api, windowed
from tests.support.loads import Tables, make_load, manual, perform

from demo_shop import DemoShop
from ecom_source.load.load_origin import Origin
from ecom_source.warehouses import open_warehouse

FIRST = Origin("ecommerce_elt", "scheduled__2026-03-01", "ecommerce.orders", -1, 2, "scheduled")
SECOND = Origin("ecommerce_elt", "manual__2026-03-02", "ecommerce.orders", -1, 1, "manual")

CONNECTIONS: dict[str, dict[str, Any]] = {
    "sqlite": {"conn_type": "sqlite"},
    "filesystem": {"conn_type": "fs", "extra": {"table_format": "parquet"}},
}


def documented(table: str, key: int) -> str:
    """The query of docs/operating.md, for another table and row."""
    text = (PROJECT / "docs" / "operating.md").read_text()
    (query,) = [block for block in text.split("```")[1::2] if "_ecom_loads" in block and "JOIN" in block]
    query = query.removeprefix("sql\n").strip().removesuffix(";")
    return query.replace("ecommerce.ecommerce_data", f"ecommerce.{table}").replace("42", str(key))


def rows_of(kind: str, tables: Tables, sql: str) -> list[tuple[Any, ...]]:
    """What the query finds: by the warehouse's own client, or by dlt where it has none with a schema."""
    if kind in ("duckdb", "postgres"):
        return tables.query(sql)[1]
    import dlt

    with open_warehouse("ecom_warehouse", dataset_name="ecommerce", staging_layout="%s_staging_x") as warehouse:
        return list(dlt.dataset(warehouse.destination, "ecommerce", schema="orders")(sql).fetchall())


@pytest.mark.parametrize("kind", ["duckdb", "postgres", "sqlite", "filesystem"])
def test_a_row_leads_to_its_run(
    shop: DemoShop,
    tables: Tables,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    warehouse: Tables = request.getfixturevalue("postgres_tables") if kind == "postgres" else tables
    if kind in CONNECTIONS:
        fields = {**CONNECTIONS[kind], "host": str(tmp_path / "warehouse" / "shop")}
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_WAREHOUSE", json.dumps(fields))
    # To plain files rows can only be added.
    description = api(windowed("orders", write_disposition="append")) if kind == "filesystem" else TWO
    for origin in (FIRST, SECOND):
        perform(make_load(description, "orders"), manual(), origin=origin)
        if origin is FIRST:
            shop.update("orders", 7, status="shipped")

    assert rows_of(kind, warehouse, documented("orders", 8)) == [astuple(FIRST)]
    assert astuple(SECOND) in rows_of(kind, warehouse, documented("orders", 7))
    (both,) = rows_of(
        kind,
        warehouse,
        "SELECT count(*) FROM ecommerce._ecom_loads AS ours JOIN ecommerce._dlt_loads AS dlts"
        " ON dlts.load_id = ours._dlt_load_id",
    )
    assert both == (2,)


def test_the_row_of_a_load_is_none_of_the_rows_it_reports(shop: DemoShop, tables: Tables) -> None:
    report = perform(make_load(TWO, "ecommerce_data"), manual(), origin=FIRST)
    assert report.rows == {"ecommerce_data": 340}
    assert [change["table"] for change in report.schema_changes] == ["ecommerce_data"]
