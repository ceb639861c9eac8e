"""The error messages of docs/operating.md are those of the code."""

from __future__ import annotations

import re

import pytest
from tests.support import PROJECT

TEXT = (PROJECT / "docs" / "operating.md").read_text()
ERRORS = re.findall(r"^\| ([^|]+) \|", TEXT.partition("| it begins with |")[2].partition("\n## ")[0], re.MULTILINE)
# Adjacent literals are one text.
SOURCE = re.sub(
    r'"\s+f?"', "", "".join(path.read_text() for path in (PROJECT / "include" / "ecom_source").rglob("*.py"))
)


@pytest.mark.parametrize("message", [each for each in ERRORS if not each.startswith("---")])
def test_each_message_is_one_of_the_code(message: str) -> None:
    pieces = [piece.strip(" ,") for piece in message.split("…") if len(piece.strip(" ,")) > 3]
    assert pieces
    assert [piece for piece in pieces if piece not in SOURCE] == []


def test_the_settings_of_the_alarms_are_all_described() -> None:
    from dataclasses import fields

    from ecom_source import Alarms

    names = [each.name for each in fields(Alarms) if each.name not in ("notifier", "settings")]
    assert re.findall(r"^\| `(\w+)` \|", TEXT.partition("## Alarms")[2].partition("\n## ")[0], re.MULTILINE) == names
