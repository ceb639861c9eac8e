"""The table of docs/run-contract.md: each kind of shop against each thing that may happen, read by the real paginator.

`SHOP_TABLE=docs` writes down what is seen instead of comparing it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.support import PROJECT
from tests.support.paged_shop import PagedShop, Read, read

from ecom_source.errors import EcomError
from ecom_source.paging.read_tally import NOT_PROVABLE

PAGE = PROJECT / "docs" / "run-contract.md"
BEGIN, END = "<!-- shop table: made by tests/unit/paging/test_shop_table.py -->", "<!-- end of shop table -->"
HOW = "If that is right: SHOP_TABLE=docs .venv/bin/python -m pytest tests/unit/paging/test_shop_table.py"
ROWS = 47
"""Rows of each shop: five pages of ten, the last one short."""


@dataclass(frozen=True)
class Shape:
    """A kind of shop.

    Args:
        kind: how it pages.
        total: "named", "guessed", "counted" (a path that counts) or "none".
        more: of the read.
    """

    kind: str
    total: str
    more: dict[str, Any] = field(default_factory=dict)

    def read(self, **shop: Any) -> tuple[PagedShop, Read]:
        """Reads a shop of this shape that has the habits `shop`."""
        says = {"says": "right" if self.total in ("named", "guessed") else "nothing"}
        made = PagedShop(ROWS, self.kind, seed=7, **{**says, **shop})
        named: dict[str, Any] = {} if self.total in ("named", "counted") else {"total": None}
        return made, read(made, count=self.total == "counted", **named, **self.more)


WHOLE = {"overlap": True}
KEYLESS = {"key": (), "required": ()}
SHAPES = {
    "offset, total named, with a cursor": Shape("offset", "named"),
    "offset, total named": Shape("offset", "named", WHOLE),
    "offset, total guessed": Shape("offset", "guessed", WHOLE),
    "offset, no total": Shape("offset", "none", WHOLE),
    "offset, total named, no key": Shape("offset", "named", KEYLESS),
    "page number, total named": Shape("page", "named"),
    "page number, total guessed": Shape("page", "guessed"),
    "page number, no total": Shape("page", "none"),
    "link, total named": Shape("link", "named"),
    "link, total guessed": Shape("link", "guessed"),
    "link, no total": Shape("link", "none"),
    "cursor that is an offset, total counted": Shape("position", "counted"),
    "cursor that is an offset, no total": Shape("position", "none"),
    "cursor after a row, total named": Shape("keyset", "named"),
    "cursor after a row, no total": Shape("keyset", "none"),
}
LYING: dict[str, Any] = {"says": "filter ignored"}
EVENTS: dict[str, dict[str, Any]] = {
    "quiet": {},
    "row inserted in front": {"changes": {2: lambda shop: shop.insert(0)}},
    "row deleted": {"changes": {2: lambda shop: shop.delete(3)}},
    "row edited where it stands": {"changes": {2: lambda shop: shop.edit(30)}},
    "row edited, and moved to the end": {"changes": {2: lambda shop: shop.edit_and_move(3)}},
    "page cut in silence": {"longest": 7},
    "last page repeated": {"last_page_again": True},
    "unstable sort": {"unstable": 15},
    "total too high": {"says": "filter ignored"},
    "total of this page": {"says": "this page"},
}


def cell(shape: Shape, habits: dict[str, Any]) -> str:
    """What a read comes to: `exact`, what lacks, or the error; and whether it says that it cannot be proven."""
    if habits.get("says") and shape.total in ("none", "counted"):
        return "-"
    if habits.get("unstable") and shape.kind == "keyset":
        return "-"
    shop, found = shape.read(**habits)
    if found.error is not None:
        assert isinstance(found.error, EcomError), found.error
        return f"✗ {WORDS[type(found.error).__name__]}"
    came = [row["id"] for row in found.rows]
    missing = shop.always - set(came)
    twice = len(came) - len(set(came))
    doubt = ", not provable" if found.reading.proof.startswith(NOT_PROVABLE) else ""
    if missing or twice:
        return f"**{len(missing)} missing, {twice} twice**{doubt}"
    return f"exact{doubt}"


WORDS = {"IncompleteReadError": "incomplete", "PayloadError": "answer"}
"""What the page says for an error."""


def table() -> Iterator[str]:
    """The lines of the table."""
    yield f"| shop | {' | '.join(EVENTS)} |"
    yield "|---" * (len(EVENTS) + 1) + "|"
    for name, shape in SHAPES.items():
        yield f"| {name} | {' | '.join(cell(shape, habits) for habits in EVENTS.values())} |"


def test_the_page_says_what_the_shops_show() -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    made = f"{before}{BEGIN}\n" + "\n".join(table()) + f"\n{END}{after}"
    if os.environ.get("SHOP_TABLE") == "docs":
        PAGE.write_text(made, encoding="utf-8")
        return
    assert text == made, HOW


@pytest.mark.parametrize("name", SHAPES)
def test_a_quiet_shop_is_exact(name: str) -> None:
    assert cell(SHAPES[name], {}).startswith("exact")
