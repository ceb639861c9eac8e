"""What is looked at in the values of a load, and what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

SHOWN = 100
"""Characters of a value that an error shows."""


@dataclass
class ValueChecks:
    """What is known of a load before its rows are normalized, and what was found in them.

    Args:
        described: columns that the API description gives a type, by table (`("", "orders__lines")`), and for a resource
            whose rows name their table, by the resource and what follows the name of its table in that of a nested
            one (`("orders", "__lines")`).
        keys: the fields of the primary key by table, as the shop calls them.
        merged: resources whose table is merged into by the description. Where a load replaces it all the same, rows
            that are marked as deleted (dlt's `hard_delete`) are left out, as the merge does.
        most_columns: of a table in this warehouse; None where there is no such limit.
        texts_end: the warehouse refuses a text that is longer than its column's `precision`.
        redact: takes secrets out of a text.
        may_have_nan: whether `NaN` or `Infinity` may be among the numbers; JSON has neither.
    """

    described: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    merged: frozenset[str] = frozenset()
    most_columns: int | None = None
    texts_end: bool = False
    redact: Callable[[str], str] = str
    may_have_nan: Callable[[], bool] = lambda: False
    cut: Counter[str] = field(default_factory=Counter)
    """Values that had more digits than their column holds, by `table.column`. Nothing is counted where dlt normalizes
    in processes of its own."""
    examples: dict[str, str] = field(default_factory=dict)
    """One of those values for each, and its row."""
    deleted: Counter[str] = field(default_factory=Counter)
    """Rows left out since they are marked as deleted, by table."""

    def forget(self) -> None:
        """Forgets what was found so far."""
        for found in (self.cut, self.examples, self.deleted):
            found.clear()

    def shown(self, value: Any) -> str:
        """A value as an error shows it."""
        text = self.redact(repr(value))
        return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."

    def count_cut(self, where: str, value: Any, row: str, number: int = 1) -> None:
        """Counts values that were rounded, one of which is `value`."""
        self.cut[where] += number
        self.examples.setdefault(where, f"{self.shown(value)} ({row})")

    def row_of(self, keys: Iterable[str], row: Mapping[str, Any]) -> str:
        """A row by its key, for an error: `the row with id 5`."""
        named = [f"{name} {self.shown(row[name])}" for name in keys if row.get(name) is not None]
        return f"the row with {', '.join(named)}" if named else "a row without a key"
