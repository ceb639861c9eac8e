"""The bridge between an Airflow task and a load: what the run asks for, what the task reports."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ecom_source.errors import EcomError, WindowError
from ecom_source.load.load_origin import Origin
from ecom_source.load.staging_dataset import Staging
from ecom_source.window.run_window import Interval, Run, RunKind, iso, parse_bound

if TYPE_CHECKING:
    from airflow.sdk import Asset

    from ecom_source.load.load import Load

logger = logging.getLogger(__name__)

NO_LENGTH = (
    "The data interval of this %s run has no length (%s): it loads what changed up to now, as a manual run does. To "
    "load a stretch of time again, trigger a run with window_start and window_end"
)
RUN_KINDS: Mapping[str, RunKind] = {"scheduled": "scheduled", "backfill": "backfill"}
"""Airflow's run types; every other one (manual, asset_triggered, operator_triggered) counts as manual."""


@dataclass(frozen=True, eq=False)
class LoadTask:
    """The callable of a resource's task.

    Args:
        load: what to load.
        execute: the callable that dlt's task group made: it runs the pipeline on `load.source`.
        asset: gets the load's report as its event's extra.
    """

    load: Load
    execute: Callable[..., Any]
    asset: Asset

    def __call__(self, **context: Any) -> None:
        """Perform the load as the DAG run asks for it.

        Raises:
            AirflowSkipException: the run leaves this load out.
            AirflowFailException: a person must act.
            LoadFailedError: anything else; Airflow tries again.
        """
        from airflow.sdk.exceptions import AirflowFailException

        try:
            skip_unless_wanted(self, context)
            origin = origin_of(context)
            report = self.load.perform(run_of(context), self.execute, staging=staging_of(context["ti"]), origin=origin)
        except EcomError as error:
            if error.airflow_retries:
                raise
            raise AirflowFailException(str(error)) from None
        context["outlet_events"][self.asset].extra = {
            **report.as_extra(),
            "run_type": origin.run_type,
            "try_number": origin.try_number,
        }
        for line in report.lines():
            logger.info("%s", line)

    def names(self, chosen: Set[str]) -> bool:
        """Tell whether a run that names these resources wants this load; one that names none wants all."""
        return not chosen or not chosen.isdisjoint(self.load.component.resources)


def skip_unless_wanted(task: LoadTask, context: Mapping[str, Any]) -> None:
    """Skip a load that the run's `resources` do not name, or that comes after a task of the user's that was skipped.

    Raises:
        AirflowSkipException: this load is to be left out.
        WindowError: `resources` names what no load of the DAG has; all of them would be skipped, and the run be green.
    """
    from airflow.sdk.exceptions import AirflowSkipException

    chosen = _resources(context["params"].get("resources"))
    if chosen:
        loads = load_tasks(context["dag"])
        known = {name for each in loads.values() for name in each.load.component.resources}
        if unknown := sorted(chosen - known):
            raise WindowError(
                f"The run's `resources` names {', '.join(map(repr, unknown))}, which no load of this DAG has.",
                expected=f"some of {', '.join(sorted(known))}, or none, which means all.",
                fix="trigger the run again with other `resources`.",
            )
        if not task.names(chosen):
            raise AirflowSkipException(f"Not loaded: the run's `resources` names {', '.join(sorted(chosen))} only.")
    if skipped := _skipped_before(context, chosen):
        raise AirflowSkipException(f"Not loaded: the task {skipped!r} before it was skipped.")


def load_tasks(dag: Any) -> dict[str, LoadTask]:
    """Find the loads of a DAG, by task id."""
    found = {task.task_id: getattr(task, "python_callable", None) for task in dag.tasks}
    return {task_id: each for task_id, each in found.items() if isinstance(each, LoadTask)}


