"""MySQL and MariaDB through SQLAlchemy, by user and password.

https://airflow.apache.org/docs/apache-airflow-providers-mysql/stable/connections/mysql.html
"""

from __future__ import annotations

from typing import Any

from ecom_source.warehouses.connection_fields import Fields
from ecom_source.warehouses.drivers import Driver
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
        # DATETIME has no time zone: times are stored in UTC, whatever the server's.
        "init_command": "SET time_zone = '+00:00'",
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

MYSQL = WarehouseType(
    "mysql",
    "MySQL, MariaDB",
    "sqlalchemy",
    logins={"mysql": (LOGIN,), "mariadb": (LOGIN,)},
    drivers=(Driver("mysql", ("sqlalchemy", "pymysql")),),
    tested="loaded (MariaDB)",
    datasets=schemas,
)
