"""Iceberg tables that get a new column.

dlt adds the column to the table, but pyiceberg compares the rows of a merge with the table's last snapshot, which has
the columns of its own time: "Target schema's field names are not matching", at this and each later load. An empty
snapshot with the new columns goes in between. This can go once a new column passes through dlt's `merge_iceberg_table`
(dlt 1.31 with pyiceberg 0.12).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlt.common.destination import Destination


def with_new_columns() -> type[Destination[Any, Any]]:
    """dlt's destination for files, whose Iceberg tables take new columns."""
    import dlt
    from dlt.destinations.impl.filesystem.filesystem import FilesystemClient

    class Client(FilesystemClient):
        def load_open_table(self, table_format: Any, table_name: str, **kwargs: Any) -> Any:
            table = super().load_open_table(table_format, table_name, **kwargs)
            # Only a load says which columns are to come.
            if table_format == "iceberg" and "schema" in kwargs:
                _show_columns(table)
            return table

    class Files(dlt.destinations.filesystem):
        @property
        def destination_type(self) -> str:
            return "dlt.destinations.filesystem"

        @property
        def client_class(self) -> type[FilesystemClient]:
            return Client

    return Files


def _show_columns(table: Any) -> None:
    """Makes a snapshot with the table's present columns, where the last one has fewer."""
    snapshot = table.current_snapshot()
    if snapshot is not None and snapshot.schema_id != table.schema().schema_id:
        table.append(table.schema().as_arrow().empty_table())
