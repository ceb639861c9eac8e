"""MySQL and MariaDB through SQLAlchemy, by user and password.

https://airflow.apache.org/docs/apache-airflow-providers-mysql/stable/connections/mysql.html
"""

from __future__ import annotations

from typing import Any

from ecom_source.warehouses.connection_fields import Fields
from ecom_source.warehouses.drivers import Driver
from ecom_source.warehouses.key_columns import KeyCollation
from ecom_source.warehouses.login_mapping import Login
from ecom_source.warehouses.types.sqlalchemy import schemas
from ecom_source.warehouses.warehouse_type import WarehouseType

SSL_MODES: dict[str, dict[str, Any]] = {
    "DISABLED": {},
    "PREFERRED": {},
    "REQUIRED": {"check_hostname": False, "verify_mode": False},
    "VERIFY_CA": {"check_hostname": False, "verify_mode": True},
    "VERIFY_IDENTITY": {"check_hostname": True, "verify_mode": True},
}
"""mysqlclient's modes, which Airflow's hook takes, for PyMySQL's ssl."""

SESSION = (
    # DATETIME has no time zone: times are stored in UTC, whatever the server's.
    "SET time_zone = '+00:00', "
    # A value that a column cannot hold is an error rather than cut.
    "sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')"
)
"""With which each connection begins."""


def _mysql_options(fields: Fields) -> dict[str, Any]:
    """What SQLAlchemy's engine is made with."""
    mode = str(fields["extra.ssl_mode"] or "PREFERRED").upper()
    if mode not in SSL_MODES:
        raise fields.wrong("extra.ssl_mode", f"is {mode!r}", expected=f"one of {', '.join(SSL_MODES)}.")
    ssl = {**SSL_MODES[mode], **fields.mapping("extra.ssl")}
    password = str(fields["password"] or "")
    options = {
        # Names of an e-commerce shop have all of Unicode, which MySQL's own utf8 has not.
        "charset": fields["extra.charset"] or "utf8mb4",
        "unix_socket": fields["extra.unix_socket"],
        "ssl": ssl or None,
        "ssl_disabled": True if mode == "DISABLED" else None,
        "init_command": SESSION,
        # PyMySQL would send it in latin-1, and the server compares bytes.
        "password": None if password.isascii() else password.encode(),
    }
    return {"connect_args": {name: value for name, value in options.items() if value is not None}}


LOGIN = Login(
    credentials={
        "drivername": lambda _: "mysql+pymysql",
        "host": "host",
        "port": "port",
        "database": "schema",
        "username": "login",
        "password": "password",
    },
    settings={"engine_kwargs": _mysql_options},
    defaults={"port": 3306, "password": ""},
    required=("host", "schema", "login"),
    refused={"extra.iam": "a password, since tokens by IAM are fetched by Airflow's hook alone"},
    label="{host}:{port}/{database}",
)


def _abilities() -> dict[str, Any]:
    from ecom_source.warehouses.mysql_columns import TextColumns

    return {"type_mapper": TextColumns}


def _key_collation(client: Any) -> str:
    from ecom_source.warehouses.mysql_columns import key_collation

    return key_collation(client.dialect)


def _ignores_blanks(collation: str) -> bool:
    from ecom_source.warehouses.mysql_columns import OF_OLDER_SERVERS

    return collation == OF_OLDER_SERVERS


def _change(table: str, column: str, length: int, collation: str) -> str:
    from ecom_source.warehouses.mysql_columns import CHARSET, LONGEST_KEY

    text = f"VARCHAR({min(length, LONGEST_KEY)}) CHARACTER SET {CHARSET} COLLATE {collation}"
    return f"ALTER TABLE {table} MODIFY COLUMN {column} {text}"


MYSQL = WarehouseType(
    "mysql",
    "MySQL, MariaDB",
    "sqlalchemy",
    logins={"mysql": (LOGIN,), "mariadb": (LOGIN,)},
    drivers=(Driver("mysql", ("sqlalchemy", "pymysql")),),
    tested="loaded (MariaDB)",
    abilities=_abilities,
    key_collation=KeyCollation(_key_collation, _change, ignores_blanks=_ignores_blanks),
    datasets=schemas,
)
