"""Loads without a scheduler, and tables compared with the shop row by row."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
from dlt.sources.rest_api.typing import RESTAPIConfig

from demo_shop import DemoShop
from ecom_source.load.load import Load
from ecom_source.load.load_origin import Origin
from ecom_source.load.parse_checks import check_api
from ecom_source.load.report import Report
from ecom_source.load.staging_dataset import Staging
from ecom_source.options import AnyOptions, Options
from ecom_source.testing import new_load, run_load, run_pipeline
from ecom_source.window.run_window import Interval, Run

KEY = 'k+y/=&%é"1'
"""An API key that looks different in a URL, in JSON, in a header and in a repr."""


DEFAULTS = Options()
"""The options of a load that is given none; a test may exchange them."""


def connection_json(url: str | None, key: str | None = KEY, **more: Any) -> str:
    """An `ecom_api` Connection, as `AIRFLOW_CONN_ECOM_API` holds it."""
    return json.dumps({"conn_type": "ecom_api", "host": url, "password": key, **more})


def load_as(api: RESTAPIConfig, run: Run | None = None, **more: Any) -> dict[str, Report]:
    """Loads an API as `run` asks for it; a manual run without a window unless told otherwise."""
    run = run or manual()
    return run_load(
        api,
        options=more.pop("options", None) or DEFAULTS,
        kind=run.kind,
        now=run.now,
        interval=(run.interval.start, run.interval.end) if run.interval else None,
        window_start=run.window_start,
        window_end=run.window_end,
        full_refresh=run.full_refresh,
        **more,
    )


def make_load(api: RESTAPIConfig, name: str, *, dataset: str = "ecommerce", options: AnyOptions = None) -> Load:
    """The load of one component, for a test that needs more of it than its report."""
    checked = check_api(api, dataset_name=dataset, options=options or DEFAULTS)
    (component,) = [each for each in checked.components if each.name == name]
    return new_load(api, component, checked, dataset)


def perform(
    load: Load,
    run: Run | None = None,
    origin: Origin | None = None,
    *,
    staging: Staging | None = None,
    before: Callable[[], None] = lambda: None,
) -> Report:
    """Performs a load; a manual run without a window unless told otherwise. `before` runs once the source is there."""
    staging = staging or Staging(None, uuid4().hex[:12])
    return load.perform(run or manual(), lambda: run_pipeline(load, before), staging=staging, origin=origin)


def manual(**fields: Any) -> Run:
    """A manual run, now."""
    return Run("manual", **{"now": datetime.now(UTC), **fields})


def scheduled(start: str, end: str, **fields: Any) -> Run:
    """A scheduled run of the data interval [start, end), both ISO texts in UTC."""
    return Run("scheduled", **{"now": datetime.now(UTC), "interval": interval(start, end), **fields})


def backfill(start: str, end: str) -> Run:
    """A backfill run of the data interval [start, end)."""
    return Run("backfill", now=datetime.now(UTC), interval=interval(start, end))


def interval(start: str, end: str) -> Interval:
    """[start, end) from ISO texts."""
    return Interval(*(datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (start, end)))


@dataclass
class Tables:
    """What is in a warehouse, read by one SQL function.

    Args:
        query: runs a SELECT and gives column names and rows.
    """

    query: Callable[[str], tuple[list[str], list[tuple[Any, ...]]]]
    dataset: str = "ecommerce"
    _extra: dict[str, Any] = field(default_factory=dict)

    def rows(self, table: str, key: str = "id") -> dict[Any, dict[str, Any]]:
        """The rows of a table by key, dlt's own columns left out."""
        columns, rows = self.query(f"SELECT * FROM {self.dataset}.{table}")
        found = [dict(zip(columns, row, strict=True)) for row in rows]
        by_key = {row[key]: {name: value for name, value in row.items() if name[:4] != "_dlt"} for row in found}
        assert len(by_key) == len(found), f"{len(found) - len(by_key)} repeated keys in {table}"
        return by_key

    def scalar(self, sql: str) -> Any:
        """The one value of a SELECT."""
        return self.query(sql)[1][0][0]

    def assert_equal_to(self, shop: DemoShop, name: str = "resource", table: str = "ecommerce_data") -> None:
        """Every column of every row equals the shop's."""
        assert_same_rows(self.rows(table), {row["id"]: row for row in shop.rows(name)})


def duckdb_tables(path: Path, dataset: str = "ecommerce") -> Tables:
    """The tables of a DuckDB file; opened anew for each query, so that loads may write between them."""

    def query(sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        with duckdb.connect(str(path), read_only=True) as connection:
            cursor = connection.execute(sql)
            return [column[0] for column in cursor.description or []], cursor.fetchall()

    return Tables(query, dataset)


def assert_same_rows(found: Mapping[Any, Mapping[str, Any]], expected: Mapping[Any, Mapping[str, Any]]) -> None:
    """Both have the same keys, and the same values in every flat column, whatever their types in Python."""
    missing, extra = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    assert not missing, f"{len(missing)} rows missing, such as {missing[:5]}"
    assert not extra, f"{len(extra)} rows too many, such as {extra[:5]}"
    for key, row in expected.items():
        flat = {name: value for name, value in row.items() if not isinstance(value, dict | list)}
        for name, value in flat.items():
            if value is None:
                assert found[key].get(name) is None, (key, name, found[key].get(name))
            else:
                assert plain(found[key].get(name)) == plain(value), (key, name, found[key].get(name), value)


def plain(value: Any) -> Any:
    """A value without regard to its type: numbers as decimals, instants as aware UTC datetimes."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float | Decimal):
        return Decimal(str(value)).normalize()
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, str) and len(value) >= 19 and value[4:5] == "-" and value[10:11] in "T ":
        return plain(datetime.fromisoformat(value))
    return value
