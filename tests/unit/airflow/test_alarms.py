"""When an alarm is raised, and when none is. That they arrive is shown in tests/e2e/test_alarms.py."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
import pytest
from airflow.sdk import DAG, BaseNotifier
from airflow.sdk.exceptions import AirflowFailException
from tests.support.apis import api, windowed

from ecom_source import Alarms, elt_dag
from ecom_source.airflow.alarms import fallen
from ecom_source.errors import ApiConfigError


class Note(BaseNotifier):
    """Keeps what it was given."""

    template_fields = ("text",)
    noted: list[str] = []  # noqa: RUF012

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__()

    async def async_notify(self, context: Any) -> None:
        self.notify(context)

    def notify(self, context: Any) -> None:
        self.noted.append(self.text)


def dag_with(alarms: Alarms | None, **settings: Any) -> DAG:
    return elt_dag(
        "shop",
        api(windowed("orders")),
        dataset_name="shop",
        start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
        alarms=alarms,
        **settings,
    )


def tasks_of(dag: DAG) -> list[Any]:
    return list(dag.tasks)


def test_all_are_off_by_default() -> None:
    for alarms in (None, Alarms(Note, {"text": "{{ alarm.text }}"})):
        dag = dag_with(alarms)
        (task,) = tasks_of(dag)
        assert (task.on_failure_callback, task.on_success_callback, task.inlets) == ([], [], [])
        assert not dag.deadline


def test_a_notifier_that_cannot_say_late_is_refused() -> None:
    class Deaf(BaseNotifier):
        pass

    with pytest.raises(ApiConfigError, match="Deaf, which has no `async_notify`"):
        dag_with(Alarms(Deaf, late=timedelta(hours=2)))
    dag_with(Alarms(Deaf, failed=True))


def test_each_setting_switches_its_own_on_beside_what_the_dag_has() -> None:
    own = [print]
    kept = {"default_args": {"on_failure_callback": own, "on_success_callback": own}}
    (task,) = tasks_of(dag_with(Alarms(Note, failed=True), **kept))
    assert (task.on_failure_callback[0], len(task.on_failure_callback), task.on_success_callback) == (print, 2, own)
    (task,) = tasks_of(dag_with(Alarms(Note, schema_changed=True), **kept))
    assert (len(task.on_success_callback), len(task.on_failure_callback), task.inlets) == (2, 1, [])
    (task,) = tasks_of(dag_with(Alarms(Note, rows_fell=0.5)))
    assert task.inlets == task.outlets
    deadlines: Any = dag_with(Alarms(Note, late=timedelta(hours=2))).deadline
    (deadline,) = deadlines
    assert deadline.interval == timedelta(hours=2)


@pytest.mark.parametrize(
    ("rows", "before", "share", "raised"),
    [
        (40, [100, 100], 0.5, True),
        (50, [100, 100], 0.5, False),
        (0, [100, 100], 1.0, True),
        (1, [100, 100], 1.0, False),
        (0, [0, 0], 0.5, False),
        (0, [100], 0.5, False),
        (40, [10, 100, 100], 0.5, True),
        # The seven newest count.
        (40, [50] * 7 + [1000] * 20, 0.5, False),
    ],
)
def test_rows_fell(rows: int, before: list[int], share: float, raised: bool) -> None:
    def extra(number: int, load: str) -> dict[str, Any]:
        return {"resources": {"orders": {"rows_read": number}}, "run_type": "scheduled", "load_ids": [load]}

    own = extra(rows, "own")
    others = [extra(number, str(index)) for index, number in enumerate(before)]
    assert (fallen(own, [own, *others], share) is not None) is raised


def test_loads_that_say_nothing_of_each_other_are_not_compared() -> None:
    def extra(rows: int, **more: Any) -> dict[str, Any]:
        window = {"full_refresh": False, "watermark_before": "2026-01-01T00:00:00Z", **more.pop("window", {})}
        base = {"run_type": "scheduled", "load_ids": [object()], "windows": {"orders": window}}
        return {**base, "resources": {"orders": {"rows_read": rows}}, **more}

    unlike = [
        extra(1000, run_type="backfill"),
        extra(1000, window={"full_refresh": True}),
        extra(1000, window={"watermark_before": None}),
    ]
    assert fallen(extra(1), [*unlike, *unlike], 0.5) is None
    assert fallen(extra(1), [*unlike, extra(10), extra(10)], 0.5) is not None


def test_a_failure_is_said_once_with_its_text() -> None:
    Note.noted.clear()
    template = "{{ alarm.kind }} {{ alarm.title }}: {{ alarm.text }}"
    (task,) = tasks_of(dag_with(Alarms(Note, {"text": template}, failed=True)))

    class Instance:
        dag_id, run_id, task_id = "shop", "run", "shop.orders"

    (callback,) = task.on_failure_callback
    callback({"ti": Instance(), "exception": AirflowFailException("{{ ti.secret }} is no template")})
    assert Note.noted == ["failed shop: the load of orders failed: {{ ti.secret }} is no template"]
