"""One time limit for all of a request: the connection, the headers and the body.

requests' own timeout begins again with each byte that comes, so a server that sends one now and then holds a task for
ever. Here no wait at the socket lasts longer than what is left of the request's time.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http.client import HTTPResponse
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from ecom_source.errors import RequestFailedError

SECONDS = "ECOM_MAX_ANSWER_SECONDS"
"""The environment variable that sets the limit."""


class Deadline:
    """When a request has to have its whole answer.

    Args:
        what: the request, as errors call it, such as `GET /v1/orders`.
        seconds: from now on.
    """

    def __init__(self, what: str, seconds: float) -> None:
        self.what, self._seconds = what, seconds
        self._end = time.monotonic() + seconds
        self.came: int | None = None
        """Bytes of the body so far; None as long as the headers are not complete."""

    def left(self, most: float | None = None) -> float:
        """Seconds that are left, but no more than `most`.

        Raises:
            RequestFailedError: none is left. Such a request is not sent again.
        """
        left = self._end - time.monotonic()
        if left > 0:
            return left if most is None else min(most, left)
        so_far = "with incomplete headers" if self.came is None else f"with {self.came:,} bytes so far"
        raise RequestFailedError(
            f"The answer to {self.what} has not ended after {self._seconds:g} s, {so_far}.",
            expected="an answer that comes to an end.",
            fix="look at the shop and the network; for a slow shop, ask for smaller pages, or set the environment "
            f"variable {SECONDS} where the tasks run to more seconds.",
        )

    @contextmanager
    def decides(self) -> Iterator[None]:
        """What fails in this block when no time is left failed for want of time, whatever it says itself."""
        try:
            yield
        except Exception:
            self.left()
            raise


_current: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


@contextmanager
def within(deadline: Deadline) -> Iterator[Deadline]:
    """Holds the connections that are used in this block, by this thread, to `deadline`."""
    before = _current.set(deadline)
    try:
        yield deadline
    finally:
        _current.reset(before)


class _TimedReader(io.RawIOBase):
    """Reads a socket; each read waits as long as requests would have it, but not beyond the deadline."""

    def __init__(self, raw: io.RawIOBase, sock: Any, deadline: Deadline) -> None:
        self._raw, self._sock, self._deadline = raw, sock, deadline
        self._most = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._deadline.left(self._most))
        with self._deadline.decides():
            return self._raw.readinto(buffer)

    def close(self) -> None:
        # It counts the readers of its socket, which is closed after the last one.
        self._raw.close()
        super().close()


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        deadline = _current.get()
        if deadline is not None:
            self.fp = io.BufferedReader(_TimedReader(self.fp.detach(), sock, deadline))


class _TimedConnection(HTTPConnection):
    response_class = _TimedResponse

    def connect(self) -> None:
        deadline = _current.get()
        if deadline is None:
            return super().connect()
        # A TLS handshake ends within the timeout of its socket, however slowly it comes.
        self.timeout = deadline.left(self.timeout)
        with deadline.decides():
            super().connect()

    def send(self, data: Any) -> None:
        deadline = _current.get()
        if deadline is None or self.sock is None:
            return super().send(data)
        self.sock.settimeout(deadline.left(self.timeout))
        with deadline.decides():
            super().send(data)


class _TimedHTTPSConnection(_TimedConnection, HTTPSConnection):
    pass


class _TimedPool(HTTPConnectionPool):
    ConnectionCls = _TimedConnection


class _TimedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _TimedHTTPSConnection


POOLS = {"http": _TimedPool, "https": _TimedHTTPSPool}
"""For `pool_classes_by_scheme` of a urllib3 `PoolManager`: connections that know of `within`."""
