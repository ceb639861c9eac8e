"""One real Airflow, shop and embedded warehouse for all end-to-end tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.e2e.scene import embedded_path, embedded_warehouse
from tests.support import PROJECT
from tests.support.airflow_process import counting_backend
from tests.support.auth import USERS
from tests.support.loads import KEY, Tables
from tests.support.postgres import PASSWORD, Postgres

from demo_shop import DemoShop
from local_airflow.environment import DEMO_DAGS, HOST, free_port
from local_airflow.instance import LocalAirflow


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that Airflow and its tasks write is below it."""
    home = tmp_path_factory.mktemp("airflow")
    (home / "tmp").mkdir()
    return home


@pytest.fixture(scope="session")
def the_shop() -> Iterator[DemoShop]:
    """The shop that the Connection `ecom_api` points to."""
    with DemoShop(api_key=KEY, sizes={"resource": 340, "products": 30, "customers": 40, "orders": 120}) as shop:
        yield shop


@pytest.fixture
def shop(the_shop: DemoShop) -> Iterator[DemoShop]:
    """The shop without faults, habits or hooks of the test before."""
    the_shop.reset_log()
    yield the_shop
    the_shop.clear_faults()
    the_shop.clear_hooks()


@pytest.fixture(scope="session")
def metadata(postgres: Postgres) -> str:
    """The database of Airflow's metadata. On SQLite, a backfill may be refused with "database is locked"."""
    postgres.create_database("airflow")
    return "airflow"


@pytest.fixture(scope="session")
def airflow(home: Path, the_shop: DemoShop, postgres: Postgres, metadata: str) -> Iterator[LocalAirflow]:
    """A running Airflow, all of its loggers at DEBUG, over the project's DAGs and those of the tests."""
    here = {"conn_type": "ecom_api", "host": the_shop.url, "password": KEY}
    nowhere = {**here, "host": f"http://127.0.0.1:{free_port()}"}
    tests = PROJECT / "tests"
    folders = {
        "dags-folder": None,
        "tests": str(tests / "e2e" / "dags"),
        "soak": str(tests / "soak" / "dags"),
        "demo": str(DEMO_DAGS),
    }
    bundles = [
        {
            "name": name,
            "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
            "kwargs": {"path": path} if path else {},
        }
        for name, path in folders.items()
    ]
    filed = {
        "filed_api": here,
        "filed_warehouse": {"conn_type": "duckdb", "host": str(home / "warehouse" / "in_a_file.duckdb")},
    }
    # Beside the home, where nothing may hold a key.
    folder = home.with_name(f"{home.name}-backend")
    folder.mkdir()
    backend, _ = counting_backend(folder, filed)
    with LocalAirflow(
        home,
        metadata_url=f"postgresql+psycopg2://postgres:{quote(PASSWORD, safe='')}@{HOST}:{postgres.port}/{metadata}",
        connections={
            "ecom_api": here,
            "ecom_refused": nowhere,
            "ecom_header": {**here, "extra": {"key_location": "header", "key_name": "X-API-Key"}},
            "ecom_bearer": {**here, "extra": {"key_location": "bearer"}},
            "ecom_basic": {**here, "login": "shop", "extra": {"key_location": "basic"}},
            "ecom_named": {**here, "extra": {"key_name": "of-another-name"}},
            "ecom_oauth2": {**here, "login": "demo-client"},
        },
        extra_env={
            **backend,
            "ECOM_DUCKDB_PATH": str(embedded_path(home)),
            "SHOP_URL": the_shop.url,
            "TMPDIR": str(home / "tmp"),
            "KILL_ORDER": str(home / "kill-order"),
            "PYTHONPATH": f"{PROJECT / 'include'}:{PROJECT}",
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(bundles),
            "AIRFLOW__CORE__AUTH_MANAGER": "tests.support.auth.OneHiddenDag",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": USERS,
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
            "RUNTIME__LOG_LEVEL": "DEBUG",
            # What runs at once shares one or two cores with the tests: neither too many tasks, nor the DAG files again
            # and again, nor a task that is given up since its DAG file takes long to import.
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "240",
            "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "240",
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
            "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
        },
    ) as airflow:
        yield airflow


@pytest.fixture
def warehouse(home: Path) -> Tables:
    """The embedded warehouse."""
    return embedded_warehouse(home)
