"""docker-compose.yaml by itself: everything in it resolves, nothing is open, and no secret is written down."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.support import PROJECT
from tests.support.compose import Compose, UnsetError, interpolate, raw, resolved, variables_of

MADE = ("ADMIN_PASSWORD", "FERNET_KEY", "JWT_SECRET", "API_SECRET_KEY", "METADATA_PASSWORD", "WAREHOUSE_PASSWORD")
SECRETS = (*MADE, "REDIS_PASSWORD", "ECOM_API_KEY")
# What a service listens to that nothing in the file says: it is its image's, or Airflow's, default.
PORTS = {"metadata": 5432, "warehouse": 5432, "redis": 6379, "airflow-apiserver": 8080, "demo-shop": 8000}
AIRFLOW = ["airflow-apiserver", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer", "airflow-worker"]
# The folders that the base images make, for the user that the service runs as.
FOLDERS = {"/opt/airflow/logs", "/var/lib/postgresql", "/data"}


@pytest.fixture(scope="module")
def env_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An .env as `make env` writes it."""
    return make_env(tmp_path_factory.mktemp("env") / ".env")


@pytest.fixture(scope="module")
def variables(env_file: Path) -> dict[str, str]:
    """The variables of that file."""
    return variables_of(env_file)


@pytest.fixture(scope="module")
def compose(variables: dict[str, str]) -> Compose:
    """The file as these variables make it."""
    return resolved(variables)


