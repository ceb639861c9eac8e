"""Values that fit no column, and answers that cannot be right."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.integration.conftest import Loader
from tests.support.apis import CATALOGUE, api, whole, windowed
from tests.support.loads import Tables

from demo_shop import DemoShop
from ecom_source.errors import PayloadError

PLAIN = api(windowed("ecommerce_data", "/v1/resource"))
TYPED = api(windowed("ecommerce_data", "/v1/resource", columns=CATALOGUE["columns"]))


def columns(tables: Tables, like: str) -> dict[str, str]:
    """The types of the columns whose names begin so."""
    return dict(
        tables.query(
            "SELECT column_name, data_type FROM information_schema.columns "
            f"WHERE table_name = 'ecommerce_data' AND starts_with(column_name, '{like}')"
        )[1]
    )


@pytest.mark.parametrize("habit", [{"whole_numbers_first": 200}, {"decimals_as_strings": True}], ids=str)
def test_a_described_number_stays_one_column_however_the_shop_writes_it(
    shop: DemoShop, load: Loader, tables: Tables, habit: dict[str, Any]
) -> None:
    shop.set_habits(**habit)
    report = load(TYPED)["ecommerce_data"]
    assert columns(tables, "price") == {"price": "DECIMAL(18,4)"}
    expected = sum(Decimal(str(row["price"])) for row in shop.rows("resource"))
    assert tables.scalar("SELECT sum(price) FROM ecommerce.ecommerce_data") == expected
    assert report.schema_changes == [{"change": "table_added", "table": "ecommerce_data"}]


def test_a_number_that_is_whole_first_and_fractional_later_is_told_of(
    shop: DemoShop, load: Loader, tables: Tables, caplog: pytest.LogCaptureFixture
) -> None:
    shop.set_habits(whole_numbers_first=340)
    load(PLAIN)
    shop.update("resource", 7, price=2.5)
    shop.set_habits(whole_numbers_first=0)
    report = load(PLAIN)["ecommerce_data"]
    assert columns(tables, "price") == {"price": "BIGINT", "price__v_double": "DOUBLE"}
    varied = {"change": "type_varied", "table": "ecommerce_data", "column": "price__v_double", "data_type": "double"}
    assert varied in report.schema_changes
    (warning,) = [each.getMessage() for each in caplog.records if "price__v_double" in each.getMessage()]
    assert "which ecommerce_data.price cannot hold" in warning
    assert tables.query("SELECT price, price__v_double FROM ecommerce.ecommerce_data WHERE id = 7")[1] == [(None, 2.5)]


def test_a_value_that_a_frozen_contract_refuses_fails_the_run_and_loads_nothing(
    shop: DemoShop, load: Loader, tables: Tables
) -> None:
    frozen = api(windowed("ecommerce_data", "/v1/resource", schema_contract={"data_type": "freeze"}))
    shop.set_habits(whole_numbers_first=340)
    load(frozen)
    before = tables.rows("ecommerce_data")
    shop.set_habits(whole_numbers_first=0)
    shop.update("resource", 7, price=2.5)
    with pytest.raises(PayloadError, match=r"A row for ecommerce_data.price breaks the schema contract: data_type"):
        load(frozen)
    assert tables.rows("ecommerce_data") == before
    # What was refused is not lost: the next run reads it again. dlt keeps a contract with the table until told another.
    load(api(windowed("ecommerce_data", "/v1/resource", schema_contract="evolve")))
    assert tables.scalar("SELECT price__v_double FROM ecommerce.ecommerce_data WHERE id = 7") == 2.5


def test_a_field_that_was_null_in_every_row_gets_its_column_when_it_comes(
    shop: DemoShop, load: Loader, tables: Tables
) -> None:
    shop.set_habits(null_first_field=340)
    load(PLAIN)
    assert columns(tables, "rating") == {}
    shop.set_habits(null_first_field=0)
    shop.update("resource", 7, rating=4.5)
    report = load(PLAIN)["ecommerce_data"]
    assert columns(tables, "rating") == {"rating": "DOUBLE"}
    added = {"change": "column_added", "table": "ecommerce_data", "column": "rating", "data_type": "double"}
    assert added in report.schema_changes


ANSWERS = {
    "no_data_key": "The answer of {path} has no 'data'; it is an object with the keys ['limit', 'offset', 'total']",
    "object_data": "The answer of {path} has no list under 'data', and no row: it is an object with the keys [",
    "html": "The answer of {path} is no JSON but 'text/html', saying \"Sign in\": Expecting value at character 0.",
    "malformed": "The answer of {path} is no JSON but 'application/json': ",
    "missing_id": "Row 1 of {rows} in the answer of {path} has no 'id'; it is an object with the keys [",
}
"""By fault of the shop: what the error says."""


@pytest.mark.parametrize("fault", ANSWERS)
@pytest.mark.parametrize("name", ["products", "resource"], ids=["whole", "by window"])
def test_an_answer_that_cannot_be_right_fails_the_run_and_loads_nothing(
    shop: DemoShop, load: Loader, tables: Tables, fault: str, name: str
) -> None:
    description = api(whole(name) if name == "products" else windowed(name))
    load(description)
    before = tables.rows(name)
    changed = shop.update(name, 7, **({"title": "new"} if name == "products" else {"name": "new"}))
    shop.fail(fault)
    with pytest.raises(PayloadError) as caught:
        load(description)
    rows = 30 if name == "products" else 1
    assert ANSWERS[fault].format(path=f"/v1/{name}", rows=rows) in str(caught.value)
    assert "api_key" not in str(caught.value)
    assert tables.rows(name) == before
    load(description)
    assert tables.rows(name)[7]["updated_at"] == datetime.fromisoformat(changed["updated_at"])


def test_a_key_in_another_spelling_is_one_row_that_a_step_mends_another(
    shop: DemoShop, load: Loader, tables: Tables
) -> None:
    load(api(whole("products", primary_key="ID")))
    assert len(tables.rows("products")) == 30
    shop.fail("missing_id")
    load(api(whole("products", processing_steps=[{"filter": lambda row: row.get("id") is not None}])))
    assert len(tables.rows("products")) == 30
