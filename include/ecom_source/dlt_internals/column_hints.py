"""The line of an API description that gives a column its type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def hint_line(path: Sequence[str], column: str, data_type: str) -> str:
    """What to put into the resource: dlt's `columns`, or its `nested_hints` for a list within the rows.

    Args:
        path: of the nested table, one part for each list: `("items", "parts")` for `orders__items__parts`; empty for
            the resource's own table.
        column: as it is called in the table.

    Example:
        `"nested_hints": {"lines": {"columns": {"price": {"data_type": "decimal"}}}}`
    """
    columns = f'"columns": {{"{column}": {{"data_type": "{data_type}"}}}}'
    if not path:
        return columns
    parts = [f'"{part}"' for part in path]
    key = parts[0] if len(parts) == 1 else f"({', '.join(parts)})"
    return f'"nested_hints": {{{key}: {{{columns}}}}}'


def nested_path(tables: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The path of a nested table by the parents that `tables` (a dlt schema's) know; empty for a root table."""
    path: list[str] = []
    parent = tables.get(name, {}).get("parent")
    while parent:
        path.insert(0, name.removeprefix(f"{parent}__"))
        name, parent = parent, tables.get(parent, {}).get("parent")
    return tuple(path)


def wider(first: str, second: str) -> str:
    """dlt's name of a type that holds the values of both: numbers as decimals, all else as texts."""
    return "decimal" if {first, second} <= {"bigint", "double", "decimal"} else "text"
