"""An API that gives any rows at all, by offset and with a total; counts requests and those under way."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class RowsApi:
    """What the server has and has seen.

    Args:
        rows: its rows; a text is sent as it is, so that it may be any JSON.
        seconds: how long each answer takes.
        total: whether answers have one.
        refuse: by the request's number (from 1), status and headers instead of an answer.
        gather, gather_after: after so many requests, hold the answers until so many wait at once, at most 10 seconds.
    """

    rows: Sequence[Any]
    seconds: float = 0.0
    total: bool = True
    refuse: Callable[[int], tuple[int, dict[str, str]] | None] = lambda number: None
    gather: int = 0
    gather_after: int = 0
    url: str = ""
    requests: list[int] = field(default_factory=list)
    """Offsets asked for."""
    times: list[float] = field(default_factory=list)
    """When, by `time.monotonic`."""
    most_at_once: int = 0
    _at_once: int = 0
    _lock: Lock = field(default_factory=Lock)

    def answer(self, query: dict[str, list[str]]) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body."""
        offset, limit = (int(query.get(name, [default])[0]) for name, default in (("offset", "0"), ("limit", "100")))
        with self._lock:
            self.requests.append(offset)
            self.times.append(time.monotonic())
            refused = self.refuse(len(self.requests))
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        if refused is None:
            time.sleep(self.seconds)
            until = time.monotonic() + 10
            while (
                len(self.requests) > self.gather_after and self.most_at_once < self.gather and time.monotonic() < until
            ):
                time.sleep(0.005)
        with self._lock:
            self._at_once -= 1
        if refused is not None:
            return (*refused, b"{}")
        texts = [row if isinstance(row, str) else json.dumps(row) for row in self.rows[offset : offset + limit]]
        total = f', "total": {len(self.rows)}' if self.total else ""
        return 200, {}, f'{{"data": [{", ".join(texts)}]{total}}}'.encode("utf-8", "surrogatepass")


@contextmanager
def serving(api: RowsApi) -> Iterator[RowsApi]:
    """Serves `api` on 127.0.0.1, for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, headers, body = api.answer(parse_qs(urlsplit(self.path).query))
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Stays quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        # More connections at once than it waits for by default.
        request_queue_size = 64

    server = Server(("127.0.0.1", 0), Handler)
    api.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
