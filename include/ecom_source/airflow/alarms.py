"""Alarms by Airflow's own means: callbacks, deadline alerts, and any Airflow notifier to carry them."""

from __future__ import annotations

import copy
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pkgutil import resolve_name
from statistics import median
from typing import TYPE_CHECKING, Any

from ecom_source.errors import ApiConfigError, IncompleteReadError

if TYPE_CHECKING:
    from airflow.sdk import DAG, Asset, BaseNotifier
    from airflow.sdk.definitions.deadline import DeadlineAlert

logger = logging.getLogger(__name__)

COMPARED = 7
"""Loads before this one whose median is what a load is expected to read."""
LEAST_COMPARED = 2
LOOKED_AT = 50
"""Newest events among which those are looked for."""


@dataclass(frozen=True)
class Alarms:
    """Which alarms a DAG raises, and by which notifier. Each is off until it is set.

    Args:
        notifier: the class of an Airflow notifier, such as `SlackWebhookNotifier`, `SmtpNotifier` or `HttpNotifier`.
        settings: its arguments. Its templates know `alarm`, with `kind` (the name of the setting below that raised it),
            `title` and `text`, `dag_id`, `run_id`, `task_id` and `resource`: `{"text": "{{ alarm.text }}"}`.
        failed: a load has failed for good, all of its attempts being over.
        incomplete: a load has failed since the rows that were read are not the rows that the shop says it has.
        late: a run is not over, or has failed, this long after it was queued. Needs a triggerer, and a notifier with
            `async_notify`.
        schema_changed: a load has added a table or column, or met a value of another type; not said of the first load.
        rows_fell: a share of 1; a load has read fewer rows than the median of those before it by more than this share,
            or none. Loads are compared with those of the same run type, full refreshes left out.
    """

    notifier: type[BaseNotifier]
    settings: Mapping[str, Any] = field(default_factory=dict)
    failed: bool = False
    incomplete: bool = False
    late: timedelta | None = None
    schema_changed: bool = False
    rows_fell: float | None = None

    def watch(self, operator: Any, asset: Asset) -> None:
        """Add the callbacks to a task that loads into `asset`, after those that it has."""
        if self.failed or self.incomplete:
            operator.on_failure_callback = [*operator.on_failure_callback, self.on_failure]
        if self.schema_changed:
            operator.on_success_callback = [*operator.on_success_callback, self.on_schema]
        if self.rows_fell is not None:
            # An inlet, so that the callback may look at the loads before this one.
            operator.inlets = [*operator.inlets, asset]
            operator.on_success_callback = [*operator.on_success_callback, self.on_rows]

    def deadlines(self) -> list[DeadlineAlert]:
        """Make what a DAG has as its argument `deadline`; nothing without `late`."""
        if self.late is None:
            return []
        from airflow.sdk import BaseNotifier
        from airflow.sdk.definitions.callback import AsyncCallback
        from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

        if self.notifier.async_notify is BaseNotifier.async_notify:
            raise ApiConfigError(
                f"The alarm `late` is to go to {self.notifier.__qualname__}, which has no `async_notify`.",
                expected="a notifier that Airflow's triggerer can run, which is where a deadline's callback runs.",
                fix="change `notifier` of the Alarms in the DAG file, or leave `late` out.",
            )
        path = f"{self.notifier.__module__}.{self.notifier.__qualname__}"
        # In the triggerer: what an executor runs for a deadline may not read the notifier's Connection (Airflow 3.3).
        callback = AsyncCallback(raise_late, kwargs={"notifier": path, "settings": dict(self.settings)})
        return [DeadlineAlert(DeadlineReference.DAGRUN_QUEUED_AT, self.late, callback, name="late")]

    def check_deadline(self, dag: DAG) -> None:
        """Refuse `late` in a DAG that has no deadline for it.

        Raises:
            ApiConfigError: the alarm would never be raised.
        """
        path = f"{raise_late.__module__}.{raise_late.__qualname__}"
        given: Any = dag.deadline or []
        if self.late is not None and not any(alert.callback.path == path for alert in given):
            raise ApiConfigError(
                "The alarm `late` is set for a task group, but the DAG has no deadline for it.",
                expected="a deadline of the DAG: it is the run that is late, not one of its tasks.",
                fix="write `DAG(…, deadline=alarms.deadlines())` in the DAG file, or leave `late` out.",
            )

    def on_failure(self, context: Mapping[str, Any]) -> None:
        """Serve as Airflow's failure callback."""
        error = context.get("exception")
        cause = getattr(error, "__context__", None)
        if self.incomplete and isinstance(cause, IncompleteReadError):
            self._send("incomplete", "is incomplete", str(error), context)
        elif self.failed:
            # Of a worker that was killed there is no error.
            self._send("failed", "failed", str(error or "The task ended without an error of its own."), context)

    def on_schema(self, context: Mapping[str, Any]) -> None:
        """Serve as Airflow's success callback for `schema_changed`."""
        (asset,) = context["task"].outlets
        extra = context["outlet_events"][asset].extra
        changes = [] if extra.get("first") else extra.get("schema_changes") or []
        if changes:
            self._send("schema_changed", "changed the schema", "; ".join(map(_change, changes)), context)

    def on_rows(self, context: Mapping[str, Any]) -> None:
        """Serve as Airflow's success callback for `rows_fell`."""
        (asset,) = context["task"].outlets
        extra = context["outlet_events"][asset].extra
        # A run that skipped its load has left no report.
        if self.rows_fell is None or "resources" not in extra or _everything(extra):
            return
        events = context["inlet_events"][asset].ascending(False).limit(LOOKED_AT)
        text = fallen(extra, [event.extra for event in events], self.rows_fell)
        if text:
            self._send("rows_fell", "read fewer rows", text, context)

    def _send(self, kind: str, title: str, text: str, context: Mapping[str, Any]) -> None:
        ti = context["ti"]
        resource = ti.task_id.rpartition(".")[2]
        alarm = {
            "kind": kind,
            "title": f"{ti.dag_id}: the load of {resource} {title}",
            "text": text,
            "dag_id": ti.dag_id,
            "run_id": ti.run_id,
            "task_id": ti.task_id,
            "resource": resource,
        }
        _notify(self.notifier, self.settings, {**context, "alarm": alarm})


