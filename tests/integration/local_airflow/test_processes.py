"""A service leaves nothing behind, however it or its starter ends; small programs stand in for Airflow's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from tests.integration.local_airflow.alive import none_after, watch

from local_airflow import Service, ServiceError

# Starts a child in a session of its own, which starts another; says when all are there.
FAMILY = """
import subprocess, sys, time
depth = int(sys.argv[1])
if depth:
    subprocess.Popen([sys.executable, __file__, str(depth - 1)], start_new_session=True)
else:
    print("complete", flush=True)
time.sleep(600)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("complete", flush=True)
time.sleep(600)
"""
MakeService = Callable[..., Service]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[MakeService]:
    """Make a service of a script's text; stopped after the test."""
    made: list[Service] = []

    def service(script: str, *arguments: str, grace: float = 5) -> Service:
        file = tmp_path / "service.py"
        file.write_text(script)
        env = {**os.environ, "MARKER": str(tmp_path)}
        command = [sys.executable, str(file), *arguments]
        made.append(Service("it", command, env, run=tmp_path / "run", log=tmp_path / "it.log", grace=grace))
        return made[-1]

    yield service
    for one in made:
        one.stop()


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)


def started(service: Service) -> None:
    service.start()
    wait_for(lambda: "complete" in service.tail())


def test_stop_ends_children_in_sessions_of_their_own(make: MakeService, tmp_path: Path) -> None:
    service = make(FAMILY, "2")
    started(service)
    alive = watch(str(tmp_path), psutil.Process(service.pid).children(recursive=True))
    assert len(alive()) == 4  # the guard and three generations
    service.stop()
    assert alive() == []
    assert not service.running


def test_a_service_that_dies_takes_its_children_along(make: MakeService, tmp_path: Path) -> None:
    service = make(FAMILY, "2")
    started(service)
    alive = watch(str(tmp_path))
    service.signal(signal.SIGKILL)
    assert service.wait() == 128 + signal.SIGKILL
    assert alive() == []


def test_sigterm_that_is_ignored_ends_in_sigkill(make: MakeService, tmp_path: Path) -> None:
    service = make(STUBBORN, grace=1)
    started(service)
    alive = watch(str(tmp_path))
    begin = time.monotonic()
    service.stop()
    assert 1 <= time.monotonic() - begin < 5
    assert alive() == []


def test_nothing_outlives_a_starter_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "family.py").write_text(FAMILY)
    starter = f"""
import os, sys, time
from pathlib import Path
from local_airflow import Service
here = Path({str(tmp_path)!r})
env = {{**os.environ, "MARKER": str(here)}}
command = [sys.executable, str(here / "family.py"), "2"]
Service("it", command, env, run=here, log=here / "it.log", grace=5).start()
time.sleep(600)
"""
    process = subprocess.Popen([sys.executable, "-c", starter])
    log = tmp_path / "it.log"
    wait_for(lambda: log.exists() and "complete" in log.read_text())
    alive = watch(str(tmp_path))
    assert len(alive()) == 4
    process.kill()
    process.wait()
    assert none_after(10, alive)


def test_it_can_be_started_again(make: MakeService) -> None:
    service = make(FAMILY, "0")
    started(service)
    first = service.pid
    service.start()  # it runs already
    assert service.pid == first
    service.stop()
    service.stop()
    service.start()
    assert service.pid != first


def test_an_early_end_is_an_error_with_the_log(make: MakeService) -> None:
    service = make("raise SystemExit('no port for me')")
    service.start()
    service.wait()
    with pytest.raises(ServiceError, match=r"it ended with exit code 1[\s\S]+no port for me"):
        service.check()
    with pytest.raises(ServiceError, match="it does not run"):
        _ = service.pid
