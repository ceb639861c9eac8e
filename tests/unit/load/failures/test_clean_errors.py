"""Errors on their way to a person: explained where they can be, and without a secret."""

from __future__ import annotations

import json
import logging
import pickle
import re
import traceback
from collections.abc import Callable
from io import BytesIO
from typing import Any
from urllib.parse import quote_plus

import pytest
import requests
from dlt.extract.exceptions import ResourceExtractionError
from dlt.extract.incremental.exceptions import IncrementalCursorPathHasValueNone
from dlt.load.exceptions import LoadClientJobFailed
from dlt.pipeline.exceptions import PipelineStepFailed

from ecom_source import errors
from ecom_source.api.api_connection import ApiConnection
from ecom_source.errors import (
    ApiConfigError,
    EcomError,
    IncompleteReadError,
    LoadFailedError,
    PayloadError,
    RequestFailedError,
    RowsRefusedError,
    ShopUnavailableError,
    WindowError,
    WorkerError,
)
from ecom_source.http.attempts import note_wait
from ecom_source.load.failures.clean_errors import explained, raised_without_secrets
from ecom_source.load.failures.failure import Failure
from ecom_source.secrets.redactor import Redactor

KEY = 'k+y/=&%é"1'
BASE_URL = "https://shop.test"
URL = f"{BASE_URL}/v1/orders?limit=100&api_key={quote_plus(KEY)}"
SHOP = ApiConnection("shop", BASE_URL, "joe", KEY)
REDACT = Redactor([KEY])


def answered(status: int, method: str = "GET", body: str | bytes = b"", content_type: str = "") -> requests.HTTPError:
    response = requests.Response()
    response.status_code, response.url = status, URL
    response.raw = BytesIO(body.encode() if isinstance(body, str) else body)
    response.headers["Content-Type"] = content_type
    response.request = requests.Request(method, URL).prepare()
    return requests.HTTPError(f"{status} for url: {URL}", response=response)


def no_json(at: str | None = None) -> requests.JSONDecodeError:
    error = requests.JSONDecodeError("Expecting value", "<html>", 0)
    if at:
        error.response = requests.Response()
        error.response.url, error.response.raw = at, BytesIO(b"<html><title>Log in</title>")
        error.response.headers["Content-Type"] = "text/html; charset=utf-8"
    return error


class _Pipeline:
    pipeline_name, has_pending_data = "orders", False


def in_step(step: Any, error: BaseException) -> PipelineStepFailed:
    """As dlt wraps an error of one of its steps."""
    failed = PipelineStepFailed(_Pipeline(), step, "", error)  # type: ignore[arg-type]
    failed.__cause__ = ResourceExtractionError("orders", print, str(error), "generator")
    failed.__cause__.__context__ = error
    return failed


def failure(error: BaseException) -> Failure:
    return Failure(error, SHOP, BASE_URL, REDACT)


class _Refused(Exception):
    """What a database driver raises, by its name."""


_Refused.__name__ = "IntegrityError"


def job(error: Exception) -> LoadClientJobFailed:
    """A job that dlt gave up."""
    return LoadClientJobFailed("1", "orders.1.parquet", f"terminal: {error}", error)


def waited(error: requests.RequestException, *waits: float) -> requests.RequestException:
    """An error whose request was sent again after these waits."""
    request = error.response.request if error.response is not None else requests.Request("GET", URL).prepare()
    error.request = request
    for seconds in waits:
        note_wait(request, seconds)
    return error


POOL = "HTTPSConnectionPool(host='timed.out.shop.test', port=443): "
MORE = f"Max retries exceeded with url: /v1/orders?api_key={quote_plus(KEY)} (Caused by "


