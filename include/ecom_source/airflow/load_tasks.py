"""The tasks of one task group: its arguments, checked at parse, and a task for each load."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, get_args

from airflow.sdk import Asset
from dlt.sources.rest_api.typing import RESTAPIConfig

from ecom_source.airflow.alarms import Alarms
from ecom_source.airflow.task import LoadTask, load_tasks
from ecom_source.errors import ApiConfigError
from ecom_source.load.components import Component
from ecom_source.load.parse_checks import CheckedApi, check_api
from ecom_source.options import AnyOptions

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from dlt.helpers.airflow_helper import PipelineTasksGroup

Decompose = Literal["serialize", "parallel", "none"]


@dataclass(kw_only=True)
class LoadTasks:
    """What a task group loads: the arguments of `elt_task_group`, which says what each of them is.

    Raises:
        ApiConfigError: one of them cannot work.
    """

    api: RESTAPIConfig
    dataset_name: str
    api_conn_id: str
    warehouse_conn_id: str
    decompose: Decompose
    options: AnyOptions
    alarms: Alarms | None
    checked: CheckedApi = field(init=False)

    def __post_init__(self) -> None:
        """Refuse at parse what would fail in each task, or do something else than was meant."""
        ids = "the id of an Airflow Connection."
        _refuse_unless(_is_id(self.api_conn_id), "api_conn_id", self.api_conn_id, ids)
        _refuse_unless(_is_id(self.warehouse_conn_id), "warehouse_conn_id", self.warehouse_conn_id, ids)
        ways = get_args(Decompose)
        _refuse_unless(self.decompose in ways, "decompose", self.decompose, f"one of {', '.join(ways)}.")
        given: Any = self.alarms
        _refuse_unless(given is None or isinstance(given, Alarms), "alarms", given, "`Alarms(…)`, or None.")
        self.checked = check_api(
            self.api, dataset_name=self.dataset_name, options=self.options, as_one=self.decompose == "none"
        )

    def add_to(self, group: PipelineTasksGroup) -> None:
        """Add a task for each component to the group, in their order.

        Raises:
            ApiConfigError: another task of the DAG loads into the same table, or the DAG has no deadline for `late`.
        """
        if self.alarms is not None:
            self.alarms.check_deadline(group.dag)
        for part in self.checked.components:
            self._refuse_second(group, part)
        tasks = [self._task(group, part) for part in self.checked.components]
        if self.decompose == "serialize":
            for before, after in pairwise(tasks):
                before >> after

    def _task(self, group: PipelineTasksGroup, part: Component) -> BaseOperator:
        import dlt
        from airflow.providers.standard.operators.python import PythonOperator

        from ecom_source.load.load import Load
        from ecom_source.load.work_folders import remove_workspace
        from ecom_source.secrets.task_logs import StepProgress

        # One pipeline per component: its task is named after it, and its state and schema are its own.
        pipeline = dlt.pipeline(part.name, dataset_name=self.dataset_name, progress=StepProgress(part.name))
        load = Load(self.api, part, pipeline, self.api_conn_id, self.warehouse_conn_id, self.checked.options)
        asset = self._asset(part)
        try:
            (operator,) = group.add_run(
                pipeline,
                # A callable, so that the source is built inside the task: at parse there is no key to build it with.
                load.source,
                decompose="none",
                outlets=[asset],
                # Loads of one resource take turns, across scheduled, manual and backfill runs.
                max_active_tis_per_dag=1,
                # A load that was skipped, since `resources` did not name it, must not keep the next one from running.
                # A task of the user's own that was skipped does: `LoadTask` sees to that.
                trigger_rule="none_failed",
            )
        finally:
            remove_workspace(pipeline)
        assert isinstance(operator, PythonOperator)  # noqa: S101 - dlt makes no other
        operator.python_callable = LoadTask(load, operator.python_callable, asset)
        if self.alarms is not None:
            self.alarms.watch(operator, asset)
        return operator

    def _asset(self, part: Component) -> Asset:
        return Asset(name=f"{self.dataset_name}.{part.name}", uri=f"ecom://{self.dataset_name}/{part.name}")

    def _refuse_second(self, group: PipelineTasksGroup, part: Component) -> None:
        """Two tasks of one DAG that load into the same table would not take turns, and one would undo the other."""
        for task_id, other in load_tasks(group.dag).items():
            # dlt writes names of datasets and tables in small letters.
            same = other.asset.uri.casefold() == self._asset(part).uri.casefold()
            if same and other.load.warehouse_conn_id == self.warehouse_conn_id:
                raise ApiConfigError(
                    f"The task {task_id!r} loads {part.name!r} into the dataset {self.dataset_name!r} as well.",
                    expected="one load for each table.",
                    fix="give one of the two task groups another `dataset_name` in the DAG file.",
                )


@contextmanager
def named_after(dag_id: str) -> Iterator[None]:
    """Say of what is refused which DAG it came from; Airflow says which file."""
    try:
        yield
    except ApiConfigError as error:
        raise ApiConfigError(f"DAG {dag_id!r}: {error.found}", expected=error.expected, fix=error.fix) from error


def refuse_unknown(given: Mapping[str, Any], known: set[str], expected: str) -> None:
    """Refuse arguments by names that are not known, such as misspelt ones."""
    for name in given:
        if name not in known:
            raise ApiConfigError(
                f"There is no argument {name!r}.", expected=expected, fix="change the call in the DAG file."
            )


def _refuse_unless(fits: bool, name: str, value: Any, expected: str) -> None:
    if not fits:
        raise ApiConfigError(
            f"{name} is {str(value)[:80]!r}.", expected=expected, fix=f"change `{name}` in the DAG file."
        )


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
