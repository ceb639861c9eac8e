"""What is happening now, as plain lines: what the parts say, and a sign of life where they say nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

QUIET_SECONDS = 8.0
"""After so long without a line, what is being waited for is said again."""


class Progress:
    """Prints lines that begin with the seconds since the start."""

    def __init__(self, quiet_seconds: float = QUIET_SECONDS) -> None:
        self._began = self._said = time.monotonic()
        self._quiet = quiet_seconds
        self._lock = threading.Lock()

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    def say(self, text: str) -> None:
        """Print a line at once, also into a pipe."""
        with self._lock:
            self._said = time.monotonic()
            print(f"{self.seconds:5.0f} s  {text}", flush=True)

    @contextmanager
    def waiting(self, what: Callable[[], str]) -> Iterator[None]:
        """While the block lasts, say `what()` whenever no other line has come for a while."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(0.5):
                if time.monotonic() - self._said >= self._quiet:
                    self.say(f"  … {what()}")

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
