"""The Dockerfile: its base is what the lock was made for, and its steps work in a fresh virtual environment."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from tests.support import PROJECT
from tests.support.image import BASE, HOME, VENV, build, instructions, sent

LOCK = (PROJECT / "requirements.txt").read_text(encoding="utf-8")
LOOK = """
import json
from importlib.metadata import distributions
from airflow.plugins_manager import get_plugin_info
from airflow.providers_manager import ProvidersManager
print(json.dumps({
    "installed": {it.name: it.version for it in distributions()},
    "connection_types": list(ProvidersManager().hooks),
    "plugins": [plugin["name"] for plugin in get_plugin_info(["name"])],
}))
"""


def test_the_base_image_is_the_airflow_and_the_python_of_the_lock() -> None:
    (base,) = [match for word, rest in instructions() if word == "FROM" and (match := BASE.match(rest))]
    assert f"\napache-airflow=={base['airflow']} " in LOCK
    assert f'"--python-version", "{base["python"]}"' in (PROJECT / "tools" / "lock.py").read_text()


@pytest.mark.parametrize(
    ("path", "goes"),
    [
        ("dags", True),
        ("include/ecom_source/airflow/dag.py", True),
        ("include/demo_shop/dags", True),
        ("include/local_airflow", False),
        (".env", False),
        (".git", False),
        (".local/airflow/keys.json", False),
        ("dags/__pycache__", False),
        ("tests", False),
    ],
)
def test_no_more_than_is_needed_goes_to_the_build(path: str, goes: bool) -> None:
    assert sent(path) == goes


@pytest.mark.slow
def test_the_steps_make_an_airflow_with_the_lock_and_this_package_and_nothing_else(tmp_path: Path) -> None:
    # The same packages without asking for them again, and compiled as they are imported.
    image = build(tmp_path, {"UV_NO_CACHE": "0", "UV_COMPILE_BYTECODE": "0"})
    seen = json.loads(image.run(f"python -c {shlex.quote(LOOK)}").splitlines()[-1])
    locked = {canonical(name): version for name, version in re.findall(r"^([\w.-]+)==(\S+) ", LOCK, re.M)}
    installed = {canonical(name): version for name, version in seen["installed"].items()}
    # pip is of the environment that it began with.
    assert {name: installed[name] for name in installed if locked.get(name) != installed[name]}.keys() == {
        "ecom-elt",
        "pip",
    }
    # The lock is for all platforms; what is left out says so.
    assert not [name for name in locked.keys() - installed.keys() if not conditional(name)]
    assert "ecom_api" in seen["connection_types"]
    assert "ecom_loads" in seen["plugins"]
    files = {path.name for path in image.path(HOME).iterdir()}
    assert {"dags", "include", "logs", "shop"} <= files
    assert image.path(f"{VENV}/bin/airflow").is_file()
    assert not (PROJECT / "build").exists()


def canonical(name: str) -> str:
    """A distribution's name as indexes write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def conditional(name: str) -> bool:
    """Whether the lock asks for it on some platforms only."""
    return re.search(rf"^{re.escape(name)}==\S+ ;", LOCK, re.M) is not None
