"""DAG runs followed to their end, with their tasks' own log lines on the way."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
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
# Its lines have what is in the asset event, which the demo shows in full.
REPORTER = f"{LOADER}.airflow.task"


class RunFailedError(RuntimeError):
    """A DAG run failed or did not end; the text has the last lines of its tasks' logs."""


@dataclass
class TaskLogs:
    """The log files of one DAG run's tasks: Airflow's default folders, one JSON object per line."""

    folder: Path
    _read: dict[Path, int] = field(default_factory=dict)
    _failed: bool = False

    @property
    def failed(self) -> bool:
        """Whether an error has been read."""
        return self._failed

    @property
    def begun(self) -> bool:
        """Whether a line has been read."""
        return bool(self._read)

    def news(self) -> Iterator[Mapping[str, Any]]:
        """The records written since the last call, of all tasks and tries."""
        for file in sorted(self.folder.glob("task_id=*/attempt=*.log")):
            with file.open("rb") as log:
                log.seek(self._read.get(file, 0))
                # What comes after the last line break is still being written.
                whole = log.read().rpartition(b"\n")[0]
            self._read[file] = self._read.get(file, 0) + (len(whole) + 1 if whole else 0)
            records = [_record(line) for line in whole.decode(errors="replace").splitlines()]
            self._failed = self._failed or any(record.get("level") == "error" for record in records)
            yield from records

    def tail(self) -> str:
        """The last lines of the latest try of each task."""
        latest = {file.parent: file for file in sorted(self.folder.glob("task_id=*/attempt=*.log"))}
        return "\n".join(f"{file}:\n{_tail(file)}" for file in latest.values()) or "(no task has begun)"


def follow(airflow: LocalAirflow, runs: Mapping[str, str], progress: Progress, *, timeout: float = 600) -> None:
    """Wait until all runs (run ids by DAG id) have succeeded; say what their tasks say meanwhile.

    Raises `RunFailedError` as soon as one has failed, or after `timeout` seconds, and `ServiceError` when a
    service of Airflow ends.
    """
    logs = {dag_id: TaskLogs(log_folder(airflow, dag_id, run_id)) for dag_id, run_id in runs.items()}
    open_runs = dict(runs)
    deadline = time.monotonic() + timeout
    with progress.waiting(lambda: _waited_for(open_runs, logs)):
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
                    raise RunFailedError(f"The run {run_id} of {dag_id} is {state}. The end of {logs[dag_id].tail()}")
            for service in airflow.services.values():
                service.check()
            time.sleep(POLL_SECONDS)


def _waited_for(open_runs: Iterable[str], logs: Mapping[str, TaskLogs]) -> str:
    names = " and ".join(open_runs)
    if any(logs[dag_id].failed for dag_id in open_runs):
        return f"waiting for {names}; Airflow tries a failed task once more, after a minute"
    started = any(logs[dag_id].begun for dag_id in open_runs)
    return f"waiting for {names}" if started else f"Airflow is starting the tasks of {names}"


def log_folder(airflow: LocalAirflow, dag_id: str, run_id: str) -> Path:
    """Where the logs of a run are."""
    return airflow.home / "logs" / f"dag_id={dag_id}" / f"run_id={run_id}"


def worth_saying(record: Mapping[str, Any]) -> str:
    """The first line of what the loader says, and of every error; of all else, nothing."""
    logger, level = str(record.get("logger")), str(record.get("level"))
    wanted = logger.startswith(LOADER) and logger != REPORTER and level in ("info", "warning")
    if not wanted and level not in ("error", "critical"):
        return ""
    # The chain of an error is in its traceback; the tail of the log has it.
    text = " ".join(_errors(record)) or str(record.get("event", "")).strip()
    if text.startswith("Traceback"):
        return ""
    text = _short(text)
    return text if level == "info" else f"{level.upper()}: {text}"


def _short(text: str) -> str:
    """The first line; where that only announces what follows, as dlt's does, with the line that says it."""
    first, *others = [line for line in text.splitlines() if line and not line.startswith("<class")] or [""]
    return f"{first} {others[0]}" if first.endswith(":") and others else first


def _tail(file: Path) -> str:
    with file.open(encoding="utf-8", errors="replace") as log:
        records = [_record(line) for line in deque(log, TAIL_LINES)]
    lines = []
    for record in records:
        text = f"{record.get('timestamp', '')} {record.get('level', '')} {record.get('event', '')}".strip()
        # Airflow's marks for what its log page folds.
        if "::group::" not in text and "::endgroup::" not in text:
            lines += text.splitlines()
        lines += _errors(record)
    return "\n".join(lines[-TAIL_LINES:])


def _errors(record: Mapping[str, Any]) -> list[str]:
    return [f"{error.get('exc_type')}: {error.get('exc_value')}" for error in record.get("error_detail") or ()]


def _record(line: str) -> Mapping[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    return record if isinstance(record, dict) else {"event": line}
