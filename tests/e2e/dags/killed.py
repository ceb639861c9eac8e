"""An Airflow DAG whose tasks die where the file `$KILL_ORDER` says, once."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pendulum
from airflow.providers.standard.operators.python import PythonOperator
from tests.support.apis import TWO
from tests.support.killing import kill_once

from ecom_source import elt_dag

killed = elt_dag(
    "killed",
    TWO,
    warehouse_conn_id="killed_warehouse",
    dataset_name="killed",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    default_args={"retry_delay": timedelta(seconds=1)},
)


def obedient(perform: Callable[..., None]) -> Callable[..., None]:
    """The task's callable, after a look at the order."""

    def run(**context: Any) -> None:
        kill_once(Path(os.environ["KILL_ORDER"]))
        perform(**context)

    return run


for task in killed.tasks:
    assert isinstance(task, PythonOperator)
    task.python_callable = obedient(task.python_callable)
