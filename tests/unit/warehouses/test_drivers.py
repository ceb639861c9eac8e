"""A driver that is not installed is one clear error."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from tests.support import PROJECT

from ecom_source.errors import DriverMissingError
from ecom_source.warehouses.drivers import DRIVERS, SCHEMES, check_drivers
from ecom_source.warehouses.login_mapping import Access

# None of these is among the project's own requirements.
MISSING: dict[str, tuple[Access, str, str]] = {
    "a database": (Access("snowflake", {}, {}, "snowflake here"), "snowflake.connector", "snowflake"),
    "a package within a package": (Access("bigquery", None, {}, "bigquery"), "google.cloud.bigquery", "bigquery"),
    "several at once": (Access("clickhouse", {}, {}, "ch"), "clickhouse_driver and clickhouse_connect", "clickhouse"),
    "a bucket": (Access("filesystem", {}, {"bucket_url": "gs://x"}, "files"), "gcsfs", "gs"),
    "the storage of a lake": (Access("ducklake", {"storage": {"bucket_url": "gs://x"}}, {}, "lake"), "gcsfs", "gs"),
}


@pytest.mark.parametrize("name", MISSING)
def test_the_error_names_the_extra_to_install(name: str) -> None:
    access, modules, extra = MISSING[name]
    with pytest.raises(DriverMissingError) as caught:
        check_drivers(access)
    assert caught.value.found == f"The warehouse {access.label} needs {modules}, which this Python does not have."
    assert caught.value.fix == f"pip install 'ecom-elt[{extra}]'"


@pytest.mark.parametrize(
    "access",
    [
        Access("duckdb", None, {}, ""),
        Access("postgres", {}, {}, ""),
        Access("sqlalchemy", {"drivername": "mysql+pymysql"}, {}, ""),
        Access("sqlalchemy", {"drivername": "sqlite"}, {}, ""),
        Access("filesystem", None, {"bucket_url": "file:///x", "preferred_table_format": "delta"}, ""),
        Access("dremio", {}, {}, "one that is not known"),
    ],
)
def test_what_is_installed_passes(access: Access) -> None:
    check_drivers(access)


def test_the_extras_are_those_of_the_package() -> None:
    project: dict[str, Any] = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    extras = {extra for extra, _ in DRIVERS.values()}
    assert extras <= set(project["optional-dependencies"])
    assert set(SCHEMES.values()) <= set(DRIVERS)
