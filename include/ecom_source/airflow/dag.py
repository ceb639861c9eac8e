"""`elt_dag`: a shop's API as an Airflow DAG with one task group."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pendulum
from airflow.sdk import DAG
from dlt.sources.rest_api.typing import RESTAPIConfig

from ecom_source.airflow.alarms import Alarms
from ecom_source.airflow.load_tasks import Decompose, LoadTasks, named_after, refuse_unknown
from ecom_source.airflow.task_group import TASK_DEFAULTS, new_group
from ecom_source.airflow.trigger_form import trigger_form
from ecom_source.options import AnyOptions


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
    """Make a DAG that copies the resources of `api` into a warehouse and keeps the copy exact.

    To put the loads between tasks of your own, use `elt_task_group` in a DAG of your own.

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
        ApiConfigError: the description, an option, a name or an argument cannot work.
    """
    with named_after(dag_id):
        refuse_unknown(
            dag_kwargs, set(inspect.signature(DAG).parameters), "an argument of elt_dag, or of Airflow's DAG."
        )
        tasks = LoadTasks(
            api=api,
            dataset_name=dataset_name,
            api_conn_id=api_conn_id,
            warehouse_conn_id=warehouse_conn_id,
            decompose=decompose,
            options=options,
            alarms=alarms,
        )
        if parallel_pages is not None:
            tasks.checked = tasks.checked.with_options(parallel_pages=parallel_pages)
        arguments = _dag_arguments(dag_kwargs, tasks)
        timetable = _with_intervals(schedule, start_date)
        with DAG(dag_id, schedule=timetable, start_date=start_date, **arguments) as dag:
            tasks.add_to(new_group(dataset_name))
    return dag


def _dag_arguments(given: Mapping[str, Any], tasks: LoadTasks) -> dict[str, Any]:
    """Put together the arguments of Airflow's `DAG`: the user's own, and else those that fit a copy of a shop."""
    found = {
        "catchup": False,
        "doc_md": _DOC,
        "tags": ["ecom-elt"],
        **given,
        "default_args": {**TASK_DEFAULTS, **(given.get("default_args") or {})},
        "params": {**trigger_form(tasks.checked.resources), **(given.get("params") or {})},
    }
    if tasks.alarms is not None and tasks.alarms.late is not None:
        own = given.get("deadline") or []
        found["deadline"] = [*tasks.alarms.deadlines(), *(own if isinstance(own, list) else [own])]
    return found


def _with_intervals(schedule: Any, start_date: datetime) -> Any:
    """Give a schedule data intervals: of a cron string alone Airflow makes a CronTriggerTimetable, which has none."""
    from airflow.sdk import CronDataIntervalTimetable, DeltaDataIntervalTimetable

    if isinstance(schedule, timedelta):
        return DeltaDataIntervalTimetable(schedule)
    if isinstance(schedule, str) and schedule not in ("@once", "@continuous"):
        return CronDataIntervalTimetable(schedule, timezone=pendulum.instance(start_date).timezone or "UTC")
    return schedule


_DOC = """Copies a shop's REST API into a warehouse and keeps the copy exact.

* **Scheduled** runs load what changed up to the end of their data interval, from where the last one ended.
* **Trigger** without a window loads everything up to now; with a window, exactly that window.
* **Backfill** loads exactly its data intervals.
* **Full refresh** reads everything and replaces the tables.

Runs may overlap and may be repeated: rows are merged on their primary key.
"""
