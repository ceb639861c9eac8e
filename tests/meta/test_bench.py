"""`make bench` works; its figures at these sizes mean nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from bench.page import BEGIN, END, page, section
from bench.profile import summed_up
from tests.support import PROJECT


@pytest.mark.slow
def test_the_bench_measures_and_plots(tmp_path: Path) -> None:
    (tmp_path / "performance.md").write_text(f"# Performance\n\n{BEGIN}\n{END}\n")
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
    requests = {name: taken["requests"] for name, taken in figures["duckdb"]["taken"].items()}
    assert requests == {"plain": 3, "ours": 3, "floor": 3}
    idle = {name: taken["requests"] for name, taken in figures["idle"]["taken"].items()}
    assert idle == {"empty": 0, "plain": 1, "ours": 1}
    assert "- Plain dlt / this package: CPU" in found.stdout
    assert section("duckdb", figures["duckdb"]) in (tmp_path / "performance.md").read_text()
    assert (tmp_path / "performance.svg").read_text().startswith("<svg")


def test_each_setting_that_is_taken_away_is_there() -> None:
    take_all_away = "from bench.settings import WITHOUT\nfor take_away in WITHOUT.values():\n    take_away()"
    found = subprocess.run(
        [sys.executable, "-c", take_all_away],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": "include:."},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert found.returncode == 0, found.stderr


def test_samples_are_summed_up_by_who_was_at_work() -> None:
    task = "process 1;<module> (bench/subjects.py:9);as_task (bench/subjects.py:8);perform (ecom_source/load/load.py:7)"
    lines = [
        "process 1;<module> (bench/subjects.py:9);_find (<frozen importlib._bootstrap>:1) 50",
        f"{task};_find (<frozen importlib._bootstrap>:1) 2",
        f"{task};extract (dlt/extract/extract.py:6);get (requests/sessions.py:5);read (socket.py:4) 3",
        f"{task};extract (dlt/extract/extract.py:6);json (ecom_source/http/json_response.py:5) 4",
        f"{task};extract (dlt/extract/extract.py:6);wait (threading.py:5) 50",
        f"{task};load (dlt/load/load.py:6);execute (dlt/destinations/impl/duckdb/sql_client.py:5) 1",
    ]
    assert summed_up(lines) == {
        "JSON decoded and encoded (orjson)": 0.4,
        "requests sent and read (requests, urllib3)": 0.3,
        "imports": 0.2,
        "DuckDB": 0.1,
    }


def test_the_page_has_the_figures_that_were_measured() -> None:
    text = (PROJECT / "docs" / "performance.md").read_text(encoding="utf-8")
    figures = json.loads((PROJECT / "docs" / "performance.json").read_text(encoding="utf-8"))
    assert text.partition(BEGIN)[2].partition(END)[0].strip() == page(figures).strip()
