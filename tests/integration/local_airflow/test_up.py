"""`make up` as a user sees it: it says where and how to log in, and Ctrl-C leaves nothing."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tests.integration.local_airflow.alive import watch

from local_airflow import AirflowApi

pytestmark = pytest.mark.e2e


@pytest.fixture
def up(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "local_airflow.up", "--home", str(tmp_path / "home")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_starts_tells_and_stops(up: subprocess.Popen[str], tmp_path: Path, number: signal.Signals) -> None:
    told = ""
    assert up.stdout is not None
    for line in up.stdout:
        told += line
        if "Ctrl-C" in line:
            break
    login = re.search(r"Airflow +(\S+)\n +login +(\S+) / (\S+)\n", told)
    assert login, told
    assert AirflowApi(*login.groups()).get("/version")["version"]
    alive = watch(str((tmp_path / "home").resolve()), psutil.Process(up.pid).children(recursive=True))
    assert len(alive()) >= 10  # five services, each with its guard
    begin = time.monotonic()
    up.send_signal(number)
    rest, _ = up.communicate(timeout=60)
    assert up.returncode == 0, rest
    assert alive() == []
    assert time.monotonic() - begin < 15
