"""`elt_dag`: a shop's API as an Airflow DAG, one task per resource in dlt's own task group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import pendulum
from airflow.sdk import DAG, Asset, Param
from dlt.sources.rest_api.typing import RESTAPIConfig

from ecom_source.airflow.alarms import Alarms
from ecom_source.airflow.task import perform_task
from ecom_source.api.cursors import cursors
from ecom_source.errors import ApiConfigError
from ecom_source.load.components import Component, components
from ecom_source.options import AnyOptions, Options, options_by_resource

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator

Decompose = Literal["serialize", "parallel", "none"]

TASK_DEFAULTS: Mapping[str, Any] = {
    # dlt has retried every request by now, and an error that a person must mend is never retried. One more attempt is
    # for what dlt cannot outlive: a killed worker, a warehouse that went away.
    "retries": 1,
    "retry_delay": timedelta(minutes=1),
}


def elt_dag(
    dag_id: str,
    api: RESTAPIConfig,
    *,
    api_conn_id: str = "ecom_api",
    warehouse_conn_id: str = "ecom_warehouse",
    dataset_name: str,
    schedule: Any = "@daily",
    start_date: datetime,
    decompose: Decompose = "serialize",
    options: AnyOptions = None,
    parallel_pages: int | None = None,
    alarms: Alarms | None = None,
    **dag_kwargs: Any,
) -> DAG:
    """A DAG that copies the resources of `api` into a warehouse and keeps the copy exact.

    Args:
        dag_id: the DAG's id.
        api: dlt's `RESTAPIConfig`, its secrets left out. They come from the Connection `api_conn_id`, in the task.
        api_conn_id: the Connection with the shop's address and key.
        warehouse_conn_id: the Connection of the warehouse; without one, rows go to the embedded DuckDB.
        dataset_name: the dataset (schema) of the tables, and the name of the task group.
        schedule: a cron expression or preset, or a timedelta, becomes a timetable with data intervals in the time zone
            of `start_date`; anything else is passed to Airflow as it is.
        start_date: aware; where its time zone has daylight saving, the schedule follows it.
        decompose: `serialize` runs the tasks one after another, `parallel` side by side, `none` makes one task of all.
        options: `Options(…)` for all resources, or a dict of them by resource.
        parallel_pages: an older way to write `options=Options(parallel_pages=…)`; it wins over that.
        alarms: whom to tell of what; nobody unless given.
        **dag_kwargs: passed to Airflow's `DAG`.

    Raises:
        ApiConfigError: dlt refuses `api`, or a cursor cannot be loaded by window.
    """
    with _named(dag_id):
        parts = components(api)
        names = tuple(name for part in parts for name in part.resources)
        cursors(api, names)
        chosen = options_by_resource(options, names)
        if parallel_pages is not None:
            chosen = {name: replace(each, parallel_pages=parallel_pages) for name, each in chosen.items()}
    if decompose == "none":
        parts = [Component(dataset_name, tuple(name for part in parts for name in part.resources))]
    defaults = {**TASK_DEFAULTS, **dag_kwargs.pop("default_args", {})}
    if alarms is not None and alarms.late is not None:
        own = dag_kwargs.get("deadline") or []
        dag_kwargs["deadline"] = [*alarms.deadlines(), *(own if isinstance(own, list) else [own])]
    with DAG(
        dag_id,
        schedule=_with_intervals(schedule, start_date),
        start_date=start_date,
        default_args=defaults,
        params={**_params(parts), **dag_kwargs.pop("params", {})},
        **{"catchup": False, "doc_md": _DOC, "tags": ["ecom-elt"], **dag_kwargs},
    ) as dag:
        tasks = _task_group(api, parts, dataset_name, api_conn_id, warehouse_conn_id, chosen, alarms)
        if decompose == "serialize":
            for before, after in pairwise(tasks):
                before >> after
    return dag


@contextmanager
def _named(dag_id: str) -> Iterator[None]:
    """Says of a description that is refused which DAG it came from; Airflow says which file."""
    try:
        yield
    except ApiConfigError as error:
        raise ApiConfigError(f"DAG {dag_id!r}: {error.found}", expected=error.expected, fix=error.fix) from error


def _task_group(
    api: RESTAPIConfig,
    parts: Sequence[Component],
    dataset_name: str,
    api_conn_id: str,
    warehouse_conn_id: str,
    options: Mapping[str, Options],
    alarms: Alarms | None,
) -> list[BaseOperator]:
    import dlt
    from airflow.providers.standard.operators.python import PythonOperator
    from dlt.helpers.airflow_helper import PipelineTasksGroup

    from ecom_source.load.load import Load
    from ecom_source.load.retry_policy import READ_AGAIN, STEPS
    from ecom_source.load.work_folders import remove_workspace, workspace
    from ecom_source.secrets.task_logs import StepProgress

    group = PipelineTasksGroup(
        dataset_name,
        local_data_folder=str(workspace()),
        retry_policy=READ_AGAIN,
        retry_pipeline_steps=STEPS,
    )
    tasks: list[BaseOperator] = []
    for part in parts:
        # One pipeline per component: its task is named after it, and its state and schema are its own.
        pipeline = dlt.pipeline(part.name, dataset_name=dataset_name, progress=StepProgress(part.name))
        load = Load(api, part, pipeline, api_conn_id, warehouse_conn_id, options)
        asset = Asset(name=f"{dataset_name}.{part.name}", uri=f"ecom://{dataset_name}/{part.name}")
        (operator,) = group.add_run(
            pipeline,
            # A callable, so that the source is built inside the task: at parse there is no key to build it with.
            load.source,
            decompose="none",
            outlets=[asset],
            # Loads of one resource take turns, across scheduled, manual and backfill runs.
            max_active_tis_per_dag=1,
            # A task that was skipped, since `resources` did not name it, must not keep the next one from running.
            trigger_rule="none_failed",
        )
        assert isinstance(operator, PythonOperator)  # noqa: S101 - dlt makes no other
        operator.python_callable = perform_task(load, operator.python_callable, asset)
        if alarms is not None:
            alarms.watch(operator, asset)
        tasks.append(operator)
        remove_workspace(pipeline)
    return tasks


def _with_intervals(schedule: Any, start_date: datetime) -> Any:
    """A cron string alone would be a CronTriggerTimetable, whose data intervals have no length."""
    from airflow.sdk import CronDataIntervalTimetable, DeltaDataIntervalTimetable

    if isinstance(schedule, timedelta):
        return DeltaDataIntervalTimetable(schedule)
    if isinstance(schedule, str) and schedule not in ("@once", "@continuous"):
        return CronDataIntervalTimetable(schedule, timezone=pendulum.instance(start_date).timezone or "UTC")
    return schedule


def _params(parts: Sequence[Component]) -> dict[str, Param]:
    names = [name for part in parts for name in part.resources]
    return {
        "window_start": Param(
            None,
            type=["null", "string"],
            format="date-time",
            title="Window start",
            description="Load rows changed at or after this instant. Empty: from where the last run ended, "
            "or from the very beginning if a window end is given.",
        ),
        "window_end": Param(
            None,
            type=["null", "string"],
            format="date-time",
            title="Window end",
            description="Load rows changed before this instant. Empty: until now.",
        ),
        "full_refresh": Param(
            False,
            type="boolean",
            title="Full refresh",
            description="Read everything and replace the tables. Until then readers see the old rows.",
        ),
        "resources": Param(
            [],
            type="array",
            items={"type": "string", "enum": names},
            examples=names,
            title="Resources",
            description="Load these only. Empty: all. A dependent resource is loaded together with its parent.",
        ),
    }


_DOC = """Copies a shop's REST API into a warehouse and keeps the copy exact.

* **Scheduled** runs load what changed up to the end of their data interval, from where the last one ended.
* **Trigger** without a window loads everything up to now; with a window, exactly that window.
* **Backfill** loads exactly its data intervals.
* **Full refresh** reads everything and replaces the tables.

Runs may overlap and may be repeated: rows are merged on their primary key.
"""
