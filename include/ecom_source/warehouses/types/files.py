"""Files as a warehouse: what the clouds' buckets and a local folder have in common."""

from __future__ import annotations

from pathlib import Path

from ecom_source.warehouses.connection_fields import Fields, Source
from ecom_source.warehouses.login_mapping import Login

DELTA, ICEBERG, PLAIN = "delta", "iceberg", "parquet"
TABLE_FORMATS = (DELTA, ICEBERG, PLAIN)


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


def _folder(fields: Fields) -> str:
    place = str(fields.first("extra.bucket_url", "extra.path", "host"))
    return place if "://" in place else Path(place).expanduser().absolute().as_uri()


LOCAL = Login(
    "filesystem",
    settings={**FILE_SETTINGS, "bucket_url": _folder},
    required=(("extra.bucket_url", "extra.path", "host"),),
    label="{bucket_url}",
)

LOGINS = {"fs": (LOCAL,), "filesystem": (LOCAL,), "file": (LOCAL,)}
