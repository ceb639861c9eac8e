"""Rows of one read told apart, by their primary key or by all that is in them."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import orjson

_SMALLEST = 1024
"""Places of an empty set; always a power of two."""


class SeenRows:
    """The rows of one pass over the pages, as hashes.

    Args:
        key: the columns of the primary key. Where the first row lacks one (a processing step may add it), nothing is
            tracked.
        whole: rows of one key may be several rows (versions, or rows of several tables): they are told apart by all
            that is in them.
    """

    def __init__(self, key: Sequence[str], *, whole: bool = False) -> None:
        self._key, self._whole = tuple(key), whole
        self._seen, self._contents = Hashes(), Hashes()
        self._doubles = 0

    @property
    def tracked(self) -> bool:
        """Whether rows can be told apart."""
        return bool(self._key)

    @property
    def distinct(self) -> int:
        """Different rows so far."""
        return len(self._seen)

    @property
    def counted(self) -> int:
        """Rows as a shop counts them: a key that came twice on one page is two rows of its total."""
        return len(self._seen) + self._doubles

    def marks(self, rows: Sequence[Any]) -> list[int | None]:
        """What tells each of `rows` from the others; None for a row without its key."""
        if self._key and rows and not len(self._seen) and self._hash(rows[0]) is None:
            self._key = ()
        return [self._hash(row) for row in rows] if self._key else [None] * len(rows)

    def known(self, mark: int | None) -> bool:
        """Whether a row with this mark came on an earlier page."""
        return mark is not None and mark in self._seen

    def add(self, rows: Sequence[Any], marks: Sequence[int | None]) -> list[Any]:
        """Remembers a page; its rows that are new.

        A row without its key cannot be told from another: it is passed on, and not counted. Of rows with the same key
        on one page the first is passed on.
        """
        if not self._key:
            return list(rows)
        before = {mark for mark in marks if self.known(mark)}
        fresh = []
        for row, mark in zip(rows, marks, strict=True):
            if mark is None or (mark not in before and self._seen.add(mark)):
                fresh.append(row)
            elif mark not in before:
                self._doubles += 1
        return fresh

    def same_as(self, other: SeenRows) -> bool:
        """Whether both have seen the same rows."""
        return len(self._seen) == len(other._seen) and all(mark in other._seen for mark in self._seen)

    def unchanged(self, rows: Sequence[Any]) -> list[bool]:
        """Whether each of `rows` came before exactly as it is now; all are remembered for this question."""
        found = []
        for row in rows:
            content = hash(_bytes(row))
            found.append(content in self._contents)
            self._contents.add(content)
        return found

    def _hash(self, row: Any) -> int | None:
        values = [value_of(row, column) for column in self._key]
        if None in values:
            return None
        return hash((*map(str, values), _bytes(row))) if self._whole else hash(tuple(map(str, values)))


class Hashes:
    """A set of hashes in 13 to 27 bytes each, 40 while it grows, where Python's own takes 70: there may be millions."""

    def __init__(self) -> None:
        self._count = 0
        # Open addressing; 0 is an empty place.
        self._places = array("q", [0]) * _SMALLEST

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[int]:
        return (value for value in self._places if value)

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
    wanted = _as_column(column)
    found = [each for name, each in row.items() if each is not None and _as_column(name) == wanted]
    # Of several dlt keeps the last.
    return found[-1] if found else None


def picture(rows: Sequence[Any]) -> list[bytes]:
    """A page in a form that can be compared with another, and that stays when a processing step changes its rows."""
    return [_bytes(row) for row in rows]


def _bytes(row: Any) -> bytes:
    try:
        return orjson.dumps(row, default=repr, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        # Half a surrogate, or a number over 64 bits: a processing step may still mend it.
        return repr(row).encode("utf-8", "surrogatepass")


@cache
def _as_column(name: str) -> str:
    from dlt.common.normalizers.naming.snake_case import NamingConvention

    return NamingConvention().normalize_identifier(name)
