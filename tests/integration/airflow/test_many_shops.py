"""Many shops from one loop: each DAG has its own Connection, dataset, assets and turns."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG
from airflow.sdk.execution_time.context import set_current_context
from tests.support import PROJECT
from tests.support.loads import Tables, connection_json

from demo_shop import DemoShop

DOCS = (PROJECT / "docs" / "deploying.md").read_text(encoding="utf-8")
(CODE,) = [block for block in re.findall(r"```python\n(.+?)```", DOCS, re.S) if "for shop in" in block]
NUMBER = 200


def test_a_loop_makes_as_many_dags_each_with_its_own_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shops.py").write_text(CODE)
    # By the wall clock, which says little on a busy machine.
    monkeypatch.setenv("AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT", "600")
    bag = DagBag(tmp_path, safe_mode=True)
    assert bag.import_errors == {}
    shops = [f"shop_{number:03}" for number in range(1, NUMBER + 1)]
    assert sorted(bag.dags) == shops
    tasks = {dag_id: dag.tasks for dag_id, dag in bag.dags.items()}
    assert {dag_id: [task.task_id for task in tasks[dag_id]] for dag_id in shops} == {
        shop: [f"{shop}.ecommerce_data"] for shop in shops
    }
    assert {asset.name for each in tasks.values() for task in each for asset in task.outlets} == {
        f"{shop}.ecommerce_data" for shop in shops
    }
    assert {task.max_active_tis_per_dag for each in tasks.values() for task in each} == {1}


def test_two_dags_of_the_loop_in_one_process_mix_up_nothing(
    tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shops.py").write_text(re.sub(r"range\(.+?\)", "range(1, 3)", CODE))
    dags = DagBag(tmp_path, safe_mode=True).dags
    names = ["shop_001", "shop_002"]
    with (
        DemoShop("the-first-key", seed=1, sizes={"resource": 150}) as first,
        DemoShop("the-second-key", seed=2, sizes={"resource": 250}) as second,
    ):
        shops = dict(zip(names, (first, second), strict=True))
        for name, shop in shops.items():
            monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}_API", connection_json(shop.url, shop.access.api_key))
        reports: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
        # In turns, and in another order the second time; in between, one of the shops changes.
        for name in (*names, *reversed(names)):
            reports[name].append(perform(dags[name]))
            first.tick(5, names=["resource"], deletes=False)
        reports["shop_001"].append(perform(dags["shop_001"]))

        for name, shop in shops.items():
            replace(tables, dataset=name).assert_equal_to(shop)
            # Each request came with the shop's own key, or the shop would have refused it.
            assert {record.status for record in shop.requests} == {200}
            assert {report["dataset"] for report in reports[name]} == {name}
            # Each goes on from a watermark of its own.
            windows = [report["windows"]["ecommerce_data"] for report in reports[name]]
            assert windows[0]["watermark_before"] is None
            for before, after in pairwise(windows):
                assert after["watermark_before"] == before["watermark_after"]
        read = {name: reports[name][0]["resources"]["ecommerce_data"]["rows_read"] for name in names}
        assert read == {"shop_001": 150, "shop_002": 250}


def perform(dag: DAG) -> dict[str, Any]:
    """Performs the one task of a DAG as a manual run does, in this process; the extra of its asset event."""
    task: Any
    (task,) = dag.tasks
    run = SimpleNamespace(run_type="manual", data_interval_start=None, data_interval_end=None)
    ti = SimpleNamespace(
        dag_id=dag.dag_id, task_id=task.task_id, run_id=f"manual__{datetime.now(UTC)}", map_index=-1, try_number=1
    )
    ti.id = uuid4()
    events: dict[Any, Any] = defaultdict(SimpleNamespace)
    params: dict[str, Any] = {"window_start": None, "window_end": None, "full_refresh": False, "resources": []}
    context: Any = {"ti": ti, "dag": dag, "task": task, "dag_run": run, "params": params, "outlet_events": events}
    with set_current_context(context):
        task.python_callable(**context)
    (event,) = events.values()
    return dict(event.extra)


def test_the_pages_and_files_that_the_docs_name_are_there() -> None:
    names = re.findall(r"\]\((?!https?:|#)([^)#]+)\)", DOCS)
    assert [name for name in names if not (PROJECT / "docs" / name).exists()] == []
