"""A driver that is not installed is one clear error."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import Any

import pytest
from tests.support import PROJECT

from ecom_source.errors import DriverMissingError
from ecom_source.warehouses.catalog import WAREHOUSES
from ecom_source.warehouses.drivers import OF_BUCKETS, check_drivers
from ecom_source.warehouses.login_mapping import Access
from ecom_source.warehouses.table_formats import DRIVERS as OF_FORMATS
from ecom_source.warehouses.warehouse_type import WarehouseType

KINDS = {kind.title: kind for kind in WAREHOUSES}
FOLDER = "a local folder: Delta, Iceberg, parquet"
NOTHING = Access({}, {}, "")

# None of these is among the project's own requirements.
MISSING: dict[str, tuple[str, Access, str, str]] = {
    "a database": ("Snowflake", NOTHING, "snowflake.connector", "snowflake"),
    "a package within a package": ("BigQuery", NOTHING, "google.cloud.bigquery", "bigquery"),
    "several at once": ("ClickHouse", NOTHING, "clickhouse_driver and clickhouse_connect", "clickhouse"),
    "a bucket": (FOLDER, Access({}, {"bucket_url": "gs://x"}, ""), "gcsfs", "gs"),
    "the storage of a lake": ("DuckLake", Access({"storage": {"bucket_url": "gs://x"}}, {}, ""), "gcsfs", "gs"),
}


@pytest.mark.parametrize("name", MISSING)
def test_the_error_names_the_extra_to_install(name: str) -> None:
    title, access, modules, extra = MISSING[name]
    with pytest.raises(DriverMissingError) as caught:
        check_drivers(KINDS[title].needed(replace(access, label="here")), "here")
    assert caught.value.found == f"The warehouse here needs {modules}, which this Python does not have."
    assert caught.value.fix == f"pip install 'ecom-elt[{extra}]'"


@pytest.mark.parametrize(
    ("kind", "access"),
    [
        (KINDS["DuckDB"], NOTHING),
        (KINDS["PostgreSQL"], NOTHING),
        (KINDS["MySQL, MariaDB"], NOTHING),
        (KINDS["SQLite"], NOTHING),
        (KINDS[FOLDER], Access(None, {"bucket_url": "file:///x", "preferred_table_format": "delta"}, "")),
        (WarehouseType("dremio", "one that is not known"), NOTHING),
    ],
)
def test_what_is_installed_passes(kind: WarehouseType, access: Access) -> None:
    check_drivers(kind.needed(access), "here")


def test_the_extras_are_those_of_the_package() -> None:
    project: dict[str, Any] = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    drivers = [*OF_BUCKETS.values(), *OF_FORMATS.values(), *(each for kind in WAREHOUSES for each in kind.drivers)]
    assert {driver.extra for driver in drivers} <= set(project["optional-dependencies"])
