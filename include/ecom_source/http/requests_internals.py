"""What is exchanged of requests: methods of a session and of an answer, and the retries of tenacity around them.

dlt's client makes its sessions itself and puts its retries around their `send`, so that no class of ours can have other
methods; an answer is built by requests, whatever the adapter. The first can go once `Client` takes a session, as its
docstring says (https://github.com/dlt-hub/dlt/blob/1.31.0/dlt/sources/helpers/requests/retry.py), the second once an
adapter may name the class of its answers, and urllib3's `stream` gives what has come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ecom_source.dlt_internals.fallback import go_dlts_own_way

if TYPE_CHECKING:
    from requests import PreparedRequest, Response, Session

Send = Callable[..., Any]
"""As `Session.send`, its retries included."""


def exchange_send(session: Session, send: Send) -> Send:
    """Makes `session` send with `send`; what it has sent with so far."""
    before = session.send
    session.send = send  # type: ignore[method-assign]
    return before


def check_redirects(session: Session, check: Callable[[PreparedRequest, Response], None]) -> None:
    """Calls `check` with each request that an answer leads to, and with that answer, before the request is sent.

    requests does so to take the login out of a request that goes to another host.
    """
    session.rebuild_auth = check  # type: ignore[method-assign]


def read_as(response: Response, kind: type[Response]) -> Response:
    """Makes `response` one of `kind`: an adapter of requests builds each as its own class."""
    response.__class__ = kind
    return response


def read_in_parts(response: Response, parts: Callable[..., Iterator[bytes]]) -> None:
    """Makes requests read a body by `parts`, in the place of urllib3's own `stream`.

    That one comes back only when as much has come as it was asked for: from an answer that drips, hours later.

    Args:
        parts: takes a number of bytes, and whether to decompress; its parts may be smaller.
    """
    response.raw.stream = parts  # type: ignore[method-assign]


def can_send_in_threads(send: Send) -> bool:
    """Whether several threads may send at once. Where not, it is logged once."""
    try:
        own_retries(send)
    except AttributeError as error:
        go_dlts_own_way("pages asked for in advance", str(error))
        return False
    return True


def own_retries(send: Send) -> Send:
    """`send` with retries of its own, for one thread.

    tenacity shares the statistics of a wrapped function among threads, and clears them at each call, so that a retry in
    another thread fails for want of them. This can go once `wraps` keeps them apart:
    https://tenacity.readthedocs.io/en/latest/#changing-arguments-at-run-time.

    Raises:
        AttributeError: nothing of tenacity's is around it.
    """
    own: Send = send.retry_with()  # type: ignore[attr-defined]
    return own
