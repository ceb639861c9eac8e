"""A table whose keys an older version compared by the server's collation, for which `SKU-a1` and `SKU-A1` are one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.support.apis import api, whole
from tests.support.loads import connection_json, load_as, manual
from tests.support.mariadb import MariaDB
from tests.support.places import MERGING, Place, everywhere
from tests.support.rows_api import RowsApi, serving

from ecom_source.errors import RowsRefusedError, TableError
from ecom_source.warehouses import catalog
from ecom_source.warehouses.types.duckdb import DUCKDB

API = api(whole("things"))
KEYS = ["SKU-a1", "SKU-A1", "Müller", "Muller", "a", "a ", "🍎", "🍌"]
AS_BEFORE = (
    "ALTER TABLE ecommerce.things MODIFY COLUMN id TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL"
)
LOST = "DELETE FROM ecommerce.things WHERE BINARY id IN ('SKU-A1', 'Muller', 'a ', '🍌')"


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[RowsApi]:
    """Eight rows, and lists in two of them."""
    rows = [{"id": key, "n": number, "lines": [{"x": number}] * (number % 3)} for number, key in enumerate(KEYS)]
    with serving(RowsApi(rows)) as shop:
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url))
        yield shop


@everywhere({"MariaDB": MERGING["MariaDB"]})
def test_it_is_noticed_and_a_full_refresh_makes_it_right(place: Place, mariadb: MariaDB, shop: RowsApi) -> None:
    load_as(API)
    with mariadb.connect().cursor() as cursor:
        cursor.execute(AS_BEFORE)
        cursor.execute(LOST)
    shop.requests.clear()
    with pytest.raises(TableError, match="takes some keys of a table in ecommerce for one") as caught:
        load_as(API)
    assert "full_refresh" in caught.value.fix
    assert (
        "ALTER TABLE `ecommerce`.`things` MODIFY COLUMN `id` VARCHAR(255) CHARACTER SET utf8mb4 "
        "COLLATE utf8mb4_nopad_bin NOT NULL" in caught.value.expected
    )
    assert shop.requests == []
    load_as(API, manual(full_refresh=True))
    expected = {key: number for number, key in enumerate(KEYS)}
    assert {key: row["n"] for key, row in place.tables.rows("things").items()} == expected
    shop.rows = [{**row, "n": row["n"] + 100} for row in shop.rows[::2]]
    load_as(API)
    found = {key: row["n"] for key, row in place.tables.rows("things").items()}
    assert found == {key: number + 100 * (number % 2 == 0) for key, number in expected.items()}
    assert place.tables.scalar("SELECT count(*) FROM ecommerce.things__lines") == sum(n % 3 for n in range(8))


@everywhere({"MariaDB": MERGING["MariaDB"]})
def test_keys_that_are_numbers_need_nothing(place: Place, mariadb: MariaDB, shop: RowsApi) -> None:
    shop.rows = [{"id": 1, "name": "a", "lines": [{"x": 1}]}, {"id": 2, "name": "A"}]
    load_as(API)
    with mariadb.connect().cursor() as cursor:
        cursor.execute("ALTER TABLE ecommerce.things MODIFY COLUMN name TEXT COLLATE utf8mb4_general_ci")
    shop.rows = [{"id": 1, "name": "b", "lines": [{"x": 2}, {"x": 3}]}, {"id": 3, "name": "c"}]
    load_as(API)
    assert {key: row["name"] for key, row in place.tables.rows("things").items()} == {1: "b", 2: "A", 3: "c"}
    assert sorted(place.tables.query("SELECT x FROM ecommerce.things__lines")[1]) == [(2,), (3,)]


@everywhere({"DuckDB": MERGING["DuckDB"]})
def test_a_key_with_a_blank_at_its_end_is_refused_where_it_is_none(
    place: Place, shop: RowsApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "WAREHOUSES", (replace(DUCKDB, ignores_blanks=True),))
    with pytest.raises(RowsRefusedError, match="The key id='a ' of 'things' ends with a blank"):
        load_as(API)
    shop.rows = [row for row in shop.rows if row["id"] != "a "]
    load_as(API)
    assert len(place.tables.rows("things")) == 7
