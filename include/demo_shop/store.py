"""The rows of the shop, and every way to change them. Safe to use from several threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from threading import RLock
from typing import Any, Literal, NamedTuple

from .seed import CHANGEABLE, SIZES, TIME_FIELDS, Row, Sizes, first_rows, new_row
from .times import to_micros

ChangeKind = Literal["update", "insert", "delete"]


class Change(NamedTuple):
    """One applied change: what was done, to which resource, and the row's id."""

    kind: ChangeKind
    name: str
    id: int


class Table:
    """The rows of one resource by id. A stored row is never changed in place, only replaced."""

    def __init__(self, rows: Iterable[Row], next_id: int | None = None) -> None:
        self.rows: dict[int, Row] = {row["id"]: row for row in rows}
        self.next_id = next_id if next_id is not None else max(self.rows, default=0) + 1
        self.changed = next_id is not None
        self.selections: dict[tuple[Any, ...], list[Row]] = {}

    def put(self, row: Row) -> None:
        self.rows[row["id"]] = row
        self.next_id = max(self.next_id, row["id"] + 1)
        self.touch()

    def touch(self) -> None:
        self.changed = True
        self.selections.clear()


class Store:
    """All tables of a shop. ``now`` gives the time in microseconds, ``saved`` is called after each change."""

    def __init__(self, seed: int, sizes: Sizes, now: Callable[[], int]) -> None:
        unknown = set(sizes) - set(SIZES)
        if unknown:
            raise ValueError(f"sizes: found {sorted(unknown)}, expected names out of {sorted(SIZES)}")
        self.seed = seed
        self.sizes: Sizes = {**SIZES, **sizes}
        self.changes = 0
        self.lock = RLock()
        self.saved: Callable[[], None] = lambda: None
        self.tables: dict[str, Table] = {}
        self._now = now

    def table(self, name: str) -> Table:
        """The table of a resource, made on first use; raises ``KeyError`` for an unknown name."""
        with self.lock:
            if name not in self.tables:
                if name not in SIZES:
                    raise KeyError(f"found resource {name!r}, expected one of {', '.join(SIZES)}")
                self.tables[name] = Table(first_rows(name, self.sizes, self.seed))
            return self.tables[name]

    def get(self, name: str, key: int) -> Row | None:
        """One stored row, or ``None``."""
        with self.lock:
            return self.table(name).rows.get(key)

    def select(
        self,
        name: str,
        sort: str = "id",
        since: int | None = None,
        before: int | None = None,
        where: tuple[str, int] | None = None,
    ) -> list[Row]:
        """Rows changed in ``[since, before)``, field ``where[0]`` being ``where[1]``; read the list only."""
        with self.lock:
            table = self.table(name)
            ask = (sort, since, before, where)
            found = table.selections.get(ask)
            if found is None:
                if len(table.selections) >= 64:
                    table.selections.clear()
                found = table.selections[ask] = self._select(table, *ask)
            return found

    def _select(
        self, table: Table, sort: str, since: int | None, before: int | None, where: tuple[str, int] | None
    ) -> list[Row]:
        rows = list(table.rows.values())
        if where is not None:
            field, value = where
            rows = [row for row in rows if row[field] == value]
        if since is not None:
            rows = [row for row in rows if row["updated_at"] >= since]
        if before is not None:
            rows = [row for row in rows if row["updated_at"] < before]
        if sort.lstrip("-") == "updated_at":
            rows.sort(key=lambda row: (row["updated_at"], row["id"]), reverse=sort[0] == "-")
        else:
            rows.sort(key=lambda row: int(row["id"]), reverse=sort[0] == "-")
        return rows

    def update(self, name: str, key: int, fields: Row, *, silent: bool = False) -> Row:
        """Replace fields of a row and move its ``updated_at``, unless ``silent`` or given in ``fields``."""
        with self.lock:
            row = self._update(name, key, fields, silent)
        self.saved()
        return row

    def insert(self, name: str, fields: Row) -> Row:
        """Add a row; fields not given are random, times not given are the shop's present."""
        with self.lock:
            row = self._insert(name, fields, self._dice())
        self.saved()
        return row

    def delete(self, name: str, key: int) -> None:
        """Remove a row. Its id is not given again."""
        with self.lock:
            self._delete(name, key)
        self.saved()

    def tick(self, count: int, names: Iterable[str] | None, deletes: bool) -> list[Change]:
        """Apply ``count`` random changes: 70 % updates, 20 % inserts, 10 % deletes (else updates)."""
        chosen = tuple(names) if names is not None else tuple(SIZES)
        with self.lock:
            changes = [self._random_change(chosen, deletes) for _ in range(count)]
        self.saved()
        return changes

    def _random_change(self, names: tuple[str, ...], deletes: bool) -> Change:
        dice = self._dice()
        name = dice.choice(names)
        table = self.table(name)
        lot = dice.random()
        if lot < 0.2 or not table.rows:
            return Change("insert", name, self._insert(name, {}, dice)["id"])
        key = dice.choice(list(table.rows))
        if lot < 0.3 and deletes:
            self._delete(name, key)
            return Change("delete", name, key)
        fresh = new_row(name, key, self.sizes, dice, 0)
        field = dice.choice(CHANGEABLE[name])
        self._update(name, key, {field: fresh[field]}, False)
        return Change("update", name, key)

    def _update(self, name: str, key: int, fields: Row, silent: bool) -> Row:
        table = self.table(name)
        if key not in table.rows:
            raise KeyError(f"{name} has no row {key}")
        if "id" in fields:
            raise ValueError("the id of a row cannot be changed")
        moved = {} if silent else {"updated_at": self._now()}
        row = table.rows[key] | moved | _stored(fields)
        table.put(row)
        return row

    def _insert(self, name: str, fields: Row, dice: Random) -> Row:
        table = self.table(name)
        key = fields.get("id", table.next_id)
        if type(key) is not int or key in table.rows:
            raise ValueError(f"{name}: found id {key!r}, expected a whole number that is not in use")
        row = new_row(name, key, self.sizes, dice, self._now()) | _stored(fields)
        row["created_at"] = min(row["created_at"], row["updated_at"])
        table.put(row)
        return row

    def _delete(self, name: str, key: int) -> None:
        table = self.table(name)
        if key not in table.rows:
            raise KeyError(f"{name} has no row {key}")
        del table.rows[key]
        table.touch()

    def _dice(self) -> Random:
        # Numbered by change, so that a shop continued from a state file does not repeat earlier changes.
        self.changes += 1
        return Random(f"{self.seed}:change:{self.changes}")  # noqa: S311 (made-up rows, not secrets)


def _stored(fields: Row) -> Row:
    return {
        field: to_micros(value) if field in TIME_FIELDS and value is not None else value
        for field, value in fields.items()
    }
