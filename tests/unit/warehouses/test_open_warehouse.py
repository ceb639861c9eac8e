"""A warehouse opened for one load: its files on their way, its settings, its turn."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.unit.warehouses.cases import PASSWORD, SERVER

from ecom_source.errors import ConnectionFieldError
from ecom_source.warehouses import Warehouse, open_warehouse
from ecom_source.warehouses.file_lock import turn_at

LAYOUT = "%s_staging_me"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Opens the warehouse of a Connection, beside which there may be others; gives what dlt was told."""

    def opened(conn_id: str = "ecom_warehouse", **connections: dict[str, Any]) -> tuple[Warehouse, Any]:
        for name, fields in connections.items():
            monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(fields))
        with open_warehouse(conn_id, dataset_name="shop", staging_layout=LAYOUT) as warehouse:
            destination = warehouse.destination
            config = destination.configuration(destination.spec()._bind_dataset_name(dataset_name="shop"))
            return warehouse, config

    return opened


def test_each_load_has_a_staging_dataset_of_its_own_and_replaces_from_it(opened: Any) -> None:
    warehouse, config = opened(ecom_warehouse={"conn_type": "postgres", **SERVER})
    assert config.staging_dataset_name_layout == LAYOUT
    assert config.replace_strategy == "insert-from-staging"
    assert warehouse.secrets == (PASSWORD,)
    assert PASSWORD not in repr(warehouse)


def test_where_truncate_ends_a_transaction_rows_are_deleted(opened: Any) -> None:
    warehouse, _ = opened(ecom_warehouse={"conn_type": "redshift", **SERVER})
    assert warehouse.destination.capabilities().supports_truncate_command is False


def test_rows_go_through_the_bucket_of_a_second_connection(opened: Any, tmp_path: Path) -> None:
    bucket = {"conn_type": "fs", "password": "s3cr3t-of-it", "extra": {"path": str(tmp_path)}}
    extra = {"staging_conn_id": "bucket", "staging_iam_role": "arn:1"}
    warehouse, config = opened(ecom_warehouse={"conn_type": "redshift", **SERVER, "extra": extra}, bucket=bucket)
    assert warehouse.files.config_params["bucket_url"] == tmp_path.as_uri()
    assert config.staging_iam_role == "arn:1"
    assert warehouse.secrets == (PASSWORD, "s3cr3t-of-it")


@pytest.mark.parametrize(
    ("others", "says"),
    [
        ({}, "names 'bucket', which there is not"),
        ({"bucket": {"conn_type": "postgres", **SERVER}}, "names 'bucket', a postgres db.example.com"),
    ],
    ids=["none", "no bucket"],
)
def test_a_bucket_that_is_none_is_refused(opened: Any, others: dict[str, Any], says: str) -> None:
    with pytest.raises(ConnectionFieldError, match=says):
        opened(
            ecom_warehouse={"conn_type": "postgres", **SERVER, "extra": {"staging_conn_id": "bucket"}},
            **others,
        )


def test_without_the_connection_it_is_the_embedded_duckdb(
    opened: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECOM_DUCKDB_PATH", str(tmp_path / "w" / "embedded.duckdb"))
    warehouse, _ = opened()
    assert warehouse.label == f"duckdb {tmp_path / 'w' / 'embedded.duckdb'}"
    assert (tmp_path / "w" / "embedded.duckdb").exists()
    with pytest.raises(ConnectionFieldError, match="There is no Connection 'another'"):
        opened("another")


def test_a_duckdb_file_may_not_have_the_name_of_the_dataset(opened: Any, tmp_path: Path) -> None:
    with pytest.raises(ConnectionFieldError, match="has the name of the dataset 'shop'"):
        opened(ecom_warehouse={"conn_type": "duckdb", "host": str(tmp_path / "shop.duckdb")})


def test_duckdb_has_the_settings_of_the_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {"conn_type": "duckdb", "host": str(tmp_path / "w.duckdb"), "extra": {"threads": 1, "memory_limit": "1GB"}}
    monkeypatch.setenv("AIRFLOW_CONN_ECOM_WAREHOUSE", json.dumps(fields))
    with open_warehouse("ecom_warehouse", dataset_name="shop", staging_layout=LAYOUT) as warehouse:
        connection = warehouse.destination.config_params["credentials"]
        assert connection.execute("SELECT current_setting('threads')").fetchone() == (1,)


def test_loads_into_one_file_take_turns(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "shop.db"
    code = (
        "import sys, pathlib\nfrom ecom_source.warehouses.file_lock import turn_at\n"
        f"with turn_at(pathlib.Path({str(file)!r})):\n    print('mine', flush=True)\n    sys.stdin.readline()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, text=True) as other:
        assert other.stdin
        assert other.stdout
        assert other.stdout.readline() == "mine\n"
        told = logging.getLogger("ecom_source.warehouses.file_lock")

        class Release(logging.Filter):
            """Lets the other one go once this one is known to wait."""

            def filter(self, record: logging.LogRecord) -> bool:
                assert other.stdin
                other.stdin.write("\n")
                other.stdin.flush()
                return True

        release = Release()
        told.addFilter(release)
        try:
            with caplog.at_level(logging.INFO, told.name), turn_at(file):
                assert other.wait(30) == 0
        finally:
            told.removeFilter(release)
    assert f"Waiting for {file}, which another process has open" in caplog.text
