"""Run one service and leave nothing of it behind: the process between this package and each of its services.

    python guard.py PID_FILE GRACE_SECONDS COMMAND …

Killing a process group is not enough for Airflow: each of its tasks has a process group of its own. So the
guard adopts whatever its service leaves orphaned, and ends all its descendants

- when it gets SIGTERM or SIGINT,
- when its standard input ends, which happens as soon as the process that started it is gone, even by SIGKILL,
- when the service itself ends, as a container would.

They get SIGTERM, and SIGKILL when the grace is over (in the last case at once). Its exit code is the
service's, or 0 after a stop that was asked for. The PID file gets the process id of the service.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

import psutil

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
STDIN = 0
POLL_SECONDS = 0.1


def prctl(option: int, value: int) -> None:
    """Ask Linux for something of this process; nothing happens on other systems."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def die_with_the_guard() -> None:
    """Run in the service before its program starts: a guard that is killed takes the service with it."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def reap_orphans(service: subprocess.Popen[bytes]) -> None:
    """Take note of adopted processes that have ended; the service's own exit code is left for `service`."""
    if sys.platform != "linux":
        return  # none was adopted
    with contextlib.suppress(ChildProcessError):  # no child at all
        while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if ended.si_pid == service.pid:
                return
            os.waitpid(ended.si_pid, 0)


def descendants() -> list[psutil.Process]:
    """All processes below this one that still run."""
    return [process for process in psutil.Process().children(recursive=True) if _runs(process)]


def _runs(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def end_all(service: subprocess.Popen[bytes], grace: float) -> None:
    """SIGTERM to the service's process group, then SIGKILL to whatever is left after `grace` seconds."""
    if service.poll() is None:
        os.killpg(service.pid, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while time.monotonic() < deadline:
        ended = service.poll() is not None
        reap_orphans(service)
        left = descendants()
        if not left:
            return
        if ended:  # until then it is for the service to end its own
            _signal(left, signal.SIGTERM)
        time.sleep(POLL_SECONDS)
    while left := descendants():  # again and again: one may have forked meanwhile
        _signal(left, signal.SIGKILL)
        time.sleep(POLL_SECONDS)
        service.poll()
        reap_orphans(service)


def _signal(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def main(pid_file: Path, grace: float, command: list[str]) -> int:
    """Run `command` until it ends or a stop is asked for; the exit code."""
    asked = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    service = subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.DEVNULL, process_group=0, preexec_fn=die_with_the_guard
    )
    pid_file.write_text(str(service.pid))
    try:
        while not asked.is_set() and service.poll() is None:
            reap_orphans(service)
            readable, _, _ = select.select([STDIN], [], [], POLL_SECONDS)
            if readable and not os.read(STDIN, 1):
                asked.set()
    finally:
        # Of a service that has died, what is left has nobody to finish its work for.
        end_all(service, grace if service.poll() is None else 0)
        pid_file.unlink(missing_ok=True)
    code = service.wait()
    return 0 if asked.is_set() else (code if code >= 0 else 128 - code)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]))
