"""Rows that are appended: none twice, where windows meet or are read again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ecom_source.load.windowed_reads import WindowedRead
from ecom_source.window.cursor_format import MILLISECONDS_FROM
from ecom_source.window.run_window import settled

if TYPE_CHECKING:
    from dlt.extract import DltResource, DltSource
    from dlt.pipeline.pipeline import Pipeline

AROUND = timedelta(days=2)
"""How far around a window the table is looked through: more than a zone that is not known, or a day, can make."""
AT_ONCE = 10_000


def append_once(
    pipeline: Pipeline, source: DltSource, reads: Mapping[str, WindowedRead], now: Callable[[], datetime]
) -> None:
    """Makes the resources that append append no row a second time.

    With a key, rows whose key the table has in or near the window are left out. Without one, rows are taken only up to
    where the watermark will be, so that the next window begins exactly there.

    Args:
        reads: by resource.
        now: the earlier of the worker's clock and the shop's, once the first answer has come.
    """
    for name, read in reads.items():
        if source.resources[name].write_disposition == "append":
            _append_once(pipeline, source.resources[name], read, now)


def _append_once(pipeline: Pipeline, resource: DltResource, read: WindowedRead, now: Callable[[], datetime]) -> None:
    read.rows.cut = read.rows.start
    key = [name for name, column in resource.compute_table_schema()["columns"].items() if column.get("primary_key")]
    if key:
        known = _keys_in_table(pipeline, resource, read, key)
        if known:
            resource.add_filter(lambda row: _plain(row.get(name) for name in key) not in known)
        return
    if read.window.moves:
        read.rows.limit = lambda: settled(read.window, now(), step=read.step).watermark_after or read.rows.end


def _keys_in_table(pipeline: Pipeline, resource: DltResource, read: WindowedRead, key: list[str]) -> set[Any]:
    if pipeline.default_schema_name is None:
        return set()
    schema = pipeline.default_schema
    table = schema.naming.normalize_table_identifier(str(resource.table_name))
    columns: Mapping[str, Any] = schema.tables.get(table, {}).get("columns", {})
    names = [schema.naming.normalize_path(name) for name in key]
    if any(columns.get(name, {}).get("data_type") is None for name in names):
        return set()
    relation = pipeline.dataset()[table]
    cursor = schema.naming.normalize_path(read.path)
    for operator, moment in (("gte", read.rows.start - AROUND), ("lt", read.rows.end + AROUND)):
        bound = _as_stored(moment, columns.get(cursor, {}).get("data_type"), read)
        if bound is not None:
            relation = relation.where(cursor, operator, bound)
    return {_plain(row) for page in relation.select(*names).iter_fetch(AT_ONCE) for row in page}


def _as_stored(moment: datetime, data_type: str | None, read: WindowedRead) -> Any:
    """An instant as the cursor's column has it; None where it cannot be compared, and all keys are read."""
    if data_type == "timestamp":
        return moment
    if data_type == "date":
        return moment.date()
    if data_type in ("bigint", "double") and isinstance(read.cursor.like, int | float):
        return int(moment.timestamp() * (1000 if abs(read.cursor.like) >= MILLISECONDS_FROM else 1))
    return None


def _plain(values: Any) -> tuple[Any, ...]:
    """A key without regard to its type: 5 and "5" are one in a warehouse's column."""
    return tuple(
        str(Decimal(str(value)).normalize()) if isinstance(value, int | float | Decimal) else str(value)
        for value in values
    )
