"""A local HTTP server that keeps what is posted to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from typing import Any

from local_airflow.environment import HOST

PATIENCE = 180.0
"""Seconds until what has not come is taken for lost."""


@dataclass
class Receiver:
    """What was posted, as JSON, in order."""

    port: int
    posted: list[dict[str, Any]] = field(default_factory=list)
    changed: Condition = field(default_factory=Condition)

    def wait_for(self, **values: Any) -> dict[str, Any]:
        """The first post that has these values; waits for it."""

        def found() -> dict[str, Any] | None:
            return next((each for each in self.posted if values.items() <= each.items()), None)

        with self.changed:
            if not self.changed.wait_for(lambda: found() is not None, PATIENCE):
                raise TimeoutError(f"no {values} among {self.posted}")
            post = found()
        assert post is not None
        return post


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with receiver.changed:
                receiver.posted.append(json.loads(body))
                receiver.changed.notify_all()
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        receiver = Receiver(server.server_port)
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
