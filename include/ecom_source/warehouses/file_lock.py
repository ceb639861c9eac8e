"""Loads into a warehouse that has one writer take turns, rather than fail half-way on its lock."""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")

LOCK_POLL = 0.5
"""Seconds between two tries."""


@contextmanager
def turn_at(path: Path) -> Iterator[None]:
    """Holds the right to write the database at `path`, through a lock file beside it that is never removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(f".{path.name}.lock")
    file = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)

    def take() -> bool | None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        return True

    try:
        wait_for(path, take)
        yield
    finally:
        os.close(file)


def wait_for(path: Path, attempt: Callable[[], T | None]) -> T:
    """Tries until `attempt` gives something; the log says now and then that it waits for the file at `path`."""
    began, told = time.monotonic(), 0.0
    while (got := attempt()) is None:
        waited = time.monotonic() - began
        if waited >= told:
            logger.info("Waiting for %s, which another process has open (%.0f s so far)", path, waited)
            told = waited + 30
        time.sleep(LOCK_POLL)
    return got
