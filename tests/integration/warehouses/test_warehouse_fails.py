"""A warehouse that cannot be used is one clear error, and nothing is lost by it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.integration.conftest import Loader
from tests.support.apis import api, windowed
from tests.support.loads import Tables
from tests.support.postgres import PASSWORD, Postgres

from demo_shop import DemoShop
from ecom_source.errors import LoadFailedError, RowsRefusedError
from local_airflow.environment import free_port

API = api(windowed("products"))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"port": free_port()}, "OperationalError: connection to server at .127.0.0.1., port .* failed: Connection re"),
        ({"schema": "nowhere"}, 'OperationalError: .*database "nowhere" does not exist'),
        ({"host": "no-such-host.invalid"}, "OperationalError: could not translate host name"),
        ({"login": "nobody"}, 'OperationalError: .*role "nobody" does not exist'),
    ],
    ids=["port", "database", "host", "login"],
)
def test_a_warehouse_that_cannot_be_reached(
    shop: DemoShop,
    load: Loader,
    postgres: Postgres,
    postgres_tables: Tables,
    monkeypatch: pytest.MonkeyPatch,
    fields: dict[str, Any],
    says: str,
) -> None:
    given = json.loads(postgres.connection_json("nowhere"))
    monkeypatch.setenv("AIRFLOW_CONN_ECOM_WAREHOUSE", json.dumps({**given, "schema": "postgres", **fields}))
    with pytest.raises(LoadFailedError, match=says) as caught:
        load(API)
    assert str(caught.value).startswith("The warehouse postgres ")
    assert "(Connection 'ecom_warehouse') failed at dlt's step 'sync'" in str(caught.value)
    assert PASSWORD not in str(caught.value)
    assert shop.requests == []


def test_a_table_that_cannot_be_written_keeps_its_rows_and_watermark(
    shop: DemoShop, load: Loader, postgres_tables: Tables
) -> None:
    load(API)
    before = postgres_tables.rows("products")
    shop.update("products", 7, title="changed")
    postgres_tables.query(
        "ALTER TABLE ecommerce.products ADD CONSTRAINT ours CHECK (title <> 'changed'); SELECT 1 AS done"
    )
    says = r"does not take the rows at dlt's step 'load': CheckViolation: .*violates check constraint .ours."
    with pytest.raises(RowsRefusedError, match=says) as caught:
        load(API)
    assert "Traceback" not in str(caught.value)
    assert postgres_tables.rows("products") == before
    postgres_tables.query("ALTER TABLE ecommerce.products DROP CONSTRAINT ours; SELECT 1 AS done")
    load(API)
    postgres_tables.assert_equal_to(shop, "products", "products")
