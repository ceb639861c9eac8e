"""Answers that do not end: how many bytes, and how long, one may have. requests knows a limit for neither."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter

from ecom_source.errors import ConnectionFieldError, RequestFailedError
from ecom_source.http.answer_deadline import POOLS, SECONDS, Deadline, within
from ecom_source.http.json_response import PageResponse
from ecom_source.http.requests_internals import read_as, read_in_parts

if TYPE_CHECKING:
    from requests import PreparedRequest, Response
    from urllib3 import BaseHTTPResponse

MEGABYTES = "ECOM_MAX_ANSWER_MB"
DEFAULTS: Mapping[str, float] = {MEGABYTES: 256, SECONDS: 600}
"""By environment variable. A page has far less than one megabyte, as a rule."""
_MB = 1_000_000
_AT_ONCE = 65_536


@dataclass(frozen=True)
class Bounds:
    """What one answer may have.

    Args:
        bytes: of its body, decompressed.
        seconds: from the request to the end of the answer.
    """

    bytes: int
    seconds: float

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> Bounds:
        """As the environment says.

        Raises:
            ConnectionFieldError: a value is no number above 0.
        """
        megabytes, seconds = (_number(environment, name) for name in (MEGABYTES, SECONDS))
        return cls(round(megabytes * _MB), seconds)


class BoundedAdapter(HTTPAdapter):
    """Sends requests whose answers are read within bounds, as a `PageResponse`.

    Raises (while sending, and while a body is read):
        RequestFailedError: it is larger, or takes longer. Such a request is not sent again.
    """

    def __init__(self, bounds: Bounds, **options: Any) -> None:
        self._bounds = bounds
        super().__init__(**options)

    def build_response(self, request: PreparedRequest, answer: Any) -> Response:
        """The answer as this package reads it, its body still to come."""
        return read_as(super().build_response(request, answer), PageResponse)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Makes the connections that keep to the time limit."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """The same through a proxy; one of SOCKS brings connections of its own, of which only the body is bounded."""
        manager = super().proxy_manager_for(proxy, **options)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = POOLS
        return manager

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        """The answer; its time begins here."""
        with within(Deadline(_name(request), self._bounds.seconds)) as deadline:
            response = super().send(request, *args, **options)
            read_in_parts(response, partial(_arriving, response.raw, self._bounds, deadline))
            return response


def _name(request: PreparedRequest) -> str:
    return f"{request.method} {urlsplit(request.url or '').path}"


def _arriving(
    answer: BaseHTTPResponse, bounds: Bounds, deadline: Deadline, size: int, decode_content: bool | None = None
) -> Iterator[bytes]:
    """The parts of a body as they come, however small."""
    deadline.came = 0
    while part := answer.read1(max(size, _AT_ONCE), decode_content):
        deadline.came += len(part)
        if deadline.came > bounds.bytes:
            answer.close()
            raise RequestFailedError(
                f"The answer to {deadline.what} has more than {bounds.bytes / _MB:g} MB; it was read no further.",
                expected="pages that fit into the memory of a worker.",
                fix="ask for smaller pages (the field Page size of the Connection), or set the environment variable "
                f"{MEGABYTES} where the tasks run to more megabytes.",
            )
        deadline.left()
        yield part


def _number(environment: Mapping[str, str], name: str) -> float:
    given = environment.get(name) or str(DEFAULTS[name])
    try:
        number = float(given)
    except ValueError:
        number = 0
    # Not so for NaN either.
    if number > 0:
        return number
    raise ConnectionFieldError(
        f"The environment variable {name} is {given!r}.",
        expected=f"a number above 0, such as {DEFAULTS[name]:g}.",
        fix="change it where the tasks run, or take it away.",
    )
