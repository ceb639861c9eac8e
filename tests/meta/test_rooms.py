"""Imports between the rooms of the package go one way: from the DAG down to the options and errors."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from tests.support import PROJECT

PACKAGE = PROJECT / "include" / "ecom_source"
FLOORS = (
    ("airflow", "check", "testing"),
    ("load", "audit"),
    ("paging",),
    ("http",),
    ("api", "shops"),
    ("window",),
    ("warehouses",),
    ("dlt_internals",),
    ("secrets",),
    ("options", "errors"),
)
"""From the top down. A room imports from its own floor and from those below it."""
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def room_of(module: str) -> str:
    """The room of `ecom_source.paging.seen_keys` is `paging`; of the package itself, nothing."""
    return module.split(".")[1] if "." in module else ""


def imported(path: Path) -> set[str]:
    """All modules of the package that a file imports, at its top and within functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: a relative import"
            found.add(node.module)
            # `from ecom_source import errors` imports a room.
            found.update(f"{node.module}.{alias.name}" for alias in node.names if node.module == "ecom_source")
    return {name for name in found if name.startswith("ecom_source.")}


MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def test_every_module_is_in_a_room_that_has_its_floor() -> None:
    rooms = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in MODULES}
    assert rooms <= FLOOR_OF.keys()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    rooms = {room_of(module) for module in imported(path)} - {room}
    upward = sorted(each for each in rooms if FLOOR_OF[each] < FLOOR_OF[room])
    assert upward == [], f"{room} is below {', '.join(upward)}"
