"""The run contract against a real shop and warehouse: what is asked, what is loaded, where the watermark goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.integration.conftest import Loader
from tests.support.apis import CATALOGUE, api, windowed
from tests.support.loads import Tables, backfill, load_as, manual, scheduled

from demo_shop import DemoShop
from ecom_source.errors import WindowError
from ecom_source.options import Options
from ecom_source.window.run_window import Run, iso

API = api(windowed("ecommerce_data", "/v1/resource", columns=CATALOGUE["columns"]))
FIRST = "2020-01-01T00:00:00Z"
W = "2025-07-01T00:00:00Z"
LAGGED = "2025-06-30T23:59:00Z"
"""A minute before: the lag where the description has none."""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


RUNS: dict[str, tuple[Run, str, str | None, str | None]] = {
    "scheduled, the next interval": (
        scheduled("2025-07-01", "2025-07-02"),
        LAGGED,
        "2025-07-02T00:00:00Z",
        "2025-07-02T00:00:00Z",
    ),
    "scheduled, after a pause": (
        scheduled("2025-07-09", "2025-07-10"),
        LAGGED,
        "2025-07-10T00:00:00Z",
        "2025-07-10T00:00:00Z",
    ),
    "scheduled, W inside its interval": (
        scheduled("2025-06-01", "2025-08-01"),
        "2025-06-01T00:00:00Z",
        "2025-08-01T00:00:00Z",
        "2025-08-01T00:00:00Z",
    ),
    "scheduled, cleared and run again": (
        scheduled("2025-01-01", "2025-02-01"),
        "2025-01-01T00:00:00Z",
        "2025-02-01T00:00:00Z",
        W,
    ),
    "backfill": (backfill("2024-03-01", "2024-04-01"), "2024-03-01T00:00:00Z", "2024-04-01T00:00:00Z", W),
    "backfill beyond W": (
        backfill("2025-08-01", "2025-09-01"),
        "2025-08-01T00:00:00Z",
        "2025-09-01T00:00:00Z",
        W,
    ),
    "manual": (manual(), LAGGED, None, None),
    "manual with a window": (
        manual(window_start=at("2024-05-01T00:00:00Z"), window_end=at("2024-06-01T00:00:00+02:00")),
        "2024-05-01T00:00:00Z",
        "2024-05-31T22:00:00Z",
        W,
    ),
    "manual with a start": (manual(window_start=at("2026-01-01T00:00:00Z")), "2026-01-01T00:00:00Z", None, W),
    "manual with an end": (
        manual(window_end=at("2024-06-01T00:00:00Z")),
        FIRST,
        "2024-06-01T00:00:00Z",
        W,
    ),
    "full refresh": (manual(full_refresh=True), FIRST, None, None),
}
"""By kind: the run, the bounds that the shop is asked for and the watermark afterwards; None stands for now."""


@pytest.mark.parametrize("name", RUNS)
def test_each_run_reads_its_window_and_moves_the_watermark_by_the_contract(
    shop: DemoShop, load: Loader, tables: Tables, name: str
) -> None:
    load(API, scheduled("2025-06-30", "2025-07-01"))
    before = set(tables.rows("ecommerce_data"))
    assert before == {row["id"] for row in shop.rows("resource") if row["updated_at"] < W}
    shop.reset_log()
    run, since, until, watermark = RUNS[name]
    report = load(API, run)["ecommerce_data"]
    window = report.windows["ecommerce_data"]
    now = run.now.replace(microsecond=0)
    assert len({(each.params.get("updated_since"), each.params.get("updated_before")) for each in shop.requests}) == 1
    asked = shop.requests[0].params
    if run.full_refresh:
        assert "updated_since" not in asked
        assert "updated_before" not in asked
    else:
        # Wider by a second, the step of the shop's filter, which the load before has found.
        assert asked["updated_since"] == (since if window.lag else iso(at(since) - timedelta(seconds=1)))
        end = at(until) if until else now + timedelta(seconds=1)
        assert asked["updated_before"] == iso(end + timedelta(seconds=1))
    assert (iso(window.interval.start), iso(window.interval.end)) == (since, until or iso(run.now))
    assert iso(window.watermark_before) == W
    assert iso(window.watermark_after) == (watermark or iso(now))
    expected = {row["id"] for row in shop.rows("resource") if since <= row["updated_at"] < (until or "9")}
    assert set(tables.rows("ecommerce_data")) == (before | expected)
    # And whatever came before, a manual run without a window makes the table equal the shop.
    load(API)
    tables.assert_equal_to(shop)


def test_a_first_backfill_leaves_no_watermark_so_that_the_first_scheduled_run_reads_all(
    shop: DemoShop, load: Loader, tables: Tables
) -> None:
    report = load(API, backfill("2025-01-01", "2025-02-01"))["ecommerce_data"]
    assert report.windows["ecommerce_data"].watermark_after is None
    assert load(API, scheduled("2026-06-30", "2026-07-01"))["ecommerce_data"].rows == {"ecommerce_data": 340}
    tables.assert_equal_to(shop)


REFUSED: dict[str, tuple[Run, str]] = {
    "empty": (manual(window_start=at(W), window_end=at(W)), "is empty"),
    "reversed": (manual(window_start=at(W), window_end=at(FIRST)), "is reversed"),
    "a window and a full refresh": (manual(window_start=at(W), full_refresh=True), "together with"),
    "no interval": (Run("scheduled", now=datetime.now(UTC)), "without a data interval"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_window_that_cannot_be_is_refused_before_any_request(shop: DemoShop, load: Loader, name: str) -> None:
    load(API, scheduled("2025-12-31", "2026-01-01"))
    shop.reset_log()
    run, message = REFUSED[name]
    with pytest.raises(WindowError, match=message) as caught:
        load(API, run)
    assert "Expected: " in str(caught.value)
    assert shop.requests == []


def test_a_lag_reads_a_margin_again_for_rows_committed_late(shop: DemoShop, load: Loader, tables: Tables) -> None:
    description = api(windowed("ecommerce_data", "/v1/resource", incremental={"lag": 3600}))
    load(description, scheduled("2026-06-30", "2026-07-01"))
    late = shop.late_commit("resource", "2026-06-30T23:30:00Z")
    shop.reset_log()
    report = load(description, scheduled("2026-07-01", "2026-07-02"))["ecommerce_data"]
    assert shop.requests[0].params["updated_since"] == "2026-06-30T23:00:00Z"
    assert late["id"] in tables.rows("ecommerce_data")
    assert iso(report.windows["ecommerce_data"].watermark_after) == "2026-07-02T00:00:00Z"


CURSORS: dict[str, tuple[dict[str, Any], str, str]] = {
    "ISO with Z": ({}, "2024-12-31T23:59:59Z", "2025-02-02T00:00:00Z"),
    "ISO with an offset": (
        {"incremental": {"initial_value": "2020-01-01T00:00:00+00:00"}},
        "2024-12-31T23:59:59+00:00",
        "2025-02-02T00:00:00+00:00",
    ),
    "ISO with milliseconds": (
        {"incremental": {"initial_value": "2020-01-01T00:00:00.000Z"}},
        "2024-12-31T23:59:59.999Z",
        "2025-02-02T00:00:00.000Z",
    ),
    "epoch seconds": (
        {
            "path": "/v2/resource",
            "incremental": {"initial_value": 1577836800, "start_param": "since", "end_param": "until"},
            "paginator": {"type": "page_number", "base_page": 1, "total_path": "total_pages"},
        },
        "1735689599",
        "1738454400",
    ),
    "epoch milliseconds": (
        {
            "path": "/v3/resource",
            "incremental": {"initial_value": 1577836800000, "start_param": "from_ms", "end_param": "to_ms"},
            "paginator": {"type": "cursor", "cursor_path": "next_cursor", "cursor_param": "cursor"},
        },
        "1735689599999",
        "1738454400000",
    ),
    "dates": (
        {
            "path": "/v4/resource",
            "incremental": {
                "cursor_path": "updated_on",
                "initial_value": "2020-01-01",
                "start_param": "modified_from",
                "end_param": "modified_to",
            },
            "paginator": {"type": "json_link", "next_url_path": "next"},
        },
        "2024-12-30",
        "2025-02-03",
    ),
    "the API's own format": (
        {"incremental": {"convert": lambda value: value.replace("Z", "+00:00")}},
        "2024-12-31T23:59:59+00:00",
        "2025-02-02T00:00:00+00:00",
    ),
}


@pytest.mark.parametrize("sloppy", [False, True], ids=["", "sloppy API"])
@pytest.mark.parametrize("name", CURSORS)
def test_cursors_of_every_shape_reach_the_api_in_its_format_and_filter_its_rows(
    shop: DemoShop, load: Loader, tables: Tables, name: str, sloppy: bool
) -> None:
    more, since, until = CURSORS[name]
    path = more.get("path", "/v1/resource")
    endpoint = {"paginator": more["paginator"]} if "paginator" in more else {}
    description = api(windowed("ecommerce_data", path, incremental=more.get("incremental", {}), endpoint=endpoint))
    shop.set_habits(ignore_window=sloppy)
    load(description, backfill("2025-01-01", "2025-02-01"))
    start, end = more.get("incremental", {}).get("start_param"), more.get("incremental", {}).get("end_param")
    params = shop.requests[0].params
    assert (params[start or "updated_since"], params[end or "updated_before"]) == (since, until)
    # What an API gives from before the window all the same is merged; what is from its end on is left to the next.
    first = "2020" if sloppy else "2025-01"
    expected = {row["id"] for row in shop.rows("resource") if first <= row["updated_at"] < "2025-02"}
    assert len(expected) > 5
    early = expected ^ set(tables.rows("ecommerce_data"))
    # The days around a window of dates, whose zone is not known.
    assert {row["updated_at"][:10] for row in shop.rows("resource") if row["id"] in early} <= (
        {"2024-12-30", "2024-12-31", "2025-02-01", "2025-02-02"} if name == "dates" else set()
    )


@pytest.mark.parametrize("zone", ["UTC", None])
def test_a_time_zone_is_taken_where_it_is_given_and_suggested_where_it_is_not(
    shop: DemoShop, tables: Tables, zone: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    shop.set_habits(drop_timezone=True)
    description = api(
        windowed(
            "ecommerce_data",
            "/v1/resource",
            incremental={"initial_value": "2020-01-01T00:00:00", "convert": lambda value: value + "Z"},
        )
    )
    with caplog.at_level("WARNING"):
        load_as(description, backfill("2025-01-01", "2025-02-01"), options=Options(time_zone=zone))
    rows = {row["id"]: row["updated_at"] for row in shop.rows("resource")}
    assert {key for key, at in rows.items() if "2025-01" <= at < "2025-02"} <= set(tables.rows("ecommerce_data"))
    asked = shop.requests[0].params
    if zone is None:
        assert (asked["updated_since"], asked["updated_before"]) == ("2024-12-31T11:59:59Z", "2025-02-02T14:00:00Z")
        assert "ecommerce_data: its cursor names no time zone" in caplog.text
        assert 'options={"ecommerce_data": Options(time_zone="' in caplog.text
    else:
        assert (asked["updated_since"], asked["updated_before"]) == ("2024-12-31T23:59:59Z", "2025-02-02T00:00:00Z")
        assert "time zone" not in caplog.text


def test_a_row_without_the_cursor_is_loaded_where_the_description_says_so(
    shop: DemoShop, load: Loader, tables: Tables
) -> None:
    description = api(
        windowed(
            "ecommerce_data",
            "/v1/resource",
            incremental={"on_cursor_value_missing": "include"},
            processing_steps=[{"map": lambda row: {**row, "updated_at": None} if row["id"] == 3 else row}],
        )
    )
    load(description)
    assert len(tables.rows("ecommerce_data")) == 340
