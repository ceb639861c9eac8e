"""What the README points to is there, and the DAG file that it shows works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag
from tests.support import PROJECT

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
