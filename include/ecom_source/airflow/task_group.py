"""`elt_task_group`: a shop's API as a task group, one task per resource, in a DAG of the user's own."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import TaskGroup
from dlt.sources.rest_api.typing import RESTAPIConfig

from ecom_source.airflow.alarms import Alarms
from ecom_source.airflow.load_tasks import Decompose, LoadTasks, named_after, refuse_unknown
from ecom_source.errors import ApiConfigError
from ecom_source.options import AnyOptions

if TYPE_CHECKING:
    from dlt.helpers.airflow_helper import PipelineTasksGroup

TASK_DEFAULTS: Mapping[str, Any] = {
    # Errors say themselves whether another attempt can help (`EcomError.airflow_retries`). It is for what dlt's own
    # retries cannot outlive: a shop that is down for a minute, a killed worker, a warehouse that went away.
    "retries": 1,
    "retry_delay": timedelta(minutes=1),
}


def elt_task_group(
    api: RESTAPIConfig,
    *,
    api_conn_id: str = "ecom_api",
    warehouse_conn_id: str = "ecom_warehouse",
    dataset_name: str,
    group_id: str | None = None,
    decompose: Decompose = "serialize",
    options: AnyOptions = None,
    alarms: Alarms | None = None,
    **group_kwargs: Any,
) -> PipelineTasksGroup:
    """Add the loads of `api` to the DAG that is being made, as a task group.

    The group stands between other tasks as any of Airflow's does; schedule and `params` are the DAG's own:

        with DAG("shop", schedule="@daily", start_date=…, params=params(SHOP)):
            ask() >> elt_task_group(SHOP, dataset_name="shop") >> publish()

    A run whose data interval has no length, as those of `@daily` have none, loads what changed up to now: it counts as
    a manual run. A run that names `resources` skips the other loads, and Airflow skips what comes after a skipped task:
    one that is to run all the same needs `trigger_rule="none_failed"`. A skipped task before the group skips all of its
    loads, and so does a branch that leaves it out; behind the two ways of a branch, put an `EmptyOperator` with the
    trigger rule that is wanted in front of it.

    Args:
        api: dlt's `RESTAPIConfig`, its secrets left out. They come from the Connection `api_conn_id`, in the task.
        api_conn_id: the Connection with the shop's address and key.
        warehouse_conn_id: the Connection of the warehouse; without one, rows go to the embedded DuckDB.
        dataset_name: the dataset (schema) of the tables.
        group_id: the group's id, which is also the first part of its tasks' ids; `dataset_name` unless given.
        decompose: `serialize` runs the tasks one after another, `parallel` side by side, `none` makes one task of all.
        options: `Options(…)` for all resources, or a dict of them by resource.
        alarms: whom to tell of what; nobody unless given. A deadline is that of a whole run, so `late` is the DAG's to
            set as well: `DAG(…, deadline=alarms.deadlines())`.
        **group_kwargs: passed to Airflow's `TaskGroup`, such as `default_args` or `tooltip`.

    Returns:
        The task group: dlt's `PipelineTasksGroup`.

    Raises:
        ApiConfigError: the description, an option, a name or an argument cannot work.
    """
    with named_after(_dag_id()):
        # Those two are where the group is: in the DAG that is being made.
        known = set(inspect.signature(TaskGroup).parameters) - {"dag", "parent_group"}
        refuse_unknown(group_kwargs, known, "an argument of elt_task_group, or of Airflow's TaskGroup.")
        tasks = LoadTasks(
            api=api,
            dataset_name=dataset_name,
            api_conn_id=api_conn_id,
            warehouse_conn_id=warehouse_conn_id,
            decompose=decompose,
            options=options,
            alarms=alarms,
        )
        group = new_group(dataset_name if group_id is None else group_id, **group_kwargs)
        tasks.add_to(group)
    return group


def new_group(group_id: str, **group_kwargs: Any) -> PipelineTasksGroup:
    """An empty task group in the DAG that is being made.

    Raises:
        ApiConfigError: Airflow refuses its id.
    """
    from airflow.sdk.exceptions import DuplicateTaskIdFound
    from dlt.helpers.airflow_helper import PipelineTasksGroup

    from ecom_source.load.retry_policy import READ_AGAIN, STEPS
    from ecom_source.load.work_folders import workspace

    try:
        group = PipelineTasksGroup(
            group_id,
            local_data_folder=str(workspace()),
            retry_policy=READ_AGAIN,
            retry_pipeline_steps=STEPS,
            **group_kwargs,
        )
    except (ValueError, TypeError, DuplicateTaskIdFound) as error:
        raise ApiConfigError(
            f"Airflow refuses the task group {str(group_id)[:80]!r}: {error}.",
            expected="letters, digits, dashes and underscores, and an id that no other group or task of the DAG has.",
            fix="give elt_task_group a `group_id` in the DAG file; without one it is the `dataset_name`.",
        ) from error
    if "trigger_rule" in group.default_args:
        raise ApiConfigError(
            f"The task group {group_id!r} has a trigger_rule in its default_args.",
            expected="none: a load that `resources` leaves out must not keep the next one from running.",
            fix="put an EmptyOperator with that trigger_rule before the group in the DAG file.",
        )
    group.default_args = {**TASK_DEFAULTS, **group.dag.default_args, **group.default_args}
    return group


def _dag_id() -> str:
    # Airflow has no public way to ask for the DAG that is being made; this can go once it has.
    from airflow.sdk.definitions._internal.contextmanager import DagContext

    dag = DagContext.get_current()
    if dag is None:
        raise ApiConfigError(
            "elt_task_group was called outside of a DAG.",
            expected="a call within `with DAG(…):`, or within a function that `@dag` decorates.",
            fix="move the call in the DAG file, or use elt_dag, which makes the DAG as well.",
        )
    return str(dag.dag_id)
