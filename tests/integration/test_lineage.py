"""From a row back to the DAG run that wrote it, by one query that is the same in every warehouse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support import PROJECT
from tests.support.apis import TWO
from tests.support.loads import Tables, make_load, manual, perform

from demo_shop import DemoShop
from ecom_source.lineage import Origin

FIRST = Origin("ecommerce_elt", "scheduled__2026-03-01", "ecommerce.orders", -1, 2, "scheduled")
SECOND = Origin("ecommerce_elt", "manual__2026-03-02", "ecommerce.orders", -1, 1, "manual")


def documented(table: str, key: int) -> str:
    """The query of docs/operating.md, for another table and row."""
    text = (PROJECT / "docs" / "operating.md").read_text()
    (query,) = [block for block in text.split("```")[1::2] if "_ecom_loads" in block and "JOIN" in block]
    query = query.removeprefix("sql\n").strip().removesuffix(";")
    return query.replace("ecommerce.ecommerce_data", f"ecommerce.{table}").replace("42", str(key))


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_a_row_leads_to_its_run(
    shop: DemoShop, tables: Tables, tmp_path: Path, request: pytest.FixtureRequest, kind: str
) -> None:
    warehouse: Tables = request.getfixturevalue("postgres_tables") if kind == "postgres" else tables
    for origin in (FIRST, SECOND):
        perform(make_load(TWO, "orders", temp=tmp_path), manual(), origin=origin)
        if origin is FIRST:
            shop.update("orders", 7, status="shipped")

    def origin_of(key: int) -> tuple[Any, ...]:
        (found,) = warehouse.query(documented("orders", key))[1]
        return found

    assert origin_of(8) == ("ecommerce_elt", "scheduled__2026-03-01", "ecommerce.orders", -1, 2, "scheduled")
    assert origin_of(7) == ("ecommerce_elt", "manual__2026-03-02", "ecommerce.orders", -1, 1, "manual")
    assert warehouse.scalar("SELECT count(*) FROM ecommerce._ecom_loads") == 2
    assert (
        warehouse.scalar(
            "SELECT count(*) FROM ecommerce._ecom_loads JOIN ecommerce._dlt_loads ON load_id = _dlt_load_id"
        )
        == 2
    )


def test_the_row_of_a_load_is_none_of_the_rows_it_reports(shop: DemoShop, tables: Tables, tmp_path: Path) -> None:
    report = perform(make_load(TWO, "ecommerce_data", temp=tmp_path), manual(), origin=FIRST)
    assert report.rows == {"ecommerce_data": 340}
    assert [change["table"] for change in report.schema_changes] == ["ecommerce_data"]
