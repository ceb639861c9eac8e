"""docs/operating.md has the error messages of the code, and all of those of a read and of a description."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.support import PROJECT

PACKAGE = PROJECT / "include" / "ecom_source"
TEXT = (PROJECT / "docs" / "operating.md").read_text()
ERRORS = re.findall(r"^\| ([^|]+) \|", TEXT.partition("| it begins with |")[2].partition("\n## ")[0], re.MULTILINE)
# Adjacent literals are one text.
SOURCE = re.sub(r'"\s+f?"', "", "".join(path.read_text() for path in PACKAGE.rglob("*.py")))
DESCRIBED = (
    *sorted((PACKAGE / "paging").glob("*.py")),
    PACKAGE / "load" / "row_counts.py",
    PACKAGE / "api" / "refusals.py",
    PACKAGE / "options.py",
)
"""The modules whose errors are all on the page."""
NEVER_SEEN = ("… was read once, and is to be read twice",)
"""Errors that only begin the read again."""


def spoken(node: ast.expr, names: Mapping[str, str]) -> str | None:
    """A text of the code, with … for what is filled in but for `names`; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_spoken_part(part, names) for part in node.values)
    return None


def _spoken_part(node: ast.expr, names: Mapping[str, str]) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    value = node.value if isinstance(node, ast.FormattedValue) else node
    return names.get(value.id, "…") if isinstance(value, ast.Name) else "…"


def errors_of(path: Path) -> Iterator[str]:
    """How each error of a module begins; a refusal of a description is a tuple that follows the resource's name."""
    names: dict[str, str] = {}
    for node in ast.walk(ast.parse(path.read_text())):
        found = None
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            names[node.targets[0].id] = spoken(node.value, {}) or "…"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.endswith("Error"):
            found = spoken(node.args[0], names) if node.args else None
        elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
            found = spoken(node.value.elts[0], names)
            found = found and f"The resource … {found}"
        if found is not None and found != "The resource … …":
            yield found


def begins_with(row: str, message: str) -> bool:
    """Whether a row of the page is about an error of the code."""
    return re.match(".*?".join(re.escape(piece.strip()) for piece in row.split("…")), message) is not None


@pytest.mark.parametrize("message", [each for each in ERRORS if not each.startswith("---")])
def test_each_message_is_one_of_the_code(message: str) -> None:
    pieces = [piece.strip(" ,") for piece in message.split("…") if len(piece.strip(" ,")) > 3]
    assert pieces
    assert [piece for piece in pieces if piece not in SOURCE] == []


@pytest.mark.parametrize(
    "message", [each for path in DESCRIBED for each in errors_of(path) if not each.startswith(NEVER_SEEN)]
)
def test_each_error_of_a_read_and_of_a_description_is_on_the_page(message: str) -> None:
    assert [row for row in ERRORS if begins_with(row, message)]


def test_the_settings_of_the_alarms_are_all_described() -> None:
    from dataclasses import fields

    from ecom_source import Alarms

    names = [each.name for each in fields(Alarms) if each.name not in ("notifier", "settings")]
    assert re.findall(r"^\| `(\w+)` \|", TEXT.partition("## Alarms")[2].partition("\n## ")[0], re.MULTILINE) == names
