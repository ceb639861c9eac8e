"""The ASGI side of the shop: log, hooks, faults and the key around each answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import parse_qsl

from starlette.types import Message, Receive, Scope, Send

from .access import Access
from .catalogue import Catalogue
from .faults import WITHOUT_END, Fault, FaultPlan
from .habits import Habits
from .log import RequestLog, RequestRecord
from .reply import Refused, Reply
from .wire import connection_of

Hook = Callable[[RequestRecord], object]


@dataclass
class Gate:
    """The shop's public API as an ASGI app."""

    catalogue: Catalogue
    access: Access
    habits: Habits
    faults: FaultPlan
    log: RequestLog
    hooks: list[Hook] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        params = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        record = self.log.open(scope["method"], scope["path"], params)
        try:
            await self._handle(scope, receive, send, record)
        finally:
            self.log.close(record)

    async def _handle(self, scope: Scope, receive: Receive, send: Send, record: RequestRecord) -> None:
        body = await read_body(receive)
        hook_failure: Exception | None = None
        for hook in list(self.hooks):
            try:
                # In a thread, as a hook may wait or ask this shop something.
                await asyncio.to_thread(hook, record)
            except Exception as error:
                hook_failure = error
        seconds, fault = self.faults.take(record.path, record.params)
        names = ["latency"] * bool(seconds) + ([fault.kind] if fault else [])
        record.fault = "+".join(names) or None
        if seconds and await _gone(receive, seconds):
            return
        kind = fault.kind if fault else None
        if kind == "stall":
            await _gone(receive, None)
        elif kind == "drop":
            self.log.close(record)
            connection_of(scope).abort()
            await _gone(receive, None)
        elif fault is not None and kind in WITHOUT_END:
            await self._send_without_end(receive, send, record, fault)
        elif hook_failure is not None:
            problem = f"{type(hook_failure).__name__}: {hook_failure}"
            await self._send(send, record, Refused(500, "hook_failed", problem).reply())
        else:
            reply = self._reply(scope, body, record, fault)
            if kind == "cut":
                await self._send_cut(scope, receive, send, record, reply)
            else:
                await self._send(send, record, reply)

    def _reply(self, scope: Scope, body: bytes, record: RequestRecord, fault: Fault | None) -> Reply:
        headers = dict(scope["headers"])
        given = self.access.given(headers, record.params)
        echo = None
        if given and self.habits.echo_key_in_errors:
            echo = given[0][1].decode(errors="replace")
        try:
            if fault is not None and fault.kind in ("status", "html", "redirect"):
                answer = fault.reply()
                if isinstance(answer, Refused):
                    raise answer
                return answer
            if record.path == "/oauth/token":
                if record.method != "POST":
                    raise Refused(405, "method_not_allowed", "expected POST", (("Allow", "POST"),))
                form = dict(parse_qsl(body.decode("utf-8", errors="replace"), keep_blank_values=True))
                return self.access.token(form)
            record.auth = self.access.check(given)
            if record.method != "GET":
                raise Refused(405, "method_not_allowed", "expected GET", (("Allow", "GET"),))
            params = dict(record.params)
            if "query" in self.access.ways:
                params.pop(self.access.query_name, None)
            host = headers.get(b"host", b"localhost").decode("latin-1")
            reply = self.catalogue.answer(record.path, params, f"{scope['scheme']}://{host}", record.number)
            return reply if fault is None else fault.spoil(reply)
        except Refused as refused:
            return refused.reply(echo)

    async def _send(self, send: Send, record: RequestRecord, reply: Reply) -> None:
        # Closed before sending: who has the answer may look at the log at once.
        self.log.close(record, reply.status, len(reply.body))
        await send(_head(reply))
        await send({"type": "http.response.body", "body": reply.body})

    async def _send_cut(self, scope: Scope, receive: Receive, send: Send, record: RequestRecord, reply: Reply) -> None:
        half = reply.body[: len(reply.body) // 2]
        self.log.close(record, reply.status, len(half))
        await send(_head(reply))
        await send({"type": "http.response.body", "body": half, "more_body": True})
        connection_of(scope).close()
        await _gone(receive, None)

    async def _send_without_end(self, receive: Receive, send: Send, record: RequestRecord, fault: Fault) -> None:
        """Sends until the client has left."""
        await send(_start(200, fault.headers))
        left = asyncio.create_task(_gone(receive, None))
        size = 0
        for part in fault.parts():
            await send({"type": "http.response.body", "body": part, "more_body": True})
            size += len(part)
            await asyncio.wait({left}, timeout=fault.seconds)
            if left.done():
                break
        self.log.close(record, 200, size)


def _head(reply: Reply) -> Message:
    headers = [("Content-Type", reply.content_type), ("Content-Length", str(len(reply.body))), *reply.headers]
    return _start(reply.status, headers)


def _start(status: int, headers: Iterable[tuple[str, str]]) -> Message:
    dated = [("Date", format_datetime(datetime.now(UTC), usegmt=True)), *headers]
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1", "replace")) for name, value in dated]
    return {"type": "http.response.start", "status": status, "headers": encoded}


async def read_body(receive: Receive) -> bytes:
    """The whole body of a request."""
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body", False):
            return b"".join(parts)


async def _gone(receive: Receive, seconds: float | None) -> bool:
    """Wait until the client has left (true), at most so many seconds."""

    async def left() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    try:
        await asyncio.wait_for(left(), seconds)
    except TimeoutError:
        return False
    return True
