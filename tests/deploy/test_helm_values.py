"""deploy/helm-values.yaml: keys that the official chart has, and values that agree with the rest of the repository.

The chart's schema is no package that could be installed; `KEYS` is what it says of the keys in use, by
https://github.com/apache/airflow/blob/main/chart/values.schema.json.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from tests.support import PROJECT
from tests.support.compose import raw, variables_of
from tests.support.image import BASE, FILE

KEYS: dict[str, type] = {
    "airflowVersion": str,
    "defaultAirflowRepository": str,
    "defaultAirflowTag": str,
    "executor": str,
    "env": list,
    # Text that the chart puts into its templates, not a list.
    "extraEnvFrom": str,
    "workers.replicas": int,
    "workers.terminationGracePeriodSeconds": int,
    "workers.resources.requests.cpu": str,
    "workers.resources.requests.memory": str,
    "workers.resources.limits.cpu": str,
    "workers.resources.limits.memory": str,
    "config.celery.worker_concurrency": int,
}
EXECUTOR = re.compile(r"([A-Z][a-zA-Z0-9]+Executor)(,[A-Z][a-zA-Z0-9]+Executor)*")


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    """The file."""
    return dict(yaml.safe_load((PROJECT / "deploy" / "helm-values.yaml").read_text(encoding="utf-8")))


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """Values by dotted path."""
    if not isinstance(value, dict):
        return {path: value}
    return {
        name: each for key, below in value.items() for name, each in flat(below, f"{path}.{key}".strip(".")).items()
    }


def test_every_key_is_one_of_the_chart_and_of_its_type(values: dict[str, Any]) -> None:
    found = flat(values)
    assert {name: type(value) for name, value in found.items()} == KEYS
    assert all(set(each) == {"name", "value"} and isinstance(each["value"], str) for each in values["env"])
    assert EXECUTOR.fullmatch(values["executor"])


def test_it_agrees_with_the_image(values: dict[str, Any]) -> None:
    base = BASE.search(FILE.read_text(encoding="utf-8"))
    assert base is not None
    assert values["airflowVersion"] == base["airflow"]
    image = raw()["services"]["airflow-worker"]["image"]
    assert image.partition(":")[0] == values["defaultAirflowRepository"]


def test_it_agrees_with_the_compose_file(values: dict[str, Any]) -> None:
    worker = raw()["services"]["airflow-worker"]
    for each in values["env"]:
        assert worker["environment"][each["name"]] == each["value"]
    assert values["executor"] == worker["environment"]["AIRFLOW__CORE__EXECUTOR"]
    assert worker["stop_grace_period"] == f"{values['workers']['terminationGracePeriodSeconds'] // 60}m"
    limits = values["workers"]["resources"]["limits"]
    assert worker["deploy"]["resources"]["limits"] == {"cpus": limits["cpu"], "memory": limits["memory"].lower()[:-1]}
    concurrency = variables_of(PROJECT / ".env.example")["WORKER_CONCURRENCY"]
    assert str(values["config"]["celery"]["worker_concurrency"]) == concurrency


def test_the_secret_is_the_one_that_the_docs_make(values: dict[str, Any]) -> None:
    (secret,) = [each["secretRef"]["name"] for each in yaml.safe_load(values["extraEnvFrom"])]
    docs = (PROJECT / "docs" / "deploying.md").read_text(encoding="utf-8")
    assert f"kubectl create secret generic {secret} " in docs
