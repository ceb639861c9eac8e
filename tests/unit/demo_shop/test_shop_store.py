"""Rows, changes and the state file, without a server."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo_shop import SIZES, DemoShop, Habits

NOON = "2026-07-01T12:00:00Z"


def test_first_rows_are_the_same_for_the_same_seed() -> None:
    assert DemoShop(seed=5).rows("orders") == DemoShop(seed=5).rows("orders")
    assert DemoShop(seed=5).rows("orders") != DemoShop(seed=6).rows("orders")


@pytest.mark.parametrize(("name", "count"), SIZES.items())
def test_each_resource_has_its_rows_in_the_promised_time(name: str, count: int) -> None:
    rows = DemoShop().rows(name)
    assert [row["id"] for row in rows] == list(range(1, count + 1))
    times = Counter(row["updated_at"] for row in rows)
    assert min(times) >= "2024-01-01T00:00:00Z"
    assert max(times) <= "2026-06-30T23:59:59Z"
    assert times.most_common(1)[0][1] > 3
    assert all(row["created_at"] <= row["updated_at"] for row in rows)


def test_resource_has_the_fields_of_the_catalogue() -> None:
    rows = DemoShop().rows("resource")
    assert list(rows[0]) == [
        "id", "name", "price", "currency", "sku", "category", "brand", "description", "stock", "is_active",
        "rating", "weight_grams", "discontinued_at", "created_at", "updated_at",
    ]  # fmt: skip
    assert all(type(row["price"]) is float and round(row["price"], 2) == row["price"] for row in rows)
    for nullable in ("description", "rating", "weight_grams", "discontinued_at"):
        assert 0 < sum(row[nullable] is None for row in rows) < 2540


def test_order_total_is_the_sum_of_its_items() -> None:
    for order in DemoShop().rows("orders"):
        items = order["line_items"]
        assert 1 <= len(items) <= 4
        assert order["total"] == round(sum(item["quantity"] * item["unit_price"] for item in items), 2)
        assert set(order["shipping_address"]) == {"street", "postcode", "city", "country"}


def test_changes_take_the_clock_and_new_ids_are_never_used_twice() -> None:
    shop = DemoShop(clock=NOON, sizes={"resource": 3})
    assert shop.update("resource", 2, price=1.5)["updated_at"] == NOON
    assert shop.edit_silently("resource", 1, price=9.5)["updated_at"] < NOON
    assert shop.insert("resource", name="New")["id"] == 4
    shop.delete("resource", 4)
    late = shop.late_commit("resource", "2025-01-01T00:00:00+01:00", name="Late")
    assert (late["id"], late["updated_at"]) == (5, "2024-12-31T23:00:00Z")
    assert [row["id"] for row in shop.rows("resource")] == [1, 2, 3, 5]
    assert shop.row("resource", 1)["price"] == 9.5


@pytest.mark.parametrize(
    ("precision", "shown"),
    [
        ("seconds", "2026-07-01T12:00:00Z"),
        ("milliseconds", "2026-07-01T12:00:00.987Z"),
        ("microseconds", "2026-07-01T12:00:00.987654Z"),
    ],
)
def test_precision_of_times(precision: str, shown: str) -> None:
    habits = Habits(time_precision=precision)  # type: ignore[arg-type]
    shop = DemoShop(clock=datetime(2026, 7, 1, 12, 0, 0, 987654, UTC), habits=habits)
    assert shop.update("orders", 1, note="x")["updated_at"] == shown


def test_wrong_changes_are_refused() -> None:
    shop = DemoShop(sizes={"orders": 2})
    with pytest.raises(KeyError, match="orders has no row 9"):
        shop.update("orders", 9, note="x")
    with pytest.raises(KeyError, match="orders has no row 9"):
        shop.delete("orders", 9)
    with pytest.raises(KeyError, match="found resource 'baskets'"):
        shop.insert("baskets")
    with pytest.raises(ValueError, match="found id 2"):
        shop.insert("orders", id=2)
    with pytest.raises(ValueError, match="no zone"):
        shop.late_commit("orders", "2025-01-01T00:00:00")
    with pytest.raises(ValueError, match="expected names out of"):
        DemoShop(sizes={"baskets": 1})
    with pytest.raises(ValueError, match="one of them"):
        DemoShop("k", access=DemoShop().access)


def test_tick_mixes_changes_and_is_seeded() -> None:
    shop, twin = DemoShop(clock=NOON), DemoShop(clock=NOON)
    changes = shop.tick(1000)
    assert changes == twin.tick(1000)
    assert shop.rows("customers") == twin.rows("customers")
    kinds = Counter(change.kind for change in changes)
    assert sum(kinds.values()) == 1000
    assert 630 < kinds["update"] < 770
    assert 150 < kinds["insert"] < 250
    assert 60 < kinds["delete"] < 140
    assert {change.kind for change in shop.tick(200, deletes=False)} == {"update", "insert"}
    assert {change.name for change in shop.tick(20, names=["orders"])} == {"orders"}


def test_state_file_continues_the_same_shop(tmp_path: Path) -> None:
    path = tmp_path / "state" / "shop.json"
    first = DemoShop(seed=7, sizes={"resource": 30}, state_file=path, clock=NOON)
    assert not path.exists()
    changes = first.tick(20, names=["resource", "orders"])
    first.insert("resource", name="Étagère", discontinued_at="2026-01-01T00:00:00Z")

    second = DemoShop(state_file=path, clock=NOON)
    for name in SIZES:
        assert second.rows(name) == first.rows(name)
    assert set(json.loads(path.read_text(encoding="utf-8"))["tables"]) == {"resource", "orders"}
    assert second.tick(20, names=["resource", "orders"]) != changes
    assert [file.name for file in path.parent.iterdir()] == ["shop.json"]


def test_state_file_keeps_the_ids_of_deleted_rows_used(tmp_path: Path) -> None:
    path = tmp_path / "shop.json"
    DemoShop(sizes={"resource": 3}, state_file=path).delete("resource", 3)
    assert DemoShop(state_file=path).insert("resource")["id"] == 4


def test_state_file_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "shop.json"
    path.write_text('{"format": 99}')
    with pytest.raises(ValueError, match="found format 99, expected 1"):
        DemoShop(state_file=path)


def test_habits_refuse_unknown_names_and_wrong_values() -> None:
    habits = Habits()
    for wrong in (
        {"cap_limit": True},
        {"max_limit": "40"},
        {"default_sort": "name"},
        {"time_precision": "days"},
    ):
        with pytest.raises(ValueError, match="found"):
            habits.set(no_total=True, **wrong)
    assert not habits.no_total
    with pytest.raises(AttributeError):
        habits.cap_limit = True  # type: ignore[attr-defined]
