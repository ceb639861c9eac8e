"""Pages in parallel, as the shop sees them: how many requests, how many at once, and what a refusal does to them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from tenacity import BaseRetrying, Retrying
from tests.support.apis import api, whole, windowed
from tests.support.loads import Tables, connection_json, make_load, manual, perform
from tests.support.rows_api import RowsApi, serving

from ecom_source.dlt_internals.fallback import go_dlts_own_way
from ecom_source.load.report import Report
from ecom_source.options import Options
from ecom_source.window.run_window import Run

ROWS = [{"id": key, "updated_at": "2026-01-01T00:00:00Z"} for key in range(1, 2951)]
WHOLE, WINDOWED = whole("things", "/rows"), windowed("things", "/rows")


SECOND = timedelta(seconds=1)
PAST = manual(window_end=datetime(2026, 2, 1, tzinfo=UTC))
"""A window that is past: no row of it moves while it is read, so its pages need no overlap."""


def load(
    shop: RowsApi, resource: Any, monkeypatch: pytest.MonkeyPatch, pages: int = 8, run: Run | None = None
) -> Report:
    monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url))
    return perform(make_load(api(resource), "things", options=Options(parallel_pages=pages, filter_step=SECOND)), run)


@pytest.mark.parametrize(
    ("resource", "run", "step"),
    [
        pytest.param(WINDOWED, PAST, 100, id="a window that is past: as many requests as plain dlt"),
        pytest.param(WINDOWED, None, 99, id="up to now: each page begins with the last row of the one before"),
        pytest.param(WHOLE, None, 99, id="without a cursor: the same"),
    ],
)
def test_eight_requests_are_under_way_and_none_is_wasted(
    tables: Tables, monkeypatch: pytest.MonkeyPatch, resource: Any, run: Run | None, step: int
) -> None:
    with serving(RowsApi(ROWS, gather=8, gather_after=15)) as shop:
        report = load(shop, resource, monkeypatch, run=run)
    assert sorted(shop.requests) == list(range(0, len(ROWS) - 1, step))
    assert shop.most_at_once == 8
    assert report.traffic.requests == len(shop.requests)
    assert tables.rows("things").keys() == {row["id"] for row in ROWS}


@pytest.mark.parametrize(
    ("total", "pages"), [pytest.param(True, 1, id="parallel_pages=1"), pytest.param(False, 8, id="no total")]
)
def test_pages_are_read_one_after_the_other(
    tables: Tables, monkeypatch: pytest.MonkeyPatch, total: bool, pages: int
) -> None:
    with serving(RowsApi(ROWS[:500], seconds=0.02, total=total)) as shop:
        load(shop, WINDOWED, monkeypatch, pages)
    assert (shop.most_at_once, shop.requests) == (1, sorted(shop.requests))
    assert len(tables.rows("things")) == 500


def test_a_session_of_the_description_s_own_is_left_alone(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    from dlt.sources.helpers.requests import Client

    description = api(WINDOWED, client={"session": Client(raise_for_status=False).session})
    with serving(RowsApi(ROWS[:500], seconds=0.02)) as shop:
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url))
        perform(make_load(description, "things"))
    assert shop.most_at_once == 1
    assert len(tables.rows("things")) == 500


def test_without_tenacity_s_retries_around_it_pages_are_read_one_after_the_other(
    tables: Tables, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """dlt may put its retries elsewhere: that costs time, and no row."""

    def wraps(self: Retrying, send: Any) -> Any:
        return lambda *given, **more: self.copy()(send, *given, **more)

    monkeypatch.setattr(BaseRetrying, "wraps", wraps)
    go_dlts_own_way.cache_clear()
    with serving(RowsApi(ROWS, refuse=lambda number: (503, {"Retry-After": "0"}) if number == 7 else None)) as shop:
        load(shop, WINDOWED, monkeypatch)
    assert shop.most_at_once == 1
    # Each page once, and the one again that was refused.
    assert len(shop.requests) == len(set(shop.requests)) + 1
    assert tables.rows("things").keys() == {row["id"] for row in ROWS}
    (line,) = [each.getMessage() for each in caplog.records if each.name == "ecom_source.dlt_internals.fallback"]
    assert "there are no pages asked for in advance: " in line


def test_a_dependent_resource_is_read_page_by_page(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its pages are read in dlt's own order, while those of its parent come in advance."""
    child = whole("parts", "/parts/{resources.things.id}", endpoint={"data_selector": "data"})
    with serving(RowsApi(ROWS[:12])) as shop:
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url))
        paged = {**WHOLE, "endpoint": {**WHOLE["endpoint"], "paginator": {"type": "offset", "limit": 5}}}
        perform(make_load(api(paged, child), "things"))
    # Three pages of things, and the parts of each of the twelve.
    assert len(shop.requests) == 3 + 12
    assert {len(tables.rows(name)) for name in ("things", "parts")} == {12}


def test_all_requests_slow_down_together_and_none_uses_up_its_attempts(
    tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shop that takes four requests in a second, and tells the others to come again in one."""
    with serving(RowsApi(ROWS, seconds=0.01)) as shop:
        refused: list[float] = []

        def refuse(number: int) -> tuple[int, dict[str, str]] | None:
            now = shop.times[-1]
            lately = [at for at in shop.times[:-1] if at > now - 1 and at not in refused]
            if len(lately) < 4:
                return None
            refused.append(now)
            return 429, {"Retry-After": "1"}

        shop.refuse = refuse
        load(shop, WINDOWED, monkeypatch)
    assert refused
    # Those that were under way with the first one that was refused had been sent already.
    after = [at for at in shop.times if at > refused[0] + 0.2]
    assert after[0] - refused[0] >= 0.99
    # From then on they go one by one: no two in a row are refused.
    later = [at for at in shop.times if at >= after[0]]
    assert not any(one in refused and other in refused for one, other in pairwise(later))
    assert len(shop.requests) == 30 + len(refused)
    assert tables.rows("things").keys() == {row["id"] for row in ROWS}
