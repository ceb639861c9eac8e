"""Runs a subject in a process of its own, and says what it took."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event, Thread

import psutil
import requests

PROJECT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Taken:
    """What one run took, or the medians of several.

    Args:
        cpu: CPU seconds, user and system, of the process and those that it started. A subject's process is forked from
            one that has Airflow imported, as a task's; any other program's begins with nothing.
        clock: seconds.
        memory: the most that the process had resident, in MB.
        disk: the most that its folder held, warehouse included, in MB.
        requests: that the shop answered.
        shop_cpu, server_cpu: CPU seconds of the shop, and of the database server.
        steps: CPU seconds, seconds, and the most memory at its end, by step.
    """

    cpu: float
    clock: float
    memory: float
    disk: float
    requests: float
    shop_cpu: float
    server_cpu: float = 0.0
    steps: dict[str, list[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Shop:
    """The fast shop: its address and its process."""

    url: str
    process: psutil.Process

    def requests(self) -> int:
        """Requests so far."""
        return int(requests.get(f"{self.url}/_requests", timeout=10).text)


@contextmanager
def shop(rows: int, latency: float = 0.0) -> Iterator[Shop]:
    """The shop as a process, for as long as the block lasts."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder, "ready")
        command = [sys.executable, "-m", "bench.shop", "--rows", str(rows), "--latency", str(latency)]
        with subprocess.Popen([*command, "--ready", str(ready)], cwd=PROJECT) as process:
            try:
                while not ready.exists():
                    assert process.poll() is None, "the shop did not start"
                    time.sleep(0.02)
                yield Shop(ready.read_text(), psutil.Process(process.pid))
            finally:
                process.terminate()


def run(
    subject: str, at: Shop, *arguments: str, server: psutil.Process | None = None, folder: Path | None = None
) -> Taken:
    """Runs a subject once.

    Args:
        server: the database server's first process.
        folder: where it works; one of its own unless given.
    """
    with tempfile.TemporaryDirectory() as own:
        work, taken = folder or Path(own), Path(own, "taken.json")
        command = [sys.executable, "-m", "bench.subjects", subject, "--url", at.url, "--folder", str(work)]
        around = run_command([*command, "--taken", str(taken), *arguments], at, work, server=server)
        return replace(around, **json.loads(taken.read_text()))


def run_command(command: Sequence[str], at: Shop, work: Path, *, server: psutil.Process | None = None) -> Taken:
    """Runs a program once.

    Args:
        work: the folder that it works in.
        server: the database server's first process.
    """
    with tempfile.TemporaryDirectory() as own:
        log = Path(own, "log")
        asked, shop_cpu, server_cpu = at.requests(), _cpu(at.process), _tree_cpu(server)
        began = time.monotonic()
        with log.open("w") as output, _watched_disk(work) as disk:
            process = subprocess.Popen(
                command,
                cwd=PROJECT,
                stdout=output,
                stderr=output,
                env=environment(Path(own)),
            )
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            clock = time.monotonic() - began
        assert process.returncode == 0, log.read_text()[-3000:]
        return Taken(
            cpu=used.ru_utime + used.ru_stime,
            clock=clock,
            memory=used.ru_maxrss / 1024,
            disk=max(disk) / 1e6,
            requests=at.requests() - asked,
            shop_cpu=_cpu(at.process) - shop_cpu,
            server_cpu=_tree_cpu(server) - server_cpu,
        )


def environment(folder: Path) -> dict[str, str]:
    """Of a subject's process; Airflow's home is below `folder`."""
    return {
        **os.environ,
        "AIRFLOW_HOME": str(folder / "airflow"),
        "PROVIDERS__ENABLE_AIRFLOW_SECRETS": "false",
        "RUNTIME__DLTHUB_TELEMETRY": "false",
    }


@contextmanager
def _watched_disk(folder: Path) -> Iterator[list[int]]:
    """The bytes in a folder, seen every fifth of a second for as long as the block lasts."""
    seen, over = [0], Event()

    def watch() -> None:
        while not over.wait(0.2):
            seen.append(sum(_size(Path(at, name)) for at, _, names in os.walk(folder) for name in names))

    watcher = Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def medians(runs: Sequence[Taken]) -> Taken:
    """Each figure's median."""
    names = ("cpu", "clock", "memory", "disk", "requests", "shop_cpu", "server_cpu")
    middle = {name: statistics.median(getattr(each, name) for each in runs) for name in names}
    steps = {
        step: [statistics.median(each.steps[step][place] for each in runs) for place in (0, 1, 2)]
        for step in runs[0].steps
    }
    return Taken(**middle, steps=steps)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system + times.children_user + times.children_system


def _tree_cpu(server: psutil.Process | None) -> float:
    """Of a server and the processes that it has, those that have ended included."""
    if server is None:
        return 0.0
    found = 0.0
    for process in (server, *server.children(recursive=True)):
        try:
            found += _cpu(process)
        except psutil.NoSuchProcess:
            continue
    return found
