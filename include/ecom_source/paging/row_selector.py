"""A `data_selector` taken apart: where the shop's list is, and which of its rows, or of what is in them, are wanted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from dlt.common import jsonpath

EACH = ("[*]", ".*")
"""How a selector that picks each element of a list ends; the second is how a compiled one is written."""
_FIRST_CHOICE = re.compile(r"\.\.|\[[^'\"]|\.\*|\|")


class RowSelector:
    """dlt's `data_selector`; None where dlt looks for the rows by itself.

    Args:
        selector: such as `data`, `$`, `items[*]`, `data[?(@.stock>50)]` (some of the rows) or `data[*].items[*]` (what
            is in them).
    """

    def __init__(self, selector: Any) -> None:
        self.text = None if selector is None else str(selector)
        text = self.text or ""
        for each in EACH:
            text = text.removesuffix(each)
        choice = _FIRST_CHOICE.search(text)
        self.place = (text[: choice.start()] if choice else text).rstrip(".") or "$"
        """Where the shop's list is."""
        rest = (self.text or "")[choice.start() :] if choice else ""
        self.picks = bool(rest) and "|" not in rest
        """Whether it picks among or within the rows of that list."""
        self.picks_within = self.picks and re.fullmatch(r"\[\?.*?\](\[\*\])?", rest) is None
        """Whether it picks what is in the rows."""
        self._picked = jsonpath.compile_path(f"${rest}") if self.picks else None

    @property
    def is_plain(self) -> bool:
        """Whether it names one place and takes all that is there."""
        return self.text is not None and not self.picks and "|" not in self.text

    @property
    def takes_each(self) -> bool:
        """Whether it ends by picking each element: of an object it would take the values."""
        return self.text is not None and self.text.endswith(EACH)

    def listed(self, body: Any) -> list[Any] | None:
        """The shop's list, where the selector picks among or within its rows; None where there is none."""
        found = jsonpath.find_values(self.place, body) if self.picks else []
        return found[0] if found and isinstance(found[0], list) else None

    def pick(self, rows: Sequence[Any]) -> list[Any]:
        """What the selector picks of some rows of that list."""
        body: Any = list(rows)
        return list(jsonpath.find_values(self._picked, body)) if self._picked is not None else body

    def found(self, body: Any) -> list[Any]:
        """What stands in the place of the list."""
        return jsonpath.find_values(self.place, body)
