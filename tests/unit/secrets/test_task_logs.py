"""dlt's progress in the task log: one line for each of its steps that takes time."""

from __future__ import annotations

import logging
from pathlib import Path

import dlt
import pytest

from ecom_source.secrets.task_logs import StepProgress


def test_each_step_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ecom_source.secrets.task_logs")
    pipeline = dlt.pipeline(
        "shop",
        destination=dlt.destinations.duckdb(str(tmp_path / "shop.duckdb")),
        dataset_name="rows",
        pipelines_dir=str(tmp_path / "pipelines"),
        progress=StepProgress("orders"),
    )
    # State goes along, which dlt extracts, normalizes and loads besides.
    pipeline.run([{"id": 1}], table_name="orders")
    assert [record.getMessage() for record in caplog.records] == [
        "orders: extract",
        "orders: normalize",
        "orders: load",
    ]
