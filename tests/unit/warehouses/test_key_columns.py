"""Columns of keys in warehouses that would take two of them for one."""

from __future__ import annotations

from typing import Any

import dlt
import pytest
from dlt.extract.exceptions import ResourceExtractionError
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql

from ecom_source.errors import RowsRefusedError
from ecom_source.warehouses.catalog import WAREHOUSES
from ecom_source.warehouses.key_columns import refuse_blanks_at_the_end
from ecom_source.warehouses.mssql_columns import SqlServerColumns, SynapseColumns
from ecom_source.warehouses.mysql_columns import KeyText, TextColumns, key_collation
from ecom_source.warehouses.types.mssql import MSSQL

KINDS = {kind.name: kind for kind in WAREHOUSES}
KEY: Any = {"name": "id", "data_type": "text", "primary_key": True}
MERGE_KEY: Any = {"name": "id", "data_type": "text", "merge_key": True}
TEXT: Any = {"name": "title", "data_type": "text"}
NUMBER: Any = {"name": "id", "data_type": "bigint", "primary_key": True}
TABLE: Any = {"name": "things", "columns": {}}


def mysql_type(column: Any, dialect: Any = None) -> str:
    mapper = TextColumns(dlt.destinations.sqlalchemy("sqlite:///x").capabilities())
    return str(mapper.to_destination_type(column, TABLE).compile(dialect or connected()))


def connected(version: tuple[int, ...] = (10, 11, 6), *, mariadb: bool = True) -> Any:
    dialect = MySQLDialect_pymysql()
    dialect.server_version_info, dialect.is_mariadb = version, mariadb
    return dialect


@pytest.mark.parametrize(
    ("dialect", "collation"),
    [
        (connected(), "utf8mb4_nopad_bin"),
        (connected((8, 4, 0), mariadb=False), "utf8mb4_0900_bin"),
        (connected((8, 0, 16), mariadb=False), "utf8mb4_bin"),
    ],
    ids=["MariaDB", "MySQL", "an older MySQL"],
)
def test_each_server_has_a_collation_for_keys(dialect: Any, collation: str) -> None:
    assert key_collation(dialect) == collation
    assert KINDS["mysql"].key_collation
    assert KINDS["mysql"].key_collation.ignores_blanks(collation) == (collation == "utf8mb4_bin")
    assert mysql_type(KEY, dialect) == f"VARCHAR(255) CHARACTER SET utf8mb4 COLLATE {collation}"


def test_mysql_has_keys_of_255_characters_and_texts_of_any_length() -> None:
    assert mysql_type(MERGE_KEY) == "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
    assert mysql_type({**KEY, "precision": 40}) == "VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
    assert mysql_type({**KEY, "precision": 900}) == "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
    assert mysql_type(TEXT) == "LONGTEXT"
    assert mysql_type({**TEXT, "precision": 40}) == "VARCHAR(40)"
    assert mysql_type(NUMBER) == "BIGINT"


def test_a_statement_may_be_made_before_the_server_is_known() -> None:
    assert str(KeyText(255).compile(MySQLDialect_pymysql())) == "VARCHAR(255) CHARACTER SET utf8mb4"


@pytest.mark.parametrize(
    ("destination", "mapper"),
    [(dlt.destinations.mssql, SqlServerColumns), (dlt.destinations.synapse, SynapseColumns)],
    ids=["mssql", "synapse"],
)
def test_sql_server_compares_keys_by_code_points(destination: Any, mapper: Any) -> None:
    kind = KINDS[destination.__name__]
    assert kind.settings["type_mapper"] is mapper
    types = destination(**kind.settings).capabilities().get_type_mapper()
    assert types.to_destination_type(KEY, TABLE) == "nvarchar(max) COLLATE Latin1_General_100_BIN2"
    assert types.to_destination_type({**KEY, "precision": 40}, TABLE) == "nvarchar(40) COLLATE Latin1_General_100_BIN2"
    assert types.to_destination_type(TEXT, TABLE) == "nvarchar(max)"
    assert types.to_destination_type(NUMBER, TABLE) == "bigint"


@pytest.mark.parametrize(("length", "kind"), [(-1, "nvarchar(max)"), (40, "nvarchar(40)")])
def test_an_existing_column_of_sql_server_is_changed(length: int, kind: str) -> None:
    assert MSSQL.key_collation
    found = MSSQL.key_collation.change("[ecommerce].[things]", "[id]", length, MSSQL.key_collation.wanted(None))
    assert found == f"ALTER TABLE [ecommerce].[things] ALTER COLUMN [id] {kind} COLLATE Latin1_General_100_BIN2"


def test_a_key_with_a_blank_at_its_end_is_refused_where_it_is_none() -> None:
    assert {kind.name for kind in WAREHOUSES if kind.ignores_blanks} == {"mssql", "synapse", "redshift"}

    @dlt.source
    def shop(rows: list[dict[str, Any]]) -> Any:
        return dlt.resource(rows, name="things", primary_key="sku")

    source = shop([{"sku": "a", "name": "b "}, {"sku": 5}, {"name": "c"}])
    refuse_blanks_at_the_end(source)
    assert len(list(source)) == 3
    source = shop([{"sku": "a"}, {"sku": "a "}])
    refuse_blanks_at_the_end(source)
    with pytest.raises(ResourceExtractionError) as caught:
        list(source)
    assert isinstance(caught.value.__cause__, RowsRefusedError)
    assert "The key sku='a ' of 'things' ends with a blank" in caught.value.__cause__.found
