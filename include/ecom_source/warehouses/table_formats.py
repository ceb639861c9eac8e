"""Tables that are files in a bucket or a folder: Delta, Iceberg or plain parquet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from ecom_source.dlt_internals.iceberg_columns import with_new_columns
from ecom_source.warehouses.connection_fields import Fields, Source
from ecom_source.warehouses.drivers import Driver, of_bucket
from ecom_source.warehouses.login_mapping import Access
from ecom_source.warehouses.warehouse_type import Opening, WarehouseType

DELTA, ICEBERG, PLAIN = "delta", "iceberg", "parquet"
TABLE_FORMATS = (DELTA, ICEBERG, PLAIN)
DRIVERS = {DELTA: Driver("deltalake", ("deltalake",)), ICEBERG: Driver("pyiceberg", ("pyiceberg", "pyarrow"))}


def table_format(fields: Fields) -> str | None:
    """The format of the tables: delta unless the extra says otherwise; None for plain parquet files.

    dlt merges only into the former two; on plain files it would append, and rows would be there twice.
    """
    given = fields["extra.table_format"] or DELTA
    if given not in TABLE_FORMATS:
        raise fields.wrong("extra.table_format", f"is {given!r}", expected=f"one of {', '.join(TABLE_FORMATS)}.")
    return None if given == PLAIN else str(given)


FILE_SETTINGS: dict[str, Source] = {
    "bucket_url": "extra.bucket_url",
    "preferred_table_format": table_format,
    # dlt's own default, jsonl, keeps no types.
    "preferred_loader_file_format": lambda _: "parquet",
}


def _drivers(access: Access) -> Iterable[Driver]:
    chosen = access.settings.get("preferred_table_format")
    return (*of_bucket(access.settings["bucket_url"]), *((DRIVERS[chosen],) if chosen in DRIVERS else ()))


@contextmanager
def _opened(access: Access, dataset_name: str) -> Iterator[Opening]:
    iceberg = access.settings.get("preferred_table_format") == ICEBERG
    yield Opening(access.credentials, factory=with_new_columns() if iceberg else None)


FILES = WarehouseType(
    "filesystem",
    "files",
    more_drivers=_drivers,
    needs="`deltalake` or `pyiceberg` for these formats",
    # Delta and Iceberg tables are replaced and merged in one commit each, and plain files have no choice. A merge adds
    # and changes rows of nested tables, but what was taken off a list would stay (dlt 1.31; let go when its
    # merge_delta_table deletes them).
    replace=None,
    merge_reaches_nested=False,
    datasets=None,
    opened=_opened,
)
"""What all buckets and folders have in common."""
