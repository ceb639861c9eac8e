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

    def fresh(self, rows: Sequence[Any], *, once: bool = False) -> list[Any]:
        """The rows whose key has not come on an earlier page; all keys are remembered from now on.

        Args:
            once: of several rows of this page with one key, the first only.
        """
        if self._columns and rows and not len(self._seen) and self._hash(rows[0]) is None:
            self._columns = ()
        if not self._columns:
            return list(rows)
        # A row without its key cannot be told from another: it is passed on, and not counted.
        keys = [self._hash(row) for row in rows]
        new = {key for key in keys if key is not None and self._seen.add(key)}
        if once:
            # Each key is taken out with its first row.
            return [row for row, key in zip(rows, keys, strict=True) if key is None or _taken(new, key)]
        return [row for row, key in zip(rows, keys, strict=True) if key is None or key in new]

    def _hash(self, row: Any) -> int | None:
        values = [value_of(row, column) for column in self._columns]
        return None if None in values else hash(tuple(map(str, values)))


class Hashes:
    """A set of hashes in 13 to 27 bytes each, where Python's own takes 70: a read may have millions."""

    def __init__(self) -> None:
        self._count = 0
        # Open addressing; 0 is an empty place.
        self._places = array("q", bytes(8 * _SMALLEST))

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
        self._places = array("q", bytes(16 * len(before)))
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
    found = (each for name, each in row.items() if each is not None and names.normalize_identifier(name) == wanted)
    return next(found, None)


def _taken(keys: set[int], key: int) -> bool:
    """Takes the key out of the set; whether it was there."""
    if key not in keys:
        return False
    keys.remove(key)
    return True
