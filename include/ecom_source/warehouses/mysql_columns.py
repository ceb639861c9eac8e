"""Columns of MySQL and MariaDB for texts of any length, and for keys that are compared letter by letter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlt.destinations.impl.sqlalchemy.type_mapper import MysqlVariantTypeMapper
from sqlalchemy.dialects.mysql import LONGTEXT, VARCHAR
from sqlalchemy.types import TypeDecorator

from ecom_source.warehouses.key_columns import is_key

if TYPE_CHECKING:
    from dlt.common.destination.typing import PreparedTableSchema
    from dlt.common.schema.typing import TColumnSchema

CHARSET = "utf8mb4"
OF_OLDER_SERVERS = f"{CHARSET}_bin"
"""MySQL before 8.0.17 has no collation that does not leave blanks at the end out."""
LONGEST_KEY = 255
"""Characters. A sort, such as that of a merge, looks at the first 1,024 bytes (the server's `max_sort_length`): longer
keys that begin alike would be one. So the server refuses them.
"""


def key_collation(dialect: Any) -> str:
    """The server's collation that tells all texts apart, blanks at the end included if it can.

    https://mariadb.com/kb/en/supported-character-sets-and-collations/
    https://dev.mysql.com/doc/refman/8.4/en/charset-unicode-sets.html

    Args:
        dialect: SQLAlchemy's, connected: it knows the server by then.
    """
    if dialect.is_mariadb:
        return f"{CHARSET}_nopad_bin"
    return f"{CHARSET}_0900_bin" if dialect.server_version_info >= (8, 0, 17) else OF_OLDER_SERVERS


class KeyText(TypeDecorator[str]):
    """A text whose collation depends on the server."""

    impl = VARCHAR
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        """SQLAlchemy's type for a server; without a collation in statements that are made before it is known."""
        collation = key_collation(dialect) if dialect.server_version_info else None
        return VARCHAR(self.length, charset=CHARSET, collation=collation)


class TextColumns(MysqlVariantTypeMapper):
    """dlt's types, but for texts: its TEXT ends at 65,535 bytes."""

    def db_type_from_text_type(self, column: TColumnSchema, table: PreparedTableSchema) -> Any:
        """The type of a text column."""
        length = getattr(super().db_type_from_text_type(column, table), "length", None)
        if is_key(column):
            return KeyText(min(length or LONGEST_KEY, LONGEST_KEY))
        return VARCHAR(length) if length else LONGTEXT()
