"""What the shop does is said in its own words, and in those that people know; with no secret in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote_plus

import pytest
import requests
from tests.support.failures import MORE, POOL, URL, answered, failure, in_step, no_json, waited
from tests.support.loads import KEY

from ecom_source.errors import EcomError, PayloadError, RequestFailedError, ShopUnavailableError
from ecom_source.load.failures.clean_errors import explained


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
