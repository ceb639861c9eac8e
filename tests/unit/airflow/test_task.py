"""What a DAG run asks for, as its task context has it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pendulum
import pytest

from ecom_source.airflow.task import run_of
from ecom_source.errors import WindowError
from ecom_source.window.run_window import Interval

DAY, NEXT = pendulum.datetime(2026, 3, 1, tz="Europe/Berlin"), pendulum.datetime(2026, 3, 2, tz="Europe/Berlin")


def context(run_type: str, start: Any = None, end: Any = None, **params: Any) -> dict[str, Any]:
    return {
        "dag_run": SimpleNamespace(run_type=run_type, data_interval_start=start, data_interval_end=end),
        "params": params,
    }


@pytest.mark.parametrize(
    ("run_type", "kind"),
    [
        ("scheduled", "scheduled"),
        ("backfill", "backfill"),
        ("manual", "manual"),
        ("asset_triggered", "manual"),
        ("operator_triggered", "manual"),
    ],
)
def test_the_type_of_the_run_says_who_asked(run_type: str, kind: str) -> None:
    before = datetime.now(UTC)
    run = run_of(context(run_type, DAY, NEXT))
    assert run.kind == kind
    assert before <= run.now <= datetime.now(UTC)
    assert run.interval == Interval(datetime(2026, 2, 28, 23, tzinfo=UTC), datetime(2026, 3, 1, 23, tzinfo=UTC))
    assert (run.window_start, run.window_end, run.full_refresh) == (None, None, False)


@pytest.mark.parametrize(("run_type", "level"), [("scheduled", logging.INFO), ("backfill", logging.WARNING)])
def test_an_interval_of_no_length_counts_as_a_manual_run(
    run_type: str, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "ecom_source.airflow.task")
    run = run_of(context(run_type, DAY, DAY))
    assert (run.kind, run.interval) == ("manual", None)
    (record,) = caplog.records
    assert record.levelno == level
    assert f"this {run_type} run has no length (2026-02-28T23:00:00Z): it loads what changed up to now" in (
        record.getMessage()
    )


def test_a_window_of_such_a_run_is_heeded() -> None:
    run = run_of(context("scheduled", DAY, DAY, window_start="2026-02-01T00:00:00Z", full_refresh=None))
    assert (run.kind, run.window_start) == ("manual", datetime(2026, 2, 1, tzinfo=UTC))


def test_a_run_without_a_logical_date_and_without_params() -> None:
    run = run_of(context("manual"))
    assert (run.kind, run.interval, run.full_refresh) == ("manual", None, False)


def test_a_bound_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(WindowError, match="window_end is 'tomorrow', not a date-time"):
        run_of(context("manual", window_end="tomorrow"))
