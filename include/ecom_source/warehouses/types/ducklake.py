"""DuckLake: a catalog in a file or a database server, files in a folder or in S3.

https://pypi.org/project/airflow-provider-ducklake/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ecom_source.warehouses.connection_fields import Fields
from ecom_source.warehouses.drivers import Driver, of_bucket
from ecom_source.warehouses.login_mapping import Access, Login
from ecom_source.warehouses.types.duckdb import own_settings
from ecom_source.warehouses.warehouse_type import WarehouseType

CATALOG_FILES = ("duckdb", "sqlite")
PORTS = {"postgres": 5432, "mysql": 3306}


def _engine(fields: Fields) -> str:
    engine = str(fields["extra.engine"] or "duckdb")
    if engine not in (*CATALOG_FILES, *PORTS):
        known = ", ".join((*CATALOG_FILES, *PORTS))
        raise fields.wrong("extra.engine", f"is {engine!r}", expected=f"one of {known}.")
    return engine


def _catalog_file(fields: Fields) -> str | None:
    """The file of a lake's catalog; None where it is in a database server, which has many writers."""
    if _engine(fields) not in CATALOG_FILES:
        return None
    place = fields.first("extra.metadata_file", "host")
    if place is None:
        raise fields.missing("host", "extra.metadata_file")
    return str(Path(place).expanduser().absolute())


def _catalog(fields: Fields) -> str:
    """The catalog as a URL."""
    engine = _engine(fields)
    if (file := _catalog_file(fields)) is not None:
        return f"{engine}:///{file}"
    name = f"extra.{'pg' if engine == 'postgres' else engine}dbname"
    for path in ("host", "login", "password", name):
        if fields[path] is None:
            raise fields.missing(path)
    login, password = quote(fields["login"], safe=""), quote(fields["password"], safe="")
    return f"{engine}://{login}:{password}@{fields['host']}:{fields['port'] or PORTS[engine]}/{fields[name]}"


def _local(fields: Fields) -> dict[str, Any]:
    return {"bucket_url": Path(str(fields["extra.local_data_path"])).expanduser().absolute().as_uri()}


def _s3(fields: Fields) -> dict[str, Any]:
    keys = {
        "aws_access_key_id": fields["extra.aws_access_key_id"],
        "aws_secret_access_key": fields["extra.aws_secret_access_key"],
        "region_name": fields["extra.aws_region"],
    }
    url = f"s3://{fields['extra.s3_bucket']}/{fields['extra.s3_path']}"
    return {"bucket_url": url, "credentials": {name: value for name, value in keys.items() if value}}


def _login(storage: Callable[[Fields], dict[str, Any]], required: tuple[str, ...], when: str) -> Login:
    return Login(
        credentials={
            "ducklake_name": "extra.dbname",
            "metadata_schema": "schema",
            "catalog": _catalog,
            "storage": storage,
            "global_config": own_settings,
        },
        defaults={"ducklake_name": "ducklake"},
        required=required,
        when=(when,),
        label="{ducklake_name}",
    )


def _of_storage(access: Access) -> Iterable[Driver]:
    return of_bucket(access.credentials["storage"]["bucket_url"])


DUCKLAKE = WarehouseType(
    "ducklake",
    "DuckLake",
    logins={
        "ducklake": (
            _login(_local, (), "extra.local_data_path"),
            _login(_s3, ("extra.s3_path",), "extra.s3_bucket"),
            Login(required=(("extra.local_data_path", "extra.s3_bucket"),)),
        )
    },
    more_drivers=_of_storage,
    needs="DuckDB fetches its extension `ducklake`",
    tested="loaded (catalog in a DuckDB file, local files)",
    one_writer=_catalog_file,
)
