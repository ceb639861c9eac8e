"""Fields that become one column: dlt keeps the value of the last one and says nothing.

dlt's naming convention writes `fooBar` and `foo_bar` alike, all names in Cyrillic or Chinese too, and `{"a": {"b": 1}}`
like `{"a__b": 1}`. Which names there are is known from the names alone: dlt keeps each in a cache, and only what is new
to the cache is looked at here. Rows are looked at once two names were found to be alike.

This can go once dlt refuses such rows itself: https://github.com/dlt-hub/dlt/issues/423.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from dlt.common.normalizers.json.helpers import (
    get_table_nesting_level,
    is_nested_type,
    normalize_identifier,
    normalize_table_identifier,
    shorten_fragments,
)
from dlt.common.normalizers.json.relational import DataItemNormalizer

from ecom_source.errors import PayloadError


class FieldNames:
    """The names that one schema's rows come with.

    Args:
        names: dlt's normalizer of the schema's rows, whose caches are exchanged.
    """

    alike: bool = False
    """Whether two names met so far become one."""

    def __init__(self, names: DataItemNormalizer) -> None:
        self._names = names
        self._met: dict[str, tuple[str, ...]] = {}
        self._of_dlt = {names.c_dlt_load_id}
        self._of_dlt_in_lists = {names.c_dlt_parent_id, names.c_dlt_list_idx, names.c_dlt_root_id}

        def identifier(name: str) -> str:
            return self._meet(self._identifier(name), name)

        def fragments(*path: str) -> str:
            found = self._fragments(*path)
            return self._meet(found, *path) if len(path) > 1 else found

        names._normalize_identifier = lru_cache(maxsize=None)(identifier)
        names._shorten_fragments = lru_cache(maxsize=None)(fragments)

    def _identifier(self, name: str) -> str:
        return normalize_identifier(self._names.schema, self._names.naming, name)

    def _fragments(self, *path: str) -> str:
        return shorten_fragments(self._names.naming, *path)

    @classmethod
    def of(cls, names: DataItemNormalizer) -> FieldNames:
        """Those of `names`, which may have been watched by an earlier normalizer of the same schema."""
        found = vars(names).setdefault("ecom_field_names", None) or cls(names)
        vars(names)["ecom_field_names"] = found
        return found

    def suspect(self) -> None:
        """Has rows looked at: a field was met whose name dlt asks nobody for."""
        self.alike = True

    def forget(self) -> None:
        """Forgets the names met so far: they are of a table of dlt's own."""
        self.alike = False
        self._met.clear()
        self._names._normalize_identifier.cache_clear()
        self._names._shorten_fragments.cache_clear()

    def _meet(self, name: str, *origin: str) -> str:
        first = self._met.setdefault(name, origin)
        if first != origin or name in self._of_dlt or name in self._of_dlt_in_lists:
            self.alike = True
        return name

    def refuse_clashes(self, root: str, item: Any) -> None:
        """Looks at one row with all that is nested in it.

        Raises:
            PayloadError: two of its fields become one column or one table, and their values differ.
        """
        if not isinstance(item, dict):
            return
        level = get_table_nesting_level(self._names.schema, root, self._names.max_nesting) or 0
        tables: dict[str, str] = {}
        rows: list[tuple[tuple[str, ...], Mapping[str, Any], int, str]] = [((root,), item, level, "")]
        while rows:
            path, row, level, prefix = rows.pop()
            for table, field, values in self._lists(path, row, level, prefix):
                name = self._fragments(*table)
                first = tables.setdefault(name, field)
                if first != field:
                    raise _clash("table", name, first, repr(field))
                for each in values:
                    if isinstance(each, list):
                        rows.append((table, {"list": each}, level - 2, field))
                    elif isinstance(each, dict):
                        rows.append((table, each, level - 1, field))

    def _lists(
        self, path: tuple[str, ...], row: Mapping[str, Any], level: int, prefix: str
    ) -> list[tuple[tuple[str, ...], str, list[Any]]]:
        """Looks at the columns of one row of one table; gives its lists, each with its table's path and its field."""
        names = self._names
        table = self._fragments(*path)
        columns: dict[str, tuple[str, Any]] = {}
        lists = []
        stack: list[tuple[Mapping[str, Any], int, tuple[str, ...], str]] = [(row, level, (), prefix)]
        while stack:
            fields, depth, above, where = stack.pop()
            for key, value in fields.items():
                field = f"{where}.{key}" if where else key
                part = self._identifier(key) if key and not key.isspace() else names.EMPTY_KEY_IDENTIFIER
                name = self._fragments(*above, part) if above else part
                if type(value) in (dict, list) and not is_nested_type(names.schema, table, name, depth):
                    if type(value) is dict:
                        stack.append((value, depth - 1, (*above, part), field))
                    else:
                        nested = (*path, *above, normalize_table_identifier(names.schema, names.naming, key))
                        lists.append((nested, field, value))
                    continue
                if name in (self._of_dlt if len(path) == 1 else self._of_dlt_in_lists):
                    raise _clash("column", f"{table}.{name}", field, "a column that dlt fills itself")
                first, other = columns.setdefault(name, (field, value))
                if first != field and not (type(other) is type(value) and other == value):
                    raise _clash("column", f"{table}.{name}", first, repr(field))
        return lists


def _clash(kind: str, name: str, first: str, second: str) -> PayloadError:
    return PayloadError(
        f"Two fields of a row become one {kind}, {name}: {first!r} and {second}. One of their values would be lost.",
        expected="fields whose names dlt's naming convention keeps apart; nothing of this read was loaded.",
        fix=f"rename {first!r} in a step of the resource's `processing_steps` "
        '({"map": rename}, docs/shops.md has one), or choose another naming convention before the first load: '
        "https://dlthub.com/docs/general-usage/naming-convention.",
    )
