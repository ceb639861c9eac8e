"""Errors on their way to a person: explained where they can be, and without a secret."""

from __future__ import annotations

import json
import logging
import pickle
import traceback
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

import pytest
import requests
from dlt.pipeline.exceptions import PipelineStepFailed

from ecom_source import errors
from ecom_source.api.api_connection import ApiConnection
from ecom_source.errors import EcomError, IncompleteReadError, PayloadError, RequestFailedError, WindowError
from ecom_source.load.failures.clean_errors import LoadFailedError, raised_without_secrets
from ecom_source.load.failures.shop_failure import explain

KEY = 'k+y/=&%é"1'
BASE_URL = "https://shop.test"
URL = f"{BASE_URL}/v1/orders?limit=100&api_key={quote_plus(KEY)}"
SHOP = ApiConnection("shop", BASE_URL, "joe", KEY)


def answered(status: int, method: str = "GET") -> requests.HTTPError:
    response = requests.Response()
    response.status_code, response.url = status, URL
    response.request = requests.Request(method, URL).prepare()
    return requests.HTTPError(f"{status} for url: {URL}", response=response)


def no_json(at: str | None = None) -> requests.JSONDecodeError:
    error = requests.JSONDecodeError("Expecting value", "<html>", 0)
    if at:
        error.response = requests.Response()
        error.response.url = at
    return error


class _Pipeline:
    pipeline_name, has_pending_data = "orders", False


def in_step(step: Any, error: BaseException) -> PipelineStepFailed:
    """As dlt wraps an error of one of its steps."""
    failed = PipelineStepFailed(_Pipeline(), step, "", error)  # type: ignore[arg-type]
    failed.__cause__ = RuntimeError(f"in a resource: {error}")
    failed.__cause__.__context__ = error
    return failed


@pytest.mark.parametrize(
    "wrapped", [lambda error: error, lambda error: in_step("extract", error)], ids=["bare", "in dlt"]
)
@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        pytest.param(answered(401), RequestFailedError, "answered 401 to GET /v1/orders: it does not accept", id="401"),
        pytest.param(answered(403), RequestFailedError, "answered 403 to GET /v1/orders: it does not accept", id="403"),
        pytest.param(
            answered(404), RequestFailedError, "answered 404 to GET /v1/orders, which is not retried", id="404"
        ),
        pytest.param(
            answered(501), RequestFailedError, "answered 501 to GET /v1/orders, which is not retried", id="501"
        ),
        pytest.param(answered(429), RequestFailedError, "still answered 429 to GET /v1/orders after 4", id="429"),
        pytest.param(answered(503, "POST"), RequestFailedError, "still answered 503 to POST /v1/orders", id="503"),
        pytest.param(
            no_json(), PayloadError, "answer of https://shop.test is no JSON: Expecting value at", id="no JSON"
        ),
        pytest.param(no_json(URL), PayloadError, "answer of /v1/orders is no JSON", id="no JSON, from where"),
        pytest.param(
            json.JSONDecodeError("Extra data", "{}{}", 2),
            PayloadError,
            "is no JSON: Extra data at character 2.",
            id="JSON twice",
        ),
        pytest.param(
            requests.ConnectionError("refused"),
            RequestFailedError,
            "https://shop.test gave no complete answer in 4 attempts: refused.",
            id="no connection",
        ),
        pytest.param(
            requests.ReadTimeout("slow"), RequestFailedError, "no complete answer in 4 attempts: slow.", id="slow"
        ),
        pytest.param(
            requests.HTTPError("no response kept"),
            RequestFailedError,
            "no complete answer",
            id="an HTTPError without answer",
        ),
        pytest.param(
            requests.exceptions.InvalidHeader("bad value"),
            RequestFailedError,
            "A request to https://shop.test cannot be made: bad value.",
            id="a key that is no header",
        ),
        pytest.param(
            requests.TooManyRedirects("Exceeded 30 redirects"),
            RequestFailedError,
            "cannot be made: Exceeded 30 redirects.",
            id="redirects in a circle",
        ),
        pytest.param(
            WindowError("Empty.", expected="more.", fix="ask."),
            WindowError,
            "Empty. Expected: more. To fix: ask.",
            id="one of ours",
        ),
        pytest.param(
            IncompleteReadError("9 of 10.", expected="10.", fix="sort."),
            IncompleteReadError,
            "9 of 10.",
            id="rows missing",
        ),
    ],
)
def test_what_a_person_can_mend_is_explained(
    wrapped: Callable[[BaseException], BaseException], error: BaseException, kind: type[EcomError], says: str
) -> None:
    found = explain(wrapped(error), SHOP, BASE_URL)
    assert type(found) is kind
    assert says in str(found)
    assert found.expected
    assert found.fix
    assert "api_key" not in str(found)


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ValueError("a column of a wrong type"), id="another error"),
        pytest.param(in_step("load", ValueError("deadlock detected")), id="of the warehouse"),
        pytest.param(in_step("load", answered(403)), id="a warehouse's own web request"),
        pytest.param(in_step("sync", requests.ConnectionError("bigquery")), id="a warehouse that cannot be reached"),
        pytest.param(in_step("normalize", no_json()), id="JSON that is not the shop's"),
    ],
)
def test_what_is_not_the_shops_is_not_laid_at_its_door(error: BaseException) -> None:
    assert explain(error, SHOP, BASE_URL) is None


def test_one_of_ours_is_found_in_any_step() -> None:
    ours = PayloadError("found.", expected="expected.", fix="fix.")
    assert explain(in_step("load", ours), SHOP, BASE_URL) is ours


def test_a_chain_that_bites_its_tail_ends() -> None:
    one, two = RuntimeError("one"), RuntimeError("two")
    one.__context__, two.__context__ = two, one
    assert explain(one, SHOP, BASE_URL) is None


@pytest.mark.parametrize("before", range(260, 300, 3))
def test_a_key_is_not_cut_in_two_where_a_text_is_shortened(before: int) -> None:
    text = "x" * before + "?api_key=" + quote_plus(KEY) + "&offset=100" * 9
    found = explain(requests.ConnectionError(text), SHOP, BASE_URL)
    assert "k%2" not in str(found)
    assert "..." in str(found)


@pytest.mark.parametrize(
    "kind",
    [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, EcomError)],
    ids=lambda kind: kind.__name__,
)
def test_each_error_says_what_was_found_expected_and_how_to_mend_it(kind: type[EcomError]) -> None:
    error = kind("Found this.", expected="that.", fix="do so.")
    assert str(error) == "Found this. Expected: that. To fix: do so."
    assert (error.found, error.expected, error.fix) == ("Found this.", "that.", "do so.")
    sent = pickle.loads(pickle.dumps(error))  # noqa: S301 - made in the line itself
    assert (type(sent), str(sent)) == (kind, str(error))


def leaving(error: BaseException) -> BaseException:
    """What a load lets out where `error` was raised inside."""
    error.__context__ = ConnectionError(f"inner: {URL} w4rehouse")
    try:
        with raised_without_secrets(SHOP, BASE_URL, [KEY, "w4rehouse"]):
            raise error
    except BaseException as found:
        return found
    raise AssertionError("nothing came out")


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        pytest.param(answered(401), RequestFailedError, "The shop answered 401", id="the shop's"),
        pytest.param(in_step("extract", requests.ConnectionError(URL)), RequestFailedError, "api_key=***", id="a URL"),
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
            LoadFailedError(f"again {KEY}"), LoadFailedError, "again ***", id="one that was explained already"
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
    with raised_without_secrets(SHOP, BASE_URL, [KEY, None]):
        pass
