"""What parsing the DAG file costs, against the mere import of dlt and Airflow."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).parents[1]
ROUNDS = 5
IMPORT = "import airflow.sdk, dlt, dlt.sources.rest_api, dlt.helpers.airflow_helper"
PARSE = f"import runpy; runpy.run_path({str(PROJECT / 'dags' / 'ecommerce_elt.py')!r})"


def cpu_seconds(code: str, home: str) -> float:
    """CPU seconds, user and system, of a fresh interpreter that runs `code`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        env={
            **os.environ,
            "AIRFLOW_HOME": home,
            "PYTHONPATH": str(PROJECT / "include"),
            "PROVIDERS__ENABLE_AIRFLOW_SECRETS": "false",
            "RUNTIME__DLTHUB_TELEMETRY": "false",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Prints the medians of `ROUNDS` alternating rounds, and their ratio."""
    with tempfile.TemporaryDirectory() as home:
        cpu_seconds(PARSE, home)
        rounds = [(cpu_seconds(IMPORT, home), cpu_seconds(PARSE, home)) for _ in range(ROUNDS)]
    imports, parses = (statistics.median(column) for column in zip(*rounds, strict=True))
    print("parse of dags/ecommerce_elt.py against the import of dlt and Airflow, CPU seconds, medians of 5 rounds A B")
    print(f"  import {imports:.2f}   parse {parses:.2f}   ratio {parses / imports:.2f} (limit 1.50)")
