"""Shops whose clock differs from the worker's, or whose filter is not quite what it seems: no row lost, none twice."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.support.apis import api, windowed
from tests.support.clocked_shop import ClockedShop, between, serving
from tests.support.loads import KEY, Tables, backfill, connection_json, load_as, make_load, manual, perform

from ecom_source.errors import ApiConfigError, EcomError, LoadFailedError, WindowError
from ecom_source.http import shop_clock
from ecom_source.load.report import Report
from ecom_source.options import Options

Opened = Callable[..., ClockedShop]


def at(text: str) -> datetime:
    """`10:00` or `04 10:00:05` of March 2026, in UTC."""
    day, _, clock = text.rpartition(" ")
    return datetime.fromisoformat(f"2026-03-{day or '01'}T{clock}").replace(tzinfo=UTC)


def row(number: int, stamp: str) -> dict[str, Any]:
    return {"id": number, "updated_at": stamp}


def described(**more: Any) -> Any:
    incremental = {"start_param": "since", "end_param": "until", **more.pop("incremental", {})}
    return api(windowed("things", "/things", incremental=incremental, **more))


@pytest.fixture
def open_shop(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """Opens a shop, which the Connection `ecom_api` then points to."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def opened(rows: list[dict[str, Any]], **more: Any) -> ClockedShop:
            shop = stack.enter_context(serving(ClockedShop(rows, **{"gives": between(), **more})))
            monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url, KEY))
            return shop

        yield opened


@pytest.fixture
def run() -> Callable[..., Report]:
    """Runs a load of `things` with the worker's clock at a time of March."""

    def run(now: str, description: Any = None, *, options: Options | None = None, **fields: Any) -> Report:
        load = manual(now=at(now), **fields)
        return load_as(description or described(), load, options=options)["things"]

    return run


Run = Callable[..., Report]


def watermark(report: Report) -> datetime | None:
    return report.windows["things"].watermark_after


