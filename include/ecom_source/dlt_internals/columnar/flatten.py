"""Nested rows -> flat arrays and lists, as dlt's relational normalizer flattens them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from dlt.common.normalizers.json.helpers import (
    is_nested_type,
    normalize_identifier,
    normalize_table_identifier,
    shorten_fragments,
)
from dlt.common.schema import Schema

from ecom_source.dlt_internals.columnar.convert import NotColumnar


@dataclass(frozen=True)
class Rows:
    """Rows of one table, out of one chunk.

    Args:
        path: the table's name, as the parts that dlt makes it of.
        table: its name.
        array: the rows as structs.
        raw: the same rows in Python.
        level: how deep dlt would still descend.
    """

    path: tuple[str, ...]
    table: str
    array: pa.StructArray
    raw: Sequence[Any]
    level: int


@dataclass(frozen=True)
class Flat:
    """One field of all rows, under its column's name.

    Args:
        name: of the column.
        array: its values.
        raw: the rows, and `keys` the way from a row to its value.
        path: of the table that it becomes, where it is a list.
    """

    name: str
    array: pa.Array
    raw: Sequence[Any]
    keys: tuple[str, ...]
    path: tuple[str, ...] = ()

    def values(self) -> list[Any]:
        """The values in Python."""
        found = self.raw
        for key in self.keys:
            found = [None if each is None else each.get(key) for each in found]
        return list(found)


def flattened(rows: Rows, schema: Schema) -> Iterator[Flat]:
    """The fields of `rows`: scalars and lists, as `schema` names them.

    Raises:
        NotColumnar: dlt would keep one of them as JSON.
    """
    naming = schema.naming
    stack: list[tuple[pa.StructArray, int, tuple[str, ...], tuple[str, ...]]] = [(rows.array, rows.level, (), ())]
    while stack:
        structs, level, path, keys = stack.pop()
        for field, array in zip(structs.type, structs.flatten(), strict=True):
            key = field.name
            if not key or key.isspace():
                raise NotColumnar("a field without a name")
            part = normalize_identifier(schema, naming, key)
            name = shorten_fragments(naming, *path, part) if path else part
            is_struct, is_list = pa.types.is_struct(field.type), pa.types.is_list(field.type)
            if (is_struct or is_list) and is_nested_type(schema, rows.table, name, level):
                raise NotColumnar(f"{name} is JSON")
            if is_struct:
                if array.null_count:
                    yield Flat(name, pa.nulls(len(array)), rows.raw, ())
                stack.append((array, level - 1, (*path, part), (*keys, key)))
            elif is_list:
                table = (*path, normalize_table_identifier(schema, naming, key))
                yield Flat(name, array, rows.raw, (*keys, key), (*rows.path, *table))
            else:
                yield Flat(name, array, rows.raw, (*keys, key))
