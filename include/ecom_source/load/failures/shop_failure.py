"""What the shop does not do: answer, take a request, or send JSON."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import requests

from ecom_source.errors import EcomError, PayloadError
from ecom_source.http.shop_words import saying
from ecom_source.load.failures.failure import Failure
from ecom_source.load.failures.no_answer import unanswered
from ecom_source.load.failures.refusal import refused
from ecom_source.secrets.redactor import Redactor


def shop_failure(failure: Failure) -> EcomError | None:
    """What the shop did; None where it was not the shop."""
    if not failure.at_shop:
        return None
    conn_id = failure.connection.conn_id
    for cause in failure.causes:
        if isinstance(cause, requests.HTTPError) and cause.response is not None:
            return refused(cause.response, failure.redact, conn_id)
        if isinstance(cause, json.JSONDecodeError | requests.exceptions.JSONDecodeError):
            return no_json(cause, failure.base_url, failure.redact)
        if isinstance(cause, requests.RequestException):
            return unanswered(cause, failure.base_url, conn_id, failure.redact)
    return None


def no_json(
    error: json.JSONDecodeError | requests.exceptions.JSONDecodeError, base_url: str, redact: Redactor
) -> PayloadError:
    """The error for an answer that is no JSON."""
    response: requests.Response | None = getattr(error, "response", None)
    where, kind, said = base_url, "", ""
    if response is not None:
        where, said = urlsplit(response.url).path, saying(response, redact, whole=False)
        content_type = response.headers.get("Content-Type")
        kind = f" but {content_type.partition(';')[0]!r}" if content_type else ""
    return PayloadError(
        f"The answer of {where} is no JSON{kind}{said}: {error.msg} at character {error.pos}.",
        expected="a JSON body, as the API description says.",
        fix="check the host of the Connection (an HTML page usually means a wrong address or a login page), "
        "then run again.",
    )