def _resources(given: Any) -> set[str]:
    """Read the run's `resources`. Where the DAG has no such field, it may have been triggered with anything."""
    if isinstance(given, str):
        return {given}
    if isinstance(given, list | tuple | set | frozenset | None) and all(isinstance(name, str) for name in given or ()):
        return set(given or ())
    raise WindowError(
        f"The run's `resources` is {str(given)[:60]!r}.",
        expected='a list of names, such as ["orders"], or nothing, which means all.',
        fix="trigger the run again with other `resources`.",
    )


def _skipped_before(context: Mapping[str, Any], chosen: Set[str]) -> str | None:
    """Find a task before this one that was skipped, though not since `resources` leaves it out; None if there is none.

    Airflow's trigger rules cannot tell the two: by `all_success` a load that `resources` leaves out takes all later
    ones with it, and by `none_failed` a branch that leaves the group out leaves out its first load only.
    """
    dag, run = context["dag"], context["dag_run"]
    loads = load_tasks(dag)
    before = context["task"].get_flat_relative_ids(upstream=True)
    if before <= loads.keys():
        # Whoever is first of them is not skipped but by `resources`, as in each DAG of `elt_dag`. Nothing to ask.
        return None
    states = context["ti"].get_task_states(dag_id=run.dag_id, task_ids=sorted(before), run_ids=[run.run_id])[run.run_id]
    to_see: list[str] = sorted(context["task"].upstream_task_ids)
    while to_see:
        task_id = to_see.pop()
        if states.get(task_id) != "skipped":
            continue
        if task_id not in loads or loads[task_id].names(chosen):
            return task_id
        to_see += sorted(dag.get_task(task_id).upstream_task_ids)
    return None


def run_of(context: Mapping[str, Any]) -> Run:
    """Read what the DAG run of this task context asks for.

    Whether it has a data interval says nothing of who started it (the UI's trigger form infers one), so the run's type
    decides. A run without a logical date has none of the interval's names in its context.

    Raises:
        WindowError: a window that cannot be read.
    """
    dag_run = context["dag_run"]
    start, end = dag_run.data_interval_start, dag_run.data_interval_end
    return asked_for(
        RUN_KINDS.get(_run_type(dag_run), "manual"),
        now=datetime.now(UTC),
        interval=(start, end) if start and end else None,
        params=context["params"],
    )


def asked_for(
    kind: RunKind, *, now: datetime, interval: tuple[datetime, datetime] | None, params: Mapping[str, Any]
) -> Run:
    """Read what a run of this kind and data interval asks for, with these values of the trigger form.

    An interval of no length is none that could be loaded: those of `@daily` in a DAG of the user's own are such, as of
    every other `CronTriggerTimetable`. A run with one counts as manual: it loads what changed up to now.

    Args:
        interval: start and end, aware.
        params: those of the DAG run; a DAG of the user's own may have none of ours.

    Raises:
        WindowError: a window that cannot be read.
    """
    found = Interval(*(each.astimezone(UTC) for each in interval)) if interval else None
    if kind != "manual" and found is not None and found.start == found.end:
        (logger.warning if kind == "backfill" else logger.info)(NO_LENGTH, kind, iso(found.start))
        kind, found = "manual", None
    return Run(
        kind,
        now=now,
        interval=found,
        window_start=parse_bound("window_start", params.get("window_start")),
        window_end=parse_bound("window_end", params.get("window_end")),
        full_refresh=bool(params.get("full_refresh")),
    )


def origin_of(context: Mapping[str, Any]) -> Origin:
    """Name the attempt of this task context."""
    ti = context["ti"]
    return Origin(ti.dag_id, ti.run_id, ti.task_id, ti.map_index, ti.try_number, _run_type(context["dag_run"]))


def staging_of(ti: Any) -> Staging:
    """Name the staging dataset of this attempt; its siblings are those of the same task, which runs once at a time."""
    return Staging.named(f"{ti.dag_id}/{ti.task_id}", f"{ti.run_id}/{ti.map_index}/{ti.try_number}/{ti.id}")


def _run_type(dag_run: Any) -> str:
    return str(getattr(dag_run.run_type, "value", dag_run.run_type))
