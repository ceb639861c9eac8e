"""What shops say of waiting, in all the ways in which they say it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from ecom_source.http.rate_limit_headers import RESET_HEADERS, RETRY_HEADERS, milliseconds, quotas, seconds, told_wait

NOW = datetime(2026, 1, 1, tzinfo=UTC)
"""By the shop's clock."""
DATE = {"Date": format_datetime(NOW, usegmt=True)}
WAITS = st.integers(1, 1_000_000)
TIMES = {name for name, read in {**RETRY_HEADERS, **RESET_HEADERS}.items() if read is seconds}


def told(status: int = 429, **headers: str) -> float | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return told_wait(CaseInsensitiveDict({**DATE, **named}), status)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("2", 2),
        ("2.0", 2),
        ("0.25", 0.25),
        (" 3 ", 3),
        ("1, 1", 1),
        ("3,7", 7),
        ("Thu, 01 Jan 2026 00:00:09 GMT", 9),
        ("Thu, 01 Jan 2026 00:00:09 GMT, Thu, 01 Jan 2026 00:00:09 GMT", 9),
        ("Thursday, 01-Jan-26 00:00:09 GMT", 9),
        ("2026-01-01T00:00:08Z", 8),
        ("2026-01-01T01:00:08+01:00", 8),
        ("2026-01-01 00:00:08", 8),
        ("1767225610", 10),
        ("1767225610.5", 10.5),
        ("1767225610500", 10.5),
        ("999999999", 999_999_999),
        ("", None),
        ("0", None),
        ("0.0", None),
        ("-1", None),
        ("1,", None),
        ("soon", None),
        ("nan", None),
        ("1e3", None),
        ("٣", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", None),
        ("1767225500", None),
        ("9" * 400, float("inf")),
    ],
)
def test_a_number_is_a_wait_or_a_point_in_time_by_its_size(value: str, wait: float | None) -> None:
    assert seconds(value, NOW) == (pytest.approx(wait) if wait else wait)


@pytest.mark.parametrize(("value", "wait"), [("20000", 20), ("1", 0.001), ("0", None), ("", None), ("20 s", None)])
def test_a_number_of_milliseconds(value: str, wait: float | None) -> None:
    assert milliseconds(value, NOW) == wait


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ('"default";r=50;t=30', 30),
        ("default;r=0;t=30", 30),
        ('"burst";r=0;t=20, "daily";r=500;t=3600', 20),
        ('"burst";r=3;t=20, "daily";r=0;t=3600', 3600),
        ('"burst";r=0;t=20, "daily";r=0;t=3600', 3600),
        ('"burst";t=20, "daily";t=3600', 20),
        ('"daily";t=30;r=0;pk=:dHJpYWwxMjEzMjM=:', 30),
        ("limit=10, remaining=0, reset=4", 4),
        ('"default";r=0', None),
        ('"default";r=0;t=0', None),
        ("", None),
        ("100", None),
    ],
)
def test_a_list_of_quotas(value: str, wait: float | None) -> None:
    assert quotas(value, NOW) == wait


def test_when_to_ask_again_comes_before_when_the_window_ends() -> None:
    assert told(Retry_After="2", X_RateLimit_Reset="50") == 2
    assert told(retry_after="2") == 2
    assert told(Retry_After="", X_RateLimit_Reset="50") == 50
    assert told(Retry_After="0", X_Rate_Limit_Time_Reset_Ms="1500") == 1.5
    assert told() is None


@pytest.mark.parametrize(
    ("status", "left", "wait"), [(429, "5", 50), (503, "5", None), (403, "0", 50), (503, " 0", 50), (500, "", None)]
)
def test_the_end_of_the_window_counts_where_no_request_is_left(status: int, left: str, wait: float | None) -> None:
    assert told(status, X_RateLimit_Reset="50", X_RateLimit_Remaining=left) == wait


@pytest.mark.parametrize("shown", ["Thu, 01 Jan 1970 00:00:05 GMT", "yesterday", ""])
def test_without_a_clock_of_the_shop_the_worker_s_counts(shown: str) -> None:
    until = datetime.now(UTC) + timedelta(seconds=100)
    wait = told_wait({"Date": shown, "Retry-After": format_datetime(until, usegmt=True)}, 429)
    assert wait is not None
    assert 95 < wait <= 100


@given(
    name=st.sampled_from(sorted(TIMES)),
    wait=WAITS,
    ahead=st.timedeltas(timedelta(days=-3000), timedelta(days=3000)),
    form=st.sampled_from(["number", "seconds", "milliseconds", "date", "iso"]),
)
def test_every_form_of_a_wait_is_the_same_wait_whatever_the_shop_s_clock_says(
    name: str, wait: int, ahead: timedelta, form: str
) -> None:
    clock = (NOW + ahead).replace(microsecond=0)
    until = clock + timedelta(seconds=wait)
    value = {
        "number": str(wait),
        "seconds": str(int(until.timestamp())),
        "milliseconds": str(int(until.timestamp()) * 1000),
        "date": format_datetime(until, usegmt=True),
        "iso": until.isoformat(),
    }[form]
    headers = CaseInsensitiveDict({"Date": format_datetime(clock, usegmt=True), name.lower(): value})
    assert told_wait(headers, 429) == wait


@given(name=st.sampled_from(sorted({**RETRY_HEADERS, **RESET_HEADERS})), value=st.text(), shown=st.text())
def test_no_text_is_an_error_or_a_wait_of_nothing(name: str, value: str, shown: str) -> None:
    wait = told_wait({name: value, "Date": shown}, 429)
    assert wait is None or wait > 0
