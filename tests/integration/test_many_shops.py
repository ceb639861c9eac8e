"""Many shops from one loop: each DAG has its own Connection, dataset, assets and turns."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag
from tests.support import PROJECT

DOCS = (PROJECT / "docs" / "deploying.md").read_text(encoding="utf-8")
NUMBER = 200


def test_a_loop_makes_as_many_dags_each_with_its_own_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = [block for block in re.findall(r"```python\n(.+?)```", DOCS, re.S) if "for shop in" in block]
    (tmp_path / "shops.py").write_text(code)
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


def test_the_pages_and_files_that_the_docs_name_are_there() -> None:
    names = re.findall(r"\]\((?!https?:|#)([^)#]+)\)", DOCS)
    assert [name for name in names if not (PROJECT / "docs" / name).exists()] == []
