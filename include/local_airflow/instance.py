"""A real Airflow as a context manager: its own home, its own ports, and nothing left of it afterwards."""

from __future__ import annotations

import fcntl
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import requests

from .api import AirflowApi, ApiError
from .environment import HOST, PROJECT, USER, Keys, airflow_environment, free_port
from .processes import Service, ServiceError, stop_all

# name: its arguments, and its name in the health report
SERVICES = {
    "api-server": (("api-server",), "metadatabase"),
    # The logs are read from the folder that all services share, so none has to serve them.
    "scheduler": (("scheduler", "--skip-serve-logs"), "scheduler"),
    "dag-processor": (("dag-processor",), "dag_processor"),
    "triggerer": (("triggerer", "--skip-serve-logs"), "triggerer"),
}
AIRFLOW = (sys.executable, "-m", "airflow")
POLL_SECONDS = 0.25


class LocalAirflow:
    """Airflow in `home`, ready to use inside the `with` block.

    `port` is the api-server's (default: any free one); `more_dags`, `connections`, `metadata_url` and
    `extra_env` are as in `airflow_environment`. `start_timeout` and `grace` are seconds: until all is
    healthy, and from SIGTERM to SIGKILL.
    """

    def __init__(
        self,
        home: Path,
        *,
        dags: Path = PROJECT / "dags",
        more_dags: Sequence[Path] = (),
        plugins: Path = PROJECT / "plugins",
        port: int | None = None,
        metadata_url: str | None = None,
        connections: Mapping[str, Mapping[str, Any]] | None = None,
        extra_env: Mapping[str, str] | None = None,
        services: Sequence[str] = tuple(SERVICES),
        start_timeout: float = 240,
        grace: float = 10,
    ) -> None:
        self.home = home.resolve()
        port = port or free_port()
        self.url = f"http://{HOST}:{port}"
        self.env = airflow_environment(
            self.home,
            port,
            dags=dags.resolve(),
            more_dags=more_dags,
            plugins=plugins.resolve(),
            metadata_url=metadata_url,
            connections=connections,
            extra=extra_env,
        )
        self.user, self.password = USER, Keys.of(self.home).password
        self.start_timeout = start_timeout
        self.logs = self.home / "logs" / "services"
        self.services = {
            name: Service(
                name,
                [*AIRFLOW, *SERVICES[name][0]],
                self.env,
                run=self.home / "run",
                log=self.logs / f"{name}.log",
                grace=grace,
            )
            for name in services
        }
        self._lock: TextIO | None = None
        self._api = AirflowApi(self.url, self.user, self.password)

    def __enter__(self) -> LocalAirflow:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Bring the metadata database up to date, start the services and wait until they are healthy.

        Raises `ServiceError` with the end of the log that matters.
        """
        self._lock_home()
        self.cli("db", "migrate")
        since = datetime.now(UTC)
        for service in self.services.values():
            service.start()
        self._wait_until_healthy(list(self.services), since)

    def stop(self) -> None:
        """Stop all services together, with everything that they started."""
        stop_all(list(self.services.values()))
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def restart(self, name: str) -> None:
        """Stop one service, unless it has ended already, start it anew and wait until it is healthy."""
        self.services[name].stop()
        since = datetime.now(UTC)
        self.services[name].start()
        self._wait_until_healthy([name], since)

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to one service. If it dies of it, so do its child processes; see `restart`."""
        self.services[name].signal(number)

    def cli(self, *arguments: str, timeout: float = 300) -> str:
        """Run `airflow …` in this Airflow's environment; its standard output.

        Raises `ServiceError` with all its output if it fails.
        """
        done = subprocess.run(  # noqa: S603
            [*AIRFLOW, *arguments],
            env=self.env,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode:
            command = " ".join(("airflow", *arguments))
            raise ServiceError(f"{command} ended with exit code {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def health(self) -> dict[str, Any]:
        """Airflow's own health report; raises a `requests` error while the api-server does not answer."""
        session = requests.Session()
        session.trust_env = False
        answer = session.get(f"{self.url}/api/v2/monitor/health", timeout=10)
        answer.raise_for_status()
        return dict(answer.json())

    def api(self) -> AirflowApi:
        """The REST API, logged in."""
        return self._api

    def trigger(
        self,
        dag_id: str,
        conf: Mapping[str, Any] | None = None,
        logical_date: datetime | str | None = None,
    ) -> str:
        """Make a manual run; its run id."""
        return self._api.trigger(dag_id, conf, logical_date)

    def wait_for_run(self, dag_id: str, run_id: str, timeout: float = 300) -> str:
        """Wait for the end of a run: `success` or `failed`."""
        return self._api.wait_for_run(dag_id, run_id, timeout)

    def task_log(self, dag_id: str, run_id: str, task_id: str, try_number: int = 1) -> str:
        """The whole log of one try of a task."""
        return self._api.task_log(dag_id, run_id, task_id, try_number)

    def _lock_home(self) -> None:
        lock = (self.home / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise ServiceError(f"Another Airflow runs in {self.home}: stop it, or take another home.") from None
        self._lock = lock

    def _wait_until_healthy(self, names: Sequence[str], since: datetime) -> None:
        deadline = time.monotonic() + self.start_timeout
        while True:
            for name in names:
                self.services[name].check()
            sick = [name for name in names if not self._is_healthy(name, since)]
            if not sick:
                return
            if time.monotonic() > deadline:
                raise self.services[sick[0]].error(f"is not healthy after {self.start_timeout:g} s")
            time.sleep(POLL_SECONDS)

    def _is_healthy(self, name: str, since: datetime) -> bool:
        if "api-server" not in self.services:  # nobody to ask: as long as it runs
            return self.services[name].running
        part = SERVICES[name][1]
        try:
            # The login tells this api-server from another one that took the port in between.
            self._api.login()
            report = self.health()[part]
        except (requests.RequestException, ApiError):
            return False
        # The report is of the latest job in the database, which may be one of before.
        beat = report.get(f"latest_{part}_heartbeat")
        return report["status"] == "healthy" and (
            part == "metadatabase" or (beat is not None and datetime.fromisoformat(beat) > since)
        )
