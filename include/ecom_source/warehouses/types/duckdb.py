"""DuckDB, MotherDuck and DuckLake.

https://airflow.apache.org/docs/apache-airflow-providers-duckdb/stable/connections/duckdb.html
https://pypi.org/project/airflow-provider-ducklake/
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ecom_source.warehouses.connection_fields import Fields
from ecom_source.warehouses.login_mapping import Login

CONFIG = ("memory_limit", "threads", "temp_directory", "extension_directory")
CATALOG_FILES = ("duckdb", "sqlite")
PORTS = {"postgres": 5432, "mysql": 3306}


def embedded_path() -> Path:
    """The DuckDB file of the embedded warehouse: `$ECOM_DUCKDB_PATH`, or one below `$AIRFLOW_HOME`."""
    home = os.environ.get("AIRFLOW_HOME") or "~/airflow"
    path = os.environ.get("ECOM_DUCKDB_PATH") or f"{home}/warehouse/warehouse.duckdb"
    return Path(path).expanduser().absolute()


def _file(fields: Fields) -> str:
    host = fields["host"]
    if host and str(host).startswith("md:"):
        raise fields.wrong(
            "host", "is an address of MotherDuck", expected="its database as schema and its token as password."
        )
    return str(Path(host).expanduser().absolute() if host else embedded_path())


def config(fields: Fields) -> dict[str, Any] | None:
    """DuckDB's own settings, by the names of Airflow's hook."""
    found = {name: fields[f"extra.{name}"] for name in CONFIG if fields[f"extra.{name}"] is not None}
    return {**found, **fields.mapping("extra.settings")} or None


DUCKDB = Login("duckdb", credentials={"database": _file, "global_config": config}, label="{database}")
MOTHERDUCK = Login(
    "motherduck",
    credentials={"database": "schema", "password": "password"},
    required=("schema", "password"),
    label="{database}",
)


def _engine(fields: Fields) -> str:
    engine = str(fields["extra.engine"] or "duckdb")
    if engine not in (*CATALOG_FILES, *PORTS):
        known = ", ".join((*CATALOG_FILES, *PORTS))
        raise fields.wrong("extra.engine", f"is {engine!r}", expected=f"one of {known}.")
    return engine


def catalog_file(fields: Fields) -> str | None:
    """The file of a lake's catalog; None where it is in a database server."""
    if _engine(fields) not in CATALOG_FILES:
        return None
    place = fields.first("extra.metadata_file", "host")
    if place is None:
        raise fields.missing("host", "extra.metadata_file")
    return str(Path(place).expanduser().absolute())


def _catalog(fields: Fields) -> str:
    """The catalog as a URL."""
    engine = _engine(fields)
    if (file := catalog_file(fields)) is not None:
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


def _ducklake(storage: Callable[[Fields], dict[str, Any]], required: tuple[str, ...], when: str) -> Login:
    return Login(
        "ducklake",
        credentials={
            "ducklake_name": "extra.dbname",
            "metadata_schema": "schema",
            "catalog": _catalog,
            "storage": storage,
            "global_config": config,
        },
        defaults={"ducklake_name": "ducklake"},
        required=required,
        when=(when,),
        label="{ducklake_name}",
    )


LAKES = (
    _ducklake(_local, (), "extra.local_data_path"),
    _ducklake(_s3, ("extra.s3_path",), "extra.s3_bucket"),
)
NO_LAKE = Login("ducklake", required=(("extra.local_data_path", "extra.s3_bucket"),))

LOGINS = {
    # As in Airflow's hook, a token makes it MotherDuck; the name of a database alone does not mean a file.
    "duckdb": (replace(MOTHERDUCK, when=("password",)), replace(MOTHERDUCK, when=("schema",)), DUCKDB),
    "duckdb_aws": (DUCKDB,),
    "motherduck": (MOTHERDUCK,),
    "ducklake": (*LAKES, NO_LAKE),
}
