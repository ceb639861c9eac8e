"""A client of Airflow's public REST API that is already logged in."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import requests

TIMEOUT_SECONDS = 60
POLL_SECONDS = 0.5
DONE = ("success", "failed")


class ApiError(RuntimeError):
    """Airflow answered with an error; `status` is the HTTP status, the text holds Airflow's own words."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class AirflowApi:
    """`url` is the api-server's address. Paths are those of the API's reference, after `/api/v2`."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url
        self._user = user
        self._password = password
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy stands between this machine and itself

    def login(self) -> None:
        """Get a token of the simple auth manager; `request` does it by itself when one is needed."""
        answer = self._session.post(
            f"{self.url}/auth/token",
            json={"username": self._user, "password": self._password},
            timeout=TIMEOUT_SECONDS,
        )
        if not answer.ok:
            raise ApiError(answer.status_code, f"login as {self._user}: {answer.status_code} {answer.text[:500]}")
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request (`options` are those of `requests`) and raise `ApiError` unless it was accepted."""
        if "Authorization" not in self._session.headers:
            self.login()
        options.setdefault("timeout", TIMEOUT_SECONDS)
        answer = self._session.request(method, f"{self.url}/api/v2{path}", **options)
        if answer.status_code == requests.codes.unauthorized:
            self.login()
            answer = self._session.request(method, f"{self.url}/api/v2{path}", **options)
        if not answer.ok:
            raise ApiError(answer.status_code, f"{method} {path}: {answer.status_code} {answer.text[:2000]}")
        return answer

    def get(self, path: str, **params: Any) -> Any:
        """GET; the JSON body."""
        return self.request("GET", path, params=params).json()

    def post(self, path: str, body: Any = None) -> Any:
        """POST `body` as JSON; the JSON body of the answer."""
        return self.request("POST", path, json={} if body is None else body).json()

    def patch(self, path: str, body: Any) -> Any:
        """PATCH with `body` as JSON; the JSON body of the answer."""
        return self.request("PATCH", path, json=body).json()

    def wait_for_dag(self, dag_id: str, timeout: float = 120) -> dict[str, Any]:
        """Wait until the dag-processor has read the DAG; `TimeoutError` has the import errors."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            try:
                return dict(self.get(f"/dags/{quote(dag_id)}"))
            except ApiError as error:
                if error.status != requests.codes.not_found:
                    raise
            time.sleep(POLL_SECONDS)
        errors = [error["stack_trace"] for error in self.get("/importErrors")["import_errors"]]
        raise TimeoutError(f"DAG {dag_id} is not there after {timeout:g} s; import errors: {errors or 'none'}")

    def unpause(self, dag_id: str) -> None:
        """Let the DAG's runs start."""
        self.patch(f"/dags/{quote(dag_id)}", {"is_paused": False})

    def trigger(
        self,
        dag_id: str,
        conf: Mapping[str, Any] | None = None,
        logical_date: datetime | str | None = None,
    ) -> str:
        """Make a manual run; its run id. It waits in the queue for as long as the DAG is paused."""
        date = logical_date.isoformat() if isinstance(logical_date, datetime) else logical_date
        run = self.post(f"/dags/{quote(dag_id)}/dagRuns", {"conf": dict(conf or {}), "logical_date": date})
        return str(run["dag_run_id"])

    def wait_for_run(self, dag_id: str, run_id: str, timeout: float = 300) -> str:
        """Wait for the end of a run: `success` or `failed`. Raises `TimeoutError` with the tasks' states."""
        path = f"/dags/{quote(dag_id)}/dagRuns/{quote(run_id, safe='')}"
        deadline = time.monotonic() + timeout
        while (state := str(self.get(path)["state"])) not in DONE:
            if time.monotonic() > deadline:
                tasks = self.get(f"{path}/taskInstances")["task_instances"]
                states = {task["task_id"]: task["state"] for task in tasks}
                raise TimeoutError(f"{dag_id} {run_id} is {state} after {timeout:g} s; tasks: {states}")
            time.sleep(POLL_SECONDS)
        return state

    def task_log(self, dag_id: str, run_id: str, task_id: str, try_number: int = 1, map_index: int = -1) -> str:
        """The whole log of one try of a task: a line for each message, with all its fields."""
        task = f"/dags/{quote(dag_id)}/dagRuns/{quote(run_id, safe='')}/taskInstances/{quote(task_id)}"
        log = self.get(f"{task}/logs/{try_number}", full_content="true", map_index=map_index)
        return "\n".join(_line(message) for message in log["content"])


def _line(message: str | dict[str, Any]) -> str:
    if isinstance(message, str):
        return message
    more = {key: value for key, value in message.items() if key not in ("timestamp", "level", "event")}
    parts = (message.get("timestamp"), str(message.get("level") or "").upper(), message.get("event"))
    return " ".join([*(str(part) for part in parts if part), *([json.dumps(more)] if more else [])])
