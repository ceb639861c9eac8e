"""A load killed at any stage, and run again, ends in the same table."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support import PROJECT
from tests.support.apis import TWO
from tests.support.killing import STAGES
from tests.support.loads import Tables, run_load

from demo_shop import DemoShop
from ecom_source.window import iso

CHILD = """
import pathlib, sys
from tests.support.apis import TWO as API
from tests.support.killing import kill_at
from tests.support.loads import run_load
kill_at(sys.argv[1])
run_load(API, temp=pathlib.Path(sys.argv[2]))
"""


def killed_load(stage: str, temp: Path) -> int:
    """Runs a load in a process that kills itself; its exit code."""
    return subprocess.run(
        [sys.executable, "-c", CHILD, stage, str(temp)],
        env={**os.environ, "PYTHONPATH": f"{PROJECT}:{PROJECT / 'include'}"},
        cwd=PROJECT,
        capture_output=True,
        timeout=120,
        check=False,
    ).returncode


@pytest.mark.parametrize("warehouse", ["tables", "postgres_tables"])
@pytest.mark.parametrize("stage", STAGES)
def test_a_load_killed_at_any_stage_and_run_again_equals_the_shop(
    shop: DemoShop, request: pytest.FixtureRequest, warehouse: str, stage: str, tmp_path: Path
) -> None:
    tables: Tables = request.getfixturevalue(warehouse)
    run_load(TWO, temp=tmp_path)
    first = shop.rows("orders")[0]
    shop.update("orders", first["id"], line_items=first["line_items"][:1], status="cancelled")
    shop.tick(30, deletes=False)
    assert killed_load(stage, tmp_path / "killed") == -signal.SIGKILL
    shop.tick(5, deletes=False)
    reports = run_load(TWO, temp=tmp_path)
    tables.assert_equal_to(shop)
    tables.assert_equal_to(shop, "orders", "orders")
    expected = sum(len(row["line_items"]) for row in shop.rows("orders"))
    assert tables.scalar("SELECT count(*) FROM ecommerce.orders__line_items") == expected
    for name, report in reports.items():
        window = report.windows[name]
        newest = max(row["updated_at"] for row in shop.rows("orders" if name == "orders" else "resource"))
        assert iso(window.watermark_before) <= newest <= iso(window.interval.end)
