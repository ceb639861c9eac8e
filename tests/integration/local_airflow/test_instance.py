"""A whole Airflow, started once for all tests of this file; the last one stops it."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import psutil
import pytest
from tests.integration.local_airflow.alive import watch

from local_airflow import AirflowApi, ApiError, LocalAirflow, ServiceError

pytestmark = pytest.mark.e2e

DAG = '''
"""A DAG for Airflow's own sake."""
import time
from airflow.sdk import dag, task

@dag(schedule=None, params={"seconds": 0, "fail": False})
def small():
    @task
    def work(params=None):
        print("the task says hello")
        time.sleep(params["seconds"])
        if params["fail"]:
            raise ValueError("as asked")
    work()

small()
'''


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAirflow]:
    folder = tmp_path_factory.mktemp("local_airflow")
    (folder / "dags").mkdir()
    (folder / "dags" / "small.py").write_text(DAG)
    with LocalAirflow(folder / "home", dags=folder / "dags", plugins=folder / "plugins") as airflow:
        airflow.api().wait_for_dag("small")
        airflow.api().unpause("small")
        yield airflow


def test_all_four_are_healthy(airflow: LocalAirflow) -> None:
    report = airflow.health()
    parts = ("metadatabase", "scheduler", "triggerer", "dag_processor")
    assert {part: report[part]["status"] for part in parts} == dict.fromkeys(parts, "healthy")


def test_the_login_that_is_told_works_and_no_other(airflow: LocalAirflow) -> None:
    assert AirflowApi(airflow.url, airflow.user, airflow.password).get("/version")["version"].startswith("3.")
    with pytest.raises(ApiError, match="login as admin: 401"):
        AirflowApi(airflow.url, airflow.user, "wrong").get("/version")


def test_the_cli_works_on_the_same_airflow(airflow: LocalAirflow) -> None:
    assert "small" in airflow.cli("dags", "list", "--output", "plain")
    with pytest.raises(ServiceError, match=r"airflow dags details nowhere ended with exit code \d"):
        airflow.cli("dags", "details", "nowhere")


def test_a_run_and_its_log(airflow: LocalAirflow) -> None:
    run = airflow.trigger("small", {"seconds": 0}, logical_date="2026-01-02T00:00:00Z")
    assert airflow.wait_for_run("small", run) == "success"
    assert "the task says hello" in airflow.task_log("small", run, "work")


def test_a_run_that_fails_and_one_that_lasts(airflow: LocalAirflow) -> None:
    failing = airflow.trigger("small", {"fail": True})
    assert airflow.wait_for_run("small", failing) == "failed"
    assert "as asked" in airflow.task_log("small", failing, "work")
    lasting = airflow.trigger("small", {"seconds": 600})
    with pytest.raises(TimeoutError, match=r"is (queued|running) after 1 s; tasks: \{'work': "):
        airflow.wait_for_run("small", lasting, timeout=1)


def test_a_second_airflow_in_the_same_home_is_refused(airflow: LocalAirflow) -> None:
    with pytest.raises(ServiceError, match="Another Airflow runs in"):
        LocalAirflow(airflow.home).start()


def test_a_killed_service_comes_back(airflow: LocalAirflow) -> None:
    before = airflow.services["triggerer"].pid
    airflow.kill("triggerer", signal.SIGKILL)
    assert airflow.services["triggerer"].wait() == 128 + signal.SIGKILL
    airflow.restart("triggerer")
    assert airflow.services["triggerer"].pid != before


def test_nothing_is_alive_after_the_stop(airflow: LocalAirflow) -> None:
    services = {service.pid for service in airflow.services.values()}
    # Of this Airflow only: the other tests of the session may have one that still runs.
    guards = [guard for pid in services if (guard := psutil.Process(pid).parent())]
    alive = watch(str(airflow.home), [each for guard in guards for each in (guard, *guard.children(recursive=True))])
    assert len(services) == 4
    assert services <= {process.pid for process in alive()}
    airflow.stop()
    assert alive() == []
