"""Tables of a DuckDB file as aligned text: how many rows, and a few of them with their columns' types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CELL = 28
GAP = "  "
INDENT = "  "
NUMBERS = ("BIGINT", "DOUBLE", "DECIMAL", "INTEGER", "HUGEINT")
# DuckDB's own shorter name.
SHORT = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ"}


@dataclass(frozen=True)
class Preview:
    """A table: how many rows it has, how many of them the last load wrote, and some of those, as text."""

    name: str
    rows: int
    loaded: int
    columns: Sequence[tuple[str, str]]
    """Names and types; dlt's own columns are left out."""
    sample: Sequence[Sequence[str | None]]


def preview(
    connection: DuckDBPyConnection, dataset: str, table: str, load_ids: Sequence[str], *, limit: int = 3
) -> Preview:
    """Look at a table that dlt loaded, nested or not.

    Args:
        load_ids: dlt's ids of the load whose rows are wanted.
    """
    columns = [
        (name, SHORT.get(kind, kind))
        for name, kind in connection.execute(
            "SELECT column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = ? AND table_name = ? AND column_name NOT LIKE '\\_dlt%' ESCAPE '\\' "
            "ORDER BY column_name <> 'id', ordinal_position",
            [dataset, table],
        ).fetchall()
    ]
    name, root = _quoted(dataset, table), _quoted(dataset, table.partition("__")[0])
    # A nested row belongs to the load of the row that it came with.
    of_load = f"{name} AS it JOIN {root} AS root ON it.{_root_key(table)} = root._dlt_id"
    where = "WHERE root._dlt_load_id IN (SELECT unnest(?::VARCHAR[]))"
    order = "root.id" if table.partition("__")[2] == "" else "root.id, it._dlt_list_idx"
    wanted = ", ".join(f'it."{column}"::VARCHAR' for column, _ in columns)
    connection.execute("SET TimeZone = 'UTC'")
    return Preview(
        f"{dataset}.{table}",
        _number(connection, f"SELECT count(*) FROM {name}", []),  # noqa: S608 (quoted names)
        _number(connection, f"SELECT count(*) FROM {of_load} {where}", [list(load_ids)]),  # noqa: S608
        columns,
        connection.execute(
            f"SELECT {wanted} FROM {of_load} {where} ORDER BY {order} LIMIT {limit}",  # noqa: S608
            [list(load_ids)],
        ).fetchall(),
    )


def has_table(connection: DuckDBPyConnection, dataset: str, table: str) -> bool:
    """Whether the table is there."""
    found = "SELECT count(*) FROM information_schema.tables WHERE table_schema = ? AND table_name = ?"
    return bool(_number(connection, found, [dataset, table]))


def render(table: Preview, width: int) -> str:
    """The table in lines of at most `width` characters; columns that do not fit are counted."""
    grid = [
        [name for name, _ in table.columns],
        [kind for _, kind in table.columns],
        *([_cell(value) for value in row] for row in table.sample),
    ]
    widths = [max(map(len, column)) for column in zip(*grid, strict=True)]
    shown, used = 0, len(INDENT) - len(GAP)
    while shown < len(widths) and used + len(GAP) + widths[shown] <= width:
        used += len(GAP) + widths[shown]
        shown += 1
    numeric = [kind.startswith(NUMBERS) for _, kind in table.columns]
    body = [_line(row[:shown], widths, numeric) for row in grid]
    body.insert(2, _line(["-" * size for size in widths[:shown]], widths, numeric))
    loaded = "" if table.loaded == table.rows else f", {table.loaded:,} of them written by this run"
    hidden = len(widths) - shown
    more = f" ({hidden} more column{'s' if hidden > 1 else ''} to the right)" if hidden else ""
    return "\n".join([f"{table.name}: {table.rows:,} rows{loaded}{more}", *body])


def _line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    aligned = [
        cell.rjust(size) if right else cell.ljust(size)
        for cell, size, right in zip(cells, widths, numeric, strict=False)
    ]
    return (INDENT + GAP.join(aligned)).rstrip()


def _cell(value: str | None) -> str:
    if value is None:
        return "NULL"
    text = " ".join(value.split())
    return text if len(text) <= CELL else f"{text[: CELL - 1]}…"


def _root_key(table: str) -> str:
    return "_dlt_root_id" if "__" in table else "_dlt_id"


def _quoted(*names: str) -> str:
    return ".".join('"{}"'.format(name.replace('"', '""')) for name in names)


def _number(connection: DuckDBPyConnection, sql: str, values: Sequence[object]) -> int:
    row = connection.execute(sql, values).fetchone()
    return int(row[0]) if row else 0
