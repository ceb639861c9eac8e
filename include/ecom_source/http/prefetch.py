"""The next pages, asked for while dlt works on this one.

dlt reads the pages of a resource one after the other, and waits for each. Its own extraction threads can read several
resources at once, so a resource could be cut into ranges of offsets. Then the ranges know nothing of one another: rows
that move from one into another while they are read are lost, and the stored schema names a range as the table's
resource. Here dlt still sees one resource, whose pages come in their order, and whose paginator makes the same checks;
only the waiting is done in advance.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

from ecom_source.http.json_response import PageResponse
from ecom_source.http.rate_limiter import Pace, Turn
from ecom_source.http.requests_internals import can_send_in_threads, exchange_send, own_retries

if TYPE_CHECKING:
    from requests import PreparedRequest, Request, Response, Session

Key = tuple[str | None, str | None, Any]


class Sent(NamedTuple):
    """A request that is under way."""

    key: Key
    turn: Turn
    answer: Future[Response]


class ReadAhead:
    """Sends requests before they are asked for, and keeps their answers until then; all others it sends at once.

    Args:
        session: a requests session; from now on it looks here first.
        pace: orders all requests of the session.
        most: requests under way at once.

    Attributes:
        most: pages that may be asked for in advance; 0 where that cannot be.
    """

    def __init__(self, session: Session, pace: Pace, most: int) -> None:
        self._session, self._pace = session, pace
        self._send = exchange_send(session, self._answer)
        self.most = most if most > 1 and can_send_in_threads(self._send) else 0
        self._pool: ThreadPoolExecutor | None = None
        self._expected: dict[int, dict[int, Sent]] = {}

    def expect(self, owner: object, requests: Mapping[int, Request]) -> None:
        """Sends those of `requests` that are not under way, and forgets what the same owner expected otherwise.

        Args:
            owner: whose pages these are.
            requests: the next ones, in their order, by their offset.
        """
        before = self._expected.get(id(owner), {})
        # To prepare a request takes as long as to send it.
        self._expected[id(owner)] = {
            offset: before.pop(offset) if offset in before else self._begin(self._session.prepare_request(request))
            for offset, request in requests.items()
        }
        for sent in before.values():
            self._drop(sent)

    def close(self) -> bool:
        """Gives up all requests that are under way; whether a thread may still wait for the answer to one."""
        busy = any(not sent.answer.done() for expected in self._expected.values() for sent in expected.values())
        for expected in self._expected.values():
            for sent in expected.values():
                self._drop(sent)
        self._expected.clear()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        return busy

    def _begin(self, prepared: PreparedRequest) -> Sent:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.most, thread_name_prefix="ecom-pages")
        turn = self._pace.turn()
        return Sent(_key(prepared), turn, self._pool.submit(self._fetch, prepared, turn))

    def _fetch(self, prepared: PreparedRequest, turn: Turn) -> Response:
        with self._pace.taken(turn):
            settings = self._session.merge_environment_settings(prepared.url, {}, None, None, None)
            answer: Response = own_retries(self._send)(prepared, **settings)
            return answer

    def _drop(self, sent: Sent) -> None:
        sent.answer.cancel()
        self._pace.leave(sent.turn, given_up=True)

    def _answer(self, prepared: PreparedRequest, **settings: Any) -> Response:
        if self._pace.has_turn:
            # Within another one: a redirect, which may lead to the very page that this thread is to bring.
            return _clean(self._send(prepared, **settings))
        key = _key(prepared)
        for expected in self._expected.values():
            for offset, sent in expected.items():
                if sent.key == key:
                    del expected[offset]
                    return _clean(sent.answer.result())
        with self._pace.taken():
            return _clean(self._send(prepared, **settings))


def _key(prepared: PreparedRequest) -> Key:
    return prepared.method, prepared.url, prepared.body


def _clean(response: Response) -> Response:
    """The hooks of the request have had the decoded body in their hands."""
    if isinstance(response, PageResponse):
        response.forget()
    return response
