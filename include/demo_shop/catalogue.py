"""The paths of the public API and what each answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .dialects import DIALECTS
from .habits import Habits
from .pages import ListRequest, list_rows, refuse_unknown
from .reply import Refused, Reply
from .seed import SIZES, Row
from .show import Shown
from .store import Store

CHILDREN = {("customers", "orders"): "customer_id", ("products", "reviews"): "product_id"}
"""``/v1/<parent>/{id}/<child>``: the field of the child that holds the parent's id."""


@dataclass
class Catalogue:
    """Answers ``/<version>/<name>``, ``/<version>/<name>/{id}`` and `CHILDREN`, in each version."""

    store: Store
    habits: Habits
    shown: Shown = field(init=False)

    def __post_init__(self) -> None:
        self.shown = Shown(self.habits)

    def answer(self, path: str, params: Mapping[str, str], origin: str, number: int) -> Reply:
        """The answer to a GET; ``origin`` is scheme and host, ``number`` the request's.

        Raises `Refused`: 404 for an unknown path, row or parent, 400 for a wrong query.
        """
        match path.split("/")[1:]:
            case [version, name] if version in DIALECTS and name in SIZES:
                ask = ListRequest(version, name, params, origin + path, number)
                return list_rows(ask, self.store, self.habits, self.shown)
            case [version, name, key] if version in DIALECTS and name in SIZES:
                refuse_unknown(params, frozenset(), self.habits)
                return self._one(version, name, key)
            case [version, parent, key, name] if version in DIALECTS and (parent, name) in CHILDREN:
                where = (CHILDREN[parent, name], self._row(parent, key)["id"])
                ask = ListRequest(version, name, params, origin + path, number, where)
                return list_rows(ask, self.store, self.habits, self.shown)
        raise Refused(404, "not_found", f"There is nothing at {path}.")

    def _one(self, version: str, name: str, key: str) -> Reply:
        row = self._row(name, key)
        return Reply(200, b'{"data":' + self.shown.texts(version, name, [row])[0] + b"}")

    def _row(self, name: str, key: str) -> Row:
        row = self.store.get(name, int(key)) if key.isascii() and key.isdigit() and len(key) <= 15 else None
        if row is None:
            raise Refused(404, "not_found", f"{name} has no row {key}.")
        return row
