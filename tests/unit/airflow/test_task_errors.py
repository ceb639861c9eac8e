"""A task fails such that Airflow tries again where that can help, and only there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from ecom_source import errors
from ecom_source.airflow.task import LoadTask
from ecom_source.errors import EcomError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, EcomError)]
AGAIN = ("ShopUnavailableError", "LoadFailedError", "WorkerError")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_airflow_tries_again_what_may_pass(kind: type[EcomError]) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise kind("Found.", expected="this.", fix="that.")

    load: Any = SimpleNamespace(component=SimpleNamespace(resources=("orders",)), perform=fail)
    ti = SimpleNamespace(dag_id="dag", task_id="task", run_id="run", map_index=-1, try_number=1, id="x")
    run = SimpleNamespace(run_type="manual", data_interval_start=None, data_interval_end=None)
    dag = SimpleNamespace(tasks=[], get_flat_relative_ids=lambda **_: set())
    asset: Any = None
    task = LoadTask(load, lambda: None, asset)
    with pytest.raises(kind if kind.__name__ in AGAIN else AirflowFailException) as caught:
        task(params={}, ti=ti, dag_run=run, dag=dag, task=dag)
    assert str(caught.value) == "Found. Expected: this. To fix: that."
    # The alarms tell errors apart by it.
    assert isinstance(caught.value if kind.__name__ in AGAIN else caught.value.__context__, kind)