async def raise_late(notifier: str, settings: Mapping[str, Any], context: Mapping[str, Any]) -> None:
    """Serve as the deadline's callback: the triggerer runs it, with the DAG run as Airflow's REST API shows it.

    Args:
        notifier: the path of the notifier's class; a deadline is kept in Airflow's metadata, as JSON.
    """
    run = context["dag_run"]
    alarm = {
        "kind": "late",
        "title": f"{run['dag_id']}: a run is late",
        "text": f"The run {run['dag_run_id']} was queued at {run['queued_at']} and is {run['state']}.",
        "dag_id": run["dag_id"],
        "run_id": run["dag_run_id"],
        "task_id": None,
        "resource": None,
    }
    instance = resolve_name(notifier)(**settings)
    instance.context = {**context, "alarm": alarm}
    await instance


def fallen(extra: Mapping[str, Any], before: Sequence[Mapping[str, Any]], share: float) -> str | None:
    """Say of a load that it read too few rows, or None.

    Args:
        extra: of the load's event; `before` of the newest others, the newest first. This one may be among them.
    """
    alike = [
        rows_read(each)
        for each in before
        if each.get("load_ids") != extra.get("load_ids")
        and each.get("run_type") == extra.get("run_type")
        and not _everything(each)
    ][:COMPARED]
    if len(alike) < LEAST_COMPARED:
        return None
    rows, expected = rows_read(extra), median(alike)
    if expected == 0 or (rows > 0 and rows >= (1 - share) * expected):
        return None
    return f"{rows:,} rows were read; the {len(alike)} loads before had {expected:,.0f} (median)."


def rows_read(extra: Mapping[str, Any]) -> int:
    """Add up the rows that a load read, all of its resources together."""
    return sum(each["rows_read"] for each in (extra.get("resources") or {}).values())


def _everything(extra: Mapping[str, Any]) -> bool:
    """Tell a load whose number of rows says nothing of the next one's: the first, or a full refresh."""
    windows = (extra.get("windows") or {}).values()
    return any(window["full_refresh"] or window["watermark_before"] is None for window in windows)


def _change(change: Mapping[str, str]) -> str:
    what = change["change"].replace("_", " ")
    column = f".{change['column']} ({change['data_type']})" if "column" in change else ""
    return f"{what}: {change['table']}{column}"


def _notify(notifier: type[BaseNotifier], settings: Mapping[str, Any], context: Mapping[str, Any]) -> None:
    # A notifier renders its own fields in place; the next alarm starts from the templates again.
    notifier(**copy.deepcopy(dict(settings)))(dict(context))
