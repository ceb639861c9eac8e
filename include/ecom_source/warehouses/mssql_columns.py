"""Key columns of SQL Server and Synapse that are compared letter by letter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlt.common.destination.capabilities import DataTypeMapper
from dlt.destinations.impl.mssql.factory import MsSqlTypeMapper
from dlt.destinations.impl.synapse.factory import SynapseTypeMapper

from ecom_source.warehouses.key_columns import is_key

if TYPE_CHECKING:
    from dlt.common.schema.typing import TColumnSchema

KEY_COLLATION = "Latin1_General_100_BIN2"
"""Compares code points; blanks at the end are left out all the same, as T-SQL has it in every collation.

https://learn.microsoft.com/en-us/sql/relational-databases/collations/collation-and-unicode-support
"""


class _BinaryKeys(DataTypeMapper):
    def to_destination_type(self, column: TColumnSchema, table: Any) -> str:
        """The column's type, and the collation of a key that is a text."""
        found = super().to_destination_type(column, table)  # type: ignore[safe-super]
        return f"{found} COLLATE {KEY_COLLATION}" if column["data_type"] == "text" and is_key(column) else found


class SqlServerColumns(_BinaryKeys, MsSqlTypeMapper):
    """For SQL Server."""


class SynapseColumns(_BinaryKeys, SynapseTypeMapper):
    """For Synapse."""
