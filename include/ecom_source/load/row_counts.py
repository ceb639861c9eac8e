"""Rows counted on their way, so that none is lost or doubled between the shop and the tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ecom_source.errors import IncompleteReadError
from ecom_source.paging.read_tally import Reading

if TYPE_CHECKING:
    from dlt.common.schema import Schema
    from dlt.extract import DltSource

ENDED_EARLY = "the read was ended before its last page"
REPORT_IT = "run it again; if it fails again, it is a defect of ecom-elt or of the dlt in use: please report it."


def check_rows_taken_over(readings: Iterable[Reading]) -> None:
    """Compares, once all is read, the rows that were passed on with those that dlt took over.

    Raises:
        IncompleteReadError: dlt has taken over others, such as rows that were left out since they had come before.
    """
    for reading in readings:
        if reading.pages and not reading.finished:
            reading.doubt(ENDED_EARLY)
        elif reading.entered != reading.passed_on:
            raise IncompleteReadError(
                f"dlt took over {reading.entered:,} rows of {reading.resource!r}, of {reading.passed_on:,} that were "
                "passed on.",
                expected="each row once; nothing of this read was loaded.",
                fix=REPORT_IT,
            )


def check_rows_loaded(
    readings: Mapping[str, Reading],
    tables: Mapping[str, str],
    rows: Mapping[str, int],
    *,
    deleted: Mapping[str, int],
    discarding: Iterable[str],
) -> None:
    """Compares the rows that were left after all steps with those that the load package had.

    Args:
        tables: the root table of each resource that has one of a fixed name.
        rows: of the package, by table.
        deleted: rows left out since they are marked as deleted, by table.
        discarding: tables whose schema contract leaves rows out.

    Raises:
        IncompleteReadError: they are not as many.
    """
    left: Counter[str] = Counter()
    for name, table in tables.items():
        left[table] += readings[name].left
    for table, number in left.items():
        if number != rows.get(table, 0) + deleted.get(table, 0) and table not in set(discarding):
            raise IncompleteReadError(
                f"{rows.get(table, 0):,} rows were written to {table!r}, of {number:,} that were read.",
                expected="as many rows in the load as were read.",
                fix=REPORT_IT,
            )


def root_tables(source: DltSource, names: Iterable[str], schema: Schema) -> dict[str, str]:
    """The root table of each of the resources `names`, as the schema has it; not of those whose rows name theirs."""
    found: dict[str, str] = {}
    for name in names:
        table: Any = source.resources[name].table_name
        if isinstance(table, str):
            found[name] = schema.naming.normalize_table_identifier(table)
    return found


def tables_that_discard(schema: Schema, tables: Iterable[str]) -> list[str]:
    """Those whose contract leaves rows out rather than fail: https://dlthub.com/docs/general-usage/schema-contracts."""
    return [name for name in tables if "discard_row" in schema.resolve_contract_settings_for_table(name).values()]
