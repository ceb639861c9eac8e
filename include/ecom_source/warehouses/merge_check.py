"""Whether a warehouse can do what the resources ask of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecom_source.errors import ApiConfigError
from ecom_source.warehouses.key_columns import (
    outdated_keys,
    refuse_blanks_at_the_end,
    refuse_outdated_keys,
    wanted_collation,
)
from ecom_source.warehouses.warehouse_type import WarehouseType

if TYPE_CHECKING:
    from dlt.common.destination import Destination
    from dlt.extract import DltSource
    from dlt.pipeline.pipeline import Pipeline


def check_merges(source: DltSource, destination: Destination[Any, Any]) -> None:
    """Makes sure that the destination merges each table that is to be merged: dlt would append, and rows repeat.

    Raises:
        ApiConfigError: it cannot merge, or not by the strategy that a resource names.
    """
    from dlt.common.destination.exceptions import DestinationCapabilitiesException
    from dlt.common.destination.utils import resolve_merge_strategy
    from dlt.extract.exceptions import DataItemRequiredForDynamicTableHints

    capabilities = destination.capabilities()
    for resource in source.selected_resources.values():
        try:
            table = resource.compute_table_schema()
        except DataItemRequiredForDynamicTableHints:
            # Which tables there are, only the rows tell.
            continue
        if table.get("write_disposition") != "merge":
            continue
        try:
            strategy = resolve_merge_strategy({str(table["name"]): table}, table, capabilities)
            reason = "" if strategy else "its tables are plain files, to which rows can only be added"
        except DestinationCapabilitiesException as error:
            reason = str(error)
        if reason:
            raise ApiConfigError(
                f"The warehouse ({destination.destination_name}) cannot merge {resource.name!r}: {reason}.",
                expected="a warehouse that merges, or another `write_disposition`.",
                fix='give the warehouse Connection the extra {"table_format": "delta"}, or the resource '
                '{"write_disposition": "replace"} and no cursor.',
            )


def check_keys(source: DltSource, pipeline: Pipeline, kind: WarehouseType, full_refresh: bool) -> list[str]:
    """Makes sure that the warehouse tells all keys apart.

    Returns:
        Statements for the tables of an older version, to be run once a full refresh has filled them.

    Raises:
        TableError: there are such tables, and this is no full refresh.
    """
    if kind.ignores_blanks:
        refuse_blanks_at_the_end(source)
    if kind.key_collation is None:
        return []
    wanted = wanted_collation(pipeline, kind.key_collation)
    if kind.key_collation.ignores_blanks(wanted):
        refuse_blanks_at_the_end(source)
    statements = outdated_keys(source, pipeline, kind.key_collation, wanted)
    if not full_refresh:
        refuse_outdated_keys(statements, str(pipeline.dataset_name))
    return statements
