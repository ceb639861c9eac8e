"""What a table of each kind of warehouse takes, where rows of a shop may come to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class TableLimits:
    """Limits of a table.

    Args:
        columns: its columns; None for as many as there are.
        texts_end: a text that is longer than the `precision` of its column is refused, rather than kept.
    """

    columns: int | None = None
    texts_end: bool = True


TABLE_LIMITS: Mapping[str, TableLimits] = {
    # https://www.postgresql.org/docs/current/limits.html
    "postgres": TableLimits(1600),
    # https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_TABLE_usage.html
    "redshift": TableLimits(1600),
    # https://learn.microsoft.com/en-us/sql/sql-server/maximum-capacity-specifications-for-sql-server
    "mssql": TableLimits(1024),
    "synapse": TableLimits(1024),
    # https://cloud.google.com/bigquery/quotas#all_tables
    "bigquery": TableLimits(10_000),
    # https://mariadb.com/docs/server/server-usage/storage-engines/innodb/innodb-limitations
    "mysql": TableLimits(1017),
    # https://www.sqlite.org/limits.html
    "sqlite": TableLimits(2000, texts_end=False),
    "duckdb": TableLimits(texts_end=False),
    "motherduck": TableLimits(texts_end=False),
    "ducklake": TableLimits(texts_end=False),
    "filesystem": TableLimits(texts_end=False),
}
"""By the name of the warehouse's type, or of dlt's destination."""


def table_limits(*names: str) -> TableLimits:
    """The limits of a type of warehouse, by its own name or that of dlt's destination."""
    return next((TABLE_LIMITS[name] for name in names if name in TABLE_LIMITS), TableLimits())
