"""An answer with an error status, as an error: the shop's own words first, then what its status means."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ecom_source.errors import RequestFailedError, ShopUnavailableError
from ecom_source.http.attempts import attempts_of
from ecom_source.http.shop_words import saying
from ecom_source.load.failures.failure import AGAIN
from ecom_source.secrets.redactor import Redactor

if TYPE_CHECKING:
    from requests import Response

NO_KEY, NOT_ALLOWED, NOT_FOUND, TOO_MANY = 401, 403, 404, 429
NEVER_WELL = (501, 505)
"""Statuses from 500 on that do not pass: the shop does not know such a request."""


def refused(response: Response, redact: Redactor, conn_id: str) -> RequestFailedError:
    """The error for an answer with an error status.

    Args:
        response: the last answer, after dlt's retries.
        redact: hides the secrets of the load.
        conn_id: the API Connection.
    """
    status, found = response.status_code, what_came(response, redact)
    key = f"the password of Connection {conn_id!r} (Admin > Connections in the Airflow UI, or your secrets backend)"
    if status == NO_KEY:
        return RequestFailedError(
            f"{found}: it does not accept the key.",
            expected="a valid key, in the place where the shop looks for it.",
            fix=f"change {key}, then clear the task.",
        )
    if status == NOT_ALLOWED:
        return RequestFailedError(
            f"{found}: it is not allowed.",
            expected="a key that may read this.",
            fix="see at the shop what the key may read (scopes, permissions, allowed addresses), and whether it is the "
            f"right one: it is in {key}. Then clear the task.",
        )
    if is_outage(status):
        return ShopUnavailableError(
            f"{found}, {attempts_of(response.request)}.",
            expected="an answer of 200.",
            fix=f"ask for fewer pages at once (`parallel_pages`), or the shop for a higher limit. {AGAIN}"
            if status == TOO_MANY
            else f"nothing, if the shop is well again soon; else ask the shop. {AGAIN}",
        )
    return RequestFailedError(
        f"{found}. It is not asked again: that would not change it.",
        expected="an answer of 200.",
        fix=f"check the path in the API description and the host of Connection {conn_id!r}, then clear the task."
        if status == NOT_FOUND
        else f"change what it complains of: in the API description (path, parameters, page size), or in Connection "
        f"{conn_id!r}; then clear the task.",
    )


def is_outage(status: int) -> bool:
    """Whether a status says that the shop is down or busy, so that another attempt may find it well."""
    return status == TOO_MANY or (status >= 500 and status not in NEVER_WELL)


def what_came(response: Response, redact: Redactor) -> str:
    """Such as `The shop answered 400 to GET /v1/orders, saying "limit is at most 50"`."""
    what = f"{response.request.method} {urlsplit(response.url).path}"
    return f"The shop answered {response.status_code} to {what}{saying(response, redact)}"
