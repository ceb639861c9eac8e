"""Load a description without a scheduler, to test it with pytest: the Connections are real, and so is the warehouse."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import get_args
from uuid import uuid4

import dlt
from dlt.pipeline.helpers import retry_load
from dlt.sources.rest_api.typing import RESTAPIConfig
from tenacity import retry_if_exception

from ecom_source.airflow.task import asked_for
from ecom_source.errors import WindowError
from ecom_source.load.components import Component
from ecom_source.load.load import Load
from ecom_source.load.parse_checks import CheckedApi, check_api
from ecom_source.load.report import Report
from ecom_source.load.retry_policy import READ_AGAIN, STEPS
from ecom_source.load.staging_dataset import Staging
from ecom_source.load.work_folders import workspace
from ecom_source.options import AnyOptions
from ecom_source.secrets.task_logs import StepProgress
from ecom_source.window.run_window import Run, RunKind

AWARE = "aware datetime, such as datetime(2026, 3, 1, tzinfo=UTC)."


def run_load(
    api: RESTAPIConfig,
    *,
    kind: RunKind = "manual",
    now: datetime | None = None,
    interval: tuple[datetime, datetime] | None = None,
    window_start: datetime | str | None = None,
    window_end: datetime | str | None = None,
    full_refresh: bool = False,
    dataset: str = "ecommerce",
    options: AnyOptions = None,
) -> dict[str, Report]:
    """Load all resources of `api`, one after another, as the tasks of one DAG run would.

    The Connections are those of a task: `ecom_api` for the shop and `ecom_warehouse` for the warehouse, from
    `AIRFLOW_CONN_…` or wherever Airflow keeps them; without the latter, rows go to the embedded DuckDB.

    Args:
        api: the description that the DAG file passes to `elt_dag`.
        kind: `manual`, `scheduled` or `backfill`.
        now: aware; the worker's clock at the beginning of the load, which is this moment unless given.
        interval: start and end of the data interval, both aware, of a scheduled run or a backfill.
        window_start, window_end: aware, or an ISO 8601 text with a time zone, as in the trigger form.
        full_refresh: read everything and replace the tables.
        dataset: the dataset (schema) of the tables.
        options: `Options(…)` for all resources, or a dict of them by resource.

    Returns:
        What each load did, by the resource that its task would be named after. `rows` has the rows that were loaded, by
        table; `readings` and `windows` what was read, by resource.

    Raises:
        EcomError: what a DAG file would be refused for, or a task would fail with.
        LoadFailedError: a load failed for another reason; a task would be tried again.
    """
    checked = check_api(api, dataset_name=dataset, options=options)
    if kind not in get_args(RunKind):
        raise _refused("kind", kind, f"one of {', '.join(get_args(RunKind))}.")
    if now is not None and not _is_aware(now):
        raise _refused("now", now, f"an {AWARE}")
    if interval is not None and not _is_pair(interval):
        raise _refused("interval", interval, f"a pair, start and end, each an {AWARE}")
    params = {"window_start": window_start, "window_end": window_end, "full_refresh": full_refresh}
    run = asked_for(kind, now=now or datetime.now(UTC), interval=interval, params=params)
    with _lines_on_stderr():
        return {part.name: perform(new_load(api, part, checked, dataset), run) for part in checked.components}


@contextmanager
def _lines_on_stderr() -> Iterator[None]:
    """Shows the log lines of a load where a program's belong; Airflow's own handler writes to its standard output."""
    lines = logging.getLogger("ecom_source")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    lines.addHandler(handler)
    try:
        yield
    finally:
        lines.removeHandler(handler)


def new_load(api: RESTAPIConfig, component: Component, checked: CheckedApi, dataset: str) -> Load:
    """The load of one component, with a work folder of its own, which is gone once it was performed."""
    folder = workspace() / f"dlt_{uuid4().hex[:8]}" / "pipelines"
    pipeline = dlt.pipeline(
        component.name, dataset_name=dataset, pipelines_dir=str(folder), progress=StepProgress(component.name)
    )
    return Load(api, component, pipeline, "ecom_api", "ecom_warehouse", checked.options)


def perform(load: Load, run: Run) -> Report:
    """Perform a load. Several may run at once, in several processes: each has a staging dataset of its own."""
    try:
        return load.perform(run, lambda: run_pipeline(load), staging=Staging(None, uuid4().hex[:12]))
    finally:
        load.pipeline.deactivate()


def run_pipeline(load: Load, before: Callable[[], None] = lambda: None) -> None:
    """Run the pipeline of a load, as dlt's task group does.

    Args:
        before: is called once the source is built, and before anything is read.
    """
    load.pipeline.activate()
    load.pipeline.drop()
    source = load.source()
    before()
    for attempt in READ_AGAIN.copy(retry=retry_if_exception(retry_load(STEPS))):
        with attempt:
            load.pipeline.run(source)


def _is_aware(value: object) -> bool:
    return isinstance(value, datetime) and value.tzinfo is not None


def _is_pair(value: object) -> bool:
    return isinstance(value, tuple | list) and [*map(_is_aware, value)] == [True, True]


def _refused(name: str, value: object, expected: str) -> WindowError:
    return WindowError(f"{name} is {str(value)[:80]!r}.", expected=expected, fix=f"change `{name}` of run_load.")
