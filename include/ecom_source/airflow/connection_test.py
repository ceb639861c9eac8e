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
from ecom_source.errors import ConnectionFieldError, PayloadError
from ecom_source.http.answer_limits import BoundedAdapter, Bounds
from ecom_source.http.same_host import stay_at_home
from ecom_source.http.tls_errors import untrusted
from ecom_source.load.failures.no_answer import unanswered
from ecom_source.load.failures.refusal import NO_KEY, NOT_ALLOWED, is_outage, refused
from ecom_source.load.failures.shop_failure import no_json
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
        EcomError: which step failed (reaching the shop, its key, the page) and why, in the shop's own words.
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
    if not response.ok:
        refusal = refused(response, connection.redactor, connection.conn_id)
        raise type(refusal)(f"{shop}. {refusal.found}", expected=refusal.expected, fix=_fix(response.status_code))
    rows, total = _rows(response, connection, shop)
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
            failure = unanswered(error, str(connection.base_url), connection.conn_id, connection.redactor)
            fix = "check the Base URL and the network between Airflow's api-server and the shop."
            raise type(failure)(failure.found, expected=failure.expected, fix=fix) from None


def _fix(status: int) -> str:
    """What to do about a status, with the form open."""
    if status in (NO_KEY, NOT_ALLOWED):
        return "check the API key, Key location and Key name, and at the shop what the key may read."
    return "try again later." if is_outage(status) else "check the Base URL, Page size and Test path."


def _rows(response: Response, connection: ApiConnection, shop: str) -> tuple[int, int | None]:
    from dlt.sources.helpers.rest_client.detector import find_response_page_data

    try:
        body = response.json()
    except requests.exceptions.JSONDecodeError as error:
        error.response = response
        failure = no_json(error, str(connection.base_url), connection.redactor)
        fix = "check the Base URL and the Test path."
        raise PayloadError(f"{shop}. {failure.found}", expected=failure.expected, fix=fix) from None
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
