"""ClickHouse, by user and password.

https://airflow.apache.org/docs/apache-airflow-providers-clickhousedb/stable/connections/clickhouse.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ecom_source.warehouses.connection_fields import Fields, number
from ecom_source.warehouses.drivers import Driver
from ecom_source.warehouses.login_mapping import Login
from ecom_source.warehouses.warehouse_type import WarehouseType

HTTP, HTTPS, NATIVE, NATIVE_TLS = 8123, 8443, 9000, 9440


def _secure(fields: Fields) -> bool:
    return fields.flag("extra.secure")


def _verify(fields: Fields) -> dict[str, str] | None:
    return None if fields.flag("extra.verify", True) else {"verify": "false"}


LOGIN = Login(
    credentials={
        "host": "host",
        # Airflow's hook speaks HTTP, so its port is that one; dlt loads files by HTTP and does all else natively.
        "http_port": lambda fields: fields["port"] or (HTTPS if _secure(fields) else HTTP),
        "port": lambda fields: number("extra.native_port")(fields) or (NATIVE_TLS if _secure(fields) else NATIVE),
        "database": "schema",
        "username": "login",
        "password": "password",
        "secure": lambda fields: int(_secure(fields)),
        "connect_timeout": number("extra.connect_timeout"),
        "send_receive_timeout": number("extra.send_receive_timeout"),
        "query": _verify,
    },
    settings={"table_engine_type": "extra.table_engine_type"},
    defaults={"database": "default", "username": "default", "password": ""},
    required=("host",),
    label="{host}:{http_port}/{database}",
)


def _datasets(client: Any) -> Iterable[str]:
    """It has no schemas: a dataset is a prefix of table names, with one table that stands for it."""
    sentinel = client.make_qualified_table_name_path(client.config.dataset_sentinel_table_name, quote=False)[-1]
    ending = sentinel.removeprefix(client.dataset_name)
    found = client.execute_sql("SELECT name FROM system.tables WHERE database = currentDatabase()")
    return [row[0].removesuffix(ending) for row in found or () if row[0].endswith(ending)]


CLICKHOUSE = WarehouseType(
    "clickhouse",
    "ClickHouse",
    logins={"clickhouse": (LOGIN,)},
    drivers=(Driver("clickhouse", ("clickhouse_driver", "clickhouse_connect")),),
    # No transactions: a table is exchanged with its new version, which is atomic.
    replace="staging-optimized",
    datasets=_datasets,
)
