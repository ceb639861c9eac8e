"""A small shop with a clock of its own, which reads its filter as it likes; for windows and clocks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Row = dict[str, Any]


@dataclass
class ClockedShop:
    """What the server has and has seen.

    Args:
        rows: its rows.
        clock: what its `Date` header says; a text is sent as it is, and None sends none.
        gives: whether a row is in the answer to these parameters.
        then: called after each answer with its number, from 1 on; for rows that change during a read.
    """

    rows: list[Row]
    clock: datetime | str | None = None
    gives: Callable[[Row, dict[str, str]], bool] = lambda row, params: True
    then: Callable[[int], None] = lambda number: None
    url: str = ""
    requests: list[dict[str, str]] = field(default_factory=list)

    def answer(self, params: dict[str, str]) -> bytes:
        """The body for these parameters."""
        self.requests.append(params)
        rows = [row for row in self.rows if self.gives(row, params)]
        offset, limit = int(params.get("offset", "0")), int(params.get("limit", "100"))
        body = json.dumps({"data": rows[offset : offset + limit], "total": len(rows)}).encode()
        self.then(len(self.requests))
        return body


def between(path: str = "updated_at", *, after: bool = False, cut: int | None = None) -> Callable[[Row, Any], bool]:
    """A filter `since <= row < until` by text.

    Args:
        path: the row's cursor.
        after: it starts after its bound rather than at it.
        cut: bounds and rows are cut to so many characters.
    """

    def gives(row: Row, params: dict[str, str]) -> bool:
        at = str(row[path])[:cut]
        since, until = params.get("since", "")[:cut], params.get("until", "9999-12-31")[:cut]
        return (since < at or (since == at and not after)) and at < until

    return gives


@contextmanager
def serving(shop: ClockedShop) -> Iterator[ClockedShop]:
    """Serves `shop` on 127.0.0.1, for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = shop.answer(dict(parse_qsl(urlsplit(self.path).query)))
            self.send_response_only(200)
            if shop.clock is not None:
                date = shop.clock if isinstance(shop.clock, str) else format_datetime(shop.clock, usegmt=True)
                self.send_header("Date", date)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Stays quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    shop.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield shop
    finally:
        server.shutdown()
        server.server_close()
