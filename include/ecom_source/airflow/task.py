"""The bridge between an Airflow task and a load: what the run asks for, what the task reports."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ecom_source.errors import EcomError
from ecom_source.load.load_origin import Origin
from ecom_source.load.staging_dataset import Staging
from ecom_source.window.run_window import Interval, Run, RunKind, parse_bound

if TYPE_CHECKING:
    from airflow.sdk import Asset

    from ecom_source.load.load import Load

logger = logging.getLogger(__name__)

RUN_KINDS: Mapping[str, RunKind] = {"scheduled": "scheduled", "backfill": "backfill"}
"""Airflow's run types; every other one (manual, asset_triggered, operator_triggered) counts as manual."""


def perform_task(load: Load, execute: Callable[..., Any], asset: Asset) -> Callable[..., None]:
    """The callable of a resource's task.

    Args:
        load: what to load.
        execute: the callable that dlt's task group made: it runs the pipeline on `load.source`.
        asset: gets the load's report as its event's extra.
    """

    def perform(**context: Any) -> None:
        from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

        chosen = set(context["params"].get("resources") or ())
        if chosen and not chosen & set(load.component.resources):
            raise AirflowSkipException(f"The run's `resources` names {sorted(chosen)} only.")
        try:
            report = load.perform(
                run_of(context), execute, staging=staging_of(context["ti"]), origin=origin_of(context)
            )
        except EcomError as error:
            # A person must act; another attempt would only repeat the error, and the requests that led to it.
            raise AirflowFailException(str(error)) from None
        origin = origin_of(context)
        context["outlet_events"][asset].extra = {
            **report.as_extra(),
            "run_type": origin.run_type,
            "try_number": origin.try_number,
        }
        logger.info("%s", report)

    return perform


def run_of(context: Mapping[str, Any]) -> Run:
    """What the DAG run of this task context asks for.

    Whether it has a data interval says nothing of who started it (the UI's trigger form infers one), so the run's type
    decides. A run without a logical date has none of the interval's names in its context.

    Raises:
        WindowError: a window that cannot be read.
    """
    dag_run, params = context["dag_run"], context["params"]
    kind = RUN_KINDS.get(_run_type(dag_run), "manual")
    start, end = dag_run.data_interval_start, dag_run.data_interval_end
    return Run(
        kind,
        now=datetime.now(UTC),
        interval=Interval(start.astimezone(UTC), end.astimezone(UTC)) if start and end else None,
        window_start=parse_bound("window_start", params.get("window_start")),
        window_end=parse_bound("window_end", params.get("window_end")),
        full_refresh=bool(params.get("full_refresh")),
    )


def origin_of(context: Mapping[str, Any]) -> Origin:
    """The attempt of this task context."""
    ti = context["ti"]
    return Origin(ti.dag_id, ti.run_id, ti.task_id, ti.map_index, ti.try_number, _run_type(context["dag_run"]))


def staging_of(ti: Any) -> Staging:
    """The staging dataset of this attempt; its siblings are those of the same task, which runs once at a time."""
    return Staging.named(f"{ti.dag_id}/{ti.task_id}", f"{ti.run_id}/{ti.map_index}/{ti.try_number}/{ti.id}")


def _run_type(dag_run: Any) -> str:
    return str(getattr(dag_run.run_type, "value", dag_run.run_type))
