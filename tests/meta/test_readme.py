"""What the README points to is there, and the DAG file that it shows works."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag
from tests.support import PROJECT

from ecom_source.http.session import Traffic
from ecom_source.load.report import Report
from ecom_source.paging.read_tally import Reading
from ecom_source.window.run_window import Interval, Window

README = (PROJECT / "README.md").read_text(encoding="utf-8")


def test_links_to_files_and_make_targets_exist() -> None:
    files = re.findall(r"\]\((?!https?:)([^)#]+)\)", README) + re.findall(
        r"^((?:dags|include|tests)/\S*)", README, re.M
    )
    assert len(files) >= 8
    assert [file for file in files if not (PROJECT / file).exists()] == []
    targets = set(re.findall(r"\bmake ([a-z]+)\b", README)) - {"has"}
    assert {"demo", "test", "up"} <= targets
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.M)] == []


def test_the_second_shop_is_found_by_airflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = [block for block in re.findall(r"```python\n(.+?)```", README, re.S) if "elt_dag(" in block]
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "second_shop.py").write_text(code)
    bag = DagBag(tmp_path / "dags", safe_mode=True)
    assert bag.import_errors == {}
    assert [task.task_id for task in bag.dags["second_shop"].tasks] == ["second_shop.ecommerce_data"]


def test_the_group_between_other_tasks_is_found_by_airflow(tmp_path: Path) -> None:
    (code,) = [block for block in re.findall(r"```python\n(.+?)```", README, re.S) if "elt_task_group(" in block]
    (tmp_path / "between.py").write_text(code)
    bag = DagBag(tmp_path, safe_mode=True)
    assert bag.import_errors == {}
    dag = bag.dags["between"]
    assert {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks} == {
        "prepare": ["between.ecommerce_data"],
        "between.ecommerce_data": ["publish"],
        "publish": [],
    }
    assert list(dag.params) == ["window_start", "window_end", "full_refresh", "resources"]


def test_the_lines_of_a_load_are_those_that_a_report_has() -> None:
    def at(time: str) -> datetime:
        return datetime.fromisoformat(f"2026-05-01T{time}Z")

    reading = Reading("orders")
    reading.rows, reading.distinct, reading.total = 17, 17, 17
    report = Report(
        resource="orders",
        dataset="demo",
        warehouse="duckdb /srv/warehouse/shop.duckdb",
        readings={"orders": reading},
        windows={"orders": Window(Interval(at("09:58:10"), at("10:00:13")), at("09:59:10"), at("10:00:12"))},
        rows={"orders": 17, "orders__line_items": 31},
        load_ids=("1777629612.7482352",),
        traffic=Traffic(requests=1),
        seconds={"extract": 0.25, "normalize": 0.15, "load": 0.2},
    )
    assert f"```text\n{report}\n```" in README
