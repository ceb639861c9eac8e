"""Shops that refuse a request because of others, as the shop sees it: what is asked again, when, and beside what."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.support.apis import api, windowed
from tests.support.loads import Tables, connection_json, make_load, perform
from tests.support.rows_api import RowsApi, serving

from ecom_source.errors import RequestFailedError
from ecom_source.http.session import Traffic, shop_session
from ecom_source.load.report import Report
from ecom_source.options import Options
from ecom_source.secrets.redactor import Redactor

ROWS = [{"id": key, "updated_at": "2026-01-01T00:00:00Z"} for key in range(1, 2951)]
PAGES = list(range(0, len(ROWS) - 1, 99))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits of 0.1, 0.2 and 0.4 seconds where the shop says none."""
    monkeypatch.setattr("ecom_source.http.session.BACKOFF_FACTOR", 0.1)


def load(shop: RowsApi, temp: Path, monkeypatch: pytest.MonkeyPatch, pages: int = 8) -> Report:
    monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url))
    resource = windowed("things", "/rows")
    return perform(make_load(api(resource), "things", options=Options(parallel_pages=pages)))


@pytest.mark.parametrize("status", [403, 503])
def test_what_is_refused_for_its_company_is_asked_again_alone(
    tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """A shop that takes three requests at once."""
    with serving(RowsApi(ROWS, seconds=0.05)) as shop:
        company: dict[int, int] = {}
        refused: list[int] = []

        def refuse(number: int) -> tuple[int, dict[str, str]] | None:
            company[number] = shop._at_once
            if shop._at_once < 3:
                return None
            refused.append(number)
            return status, {}

        shop.refuse = refuse
        report = load(shop, tmp_path, monkeypatch)
    assert refused
    assert tables.rows("things").keys() == {row["id"] for row in ROWS}
    # No page was asked for a third time, and at the second time no other request was under way.
    offsets = [shop.requests[number - 1] for number in refused]
    assert sorted(shop.requests) == sorted(PAGES + offsets)
    assert len(set(offsets)) == len(offsets)
    again = [number for number in company if shop.requests[number - 1] in shop.requests[: number - 1]]
    assert len(again) == len(refused)
    assert {company[number] for number in again} == {0}
    assert report.traffic.requests == len(shop.requests)
    assert dict(report.traffic.troubles) == dict(report.traffic.retries) == {str(status): len(refused)}
    assert report.traffic.waited[str(status)] >= 0.1 * len(refused)


@pytest.mark.parametrize(
    ("status", "pages", "asked", "says"),
    [
        pytest.param(403, 8, 2, "answered 403 to GET /rows", id="403: once more, alone"),
        pytest.param(503, 8, 5, "answered 503 to GET /rows.*after 5 attempts", id="503: and then three retries"),
        pytest.param(403, 1, 1, "answered 403 to GET /rows", id="403 without company: once"),
        pytest.param(503, 1, 4, "answered 503 to GET /rows.*after 4 attempts", id="503 without company: 4 times"),
        pytest.param(401, 8, 1, "answered 401 to GET /rows", id="401: once"),
    ],
)
def test_what_is_refused_alone_as_well_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, pages: int, asked: int, says: str
) -> None:
    with serving(RowsApi(ROWS, seconds=0.05)) as shop:
        shop.refuse = lambda number: (status, {}) if shop.requests[number - 1] == 495 else None
        with pytest.raises(RequestFailedError, match=says):
            load(shop, tmp_path, monkeypatch, pages)
    assert shop.requests.count(495) == asked


def test_the_one_that_is_asked_alone_waits_as_long_as_the_shop_says(
    tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(RowsApi(ROWS, seconds=0.05)) as shop:
        shop.refuse = lambda number: (403, {"Retry-After": "1.5"}) if number == 8 else None
        load(shop, tmp_path, monkeypatch)
    page = shop.requests[7]
    first, second = (at for at, offset in zip(shop.times, shop.requests, strict=True) if offset == page)
    assert 1.5 <= second - first < 3
    # So do all others.
    assert [at for at in shop.times if first + 0.5 < at < second] == []
    assert tables.rows("things").keys() == {row["id"] for row in ROWS}


@pytest.mark.parametrize(
    ("status", "headers", "waited"),
    [
        (429, {"X-Rate-Limit-Time-Reset-Ms": "20001"}, 21),
        (429, {"Retry-After": "2.0"}, 2),
        (429, {"Retry-After": "0.5"}, 1),
        (429, {"Retry-After": "1, 3"}, 3),
        (429, {"Retry-After": "soon", "RateLimit": '"default";r=0;t=7'}, 7),
        (429, {"Retry-After": "", "X-RateLimit-Reset": "4"}, 4),
        (429, {"X-RateLimit-Reset": "4102444800"}, 300),
        (429, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 2),
        (429, {"Retry-After": "0"}, 2),
        (503, {"Retry-After": "3"}, 3),
        # Only its window, which it tells with every answer.
        (503, {"X-RateLimit-Reset": "40", "X-RateLimit-Remaining": "17"}, 2),
        (503, {"X-RateLimit-Reset": "40", "X-RateLimit-Remaining": "0"}, 40),
    ],
)
def test_dlt_waits_as_the_shop_says(
    monkeypatch: pytest.MonkeyPatch, status: int, headers: dict[str, str], waited: float
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("ecom_source.http.session.BACKOFF_FACTOR", 2)
    monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=slept.append))
    refusals: Any = [(status, headers)]
    with serving(RowsApi(ROWS, refuse=lambda number: refusals.pop() if refusals else None)) as shop:
        session = shop_session(Redactor([]), Traffic())
        assert session.get(f"{shop.url}/rows").status_code == 200
        session.close()
    assert slept == [waited]
