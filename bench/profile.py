"""Where the time goes: samples of a whole run by py-spy, summed up by who was at work.

py-spy is installed into a virtual environment of its own below `.local/`, in the version that is named here.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from bench.measure import PROJECT, environment, shop
from bench.peers import installed

PACKAGE = "py-spy==0.4.3"
RATE = 200
"""Samples a second."""

WAITING = re.compile(r"\((threading|concurrent/futures/\w+|urllib3/util/wait|queue)\.py")
"""A thread whose innermost frame is one of these waits for another one, or for the shop."""
BY_INNERMOST = (
    ("DuckDB", r"impl/duckdb/sql_client|warehouses/(turns|memory)"),
    ("JSON decoded and encoded (orjson)", r"ecom_source/http/json_response|dlt/common/json"),
    ("parquet written (Arrow)", r"pyarrow/parquet"),
)
BY_ANY = (
    ("imports", r"<frozen importlib"),
    ("DuckDB", r"impl/duckdb/sql_client"),
    ("rows made into columns (this package and Arrow)", r"ecom_source/dlt_internals/columnar|pyarrow"),
    ("requests sent and read (requests, urllib3)", r"\((requests|urllib3|http/client|socket)\b"),
    ("pages checked, rows told apart (this package)", r"ecom_source/(paging|http/prefetch)"),
    ("rows handed on and written between steps (dlt)", r"dlt/(extract/(extract|pipe|extractors)|common/data_writers)"),
    ("rows and schemas normalized (dlt)", r"dlt/normalize"),
)
"""Who was at work: by the innermost frame, else by any; the first rule that fits wins."""
ELSE = "configuration, state, schemas and all else (dlt)"


def at_work(frames: Iterable[str]) -> str | None:
    """Who was at work in a stack, outermost frame first; None where it only waited."""
    stack = list(frames)
    if WAITING.search(stack[-1]):
        return None
    for name, pattern in BY_INNERMOST:
        if re.search(pattern, stack[-1]):
            return name
    return next((name for name, pattern in BY_ANY if any(re.search(pattern, frame) for frame in stack)), ELSE)


def summed_up(lines: Iterable[str]) -> dict[str, float]:
    """Shares of the samples, largest first.

    Args:
        lines: py-spy's raw output: frames with `;` between them, and how often they were seen.
    """
    found: Counter[str] = Counter()
    for line in lines:
        stack, _, times = line.rpartition(" ")
        frames = stack.split(";")
        # What came before the process was forked is no part of a task.
        if not any("as_task" in frame or "_bootstrap_inner" in frame for frame in frames):
            continue
        if (name := at_work(frames)) is not None:
            found[name] += int(times)
    return {name: number / found.total() for name, number in found.most_common()}


def profile(rows: int) -> dict[str, float]:
    """The shares of a run with no latency into DuckDB, one page after the other."""
    spy = installed("py-spy", [PACKAGE]) / "py-spy"
    with shop(rows) as at, tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "samples")
        recorder = [str(spy), "record", "--format", "raw", "--rate", str(RATE), "--subprocesses"]
        subject = [sys.executable, "-m", "bench.subjects", "ours", "--url", at.url, "--pages", "1"]
        where = ["--folder", folder, "--taken", str(Path(folder, "taken.json"))]
        subprocess.run(
            [*recorder, "--output", str(out), "--", *subject, *where],
            cwd=PROJECT,
            env=environment(Path(folder)),
            capture_output=True,
            check=True,
        )
        return summed_up(out.read_text(encoding="utf-8").splitlines())