@pytest.mark.parametrize(
    "wrapped", [lambda error: error, lambda error: in_step("extract", error)], ids=["bare", "in dlt"]
)
@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        pytest.param(
            answered(401), RequestFailedError, "answered 401 to GET /v1/orders: it does not accept the key.", id="401"
        ),
        pytest.param(answered(403), RequestFailedError, "answered 403 to GET /v1/orders: it is not allowed.", id="403"),
        pytest.param(
            answered(403, body='{"message": "Your plan has no API"}'),
            RequestFailedError,
            'answered 403 to GET /v1/orders, saying "Your plan has no API": it is not allowed.',
            id="403 with words",
        ),
        pytest.param(
            answered(400, body='{"errors": {"limit": ["is at most 50"]}}'),
            RequestFailedError,
            'answered 400 to GET /v1/orders, saying "limit: is at most 50". It is not asked again',
            id="400 with words",
        ),
        pytest.param(answered(404), RequestFailedError, "answered 404 to GET /v1/orders. It is not", id="404"),
        pytest.param(answered(501), RequestFailedError, "answered 501 to GET /v1/orders. It is not", id="501"),
        pytest.param(
            waited(answered(429), 2.01, 4.02, 300),
            ShopUnavailableError,
            "answered 429 to GET /v1/orders, after 4 attempts, with waits of 2, 4 and 300 s.",
            id="429",
        ),
        pytest.param(
            waited(answered(503, "POST", "<html><title>Maintenance</title>"), 2, 4, 8),
            ShopUnavailableError,
            'answered 503 to POST /v1/orders, saying "Maintenance", after 4 attempts, with waits of 2, 4 and 8 s.',
            id="503",
        ),
        pytest.param(answered(520), ShopUnavailableError, "answered 520 to GET /v1/orders, after 1 attempt.", id="520"),
        pytest.param(
            no_json(), PayloadError, "answer of https://shop.test is no JSON: Expecting value at", id="no JSON"
        ),
        pytest.param(
            no_json(URL),
            PayloadError,
            "answer of /v1/orders is no JSON but 'text/html', saying \"Log in\": Expecting",
            id="no JSON, from where",
        ),
        pytest.param(
            json.JSONDecodeError("Extra data", "{}{}", 2),
            PayloadError,
            "is no JSON: Extra data at character 2.",
            id="JSON twice",
        ),
        pytest.param(
            waited(requests.ConnectionError(f"{POOL}{MORE}NewConnectionError('[Errno 111] Connection refused'))"), 2),
            ShopUnavailableError,
            "https://shop.test gave no complete answer: connection refused, after 2 attempts, with a wait of 2 s.",
            id="no connection",
        ),
        pytest.param(
            requests.ConnectionError(f"{POOL}{MORE}NewConnectionError('[Errno 113] No route to host'))"),
            ShopUnavailableError,
            "no complete answer: no way to its network, after 1 attempt.",
            id="no route",
        ),
        pytest.param(
            requests.ConnectionError(f"{POOL}{MORE}NameResolutionError(\"Failed to resolve 'refused.test'\"))"),
            ShopUnavailableError,
            "no complete answer: name not known, after",
            id="no name",
        ),
        pytest.param(
            requests.ConnectTimeout(f"{POOL}{MORE}ConnectTimeoutError(Connection timed out. (connect timeout=10.0)))"),
            ShopUnavailableError,
            "no complete answer: timed out (no connection within 10 s), after",
            id="no connection in time",
        ),
        pytest.param(
            requests.ReadTimeout(f"{POOL}Read timed out. (read timeout=60)"),
            ShopUnavailableError,
            "no complete answer: timed out (no answer within 60 s), after",
            id="slow",
        ),
        pytest.param(
            requests.exceptions.SSLError(
                f"{POOL}{MORE}SSLError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "
                "certificate has expired (_ssl.c:1000)'))"
            ),
            RequestFailedError,
            "The certificate of https://shop.test is not trusted: certificate has expired.",
            id="certificate",
        ),
        pytest.param(
            requests.exceptions.SSLError(f"{POOL}{MORE}SSLError(1, '[SSL: WRONG_VERSION_NUMBER]'))"),
            ShopUnavailableError,
            "no complete answer: it does not speak TLS (https) there, after",
            id="no TLS",
        ),
        pytest.param(
            requests.exceptions.ChunkedEncodingError("Connection broken: IncompleteRead(7 bytes read)"),
            ShopUnavailableError,
            "no complete answer: the answer broke off, after",
            id="cut",
        ),
        pytest.param(
            requests.ConnectionError("('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))"),
            ShopUnavailableError,
            "no complete answer: the connection was closed before an answer, after",
            id="reset",
        ),
        pytest.param(
            requests.HTTPError("no response kept"),
            ShopUnavailableError,
            "no complete answer: no response kept, after",
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
        pytest.param(
            IncrementalCursorPathHasValueNone("orders", "updated_at", {"id": 1}),
            PayloadError,
            "A row of 'orders' has no value in its cursor 'updated_at'.",
            id="a cursor without value",
        ),
    ],
)
def test_what_a_person_can_fix_is_explained(
    wrapped: Callable[[BaseException], BaseException], error: BaseException, kind: type[EcomError], says: str
) -> None:
    found = explained(failure(wrapped(error)))
    assert type(found) is kind
    assert says in str(found)
    assert found.expected
    assert found.fix
    assert "api_key" not in str(found)
    assert "warehouse" not in str(found)


def test_a_cursor_without_value_names_its_cure() -> None:
    found = explained(failure(in_step("extract", IncrementalCursorPathHasValueNone("orders", "updated_at", {}))))
    assert "`on_cursor_value_missing`" in found.fix


def test_only_what_may_pass_is_tried_again() -> None:
    again = {kind.__name__ for kind in KINDS if kind.airflow_retries}
    assert again == {"ShopUnavailableError", "LoadFailedError", "WorkerError"}