def make_env(file: Path) -> Path:
    """Runs the program behind `make env`."""
    command = [sys.executable, str(PROJECT / "tools" / "environment.py"), str(file)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return file


def test_make_env_makes_new_secrets_for_the_owner_alone_and_keeps_those_that_are_there(
    env_file: Path, variables: dict[str, str], tmp_path: Path
) -> None:
    assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
    others = variables_of(make_env(tmp_path / ".env"))
    assert others.keys() == variables.keys()
    assert {name for name in variables if variables[name] != others[name]} == set(SECRETS)
    # They stand in URLs, in JSON and in shells.
    assert all(re.fullmatch(r"[\w=-]{44,}", variables[name]) for name in SECRETS)
    before = env_file.read_text()
    with pytest.raises(subprocess.CalledProcessError):
        make_env(env_file)
    assert env_file.read_text() == before
    ignored = subprocess.run(["git", "check-ignore", ".env"], cwd=PROJECT, stdout=subprocess.DEVNULL)
    assert ignored.returncode == 0


def test_without_a_secret_the_file_is_refused_and_says_what_to_do(variables: dict[str, str]) -> None:
    for name in SECRETS:
        with pytest.raises(UnsetError, match=f"^{name}: run make env$"):
            resolved({**variables, name: ""})


def test_no_secret_is_in_the_file_or_on_a_command_line(compose: Compose, variables: dict[str, str]) -> None:
    for name, service in raw()["services"].items():
        for key, value in service.get("environment", {}).items():
            if re.search(r"(PASSWORD|SECRET|KEY|AUTH)$", key):
                assert value.startswith("${"), (name, key)
            assert not re.search(r"://\w*:[^@/]+@", re.sub(r"\$\{.+?\}", "", value)), (name, key)
    shown = [(service.get("command"), service.get("healthcheck")) for service in compose.services.values()]
    assert not [secret for secret in SECRETS if variables[secret] in json.dumps(shown)]


def test_only_workers_hold_the_shops_key_and_the_warehouses_password(
    compose: Compose, variables: dict[str, str]
) -> None:
    def holders(secret: str) -> set[str]:
        services = compose.services.items()
        return {name for name, service in services if variables[secret] in json.dumps(service["environment"])}

    assert holders("ECOM_API_KEY") == {"airflow-worker", "demo-shop"}
    assert holders("WAREHOUSE_PASSWORD") == {"airflow-worker", "warehouse"}
    assert holders("ADMIN_PASSWORD") == {"airflow-init"}
    for secret in ("FERNET_KEY", "JWT_SECRET", "API_SECRET_KEY"):
        assert holders(secret) == {*AIRFLOW, "airflow-init"}


def test_every_service_of_airflow_has_the_same_settings(compose: Compose) -> None:
    settings = [
        {key: value for key, value in compose.services[name]["environment"].items() if key.startswith("AIRFLOW__")}
        for name in (*AIRFLOW, "airflow-init")
    ]
    assert all(each == settings[0] for each in settings)
    assert settings[0]["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
    flags = {compose.services[name]["environment"]["PROVIDERS__ENABLE_AIRFLOW_SECRETS"] for name in AIRFLOW}
    assert flags == {"false"}


def test_the_connections_of_the_workers_are_what_airflow_reads(compose: Compose, variables: dict[str, str]) -> None:
    from airflow.models.connection import Connection

    worker = compose.services["airflow-worker"]["environment"]
    shop = Connection.from_json(worker["AIRFLOW_CONN_ECOM_API"])
    assert (shop.conn_type, shop.host, shop.password) == (
        "ecom_api",
        variables["ECOM_API_URL"],
        variables["ECOM_API_KEY"],
    )
    warehouse = Connection(uri=worker["AIRFLOW_CONN_ECOM_WAREHOUSE"])
    of_server = compose.services["warehouse"]["environment"]
    assert (warehouse.conn_type, warehouse.host, warehouse.port) == ("postgres", "warehouse", 5432)
    assert (warehouse.login, warehouse.password, warehouse.schema) == (
        of_server["POSTGRES_USER"],
        of_server["POSTGRES_PASSWORD"],
        of_server["POSTGRES_DB"],
    )


def test_images_are_built_here_or_named_with_a_version(compose: Compose) -> None:
    for name, service in compose.services.items():
        if "build" in service:
            assert (service["build"], service["pull_policy"]) == (".", "build"), name
        else:
            assert re.fullmatch(r"\w+:\d+(\.\d+)*", service["image"]), name
    assert (PROJECT / "Dockerfile").is_file()


def test_addresses_lead_to_services_that_listen_there(compose: Compose) -> None:
    found = set()
    for name, service in compose.services.items():
        # The address for browsers is not one within the file.
        settings = {key: value for key, value in service["environment"].items() if key != "AIRFLOW__API__BASE_URL"}
        for url in re.findall(r"[\w+]+://[^\s\"'\\]+", json.dumps([settings, service.get("healthcheck")])):
            parts = urlsplit(url)
            host = name if parts.hostname == "localhost" else str(parts.hostname)
            found.add((host, parts.port))
    # The scheduler's own check, at [scheduler] scheduler_health_check_server_port.
    assert found == {*PORTS.items(), ("airflow-scheduler", 8974)}


def test_only_the_page_of_airflow_is_published_and_to_this_machine_alone(compose: Compose) -> None:
    published = {name: service["ports"] for name, service in compose.services.items() if service.get("ports")}
    assert published == {"airflow-apiserver": ["127.0.0.1:8080:8080"]}


def test_volumes_are_named_used_and_on_folders_that_the_user_owns(compose: Compose) -> None:
    used = set()
    made = set(re.findall(r"mkdir -p (\S+)", (PROJECT / "Dockerfile").read_text()))
    for service in compose.services.values():
        for volume in service.get("volumes", []):
            name, folder = volume.split(":")
            used.add(name)
            assert folder in FOLDERS | made
    assert used == set(compose.volumes)


def test_services_start_in_an_order_that_exists(compose: Compose) -> None:
    order = compose.in_order()
    assert order.index("airflow-init") < min(order.index(name) for name in AIRFLOW)
    for name, service in compose.services.items():
        for before, how in service.get("depends_on", {}).items():
            other = compose.services[before]
            # A service of a profile is not there unless asked for.
            assert "profiles" not in other, (name, before)
            if how["condition"] == "service_healthy":
                assert "healthcheck" in other, (name, before)
            else:
                assert how["condition"] == "service_completed_successfully"
                assert other["restart"].startswith("on-failure"), (name, before)
    assert [name for name, service in compose.services.items() if "profiles" in service] == ["demo-shop"]


def test_every_service_is_checked_limited_restarted_and_without_rights(compose: Compose) -> None:
    for name, service in compose.services.items():
        ends = name == "airflow-init"
        assert ends or service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL"), name
        assert service["restart"] == ("on-failure:3" if ends else "unless-stopped"), name
        assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}, name
        assert (service["cap_drop"], service["security_opt"]) == (["ALL"], ["no-new-privileges:true"]), name
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}, name
        assert not service.keys() & {"privileged", "network_mode", "pid", "container_name"}, name
        # Airflow's image runs as its own user; the others begin as root unless told otherwise.
        assert "build" in service or service["user"] in ("postgres", "redis"), name
    assert "USER root" not in (PROJECT / "Dockerfile").read_text()


def test_there_may_be_any_number_of_workers(compose: Compose) -> None:
    worker = compose.services["airflow-worker"]
    assert not worker.keys() & {"ports", "hostname", "container_name", "profiles"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${A}/${B:-b}", "1/b"),
        ("${C:-http://x:${A:-2}}", "http://x:1"),
        ("$$HOME ${A}", "$HOME 1"),
        ("${EMPTY:-d}${EMPTY}", "d"),
        ("${DOLLAR}", "a$$b"),
    ],
)
def test_variables_are_filled_in_as_compose_does(text: str, expected: str) -> None:
    assert interpolate(text, {"A": "1", "EMPTY": "", "DOLLAR": "a$$b"}) == expected
