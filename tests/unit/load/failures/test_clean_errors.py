"""Errors on their way to a person: explained where they can be, and without a secret."""

from __future__ import annotations

import json
import logging
import traceback
from urllib.parse import quote_plus

import pytest
import requests
from tests.support.failures import BASE_URL, SHOP, URL, answered, failure, in_step
from tests.support.loads import KEY

from ecom_source.errors import (
    LoadFailedError,
    PayloadError,
    RequestFailedError,
    ShopUnavailableError,
    WorkerError,
)
from ecom_source.load.failures.clean_errors import explained, raised_without_secrets


def test_one_of_ours_is_found_in_any_step() -> None:
    ours = PayloadError("found.", expected="expected.", fix="fix.")
    assert explained(failure(in_step("load", ours))) is ours


def test_a_chain_that_bites_its_tail_ends() -> None:
    one, two = RuntimeError("one"), RuntimeError("two")
    one.__context__, two.__context__ = two, one
    assert type(explained(failure(one))) is LoadFailedError
    assert type(explained(failure(in_step("extract", one)))) is LoadFailedError


def leaving(error: BaseException) -> BaseException:
    """What a load lets out where `error` was raised inside."""
    error.__context__ = ConnectionError(f"inner: {URL} w4rehouse")
    try:
        with raised_without_secrets(SHOP, BASE_URL, ["w4rehouse"]):
            raise error
    except BaseException as found:
        return found
    raise AssertionError("nothing came out")


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        pytest.param(answered(401), RequestFailedError, "The shop answered 401", id="the shop's"),
        pytest.param(
            in_step("extract", requests.ConnectionError(URL)), ShopUnavailableError, "api_key=***", id="a URL"
        ),
        pytest.param(
            answered(403, body=json.dumps({"message": f"{KEY} is no key of ours"})),
            RequestFailedError,
            'saying "*** is no key of ours"',
            id="the shop's words",
        ),
        pytest.param(
            PayloadError(f"Row {KEY}.", expected=f"not {KEY}.", fix=f"hide {quote_plus(KEY)}."),
            PayloadError,
            "Row ***. Expected: not ***. To fix: hide ***.",
            id="one of ours",
        ),
        pytest.param(
            in_step("load", ValueError("postgres://loader:w4rehouse@db")),
            LoadFailedError,
            "postgres://loader:***@db",
            id="the warehouse's",
        ),
        pytest.param(
            WorkerError(f"again {KEY}", expected=KEY, fix=KEY),
            WorkerError,
            "again *** Expected: *** To fix: ***",
            id="one that was explained already",
        ),
        pytest.param(KeyError(KEY), LoadFailedError, "KeyError: '***'", id="a repr"),
    ],
)
def test_no_secret_leaves_a_load(
    error: BaseException, kind: type[Exception], says: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    found = leaving(error)
    assert type(found) is kind
    assert says in str(found)
    assert found.__cause__ is None
    assert found.__suppress_context__
    texts = [str(found), repr(found), "".join(traceback.format_exception(found)), repr(vars(found)), caplog.text]
    # The lines of source that a traceback shows are those of this test.
    shown = "\n".join(line for text in texts for line in text.splitlines() if not line.startswith("    "))
    for secret in (KEY, quote_plus(KEY), repr(KEY)[1:-1], "w4rehouse"):
        assert secret not in shown


def test_the_true_error_is_logged_with_its_chain(caplog: pytest.LogCaptureFixture) -> None:
    leaving(ValueError("postgres://loader:w4rehouse@db"))
    (line,) = caplog.records
    assert line.levelno == logging.ERROR
    assert "ValueError: postgres://loader:***@db" in line.getMessage()
    assert "ConnectionError: inner: https://shop.test/v1/orders?limit=100&api_key=***" in line.getMessage()


def test_what_a_person_or_airflow_stops_is_let_through() -> None:
    stop = KeyboardInterrupt()
    assert leaving(stop) is stop


def test_nothing_happens_where_nothing_fails() -> None:
    with raised_without_secrets(SHOP, BASE_URL):
        pass
