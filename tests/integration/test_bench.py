"""`make bench` works; its figures at these sizes mean nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support import PROJECT


@pytest.mark.slow
def test_the_bench_measures_and_plots(tmp_path: Path) -> None:
    found = subprocess.run(
        [
            sys.executable,
            "-m",
            "bench",
            "--only",
            "duckdb",
            "idle",
            "--rows",
            "250",
            "--rounds",
            "1",
            "--out",
            tmp_path,
        ],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": "include"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert found.returncode == 0, found.stderr
    figures = json.loads((tmp_path / "performance.json").read_text())
    assert {name: taken["requests"] for name, taken in figures["duckdb"].items()} == {"plain": 3, "ours": 3, "floor": 3}
    assert figures["idle"]["nothing new"]["requests"] == 1
    assert "plain / ours: CPU" in found.stdout
    assert (tmp_path / "performance.svg").read_text().startswith("<svg")
