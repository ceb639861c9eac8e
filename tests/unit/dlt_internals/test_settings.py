"""Settings by destination, and who wins over them."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.common.configuration import resolve_configuration
from dlt.common.data_writers.buffered import BufferedDataWriter
from dlt.common.schema.typing import TTableSchema

from ecom_source.dlt_internals.settings import NAME, tuned_dlt
from ecom_source.warehouses.catalog import WAREHOUSES
from ecom_source.warehouses.file_format import Tuning, tune

TABLE: TTableSchema = {"name": "orders", "columns": {"id": {"name": "id", "data_type": "bigint"}}}
WITH_JSON: TTableSchema = {"name": "orders", "columns": {"more": {"name": "more", "data_type": "json"}}}
NESTED_TO_A_LIMIT: Any = {**TABLE, "x-normalizer": {"max_nesting": 1}}


def tuning_of(name: str) -> Tuning:
    return next(kind.tuning for kind in WAREHOUSES if kind.name == name)


def tuned(destination: Any) -> Any:
    return tune(destination, tuning_of(destination.destination_name))


def preferred(destination: Any, table: TTableSchema) -> str:
    capabilities = tuned(destination).capabilities()
    choose: Any = capabilities.loader_file_format_selector
    first, supported = capabilities.preferred_loader_file_format, capabilities.supported_loader_file_formats
    return str(choose(first, list(supported), table_schema=table)[0] if choose else first)


@pytest.mark.parametrize("table", [TABLE, WITH_JSON, NESTED_TO_A_LIMIT], ids=["plain", "json", "nested to a limit"])
def test_duckdb_is_loaded_from_parquet(table: TTableSchema) -> None:
    assert preferred(dlt.destinations.duckdb("x.duckdb"), table) == "parquet"


@pytest.mark.parametrize(
    ("table", "file_format"),
    [
        pytest.param(TABLE, "parquet", id="plain"),
        pytest.param(WITH_JSON, "insert_values", id="json stays jsonb"),
        pytest.param(NESTED_TO_A_LIMIT, "insert_values", id="so does what is nested too deep"),
    ],
)
def test_postgres_is_loaded_from_parquet_unless_that_changes_a_type(table: TTableSchema, file_format: str) -> None:
    assert preferred(dlt.destinations.postgres("postgresql://u:p@127.0.0.1/d"), table) == file_format


def test_without_its_driver_postgres_is_loaded_as_dlt_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISABLE_ADBC_DETECTION", "true")
    assert preferred(dlt.destinations.postgres("postgresql://u:p@127.0.0.1/d"), TABLE) == "insert_values"


def test_a_destination_that_was_not_measured_is_left_as_it_is(tmp_path: Path) -> None:
    destination = dlt.destinations.filesystem(str(tmp_path))
    assert tuning_of("filesystem") == Tuning()
    assert tuned(destination).capabilities().preferred_loader_file_format == "jsonl"


def test_a_file_format_that_the_destination_was_given_stays() -> None:
    destination = dlt.destinations.duckdb("x.duckdb", preferred_loader_file_format="jsonl")
    assert preferred(destination, TABLE) == "jsonl"


def test_the_choice_of_a_format_can_go_to_a_process_of_dlt() -> None:
    choose = tuned(dlt.destinations.postgres("postgresql://u:p@127.0.0.1/d")).capabilities().loader_file_format_selector
    assert pickle.dumps(choose)


def compressed() -> bool:
    return not resolve_configuration(BufferedDataWriter.BufferedDataWriterConfiguration()).disable_compression


def test_settings_last_as_long_as_the_block() -> None:
    assert compressed()
    with tuned_dlt():
        assert not compressed()
    assert compressed()


@pytest.mark.parametrize("name", ["DATA_WRITER__DISABLE_COMPRESSION", "NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION"])
def test_what_a_user_has_set_wins(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "false")
    with tuned_dlt():
        found = resolve_configuration(
            BufferedDataWriter.BufferedDataWriterConfiguration(), sections=("normalize", "data_writer")
        )
        assert not found.disable_compression


def test_duckdb_takes_one_file_at_a_time_unless_told_otherwise() -> None:
    assert tuned(dlt.destinations.duckdb("x.duckdb")).capabilities().loader_parallelism_strategy == "sequential"
    own = dlt.destinations.duckdb("x.duckdb", loader_parallelism_strategy="parallel")
    assert tuned(own).capabilities().loader_parallelism_strategy == "parallel"


def test_the_provider_is_registered_once_and_empty_outside_of_a_load() -> None:
    for _ in range(2):
        with tuned_dlt():
            pass
    ours = [each for each in dlt.config.config_providers if each.name == NAME]
    assert [each.is_empty for each in ours] == [True]
