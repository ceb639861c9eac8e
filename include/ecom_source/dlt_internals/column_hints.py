"""The line of an API description that gives a column its type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def hint_line(tables: Mapping[str, Any], table: str, column: str, data_type: str) -> str:
    """What to put into the resource: dlt's `columns`, or its `nested_hints` for a list within the rows.

    Args:
        tables: of a dlt schema.
        table: the column's table in it.
        column: as it is called there.

    Example:
        `"nested_hints": {"lines": {"columns": {"price": {"name": "price", "data_type": "decimal"}}}}`
    """
    chain: list[tuple[str, str]] = []
    while parent := tables.get(table, {}).get("parent"):
        chain.insert(0, (table.removeprefix(f"{parent}__"), parent))
        table = parent
    if not chain:
        return f'"columns": {{"{column}": {{"data_type": "{data_type}"}}}}'
    path: list[str] = []
    entries = []
    for number, (part, parent) in enumerate(chain, 1):
        parts = part.split("__")
        path += parts
        # An object has no table, which dlt would look for; it wants each list that is in between.
        hints = [f'"parent_table_name": "{parent}"'] if len(parts) > 1 else []
        if number == len(chain):
            # Here dlt wants the name once more.
            hints.append(f'"columns": {{"{column}": {{"name": "{column}", "data_type": "{data_type}"}}}}')
        key = ", ".join(f'"{each}"' for each in path)
        entries.append(f"{f'({key})' if len(path) > 1 else key}: {{{', '.join(hints)}}}")
    return f'"nested_hints": {{{", ".join(entries)}}}'


def wider(first: str, second: str) -> str:
    """dlt's name of a type that holds the values of both: numbers as decimals, all else as texts."""
    return "decimal" if {first, second} <= {"bigint", "double", "decimal"} else "text"
