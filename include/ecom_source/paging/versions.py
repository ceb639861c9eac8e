"""Of rows with one key the one that stays, where dlt does not choose: a replaced table takes all that come."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from ecom_source.paging.seen_keys import value_of


class Versions:
    """Holds the rows of a read until its end, and keeps one of each key.

    Args:
        key: the columns of the primary key.
        column: dlt's `dedup_sort`: the row with the greatest value (`desc`) or the least one (`asc`) stays.
    """

    def __init__(self, key: Sequence[str], column: str, order: str) -> None:
        self._key, self._column, self._sign = tuple(key), column, 1 if order == "desc" else -1
        self._kept: dict[Any, Any] = {}

    def take(self, rows: Sequence[Any], *, last: bool) -> list[Any]:
        """Remembers the rows of a page; all that stay, with the last page."""
        for row in rows:
            key = tuple(str(value_of(row, column)) for column in self._key)
            if key not in self._kept or self._wins(row, self._kept[key]):
                self._kept[key] = row
        return list(self._kept.values()) if last else []

    def _wins(self, row: Any, other: Any) -> bool:
        """Whether `row` is to stay rather than `other`; one without a value never is."""
        here, there = value_of(row, self._column), value_of(other, self._column)
        if here is None or there is None:
            return here is not None
        left, right = _comparable(here), _comparable(there)
        if type(left) is not type(right):
            left, right = str(here), str(there)
        return bool(left > right) if self._sign > 0 else bool(left < right)


def _comparable(value: Any) -> Any:
    """A number as a number, whether it came as one or as a text."""
    try:
        return Decimal(str(value)) if not isinstance(value, bool) else Decimal(int(value))
    except InvalidOperation:
        return str(value)
