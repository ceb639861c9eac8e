"""What is alive: the one question that the operating system answers better than the code under test."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable

import psutil

Alive = Callable[[], list[psutil.Process]]


def watch(marker: str, seen: Iterable[psutil.Process] = ()) -> Alive:
    """Make a function: which of `seen` still run, and which others have the marker in their environment.

    The marker finds even a process that has left its parent, its group and its session.
    """
    seen = list(seen)
    return lambda: [process for process in {*seen, *_marked(marker)} if _runs(process)]


def none_after(seconds: float, alive: Alive) -> bool:
    """Whether none is alive after so many seconds at most."""
    deadline = time.monotonic() + seconds
    while alive():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _marked(marker: str) -> Iterable[psutil.Process]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if marker in process.environ().values():
                yield process


def _runs(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False
