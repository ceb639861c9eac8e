"""Errors as dlt, requests and a shop make them."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from urllib.parse import quote_plus

import requests
from dlt.extract.exceptions import ResourceExtractionError
from dlt.load.exceptions import LoadClientJobFailed
from dlt.pipeline.exceptions import PipelineStepFailed
from tests.support.loads import KEY

from ecom_source.api.api_connection import ApiConnection
from ecom_source.http.attempts import note_wait
from ecom_source.load.failures.failure import Failure
from ecom_source.secrets.redactor import Redactor

BASE_URL = "https://shop.test"
URL = f"{BASE_URL}/v1/orders?limit=100&api_key={quote_plus(KEY)}"
SHOP = ApiConnection("shop", BASE_URL, "joe", KEY)
REDACT = Redactor([KEY])


def answered(status: int, method: str = "GET", body: str | bytes = b"", content_type: str = "") -> requests.HTTPError:
    """An answer with an error status, as requests raises it."""
    response = requests.Response()
    response.status_code, response.url = status, URL
    response.raw = BytesIO(body.encode() if isinstance(body, str) else body)
    response.headers["Content-Type"] = content_type
    response.request = requests.Request(method, URL).prepare()
    return requests.HTTPError(f"{status} for url: {URL}", response=response)


def no_json(at: str | None = None) -> requests.JSONDecodeError:
    """A login page in the place of JSON."""
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
    """On its way out of a load of this shop."""
    return Failure(error, SHOP, BASE_URL, REDACT)


class RefusedError(Exception):
    """What a database driver raises, by its name."""


RefusedError.__name__ = "IntegrityError"


class OperationalError(Exception):
    """A database's error with an SQL state."""

    pgcode = ""


def coded(state: str, text: str) -> OperationalError:
    """As psycopg2 raises it."""
    error = OperationalError(text)
    error.pgcode = state
    return error


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
"""How the texts of urllib3 begin; such a host may be called anything."""
