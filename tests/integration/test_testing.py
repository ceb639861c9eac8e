"""`run_load`: one load of a description without a scheduler, for those who test their own."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dlt.common.configuration.container import Container
from dlt.common.pipeline import PipelineContext
from tests.support import PROJECT
from tests.support.airflow_process import run_python
from tests.support.apis import CATALOGUE, api, whole, windowed
from tests.support.loads import KEY, Tables, connection_json

from demo_shop import DemoShop
from ecom_source import Options
from ecom_source.errors import ApiConfigError, EcomError, RequestFailedError, WindowError
from ecom_source.testing import run_load
from ecom_source.window.run_window import Interval

ORDERS = api(windowed("orders"))
START = datetime(2020, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def test_every_resource_is_loaded_and_reported(shop: DemoShop, tables: Tables) -> None:
    description = api(windowed("orders"), whole("customers"), CATALOGUE)
    reports = run_load(description)
    assert list(reports) == ["orders", "customers", "ecommerce_data"]
    for name, resource in {"orders": "orders", "customers": "customers", "ecommerce_data": "resource"}.items():
        assert reports[name].rows[name] == len(shop.rows(resource))
        tables.assert_equal_to(shop, resource, name)


def test_a_run_has_the_kind_clock_and_interval_that_are_given(shop: DemoShop, tables: Tables) -> None:
    def window_of(**run: Any) -> tuple[Interval, datetime | None]:
        window = run_load(ORDERS, **run)["orders"].windows["orders"]
        return window.interval, window.watermark_after

    assert window_of(kind="scheduled", interval=(NOW - 3 * DAY, NOW - 2 * DAY), now=NOW) == (
        Interval(START, NOW - 2 * DAY),
        NOW - 2 * DAY,
    )
    # A backfill leaves the watermark where it is, and so does a window.
    first = Interval(START, START + DAY)
    assert window_of(kind="backfill", interval=(START, START + DAY), now=NOW) == (first, NOW - 2 * DAY)
    assert window_of(window_start=START, window_end="2020-01-02T01:00:00+01:00", now=NOW) == (first, NOW - 2 * DAY)
    end = window_of(now=NOW)
    assert (end[0].end, end[1]) == (NOW, NOW)
    assert window_of(full_refresh=True, now=NOW)[1] == NOW
    # As in a task: an interval of no length is a manual run.
    assert window_of(kind="scheduled", interval=(NOW, NOW), now=NOW + DAY)[1] == NOW + DAY


def test_the_dataset_and_the_options_are_those_that_are_given(shop: DemoShop, tables: Tables) -> None:
    run_load(ORDERS, dataset="mine", options={"orders": Options(parallel_pages=1)})
    Tables(tables.query, "mine").assert_equal_to(shop, "orders", "orders")


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"kind": "dataset_triggered"}, WindowError, "kind is 'dataset_triggered'. Expected: one of scheduled, "),
        ({"now": datetime(2026, 5, 1)}, WindowError, "now is '2026-05-01 00:00:00'. Expected: an aware datetime"),
        ({"now": "2026-05-01T00:00:00Z"}, WindowError, "now is '2026-05-01T00:00:00Z'. Expected: an aware datetime"),
        ({"kind": "backfill", "interval": (datetime(2026, 5, 1), NOW)}, WindowError, "interval is .* start and end"),
        ({"kind": "backfill", "interval": (NOW,)}, WindowError, "interval is .* start and end"),
        ({"kind": "backfill", "interval": NOW}, WindowError, "interval is .* start and end"),
        ({"kind": "scheduled"}, WindowError, "A scheduled run came without a data interval"),
        ({"window_start": datetime(2026, 5, 1)}, WindowError, "window_start is '2026-05-01 00:00:00', a date-time wi"),
        ({"dataset": ""}, ApiConfigError, "dataset_name is ''"),
        ({"options": {"order": Options()}}, ApiConfigError, "There are options for 'order'"),
    ],
    ids=str,
)
def test_what_cannot_be_run_is_refused_before_the_shop_is_asked(
    shop: DemoShop, tables: Tables, given: dict[str, Any], error: type[EcomError], message: str
) -> None:
    with pytest.raises(error, match=message):
        run_load(ORDERS, **given)
    assert shop.requests == []


def test_a_description_is_checked_as_elt_dag_does_at_parse(shop: DemoShop, tables: Tables) -> None:
    with pytest.raises(ApiConfigError, match="primry_key"):
        run_load(api({"name": "orders", "endpoint": {"path": "orders"}, "primry_key": "id"}))
    with pytest.raises(ApiConfigError, match="The name 'my-orders' cannot be that of a load"):
        run_load(api(whole("my-orders", "/v1/orders")))
    assert shop.requests == []


def test_a_load_that_fails_raises_the_package_s_own_error_and_leaves_nothing_behind(
    shop: DemoShop, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url, f"not {KEY}"))
    with pytest.raises(RequestFailedError, match="The shop answered 401"):
        run_load(ORDERS)
    assert list(Path(tempfile.gettempdir()).iterdir()) == []
    # dlt would go on with this pipeline wherever another one is not named.
    assert not Container()[PipelineContext].is_active()


def test_no_dag_is_imported_for_it() -> None:
    code = "import sys, ecom_source.testing; print(sorted(name for name in sys.modules if name.startswith('airflow')))"
    assert run_python(code).strip() == "[]"


def test_the_example_of_the_docs_runs_as_it_stands(shop: DemoShop, tmp_path: Path) -> None:
    page = (PROJECT / "docs" / "shops.md").read_text(encoding="utf-8")
    (example,) = [block for block in re.findall(r"```python\n(.+?)```", page, re.S) if "run_load" in block]
    (tmp_path / "test_my_shop.py").write_text(example)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_my_shop.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
