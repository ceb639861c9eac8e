"""DAG runs followed to their end, with their tasks' own log lines on the way."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .api import DONE
from .instance import LocalAirflow
from .progress import Progress

POLL_SECONDS = 0.5
TAIL_LINES = 25
LOADER = "ecom_source"
# Its line has all of the asset event in one, which the demo shows in full.
REPORTER = f"{LOADER}.task"


class RunFailedError(RuntimeError):
    """A DAG run failed or did not end; the text has the last lines of its tasks' logs."""


@dataclass
class TaskLogs:
    """The log files of one DAG run's tasks: Airflow's default folders, one JSON object per line."""

    folder: Path
    _read: dict[Path, int] = field(default_factory=dict)

    def news(self) -> Iterator[Mapping[str, Any]]:
        """The records written since the last call, of all tasks and tries."""
        for file in sorted(self.folder.glob("task_id=*/attempt=*.log")):
            with file.open("rb") as log:
                log.seek(self._read.get(file, 0))
                # What comes after the last line break is still being written.
                whole = log.read().rpartition(b"\n")[0]
            self._read[file] = self._read.get(file, 0) + (len(whole) + 1 if whole else 0)
            yield from map(_record, whole.decode(errors="replace").splitlines())

    def tail(self) -> str:
        """The last lines of the latest try of each task."""
        latest = {file.parent: file for file in sorted(self.folder.glob("task_id=*/attempt=*.log"))}
        return "\n".join(f"{file}:\n{_tail(file)}" for file in latest.values()) or "(no task has begun)"


def follow(
    airflow: LocalAirflow, runs: Mapping[str, str], progress: Progress, *, timeout: float = 600
) -> None:
    """Wait until all runs (run ids by DAG id) have succeeded; say what their tasks say meanwhile.

    Raises `RunFailedError` as soon as one has failed, or after `timeout` seconds, and `ServiceError` when a
    service of Airflow ends.
    """
    logs = {dag_id: TaskLogs(log_folder(airflow, dag_id, run_id)) for dag_id, run_id in runs.items()}
    open_runs = dict(runs)
    deadline = time.monotonic() + timeout
    with progress.waiting(lambda: f"waiting for {' and '.join(open_runs)}"):
        while open_runs:
            for dag_id, run_id in list(open_runs.items()):
                # Asked before the log is read, so that nothing is written between the last look and the end.
                state = airflow.api().get(f"/dags/{quote(dag_id)}/dagRuns/{quote(run_id, safe='')}")["state"]
                for line in map(worth_saying, logs[dag_id].news()):
                    if line:
                        progress.say(f"  {line}")
                if state in DONE:
                    del open_runs[dag_id]
                    progress.say(f"{dag_id}: {state}")
                if state == "failed" or time.monotonic() > deadline:
                    raise RunFailedError(f"The run {run_id} of {dag_id} is {state}. {logs[dag_id].tail()}")
            for service in airflow.services.values():
                service.check()
            time.sleep(POLL_SECONDS)


def log_folder(airflow: LocalAirflow, dag_id: str, run_id: str) -> Path:
    """Where the logs of a run are."""
    return airflow.home / "logs" / f"dag_id={dag_id}" / f"run_id={run_id}"


def worth_saying(record: Mapping[str, Any]) -> str:
    """The first line of what the loader says, and of every error; of all else, nothing."""
    logger, level = str(record.get("logger")), str(record.get("level"))
    wanted = logger.startswith(LOADER) and logger != REPORTER and level in ("info", "warning")
    if not wanted and level not in ("error", "critical"):
        return ""
    text = str(record.get("event", "")).strip().partition("\n")[0]
    return text if level == "info" else f"{level.upper()}: {text}"


def _tail(file: Path) -> str:
    with file.open(encoding="utf-8", errors="replace") as log:
        records = [_record(line) for line in deque(log, TAIL_LINES)]
    lines = []
    for record in records:
        lines.append(
            f"{record.get('timestamp', '')} {record.get('level', '')} {record.get('event', '')}".strip()
        )
        lines += [f"{error['exc_type']}: {error['exc_value']}" for error in record.get("error_detail") or ()]
    return "\n".join(lines)


def _record(line: str) -> Mapping[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    return record if isinstance(record, dict) else {"event": line}
