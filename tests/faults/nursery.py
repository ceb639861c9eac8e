"""A warm process from which loads are forked that are to be struck: what takes seconds is imported once.

Reads one JSON line for each load (`Order`), answers with the child's process id, then with how it ended.
"""

from __future__ import annotations

import ctypes
import gc
import json
import mmap
import os
import resource
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.support import PROJECT


@dataclass(frozen=True)
class Order:
    """A load for a child.

    Args:
        env: variables that it has more than the nursery.
        attempt: names its staging dataset.
        point: where it is struck, one of `striking.POINTS`.
        blow: how, one of `BLOWS`.
    """

    env: Mapping[str, str]
    attempt: str
    point: str
    blow: str


@dataclass(frozen=True)
class Ending:
    """How a child ended: by a signal (its number), else with an error's type and text, or none."""

    signal: int = 0
    error: str = ""
    text: str = ""


@dataclass
class Nursery:
    """Use it as a context manager; `run` one load after the other."""

    log: Path
    _process: subprocess.Popen[str] = field(init=False)

    def __enter__(self) -> Nursery:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.nursery"],
                cwd=PROJECT,
                env={**os.environ, "PYTHONPATH": f"{PROJECT}:{PROJECT / 'include'}"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        return self

    def __exit__(self, *error: object) -> None:
        self._process.communicate()

    def run(self, order: Order, *, seconds: float) -> Ending:
        """The load's end. Raises `TimeoutError` when it has not ended after so many seconds."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(order)) + "\n")
        self._process.stdin.flush()
        pid = int(self._line(60))
        try:
            return Ending(**json.loads(self._line(seconds)))
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise

    def _line(self, seconds: float) -> str:
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            raise TimeoutError(f"nothing for {seconds:g} s; see {self.log}")
        return self._process.stdout.readline()


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread():
        # The main thread gets it; where the signal's default stands, this one has ended by now as well.
        threading.Event().wait(0.1)


def _interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def _exhaust() -> None:
    """Leaves the process as much memory as it has, and takes what is free of that."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * mmap.PAGESIZE
    resource.setrlimit(resource.RLIMIT_AS, (used, resource.RLIM_INFINITY))
    size = 1 << 24
    while size >= 64:
        try:
            _HELD.append(bytes(size))
        except MemoryError:
            size >>= 1


_HELD: list[bytes] = []

BLOWS: dict[str, Callable[[], None]] = {
    "SIGKILL": _kill,
    "SIGTERM": _terminate,
    "SIGINT": _interrupt,
    "no memory": _exhaust,
}
"""By name: what strikes a process from within."""


def _load(order: Order) -> Ending:
    from tests.faults.scene import ORDERS
    from tests.support.loads import make_load, perform
    from tests.support.striking import strike

    from ecom_source.load.staging_dataset import Staging

    # As Airflow leaves them to a task.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.environ.update(order.env)
    tempfile.tempdir = None
    strike(order.point, BLOWS[order.blow])
    try:
        perform(make_load(ORDERS, "orders"), staging=Staging.named("faults", order.attempt))
    except BaseException as error:
        _HELD.clear()
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        return Ending(error=type(error).__name__, text=str(error))
    return Ending()


def _child(order: Order, answer: int) -> None:
    # Like a task's process, it ends with whoever started it.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    ending = _load(order)
    os.write(answer, json.dumps(asdict(ending)).encode())


def main() -> None:
    """Forks a child for each order that comes."""
    import tests.faults.scene
    import tests.support.loads

    tests.faults.scene.warm_up()
    gc.freeze()
    answers = os.dup(1)
    os.dup2(2, 1)
    for line in sys.stdin:
        order = Order(**json.loads(line))
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                _child(order, writing)
            finally:
                os._exit(0)
        os.close(writing)
        os.write(answers, f"{pid}\n".encode())
        with os.fdopen(reading) as pipe:
            said = pipe.read()
        _, status = os.waitpid(pid, 0)
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        ending: dict[str, Any] = json.loads(said) if said else asdict(Ending(signal=number))
        os.write(answers, (json.dumps(ending) + "\n").encode())


if __name__ == "__main__":
    main()
