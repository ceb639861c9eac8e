"""One real request to a shop, and what it tells a person: reached, key accepted, first page read."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from ecom_source.api.api_connection import ApiConnection, fill_auth, secrets_in_dlt
from ecom_source.api.connection_overrides import with_connection
from ecom_source.errors import ConnectionFieldError, PayloadError, RequestFailedError
from ecom_source.http.answer_limits import BoundedAdapter, Bounds
from ecom_source.http.same_host import stay_at_home
from ecom_source.http.tls_errors import untrusted
from ecom_source.secrets.redactor import RedactingFilter, Redactor

if TYPE_CHECKING:
    from requests import Response

TIMEOUT = (5.0, 20.0)
"""Seconds to connect, and seconds without a byte while reading: a person waits for the answer."""
TOTAL_SECONDS = 30.0
"""Seconds that the answer itself may take."""


def probe(connection: ApiConnection) -> str:
    """Asks the shop for one page, once, with the login that a load would use; what came, in a sentence.

    Without a `test_path` in the Connection that is the first page of the specification's resource.

    Raises:
        EcomError: which step failed (reaching the shop, its key, the page) and why; nothing of the answer is quoted.
    """
    if not connection.base_url:
        raise ConnectionFieldError(
            "The field Base URL is empty.",
            expected="the shop's address, such as https://shop.example.com.",
            fix="fill it in and press Test again.",
        )
    path, params = _first_page(connection)
    began = time.monotonic()
    response = _ask(connection, path, params)
    milliseconds = round((time.monotonic() - began) * 1000)
    shop, where = f"{connection.base_url} was reached in {milliseconds:,} ms", urlsplit(response.url).path
    if response.status_code in (401, 403):
        raise RequestFailedError(
            f"{shop}, but it does not accept the key: {response.status_code} at {where}.",
            expected="a valid API key, in the place where the shop looks for it.",
            fix="check the API key, Key location and Key name.",
        )
    if not response.ok:
        raise RequestFailedError(
            f"{shop}, but it answered {response.status_code} at {where}.",
            expected="an answer of 200.",
            fix="check the Base URL, Page size and Test path; from 500 on, and at 429, try again later.",
        )
    rows, total = _rows(response, shop)
    of = f" of {total:,}" if total is not None else ""
    return (
        f"{connection.base_url} was reached, the key is accepted, the first page of {where} was read "
        f"in {milliseconds:,} ms: {rows:,}{of} row{'' if (total or rows) == 1 else 's'}."
    )


def _first_page(connection: ApiConnection) -> tuple[str, dict[str, Any]]:
    from ecom_source.api.ecommerce import ECOMMERCE_API

    if connection.test_path:
        return connection.test_path, {}
    resource: Any = ECOMMERCE_API["resources"][0]
    endpoint = resource["endpoint"]
    return endpoint["path"], {"limit": connection.page_size or endpoint["paginator"]["limit"], "offset": 0}


def _ask(connection: ApiConnection, path: str, params: dict[str, Any]) -> Response:
    from dlt.sources.helpers.requests import Session
    from dlt.sources.helpers.rest_client.client import RESTClient
    from dlt.sources.rest_api.config_setup import create_auth

    from ecom_source.api.ecommerce import ECOMMERCE_API

    client = with_connection(ECOMMERCE_API, connection)["client"]
    session = Session(timeout=TIMEOUT, raise_for_status=False)
    bounded = BoundedAdapter(Bounds(Bounds.of().bytes, TOTAL_SECONDS))
    session.mount("http://", bounded)
    session.mount("https://", bounded)
    stay_at_home(session)
    with secrets_in_dlt(connection), _quiet(connection.redactor):
        auth = create_auth(fill_auth(client.get("auth"), connection))
        try:
            return RESTClient(client["base_url"], auth=auth, session=session).get(path, params=params)
        except requests.RequestException as error:
            if (mistrust := untrusted(error, connection.base_url)) is not None:
                raise mistrust from None
            raise RequestFailedError(
                f"{connection.base_url} was not reached: {_why(error)}.",
                expected="a shop that can be reached from where Airflow runs.",
                fix="check the Base URL and the network between Airflow's api-server and the shop.",
            ) from None


def _why(error: requests.RequestException) -> str:
    """The cause in words. The error's own text has the URL in it, and with that the key."""
    if isinstance(error, requests.exceptions.SSLError):
        return "it does not speak TLS (https) there"
    if isinstance(error, requests.ConnectTimeout):
        return f"no connection within {TIMEOUT[0]:g} s"
    if isinstance(error, requests.ReadTimeout):
        return f"no answer within {TIMEOUT[1]:g} s"
    if isinstance(error, requests.TooManyRedirects):
        return "it redirects in a circle"
    if isinstance(error, requests.ConnectionError):
        reason = type(getattr(error.args[0] if error.args else None, "reason", None)).__name__
        known = {"NameResolutionError": "its name is not known", "NewConnectionError": "the connection was refused"}
        return known.get(reason, "the connection broke")
    return f"the request cannot be made ({type(error).__name__})"


def _rows(response: Response, shop: str) -> tuple[int, int | None]:
    from dlt.sources.helpers.rest_client.detector import find_response_page_data

    where = urlsplit(response.url).path
    try:
        body = response.json()
    except requests.exceptions.JSONDecodeError:
        kind = response.headers.get("Content-Type", "no content type").partition(";")[0]
        raise PayloadError(
            f"{shop}, but the answer at {where} is no JSON (it is {kind!r}).",
            expected="a JSON body; an HTML page usually means a wrong address or a login page.",
            fix="check the Base URL and the Test path.",
        ) from None
    rows = find_response_page_data(body)[1]
    total = body.get("total") if isinstance(body, dict) else None
    return (len(rows) if isinstance(rows, list) else 1), (total if isinstance(total, int) else None)


@contextmanager
def _quiet(redact: Redactor) -> Iterator[None]:
    """Keeps the key out of the api-server's own log, where urllib3 writes whole URLs at level DEBUG."""
    lines, keep_secret = logging.getLogger("urllib3.connectionpool"), RedactingFilter(redact)
    lines.addFilter(keep_secret)
    try:
        yield
    finally:
        lines.removeFilter(keep_secret)
