"""Answers that do not end: how many bytes, and how long, one may have.

requests knows a limit for neither: its timeout begins anew with each byte that comes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter

from ecom_source.errors import ConnectionFieldError, RequestFailedError

if TYPE_CHECKING:
    from requests import PreparedRequest, Response
    from urllib3 import BaseHTTPResponse

MEGABYTES = "ECOM_MAX_ANSWER_MB"
SECONDS = "ECOM_MAX_ANSWER_SECONDS"
DEFAULTS: Mapping[str, float] = {MEGABYTES: 256, SECONDS: 600}
"""By environment variable. A page has far less than one megabyte, as a rule."""
_MB = 1_000_000
_AT_ONCE = 65_536


@dataclass(frozen=True)
class Bounds:
    """What one answer may have.

    Args:
        bytes: of its body, decompressed.
        seconds: from its headers to its end.
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
    """Sends requests whose answers are read within bounds.

    Raises (while a body is read):
        RequestFailedError: it is larger, or takes longer. Such a request is not sent again.
    """

    def __init__(self, bounds: Bounds, **options: Any) -> None:
        self._bounds = bounds
        super().__init__(**options)

    def build_response(self, request: PreparedRequest, answer: BaseHTTPResponse) -> Response:
        """The answer, its body still to be read."""
        # In the place of urllib3's own `stream`, which comes back only when as much has come as it was asked for: from
        # an answer that drips, hours later.
        answer.stream = partial(_arriving, answer, self._bounds, request)  # type: ignore[method-assign]
        return super().build_response(request, answer)


def _arriving(
    answer: BaseHTTPResponse, bounds: Bounds, request: PreparedRequest, size: int, decode_content: bool | None = None
) -> Iterator[bytes]:
    """The parts of a body as they come, however small."""
    came, end = 0, time.monotonic() + bounds.seconds
    while part := answer.read1(max(size, _AT_ONCE), decode_content):
        came += len(part)
        what = f"The answer to {request.method} {urlsplit(request.url or '').path}"
        if came > bounds.bytes:
            answer.close()
            raise RequestFailedError(
                f"{what} has more than {bounds.bytes / _MB:g} MB; it was read no further.",
                expected="pages that fit into the memory of a worker.",
                fix="ask for smaller pages (the field Page size of the Connection), or set the environment variable "
                f"{MEGABYTES} where the tasks run to more megabytes.",
            )
        if time.monotonic() > end:
            answer.close()
            raise RequestFailedError(
                f"{what} has not ended after {bounds.seconds:g} s, with {came:,} bytes so far.",
                expected="an answer that comes to an end.",
                fix="look at the shop and the network; for a slow shop, ask for smaller pages, or set the environment "
                f"variable {SECONDS} where the tasks run to more seconds.",
            )
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
