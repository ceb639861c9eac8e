"""The HTTP client: dlt's own, told which statuses to retry, how often and how long to wait."""

from __future__ import annotations

import logging
import math
import time
from collections import Counter
from dataclasses import dataclass, field
from threading import Lock, local
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from requests.exceptions import RequestException

from ecom_source.http.answer_limits import BoundedAdapter, Bounds
from ecom_source.http.attempts import note_wait
from ecom_source.http.json_response import Decoded, NulFreeResponse, PageResponse
from ecom_source.http.rate_limit_headers import TOO_MANY, told_wait
from ecom_source.http.rate_limiter import Pace
from ecom_source.http.requests_internals import read_as
from ecom_source.http.same_host import stay_at_home
from ecom_source.http.shop_clock import ShopClock
from ecom_source.http.tls_errors import untrusted
from ecom_source.secrets.redactor import Redactor

if TYPE_CHECKING:
    from requests import PreparedRequest, Response, Session

logger = logging.getLogger(__name__)

RETRIED_STATUSES = (429, 500, 502, 503, 504)
MAX_ATTEMPTS = 4
"""Requests in all: the first and three retries."""
ASKED_AGAIN_ALONE = (403, 503)
"""How some shops refuse a request that comes while others are under way:
https://github.com/jrl84/amazon-sp-api/issues/46, https://github.com/bigcommerce/dev-docs/pull/1857."""
BACKOFF_FACTOR = 2
"""Seconds before the first retry; doubled before each further one: 2, 4, 8."""
MAX_WAIT = 300
"""Seconds that one wait lasts at most, whatever the shop says."""
AGAIN = f"; up to {MAX_ATTEMPTS} attempts are made"
TIMEOUT = (10.0, 60.0)
"""Seconds to connect, and seconds without a byte while reading."""


@dataclass
class Traffic:
    """What went over the wire: requests, those answered by an error or not at all, and body bytes."""

    requests: int = 0
    bytes: int = 0
    troubles: Counter[str] = field(default_factory=Counter)
    """Status codes (or exception names) of failed attempts, with their numbers."""
    retries: Counter[str] = field(default_factory=Counter)
    """Attempts that were made again, by what had failed."""
    waited: dict[str, float] = field(default_factory=dict)
    """Seconds between a failed attempt and the next, by what had failed."""
    clock: ShopClock = field(default_factory=ShopClock)
    """What time it is at the shop."""
    decoded: Decoded = field(default_factory=Decoded)
    """What was found in the bodies."""


def shop_session(redact: Redactor, traffic: Traffic, pace: Pace | None = None, *, nul: bool = True) -> Session:
    """A requests session of dlt's client with the retries above, for `client.session` of a `RESTAPIConfig`.

    Every attempt is counted in `traffic`; an error that would carry the request's URL carries it redacted.

    Args:
        pace: for a session that several threads send with; it makes all of them wait when the shop says 429.
        nul: leave the NULs that texts of the answers have.
    """
    from dlt.sources.helpers.requests import Client

    session: Session = Client(
        request_timeout=TIMEOUT,
        # dlt's rest_api looks at the status itself, so that response_actions can.
        raise_for_status=False,
        status_codes=RETRIED_STATUSES,
        request_max_attempts=MAX_ATTEMPTS,
        request_backoff_factor=BACKOFF_FACTOR,
        request_max_retry_delay=MAX_WAIT,
    ).session
    adapter = _CountingAdapter(redact, traffic, pace or Pace(), PageResponse if nul else NulFreeResponse)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    stay_at_home(session)
    return session


class _CountingAdapter(BoundedAdapter):
    def __init__(self, redact: Redactor, traffic: Traffic, pace: Pace, response: type[Response]) -> None:
        self._redact, self._traffic, self._pace, self._response = redact, traffic, pace, response
        self._counting = Lock()
        # dlt sends a request again in the thread that sent it first.
        self._failed = local()
        super().__init__(Bounds.of(), pool_maxsize=50)

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        response = self._attempt(request, *args, **kwargs)
        if response.status_code in ASKED_AGAIN_ALONE and self._pace.had_company:
            wait = _told(response) or BACKOFF_FACTOR
            self._trouble(str(response.status_code), request, f"; asked once more, alone, in {wait:g} s")
            self._pace.refused(wait)
            response.close()
            response = self._attempt(request, *args, alone=True, **kwargs)
        self._judge(request, response)
        return response

    def _attempt(self, request: PreparedRequest, *args: Any, alone: bool = False, **kwargs: Any) -> Response:
        with self._pace.under_way(alone=alone):
            with self._counting:
                self._traffic.requests += 1
                self._count_retry(request)
            try:
                response = super().send(request, *args, **kwargs)
                if not kwargs.get("stream"):
                    # The session would read it next: here, a body that breaks off is counted as well.
                    _ = response.content
            except RequestException as error:
                self._trouble(type(error).__name__, request, AGAIN)
                if (mistrust := untrusted(error, request.url)) is not None:
                    # Not for dlt to try again: it would be the same certificate.
                    raise mistrust from None
                # urllib3 puts the whole URL, key included, into the text of a connection error.
                raise type(error)(self._redact(str(error)), request=request) from None
        with self._counting:
            # As they came over the wire, compressed or in chunks.
            self._traffic.bytes += response.raw.tell()
        self._traffic.clock.saw(response.headers.get("Date"))
        return response

    def _judge(self, request: PreparedRequest, response: Response) -> None:
        status, told = response.status_code, _told(response)
        if status in RETRIED_STATUSES:
            # The one header that dlt's client reads, in the one form of it that it takes for nothing else.
            response.headers.pop("Retry-After", None)
            if told is not None:
                response.headers["Retry-After"] = str(math.ceil(told))
            said = "" if told is None else f", Retry-After: {math.ceil(told)}"
            self._trouble(str(status), request, f"{said}{AGAIN}")
        if status == TOO_MANY:
            self._pace.refused(told or BACKOFF_FACTOR)
        else:
            self._pace.answered()

    def close(self) -> None:
        # urllib3 would leave it to the garbage collector, which a traceback may keep from doing so.
        pools = self.poolmanager.pools
        names = pools.keys()
        for name in names:
            pools[name].close()
        super().close()

    def build_response(self, request: PreparedRequest, answer: Any) -> Response:
        response = read_as(super().build_response(request, answer), self._response)
        if isinstance(response, PageResponse):
            response.found = self._traffic.decoded
        return response

    def _count_retry(self, request: PreparedRequest) -> None:
        failed, what, ended = getattr(self._failed, "last", (None, "", 0.0))
        if failed is request:
            waited = time.monotonic() - ended
            note_wait(request, waited)
            self._traffic.retries[what] += 1
            self._traffic.waited[what] = self._traffic.waited.get(what, 0.0) + waited

    def _trouble(self, what: str, request: PreparedRequest, more: str) -> None:
        with self._counting:
            self._traffic.troubles[what] += 1
        self._failed.last = request, what, time.monotonic()
        path = urlsplit(request.url or "").path
        logger.warning("%s %s: %s%s", request.method, path, what, more)


def _told(response: Response) -> float | None:
    """Seconds that the shop says to wait, within bounds."""
    told = told_wait(response.headers, response.status_code)
    return told if told is None else min(told, MAX_WAIT)
