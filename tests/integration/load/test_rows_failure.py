"""Rows that do not fit end a load with a sentence about the rows, and the right cure; the warehouse is not blamed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.integration.conftest import Loader
from tests.support.apis import api, windowed
from tests.support.loads import Tables, connection_json
from tests.support.rows_api import RowsApi, serving

from ecom_source.errors import ApiConfigError, EcomError, PayloadError

MOMENT = "2026-03-01T00:00:00Z"
GOOD = {"id": 1, "updated_at": MOMENT, "price": "1.50"}


def failing(rows: list[Any], load: Loader, monkeypatch: pytest.MonkeyPatch, **resource: Any) -> EcomError:
    """The error of a load of these rows."""
    with serving(RowsApi(rows)) as shop:
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url))
        with pytest.raises(EcomError) as caught:
            load(api(windowed("orders", **resource)))
    text = str(caught.value)
    assert "warehouse" not in text
    assert "watermark" not in text
    assert not caught.value.airflow_retries
    return caught.value


@pytest.mark.parametrize("row", [{"id": 2, "updated_at": None}, {"id": 2}], ids=["null", "missing"])
def test_a_cursor_without_a_value_names_its_cure(
    load: Loader, tables: Tables, monkeypatch: pytest.MonkeyPatch, row: dict[str, Any]
) -> None:
    error = failing([GOOD, row], load, monkeypatch)
    assert type(error) is PayloadError
    assert error.found == "A row of 'orders' has no value in its cursor 'updated_at'."
    assert "`on_cursor_value_missing`" in error.fix


@pytest.mark.parametrize(("cure", "keys"), [("include", [1, 2]), ("exclude", [1])])
def test_its_cure_cures(
    load: Loader, tables: Tables, monkeypatch: pytest.MonkeyPatch, cure: str, keys: list[int]
) -> None:
    with serving(RowsApi([GOOD, {**GOOD, "id": 2, "updated_at": None}])) as shop:
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url))
        load(api(windowed("orders", incremental={"on_cursor_value_missing": cure})))
    assert sorted(tables.rows("orders")) == keys


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ({"map": lambda row: {**row, "net": row["gross"]}}, "The read failed: KeyError: 'gross'"),
        ({"filter": lambda row: row["price"] > 1}, "The read failed: TypeError: '>' not supported"),
    ],
    ids=["map", "filter"],
)
def test_a_step_that_cannot_take_a_row_is_the_descriptions(
    load: Loader, tables: Tables, monkeypatch: pytest.MonkeyPatch, step: dict[str, Any], says: str
) -> None:
    error = failing([GOOD], load, monkeypatch, processing_steps=[step])
    assert type(error) is ApiConfigError
    assert says in error.found


PRICE = {"price": {"data_type": "decimal", "precision": 18, "scale": 4}}


def test_digits_that_a_column_cannot_hold_are_rounded_and_reported(
    load: Loader, tables: Tables, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(RowsApi([GOOD, {**GOOD, "id": 2, "price": "1.23456"}])) as shop:
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url))
        report = load(api(windowed("orders", columns=PRICE)))["orders"]
    assert {key: row["price"] for key, row in tables.rows("orders").items()} == {
        1: Decimal("1.5000"),
        2: Decimal("1.2346"),
    }
    assert report.values["values_rounded"] == {"orders.price": 1}
    assert "orders.price: 1 value had more digits than the column holds and was rounded" in caplog.text


def test_a_value_that_its_column_cannot_hold_is_not_the_warehouses_fault(
    load: Loader, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = failing([GOOD, {**GOOD, "id": 2, "price": "9" * 40}], load, monkeypatch, columns=PRICE)
    assert type(error) is PayloadError
    assert error.found == (
        f"orders.price cannot hold Decimal('{'9' * 40}'), which the row with id 2 has: it takes 14 digits before the "
        "point."
    )
