"""The example DAG downstream of the demo's orders: what it takes from the load's report, and what its model makes."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG
from tests.support import PROJECT
from tests.support.loads import Tables, make_load, perform

from demo_shop import DemoShop

DAGS = PROJECT / "include" / "demo_shop" / "dags"


def imported(name: str) -> ModuleType:
    """A DAG file as Airflow imports it."""
    spec = spec_from_file_location(f"unusual_{name}", DAGS / f"{name}.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def orders() -> ModuleType:
    return imported("demo_orders")


@pytest.fixture(scope="module")
def sales() -> DAG:
    dag: DAG = imported("demo_sales").demo_sales()
    return dag


def sales_of(shop: DemoShop) -> dict[tuple[str, int], tuple[int, Decimal]]:
    found: dict[tuple[str, int], tuple[int, Decimal]] = defaultdict(lambda: (0, Decimal(0)))
    for order in shop.rows("orders"):
        for item in order["line_items"]:
            key = order["created_at"][:10], item["product_id"]
            number, revenue = found[key]
            found[key] = number + item["quantity"], revenue + item["quantity"] * Decimal(str(item["unit_price"]))
    return dict(found)


def modelled(rows: Iterable[tuple[Any, ...]]) -> dict[tuple[str, int], tuple[int, Decimal]]:
    return {(str(day), product): (int(number), round(Decimal(revenue), 2)) for day, product, number, revenue in rows}


def test_it_is_scheduled_on_the_asset_that_the_orders_update(orders: ModuleType, sales: DAG) -> None:
    (loader,) = orders.demo_orders.tasks
    condition: Any = sales.timetable.asset_condition
    (asset,) = condition.objects
    assert [(each.name, each.uri) for each in loader.outlets] == [(asset.name, asset.uri)]


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_the_model_equals_the_shop_and_is_made_anew(
    shop: DemoShop,
    tables: Tables,
    request: pytest.FixtureRequest,
    orders: ModuleType,
    sales: DAG,
    kind: str,
) -> None:
    warehouse: Tables = request.getfixturevalue("postgres_tables") if kind == "postgres" else tables
    (asset,) = orders.demo_orders.tasks[0].outlets
    for changed in (0, 10):
        shop.tick(changed, names=["orders"], deletes=False)
        report = perform(make_load(orders.ORDERS, "orders", dataset="demo"))
        rows = sales.get_task("new_orders").python_callable(  # type: ignore[union-attr]
            triggering_asset_events={asset: [SimpleNamespace(extra=report.as_extra())]}
        )
        assert rows == sum(report.rows.values()) > 0
        sales.get_task("sales").python_callable(rows)  # type: ignore[union-attr]
        found = warehouse.query("SELECT day, product_id, items, revenue FROM demo.sales")[1]
        assert modelled(found) == sales_of(shop)
