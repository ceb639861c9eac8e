"""The environment of a local Airflow as data: everything it is told comes from here."""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
DEMO_DAGS = PROJECT / "include" / "demo_shop" / "dags"
USER_HOME = PROJECT / ".local" / "airflow"
HOST = "127.0.0.1"
USER = "admin"

# Of the caller's environment these stay outside, so that no other Airflow's or pipeline's settings leak in.
NOT_INHERITED = ("AIRFLOW", "_AIRFLOW", "DLT_", "ECOM_")
# What a user may set in the shell for `make up` all the same.
USERS_OWN = ("AIRFLOW_CONN_", "AIRFLOW_VAR_", "ECOM_")


@dataclass(frozen=True)
class Keys:
    """The secrets of one Airflow home. They are kept in it: its database is encrypted with them."""

    password: str
    fernet_key: str
    jwt_secret: str
    api_secret_key: str

    @classmethod
    def of(cls, home: Path) -> Keys:
        """Read the keys of a home, or make them; the files are readable for their owner only."""
        file = home / "keys.json"
        if file.exists():
            return cls(**json.loads(file.read_text()))
        keys = cls(
            password=secrets.token_urlsafe(12),
            fernet_key=base64.urlsafe_b64encode(os.urandom(32)).decode(),
            jwt_secret=secrets.token_urlsafe(48),
            api_secret_key=secrets.token_urlsafe(32),
        )
        write_private(file, json.dumps(vars(keys)))
        return keys


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
        out.write(text)


def free_port(preferred: int = 0) -> int:
    """`preferred` if nothing listens there, else a free port of the system's choice."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, preferred))
        except OSError:
            return free_port()
        return int(probe.getsockname()[1])


def inherited(prefixes: tuple[str, ...] = USERS_OWN) -> dict[str, str]:
    """The caller's own variables with these prefixes, to be handed on as `extra`."""
    return {name: value for name, value in os.environ.items() if name.startswith(prefixes)}


def warehouse_file(home: Path) -> Path:
    """The embedded warehouse of a home. DuckDB names the catalogue after the file: no dataset has this name."""
    return home.resolve() / "warehouse" / "warehouse.duckdb"


def base_environment() -> dict[str, str]:
    """The caller's environment without the settings of its own Airflow and pipelines."""
    return {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}


def airflow_environment(
    home: Path,
    port: int,
    *,
    dags: Path = PROJECT / "dags",
    more_dags: Sequence[Path] = (),
    plugins: Path = PROJECT / "plugins",
    metadata_url: str | None = None,
    connections: Mapping[str, Mapping[str, Any]] | None = None,
    extra: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """All environment variables of an Airflow in `home` whose api-server listens on `port`.

    `more_dags` are further DAG folders, each a DAG bundle of its own, named after its parent folder.
    `metadata_url` is an SQLAlchemy URL of its metadata database (default: SQLite in the home), `connections`
    are Airflow Connections by id, each with the fields of Airflow's JSON form (`conn_type`, `host`,
    `password`, …), and `extra` wins over everything.
    """
    keys = Keys.of(home)
    passwords = home / "passwords.json"
    write_private(passwords, json.dumps({USER: keys.password}))
    url = f"http://{HOST}:{port}"
    settings = {
        "CORE__DAGS_FOLDER": dags,
        "CORE__PLUGINS_FOLDER": plugins,
        "CORE__LOAD_EXAMPLES": False,
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__PARALLELISM": 8,
        "CORE__FERNET_KEY": keys.fernet_key,
        "CORE__TEST_CONNECTION": "Enabled",
        "CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": passwords,
        "DATABASE__SQL_ALCHEMY_CONN": metadata_url or f"sqlite:///{home / 'airflow.db'}",
        "API__HOST": HOST,
        "API__PORT": port,
        "API__BASE_URL": url,
        "API__SECRET_KEY": keys.api_secret_key,
        "API_AUTH__JWT_SECRET": keys.jwt_secret,
        "LOGGING__BASE_LOG_FOLDER": home / "logs",
        "SCHEDULER__JOB_HEARTBEAT_SEC": 2,
        "SCHEDULER__SCHEDULER_HEARTBEAT_SEC": 2,
        "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": 0.5,
        "TRIGGERER__JOB_HEARTBEAT_SEC": 2,
        # Airflow's own 5 s are too short for a laptop that has all of this and a test to do.
        "WORKERS__EXECUTION_API_TIMEOUT": 60,
        "DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(_bundles(more_dags)),
        "DAG_PROCESSOR__REFRESH_INTERVAL": 5,
        "DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": 1,
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": 30,
        "USAGE_DATA_COLLECTION__ENABLED": False,
    }
    own = {
        "AIRFLOW_HOME": str(home),
        "SCARF_ANALYTICS": "false",
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        # Without it dlt asks Airflow for a Variable for each key of its configuration: hundreds of requests.
        "PROVIDERS__ENABLE_AIRFLOW_SECRETS": "false",
        "NO_PROXY": ",".join(filter(None, (os.environ.get("NO_PROXY"), HOST, "localhost"))),
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))),
        "PYTHONPATH": str(PROJECT / "include"),
        "PYTHONUNBUFFERED": "1",
    }
    own["no_proxy"] = own["NO_PROXY"]
    return {
        **base_environment(),
        **own,
        **{f"AIRFLOW__{name}": str(value) for name, value in settings.items()},
        **{f"AIRFLOW_CONN_{name.upper()}": json.dumps(fields) for name, fields in (connections or {}).items()},
        **(extra or {}),
    }


def _bundles(more_dags: Sequence[Path]) -> list[dict[str, Any]]:
    local = "airflow.dag_processing.bundles.local.LocalDagBundle"
    # Without a path it is core.dags_folder.
    bundles: list[dict[str, Any]] = [{"name": "dags-folder", "classpath": local, "kwargs": {}}]
    return bundles + [
        {"name": folder.parent.name, "classpath": local, "kwargs": {"path": str(folder.resolve())}}
        for folder in more_dags
    ]