@pytest.mark.parametrize("ahead", [300, -300], ids=["worker ahead", "shop ahead"])
def test_the_earlier_of_both_clocks_is_the_watermark(
    open_shop: Opened,
    run: Run,
    tables: Tables,
    ahead: int,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Airflow sets all loggers up anew when a process first needs it, which would hide the line here.
    logger = logging.Logger("clock")
    logger.addHandler(caplog.handler)
    monkeypatch.setattr(shop_clock, "logger", logger)
    shop = open_shop([row(1, "2026-03-01T09:00:00Z")])
    skew = timedelta(seconds=ahead)

    def load_at(moment: datetime) -> Report:
        shop.clock = moment
        return run((moment + skew).strftime("%d %H:%M:%S"))

    first = load_at(at("10:00"))
    assert watermark(first) == min(at("10:00"), at("10:00") + skew)
    # The shop's stands still, while the first load takes its seconds.
    assert re.search(r"The clocks differ by [23]\d\d s, which is more than the lag of 60 s", caplog.text)
    shop.rows.append(row(2, "2026-03-01T10:02:00Z"))
    load_at(at("10:10"))
    load_at(at("11:00"))
    assert set(tables.rows("things")) == {1, 2}


@pytest.mark.parametrize("date", [None, "", "soon", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_without_a_date_that_tells_the_time_the_workers_clock_counts(
    open_shop: Opened, run: Run, date: str | None
) -> None:
    open_shop([row(1, "2026-03-01T09:00:00Z")], clock=date)
    assert watermark(run("10:00")) == at("10:00")


def test_a_window_that_is_wholly_in_the_shops_future_is_no_green_run(open_shop: Opened, run: Run) -> None:
    shop = open_shop([row(1, "2026-03-01T09:00:00Z")], clock=at("10:00"))
    run("10:00")
    with pytest.raises(WindowError, match="lies wholly in the future: it is 2026-03-01T10:00:00Z"):
        load_as(described(), backfill("2026-03-02", "2026-03-03"))
    with pytest.raises(WindowError, match="lies wholly in the future"):
        run("02 00:00", window_start=at("01 12:00"))
    assert watermark(run("10:05")) == at("10:00")
    assert shop.requests


def test_a_run_that_dies_after_its_read_leaves_neither_rows_nor_watermark(
    open_shop: Opened, run: Run, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = open_shop([row(1, "2026-03-01T09:00:00Z")], clock=at("10:00"))
    run("10:00")
    shop.rows.append(row(2, "2026-03-01T10:30:00Z"))
    shop.clock = at("11:00")
    for step in ("normalize", "load"):
        load = make_load(described(), "things")
        with monkeypatch.context() as patch:
            patch.setattr(load.pipeline, step, lambda *_, **__: (_ for _ in ()).throw(OSError("killed")))
            with pytest.raises((LoadFailedError, EcomError)):
                perform(load, manual(now=at("11:00")))
    report = run("11:00")
    assert (report.windows["things"].watermark_before, watermark(report)) == (at("10:00"), at("11:00"))
    assert set(tables.rows("things")) == {1, 2}


@pytest.mark.parametrize("lag", [None, 0, 60])
def test_a_filter_that_starts_after_its_bound_loses_no_row(
    open_shop: Opened, run: Run, tables: Tables, lag: int | None
) -> None:
    shop = open_shop([row(1, "2026-03-01T11:00:00Z")], gives=between(after=True))
    description = described(incremental={} if lag is None else {"lag": lag})
    run("12:00", description)
    # In the very second in which the first run ended.
    shop.rows.append(row(2, "2026-03-01T12:00:00Z"))
    run("13:00", description)
    run("14:00", description)
    assert set(tables.rows("things")) == {1, 2}


def test_a_row_that_is_shown_late_is_loaded_where_no_lag_is_described(
    open_shop: Opened, run: Run, tables: Tables
) -> None:
    shop = open_shop([row(1, "2026-03-01T09:00:00Z")])
    run("10:00")
    shop.rows.append(row(2, "2026-03-01T09:59:01Z"))
    run("10:10")
    assert set(tables.rows("things")) == {1, 2}


def test_a_filter_that_cuts_to_the_day_gives_all_rows_of_the_day_all_the_same(
    open_shop: Opened, run: Run, tables: Tables
) -> None:
    every = [row(day * 100 + hour, f"2026-03-{day:02}T{hour:02}:00:00Z") for day in range(1, 5) for hour in (1, 9, 15)]
    shop = open_shop([], gives=between(cut=10))
    for day in (2, 3, 4, 5):
        shop.rows = [each for each in every if each["updated_at"] < f"2026-03-{day:02}T12"]
        run(f"{day:02} 12:00")
        assert set(tables.rows("things")) == {each["id"] for each in shop.rows}


@pytest.mark.parametrize("cut", [None, 10])
def test_the_step_of_a_filter_is_found_after_the_first_window_in_the_past(
    open_shop: Opened, tables: Tables, cut: int | None
) -> None:
    rows = [row(day * 100 + hour, f"2026-03-{day:02}T{hour:02}:05:00Z") for day in range(1, 9) for hour in (1, 9, 15)]
    shop = open_shop(rows, gives=between(cut=cut))

    def fill(start: str, end: str) -> int:
        before = len(shop.requests)
        load_as(described(), backfill(start, end))
        return len(shop.requests) - before

    assert fill("2026-03-02T10:00:00", "2026-03-03T10:00:00") == 2
    assert fill("2026-03-03T10:00:00", "2026-03-04T10:00:00") == 1
    asked = shop.requests[-1]
    if cut is None:
        assert (asked["since"], asked["until"]) == ("2026-03-03T09:59:59Z", "2026-03-04T10:00:01Z")
    else:
        assert (asked["since"], asked["until"]) == ("2026-03-02T10:00:00Z", "2026-03-05T10:00:00Z")
    loaded = set(tables.rows("things"))
    assert {each["id"] for each in rows if "2026-03-02T10" <= each["updated_at"] < "2026-03-04T10"} <= loaded
    assert all(key < 411 for key in loaded)


def test_a_step_that_is_given_is_not_looked_for(open_shop: Opened, run: Run) -> None:
    shop = open_shop([row(1, "2026-03-02T09:00:00Z")])
    options = Options(filter_step=timedelta(hours=1))
    load_as(described(), backfill("2026-03-02", "2026-03-03"), options=options)
    assert [(each["since"], each["until"]) for each in shop.requests] == [
        ("2026-03-01T23:00:00Z", "2026-03-03T01:00:00Z")
    ]
    assert watermark(run("05 10:30", options=options)) == at("05 10:00")


@pytest.mark.parametrize("key", ["id", None])
def test_appended_rows_come_once(open_shop: Opened, run: Run, tables: Tables, key: str | None) -> None:
    shop = open_shop([row(number, f"2026-03-01T09:59:{number:02}Z") for number in range(50)], clock=at("10:00"))
    description = described(write_disposition="append", primary_key=key or [])
    run("10:00", description)
    shop.clock = at("10:05")
    shop.rows.append(row(99, "2026-03-01T10:05:00Z"))
    # In the second in which the run ends: it may be shown now, and it may change again.
    run("10:05:00.500000", description)
    for minute in (6, 7):
        shop.clock = at(f"10:0{minute}")
        run(f"10:0{minute}", description)
    assert tables.scalar("SELECT count(*) FROM ecommerce.things") == 51
    assert set(tables.rows("things")) == {each["id"] for each in shop.rows}


def test_appended_rows_with_a_key_come_once_through_lags_windows_and_backfills(
    open_shop: Opened, run: Run, tables: Tables
) -> None:
    shop = open_shop([row(number, f"2026-03-01T09:{number:02}:00Z") for number in range(50)], clock=at("10:00"))
    description = described(write_disposition="append", incremental={"lag": 3600})
    run("10:00", description)
    # Shown late.
    shop.rows.append(row(60, "2026-03-01T09:30:30Z"))
    shop.clock = at("10:05")
    run("10:05", description)
    run("10:06", description, window_start=at("09:00"), window_end=at("09:20"))
    load_as(description, backfill("2026-03-01T09:00:00", "2026-03-01T10:00:00"))
    run("10:07", description, full_refresh=True)
    assert tables.scalar("SELECT count(*) FROM ecommerce.things") == 51
    assert set(tables.rows("things")) == {each["id"] for each in shop.rows}


def test_a_lag_for_rows_that_are_appended_without_a_key_is_refused(open_shop: Opened, run: Run) -> None:
    shop = open_shop([row(1, "2026-03-01T09:00:00Z")])
    with pytest.raises(ApiConfigError, match="appends rows without a primary key, and its `lag` reads some of them"):
        run("10:00", described(write_disposition="append", primary_key=[], incremental={"lag": 60}))
    assert shop.requests == []


def test_a_full_refresh_keeps_rows_that_change_meanwhile_and_those_dated_in_the_future(
    open_shop: Opened, run: Run, tables: Tables
) -> None:
    shop = open_shop([row(number, "2026-01-01T00:00:00Z") for number in range(300)], clock=at("10:00"))
    shop.rows[7] = row(7, "2030-01-01T00:00:00Z")
    run("10:00")
    # Its time has not come.
    assert set(tables.rows("things")) == set(range(300)) - {7}

    def change(number: int) -> None:
        if number == 2:
            shop.clock = at("10:05")
            shop.rows[200:220] = [row(each, "2026-03-01T10:04:00Z") for each in range(200, 220)]

    shop.requests.clear()
    shop.then = change
    report = run("10:02", full_refresh=True)
    assert set(tables.rows("things")) == set(range(300))
    assert all("since" not in each and "until" not in each for each in shop.requests)
    # It is complete up to where it began.
    assert watermark(report) == at("10:00")
    run("10:10")
    assert set(tables.rows("things")) == set(range(300))


def test_placeholders_of_a_full_refresh_ask_from_the_first_value_to_the_end_of_time(
    open_shop: Opened, run: Run, tables: Tables
) -> None:
    shop = open_shop([row(1, "2026-03-01T09:00:00Z"), row(2, "2019-03-01T09:00:00Z")], clock=at("10:00"))
    block = {"start_param": None, "end_param": None}
    params = {"since": "{incremental.start_value}", "until": "{incremental.end_value}"}
    description = described(incremental=block, endpoint={"params": params})
    for each in ("start_param", "end_param"):
        del description["resources"][0]["endpoint"]["incremental"][each]
    run("10:00", description, full_refresh=True)
    assert (shop.requests[0]["since"], shop.requests[0]["until"]) == ("2020-01-01T00:00:00Z", "9999-12-31T23:59:59Z")
    run("10:00", description)
    assert (shop.requests[1]["since"], shop.requests[1]["until"]) == ("2026-03-01T09:59:00Z", "2026-03-02T10:00:00Z")
    assert set(tables.rows("things")) == {1}


BEHIND = [pytest.param(None, id="not known"), pytest.param("America/New_York", id="given")]


@pytest.mark.parametrize("zone", BEHIND)
def test_local_times_lose_no_row(open_shop: Opened, run: Run, tables: Tables, zone: str | None) -> None:
    shop = open_shop([row(1, "2026-03-01T05:00:00")], clock=at("12:00"))
    description = described(incremental={"initial_value": "2020-01-01T00:00:00"})
    run("12:00", description, options=Options(time_zone=zone))
    shop.rows.append(row(2, "2026-03-01T07:30:00"))
    shop.clock = at("13:00")
    report = run("13:00", description, options=Options(time_zone=zone))
    assert watermark(report) == at("13:00")
    assert set(tables.rows("things")) == {1, 2}
    assert shop.requests[-1]["since"] == ("2026-02-28T23:59:00" if zone is None else "2026-03-01T06:59:00")


@pytest.mark.parametrize(
    "like",
    ["2020-01-01T00:00:00+0000", "2020-01-01 00:00:00 UTC", "20200101T000000Z", "2020-01-01T00:00:00.000000000Z"],
)
def test_every_bound_has_the_shape_of_the_initial_value(open_shop: Opened, run: Run, tables: Tables, like: str) -> None:
    def stamped(moment: datetime) -> str:
        from ecom_source.window.cursor_format import cursor_of

        return str(cursor_of(like, resource="things").render(moment))

    shop = open_shop([row(1, stamped(at("10:00")))], clock=at("11:00"))
    description = described(incremental={"initial_value": like})
    run("11:00", description)
    shop.rows.append(row(2, stamped(at("11:30"))))
    shop.clock = at("12:00")
    run("12:00", description)
    assert set(tables.rows("things")) == {1, 2}
    assert all(len(each["since"]) == len(each["until"]) == len(like) for each in shop.requests)


def test_numbers_that_are_not_asked_for_up_to_an_end_are_read_as_far_as_they_have_come(
    open_shop: Opened, run: Run, tables: Tables
) -> None:
    """A counter in the range of epoch seconds is no different from them."""
    shop = open_shop(
        [{"id": number, "version": 1_500_000_000 + number} for number in range(5)],
        gives=lambda row, params: row["version"] > int(params.get("after", 0)),
        clock=at("10:00"),
    )
    description = described(
        incremental={"cursor_path": "version", "initial_value": 1_400_000_000, "start_param": "after"}
    )
    del description["resources"][0]["endpoint"]["incremental"]["end_param"]
    run("10:00", description)
    run("10:05", description)
    shop.rows.append({"id": 9, "version": 1_500_000_009})
    shop.rows[0] = {"id": 0, "version": 1_500_000_010}
    shop.clock = at("11:00")
    run("11:00", description)
    assert {key: each["version"] for key, each in tables.rows("things").items()} == {
        each["id"]: each["version"] for each in shop.rows
    }


def test_a_counter_that_would_be_in_the_future_is_named(open_shop: Opened, run: Run) -> None:
    open_shop(
        [{"id": 1, "version": 3_000_000_000}],
        gives=lambda row, params: row["version"] > int(params.get("after", 0)),
        clock=at("10:00"),
    )
    description = described(
        incremental={"cursor_path": "version", "initial_value": 1_500_000_000, "start_param": "after"}
    )
    del description["resources"][0]["endpoint"]["incremental"]["end_param"]
    with pytest.raises(ApiConfigError, match="It seems to be a counter") as caught:
        run("10:00", description)
    assert "leave `incremental` out" in caught.value.fix
