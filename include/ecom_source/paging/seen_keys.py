"""Rows of one read told apart by their primary key."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import Any

_SMALLEST = 1024
"""Places of an empty set; always a power of two."""


class Keys:
    """The distinct primary keys of one pass over the pages, as hashes.

    Args:
        columns: the key's columns. Where the first row lacks one (a processing step may add it), nothing is tracked.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = tuple(columns)
        self._seen = Hashes()

    def __len__(self) -> int:
        return len(self._seen)

    @property
    def tracked(self) -> bool:
        """Whether rows can be told apart."""
        return bool(self._columns)

    def seen(self, row: Any) -> bool:
        """Whether the row's key has come before."""
        key = self._hash(row)
        return key is not None and key in self._seen

    def fresh(self, rows: Sequence[Any]) -> list[Any]:
        """The first row with each key that has not come before; all keys are remembered from now on."""
        if self._columns and rows and not len(self._seen) and self._hash(rows[0]) is None:
            self._columns = ()
        if not self._columns:
            return list(rows)
        # A row without its key cannot be told from another: it is passed on, and not counted.
        return [row for row in rows if (key := self._hash(row)) is None or self._seen.add(key)]

    def _hash(self, row: Any) -> int | None:
        values = [value_of(row, column) for column in self._columns]
        return None if None in values else hash(tuple(map(str, values)))


class Hashes:
    """A set of hashes in 13 to 27 bytes each, 40 while it grows, where Python's own takes 70: there may be millions."""

    def __init__(self) -> None:
        self._count = 0
        # Open addressing; 0 is an empty place.
        self._places = array("q", [0]) * _SMALLEST

    def __len__(self) -> int:
        return self._count

    def __contains__(self, value: int) -> bool:
        return self._places[self._place(value)] != 0

    def add(self, value: int) -> bool:
        """Remembers a hash; whether it is new."""
        place = self._place(value)
        if self._places[place]:
            return False
        self._places[place] = value or 1
        self._count += 1
        if 5 * self._count > 3 * len(self._places):
            self._grow()
        return True

    def _place(self, value: int) -> int:
        """Where the hash is, or would be."""
        value, places, last = value or 1, self._places, len(self._places) - 1
        place = value & last
        while (there := places[place]) and there != value:
            place = (place + 1) & last
        return place

    def _grow(self) -> None:
        before = self._places
        self._places = array("q", [0]) * (2 * len(before))
        for value in before:
            if value:
                self._places[self._place(value)] = value


def value_of(row: Any, column: str) -> Any:
    """The value of a column in a row, under that name or one of which dlt makes it (`id` may come as `ID`); None where
    there is none.
    """
    if not isinstance(row, Mapping):
        return None
    value = row.get(column)
    if value is not None:
        return value
    from dlt.common.normalizers.naming.snake_case import NamingConvention

    names = NamingConvention()
    wanted = names.normalize_identifier(column)
    found = [each for name, each in row.items() if each is not None and names.normalize_identifier(name) == wanted]
    # Of several dlt keeps the last.
    return found[-1] if found else None
