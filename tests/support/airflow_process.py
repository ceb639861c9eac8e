"""Programs that run in an Airflow process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support import PROJECT


def run_python(code: str, env: Mapping[str, str] | None = None, *, cwd: Path = PROJECT) -> str:
    """Runs `code` in a fresh interpreter; its standard output."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": f"{PROJECT}:{PROJECT / 'include'}", **(env or {})},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def counting_backend(tmp_path: Path, connections: Mapping[str, Mapping[str, object]]) -> tuple[dict[str, str], Path]:
    """The environment in which Airflow takes its Connections from a file and notes each look-up, and the notes."""
    file, notes = tmp_path / "connections.json", tmp_path / "look-ups.txt"
    file.write_text(json.dumps(connections))
    notes.write_text("")
    return {
        "AIRFLOW__SECRETS__BACKEND": "tests.support.counting.CountingBackend",
        "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps({"connections_file_path": str(file)}),
        "AIRFLOW__WORKERS__SECRETS_BACKEND": "tests.support.counting.CountingBackend",
        "AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS": json.dumps({"connections_file_path": str(file)}),
        "LOOK_UPS": str(notes),
    }, notes
