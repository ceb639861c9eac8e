"""What docs/architecture.md and CONTRIBUTING.md point to is there, and the rooms of the package are all on the page."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.conftest import Loader
from tests.meta.test_rooms import FLOORS
from tests.support import PROJECT
from tests.support.loads import Tables

from demo_shop import DemoShop
from ecom_source import ECOMMERCE_API

PAGE = PROJECT / "docs" / "architecture.md"
TEXT = PAGE.read_text(encoding="utf-8")
CONTRIBUTING = PROJECT / "CONTRIBUTING.md"
PACKAGE = PROJECT / "include" / "ecom_source"
NAMED = re.compile(r"((?:`[\w.]+`(?:,\s+|\s+and\s+)?)+)\s*in(?:\sthe\ssame)?\s+\[[^\]]+\]\(([^)#]+\.py)\)")
"""`name` in [file](…), or several names with commas and an `and`."""
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
PATH = re.compile(r"`((?:include|tests|docs|tools|bench|dags|plugins|deploy)/[\w./-]*|\w+\.(?:toml|md|txt))`")


def links(page: Path) -> list[str]:
    """What a page links to within the project."""
    return LINK.findall(page.read_text(encoding="utf-8"))


def defined(path: Path) -> set[str]:
    """The functions and classes of a module, and the methods as `Class.method`."""
    return set(_defined(ast.parse(path.read_text(encoding="utf-8")).body, ""))


def _defined(body: list[ast.stmt], within: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield within + node.name
        if isinstance(node, ast.ClassDef):
            yield from _defined(node.body, f"{node.name}.")


@pytest.mark.parametrize("page", [PAGE, CONTRIBUTING], ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    assert links(page)
    assert [link for link in links(page) if not (page.parent / link).exists()] == []


def test_each_function_is_in_the_file_beside_it() -> None:
    found = [(name, file) for names, file in NAMED.findall(TEXT) for name in re.findall(r"`([\w.]+)`", names)]
    assert len(found) >= 30
    assert [(name, file) for name, file in found if name not in defined(PAGE.parent / file)] == []


def test_each_link_to_a_module_has_a_function_before_it() -> None:
    ways = TEXT.partition("## The way of the key")[2]
    assert len(NAMED.findall(ways)) == len(re.findall(r"\]\([^)]+\.py\)", ways))


def test_all_rooms_are_on_the_page_and_in_the_picture() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    modules = {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py"}
    picture = (PROJECT / "docs" / "architecture.svg").read_text(encoding="utf-8")
    for text in (TEXT.partition("## The way of the key")[0], picture):
        assert [room for room in sorted(rooms) if f"{room}/" not in text] == []
        assert [module for module in sorted(modules) if module not in text] == []


def test_the_picture_has_the_imports_in_their_order() -> None:
    picture = (PROJECT / "docs" / "architecture.svg").read_text(encoding="utf-8")
    shown = [text.split(", ") for text in re.findall(r'<text class="mid small"[^>]*>([^<]+)<', picture)]
    there = [path.name.removesuffix(".py") for path in PACKAGE.iterdir()]
    assert shown == [[room for room in floor if room in there] for floor in FLOORS]


def test_the_paths_that_contributors_are_told_exist() -> None:
    paths = PATH.findall(CONTRIBUTING.read_text(encoding="utf-8"))
    assert len(paths) >= 15
    assert [path for path in paths if not (PROJECT / path).exists()] == []


def test_the_make_targets_that_contributors_are_told_exist() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(
        r"\bmake ([a-z]+)\b", "\n".join(re.findall(r"```.+?```|`[^`]+`", CONTRIBUTING.read_text(), re.S))
    )
    assert {"setup", "test", "lint", "lock"} <= set(targets)
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.M)] == []


def test_the_test_that_contributors_are_shown_passes(shop: DemoShop, load: Loader, tables: Tables) -> None:
    (code,) = re.findall(r"```python\n(.+?)```", CONTRIBUTING.read_text(encoding="utf-8"), re.S)
    found: dict[str, Any] = {"ECOMMERCE_API": ECOMMERCE_API}
    exec(code, found)  # noqa: S102
    found["test_a_row_that_the_shop_changes_is_loaded_again"](shop, load, tables)
