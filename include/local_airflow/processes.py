"""One service as a child process under its guard, with a log file of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

GUARD = Path(__file__).with_name("guard.py")
TAIL_LINES = 40


class ServiceError(RuntimeError):
    """A service did not start, ended by itself or did not stop; the text ends with the tail of its log."""


class Service:
    """A long-running command.

    `run` is the folder for its PID file, `log` the file that takes its output (appended). `grace` is the time
    in seconds between SIGTERM and SIGKILL. Everything that the command starts ends with it (see `guard`).
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        env: Mapping[str, str],
        *,
        run: Path,
        log: Path,
        grace: float = 10,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.env = dict(env)
        self.log = log
        self.grace = grace
        self._pid_file = run / f"{name}.pid"
        self._guard: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; returns at once. A service that already runs is left alone."""
        if self.running:
            return
        for folder in (self._pid_file.parent, self.log.parent):
            folder.mkdir(parents=True, exist_ok=True)
        self._pid_file.unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self._guard = subprocess.Popen(  # noqa: S603
                # Isolated (-I): the guard needs nothing of the environment that it hands on.
                [sys.executable, "-I", str(GUARD), str(self._pid_file), str(self.grace), *self.command],
                env=self.env,
                stdin=subprocess.PIPE,  # its end tells the guard that this process is gone
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # out of reach of the terminal's Ctrl-C, which this process handles
            )

    @property
    def running(self) -> bool:
        """Whether the service, or the end of it, is still under way."""
        return self._guard is not None and self._guard.poll() is None

    @property
    def pid(self) -> int:
        """The process id of the command itself; raises `ServiceError` when it does not run."""
        deadline = time.monotonic() + 5
        while self.running and time.monotonic() < deadline:
            with contextlib.suppress(FileNotFoundError, ValueError):  # not written yet, or not yet in full
                return int(self._pid_file.read_text())
            time.sleep(0.02)
        raise self.error("does not run")

    def signal(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to the command itself; once it has ended, so do all the processes that it started."""
        os.kill(self.pid, number)

    def request_stop(self) -> None:
        """Ask it to stop and do not wait."""
        if self._guard is not None and self._guard.poll() is None:
            self._guard.terminate()

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the command and all that it started have ended; its exit code, 0 after a stop.

        Raises `ServiceError` after `timeout` seconds (default: twice the grace, and a little).
        """
        if self._guard is None:
            return 0
        try:
            code = self._guard.wait(2 * self.grace + 5 if timeout is None else timeout)
        except subprocess.TimeoutExpired:
            raise self.error("did not stop") from None
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        return code

    def stop(self) -> None:
        """Ask it to stop and wait for the end of it."""
        self.request_stop()
        self.wait()

    def check(self) -> None:
        """Raise `ServiceError` if it has ended."""
        if self._guard is not None and (code := self._guard.poll()) is not None:
            raise self.error(f"ended with exit code {code}")

    def error(self, what: str) -> ServiceError:
        """An error about this service, with the tail of its log."""
        return ServiceError(f"{self.name} {what}. The end of {self.log}:\n{self.tail()}")

    def tail(self, lines: int = TAIL_LINES) -> str:
        """The last lines of its log."""
        if not self.log.exists():
            return "(no output)"
        with self.log.open(encoding="utf-8", errors="replace") as log:
            return "".join(deque(log, lines)).rstrip()


def stop_all(services: Sequence[Service]) -> None:
    """Stop them together; the last error, if any, is raised after all have been waited for."""
    for service in services:
        service.request_stop()
    failed: ServiceError | None = None
    for service in services:
        try:
            service.wait()
        except ServiceError as error:
            failed = error
    if failed:
        raise failed
