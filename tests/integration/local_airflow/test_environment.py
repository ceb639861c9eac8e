"""The environment of a local Airflow: complete, private, and free of the caller's own settings."""

from __future__ import annotations

import json
import socket
import stat
from pathlib import Path

import pytest

from local_airflow.environment import HOST, Keys, airflow_environment, free_port, inherited


def test_the_callers_settings_stay_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    monkeypatch.setenv("AIRFLOW_CONN_ECOM_WAREHOUSE", "postgres://elsewhere/db")
    monkeypatch.setenv("DLT_DATA_DIR", "/elsewhere")
    monkeypatch.setenv("ECOM_DUCKDB_PATH", "/elsewhere.duckdb")
    env = airflow_environment(tmp_path, 4321)
    assert env["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert not {"AIRFLOW_CONN_ECOM_WAREHOUSE", "DLT_DATA_DIR", "ECOM_DUCKDB_PATH"} & set(env)
    assert set(inherited()) >= {"AIRFLOW_CONN_ECOM_WAREHOUSE", "ECOM_DUCKDB_PATH"}
    assert "AIRFLOW__CORE__EXECUTOR" not in inherited()


def test_every_address_is_that_of_the_port(tmp_path: Path) -> None:
    env = airflow_environment(tmp_path, 4321)
    assert env["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:4321"
    assert env["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:4321/execution/"
    assert (env["AIRFLOW__API__HOST"], env["AIRFLOW__API__PORT"]) == ("127.0.0.1", "4321")
    assert {"127.0.0.1", "localhost"} <= set(env["NO_PROXY"].split(","))


def test_connections_metadata_and_extra(tmp_path: Path) -> None:
    shop = {"conn_type": "ecom_api", "host": "http://127.0.0.1:5", "password": "a/b c"}
    env = airflow_environment(
        tmp_path,
        4321,
        connections={"ecom_api": shop},
        metadata_url="postgresql+psycopg2:///meta",
        extra={"AIRFLOW__CORE__PARALLELISM": "2"},
    )
    assert json.loads(env["AIRFLOW_CONN_ECOM_API"]) == shop
    assert env["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == "postgresql+psycopg2:///meta"
    assert env["AIRFLOW__CORE__PARALLELISM"] == "2"


def test_a_home_keeps_its_keys_to_itself(tmp_path: Path) -> None:
    keys = Keys.of(tmp_path / "one")
    assert Keys.of(tmp_path / "one") == keys
    assert Keys.of(tmp_path / "two") != keys
    airflow_environment(tmp_path / "one", 4321)
    for name in ("keys.json", "passwords.json"):
        assert stat.S_IMODE((tmp_path / "one" / name).stat().st_mode) == 0o600
    assert json.loads((tmp_path / "one" / "passwords.json").read_text()) == {"admin": keys.password}


def test_a_taken_port_is_not_chosen() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        assert free_port(port) != port
    assert free_port(port) == port
