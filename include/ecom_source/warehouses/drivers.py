"""Which of this package's extras a destination needs, looked up before a load begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec

from ecom_source.errors import DriverMissingError
from ecom_source.warehouses.login_mapping import Access

DRIVERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "postgres": ("postgres", ("psycopg2",)),
    "redshift": ("redshift", ("psycopg2",)),
    "bigquery": ("bigquery", ("google.cloud.bigquery",)),
    "snowflake": ("snowflake", ("snowflake.connector",)),
    "databricks": ("databricks", ("databricks.sql",)),
    "clickhouse": ("clickhouse", ("clickhouse_driver", "clickhouse_connect")),
    "mssql": ("mssql", ("pyodbc",)),
    "synapse": ("synapse", ("pyodbc", "adlfs")),
    "athena": ("athena", ("pyathena", "botocore", "s3fs")),
    "mysql+pymysql": ("mysql", ("sqlalchemy", "pymysql")),
    "sqlite": ("sqlite", ("sqlalchemy",)),
    "s3": ("s3", ("s3fs", "botocore")),
    "gs": ("gs", ("gcsfs",)),
    "az": ("az", ("adlfs",)),
    "delta": ("deltalake", ("deltalake",)),
    "iceberg": ("pyiceberg", ("pyiceberg", "pyarrow")),
}
"""By destination, SQLAlchemy dialect, kind of bucket or table format: this package's extra, and its modules."""

SCHEMES = {
    **dict.fromkeys(("s3", "s3a"), "s3"),
    **dict.fromkeys(("gs", "gcs"), "gs"),
    **dict.fromkeys(("az", "abfs", "abfss", "adl", "azure"), "az"),
}


def check_drivers(access: Access) -> None:
    """Makes sure that what the warehouse needs is installed.

    Raises:
        DriverMissingError: it is not; the error names the extra to install.
    """
    for need in _needs(access):
        extra, modules = DRIVERS[need]
        missing = [module for module in modules if not _installed(module)]
        if missing:
            raise DriverMissingError(
                f"The warehouse {access.label} needs {' and '.join(missing)}, which this Python does not have.",
                expected=f"the extra {extra!r} of ecom-elt, on every worker.",
                fix=f"pip install 'ecom-elt[{extra}]'",
            )


def _needs(access: Access) -> Iterator[str]:
    credentials = access.credentials if isinstance(access.credentials, Mapping) else {}
    storage = credentials.get("storage")
    url = (storage if isinstance(storage, Mapping) else access.settings).get("bucket_url")
    scheme = SCHEMES.get(str(url).partition("://")[0])
    for need in (
        access.destination,
        credentials.get("drivername"),
        scheme,
        access.settings.get("preferred_table_format"),
    ):
        if need in DRIVERS:
            yield str(need)


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
