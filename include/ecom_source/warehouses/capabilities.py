"""What a destination's own abilities decide, in one place: how it replaces and merges, whether loads take turns, and
how it is loaded best.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ecom_source.warehouses.file_format import Tuning

ReplaceStrategy = Literal["insert-from-staging", "staging-optimized"]


@dataclass(frozen=True)
class Traits:
    """What has to be decided for a destination.

    Args:
        replace: dlt's replace strategy; None for dlt's own choice.
        truncate_in_transaction: whether TRUNCATE can be part of a transaction.
        merge_drops_repeats: whether a merge itself passes over a key that comes twice in one load.
        merge_reaches_nested: whether a merge deletes the rows of nested tables that are no more in their parent.
        one_writer: whether loads have to take turns. The tasks of a DAG may run side by side all the same: they wait.
        tuning: how it is loaded best, where that was measured.
    """

    # The old rows go and the new ones come from the staging dataset in one transaction: readers see either.
    replace: ReplaceStrategy | None = "insert-from-staging"
    truncate_in_transaction: bool = True
    merge_drops_repeats: bool = True
    merge_reaches_nested: bool = True
    one_writer: bool = False
    tuning: Tuning = field(default_factory=Tuning)

    @property
    def settings(self) -> dict[str, Any]:
        """The same as parameters of dlt's destination."""
        found: dict[str, Any] = {"replace_strategy": self.replace} if self.replace else {}
        return found if self.truncate_in_transaction else {**found, "supports_truncate_command": False}


TRAITS: Mapping[str, Traits] = {
    # One process at a time may have the file open.
    # insert_values would make it parse the rows as SQL, and to look for repeated rows it holds those of nested tables
    # in memory, all columns of them.
    "duckdb": Traits(
        one_writer=True,
        tuning=Tuning(file_format="parquet", keeps_nul=False, one_file_at_a_time=True, distinct_rows=True),
    ),
    # Through ADBC, if its driver is there. A JSON column would become `json` instead of `jsonb`.
    "postgres": Traits(tuning=Tuning(file_format="parquet", changes_json=True, keeps_nul=False)),
    # A writer that read before another one wrote is refused, whatever its timeout.
    "sqlite": Traits(one_writer=True),
    # For a catalog in a file, which is such a DuckDB or SQLite file; one in a database server has many writers.
    "ducklake": Traits(one_writer=True),
    # TRUNCATE ends the transaction that it is in; DELETE does not.
    "redshift": Traits(truncate_in_transaction=False),
    "snowflake": Traits(truncate_in_transaction=False),
    # No transactions: a table is exchanged with its new version, which is atomic.
    "clickhouse": Traits(replace="staging-optimized"),
    # Delta and Iceberg tables are replaced and merged in one commit each, and plain files have no choice. A merge is an
    # upsert, which a key that comes twice makes fail or insert two rows. It adds and changes rows of nested tables, but
    # what was taken off a list would stay (dlt 1.31; to be let go when its merge_delta_table deletes them).
    "filesystem": Traits(replace=None, merge_drops_repeats=False, merge_reaches_nested=False),
}
"""By dlt's name of the destination's type, and `sqlite` for that dialect of `sqlalchemy`. Any other: as `Traits` has
it. On Databricks, which has no transactions either, a reader may find a table empty while it is replaced."""


def traits_of(kind: str) -> Traits:
    """The traits of a destination."""
    return TRAITS.get(kind, Traits())