def test_the_tree_at_the_top_of_the_module_is_that_of_the_classes() -> None:
    lines = re.findall(r"^([ │├└─]*)(\w+Error)( .*)?$", errors.__doc__ or "", re.MULTILINE)
    tree = {name: len(before) // 4 for before, name, _ in lines}
    assert tree == {kind.__name__: len(kind.__mro__) - len(EcomError.__mro__) for kind in KINDS}
    assert {name for _, name, rest in lines if rest.endswith("Airflow retries")} == {
        kind.__name__ for kind in KINDS if kind.airflow_retries
    }


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        pytest.param(ValueError("a column of a wrong type"), LoadFailedError, "ValueError: a column", id="no step"),
        pytest.param(
            in_step("load", ValueError("deadlock")), LoadFailedError, "failed at dlt's step 'load'", id="of it"
        ),
        pytest.param(in_step("load", answered(403)), LoadFailedError, "The warehouse failed", id="its web request"),
        pytest.param(
            in_step("sync", requests.ConnectionError("bigquery")),
            LoadFailedError,
            "The warehouse failed at dlt's step 'sync'",
            id="a warehouse that cannot be reached",
        ),
        pytest.param(
            in_step("load", job(_Refused("violates not-null"))),
            RowsRefusedError,
            "The warehouse does not take the rows: it failed at dlt's step 'load'",
            id="rows that it does not take",
        ),
        pytest.param(
            in_step("load", job(ValueError("server closed the connection"))),
            LoadFailedError,
            "The warehouse failed at dlt's step 'load'",
            id="a job that failed",
        ),
    ],
)
def test_what_is_not_the_shops_is_not_laid_at_its_door(error: BaseException, kind: type[EcomError], says: str) -> None:
    found = explained(failure(error))
    assert type(found) is kind
    assert says in found.found
    assert "The shop" not in str(found)


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        pytest.param(
            in_step("extract", KeyError("price")), ApiConfigError, "The read failed: KeyError: 'price'", id="a step"
        ),
        pytest.param(
            in_step("extract", RuntimeError("elsewhere")),
            LoadFailedError,
            "The read failed: RuntimeError: elsewhere",
            id="what nobody knows",
        ),
        pytest.param(
            in_step("normalize", ValueError("Rescaling Decimal value would cause data loss")),
            RowsRefusedError,
            "The rows do not fit their columns: ValueError: Rescaling Decimal value would cause data loss",
            id="a value",
        ),
        pytest.param(
            in_step("normalize", json.JSONDecodeError("Extra data", "{}{}", 2)),
            RowsRefusedError,
            "The rows do not fit",
            id="JSON that is not an answer's",
        ),
    ],
)
def test_the_rows_are_not_the_warehouses_fault(error: BaseException, kind: type[EcomError], says: str) -> None:
    found = explained(failure(error))
    assert type(found) is kind
    assert says in found.found
    assert "arehouse" not in str(found)
    assert "watermark" not in str(found)


def test_one_of_ours_is_found_in_any_step() -> None:
    ours = PayloadError("found.", expected="expected.", fix="fix.")
    assert explained(failure(in_step("load", ours))) is ours


def test_a_chain_that_bites_its_tail_ends() -> None:
    one, two = RuntimeError("one"), RuntimeError("two")
    one.__context__, two.__context__ = two, one
    assert type(explained(failure(one))) is LoadFailedError
    assert type(explained(failure(in_step("extract", one)))) is LoadFailedError


@pytest.mark.parametrize("before", range(260, 300, 3))
@pytest.mark.parametrize(
    "error",
    [
        lambda text: requests.ConnectionError(text),
        lambda text: answered(400, body=json.dumps({"message": text})),
        lambda text: in_step("load", ValueError("y" * 300 + text)),
        lambda text: in_step("normalize", ValueError("y" * 300 + text)),
    ],
    ids=["no answer", "the shop's words", "the warehouse's words", "a value"],
)
def test_a_key_is_not_cut_in_two_where_a_text_is_shortened(error: Callable[[str], Exception], before: int) -> None:
    text = "x" * before + "?api_key=" + quote_plus(KEY) + "&offset=100" * 50
    found = explained(failure(error(text)))
    assert "k%2" not in str(found)
    assert "..." in str(found)


KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, EcomError)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_error_says_what_was_found_expected_and_how_to_fix_it(kind: type[EcomError]) -> None:
    error = kind("Found this.", expected="that.", fix="do so.")
    assert str(error) == "Found this. Expected: that. To fix: do so."
    assert (error.found, error.expected, error.fix) == ("Found this.", "that.", "do so.")
    sent = pickle.loads(pickle.dumps(error))  # noqa: S301 - made in the line itself
    assert (type(sent), str(sent)) == (kind, str(error))


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
