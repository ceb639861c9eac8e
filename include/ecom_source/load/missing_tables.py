"""Tables that somebody dropped: they are made again, and read whole."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ecom_source.errors import WindowError
from ecom_source.load.schema_changes import Columns

if TYPE_CHECKING:
    from dlt.extract import DltSource
    from dlt.pipeline.pipeline import Pipeline

    from ecom_source.window.run_window import Run

logger = logging.getLogger(__name__)

MADE_AGAIN = "x-ecom-made-again"
"""A hint of ours on the table. dlt looks for missing tables only where the schema is one that it has not stored yet."""


def missing_roots(pipeline: Pipeline, known: Columns) -> dict[str, str]:
    """The root tables of which one of the tables is gone, with the name of that one.

    Args:
        known: the tables that loads before this one have filled.
    """
    from dlt.common.schema.utils import get_root_table

    if not known:
        return {}
    with pipeline.destination_client() as client:
        listing: Any = getattr(client, "get_storage_tables", None)
        found = {} if listing is None else {name: bool(columns) for name, columns in listing(list(known))}
    tables = pipeline.default_schema.tables
    return {str(get_root_table(tables, name)["name"]): name for name, there in found.items() if not there}


def run_for_missing(run: Run, missing: Iterable[str], *, windowed: bool) -> Run:
    """What `run` asks for, with everything read and replaced: nested rows may be left of rows that are gone.

    Args:
        missing: the tables.
        windowed: a resource is read by window.

    Raises:
        WindowError: it asks for a part of the time. The table would have that part alone.
    """
    name = next(iter(missing))
    asked = run.window_start is not None or run.window_end is not None or run.kind == "backfill"
    if windowed and asked and not run.full_refresh:
        raise WindowError(
            f"The table {name!r} is gone from the warehouse, and this run reads a part of the time only.",
            expected="a run that reads everything: the table would have the rows of this window alone.",
            fix="trigger a run without a window first (it reads whole, since the table is gone), or with full_refresh; "
            "then run this one again.",
        )
    return replace(run, full_refresh=True, window_start=None, window_end=None)


def make_again(source: DltSource, roots: Mapping[str, str], missing: Mapping[str, str]) -> None:
    """Has dlt make the missing tables again.

    Args:
        roots: the root table of each resource.
        missing: as `missing_roots` finds them.
    """
    for resource, root in roots.items():
        if root in missing:
            logger.warning(
                "%s: the table %s is gone from the warehouse; it is made again, and read whole", resource, missing[root]
            )
            hints: dict[str, Any] = {MADE_AGAIN: datetime.now(UTC).isoformat()}
            source.resources[resource].apply_hints(additional_table_hints=hints)
