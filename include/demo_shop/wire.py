"""The HTTP server: uvicorn in a thread of its own, with hard closes of a connection and a quick stop."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

_STOP_SECONDS = 5.0


class ShopProtocol(H11Protocol):
    """HTTP/1.1 whose requests can reach their connection, as ``scope["state"]["connection"]``."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, {**app_state, "connection": self}, _loop)


def connection_of(scope: MutableMapping[str, Any]) -> asyncio.Transport:
    """The connection of a request: ``close()`` sends what is written first, ``abort()`` does not."""
    connection: ShopProtocol = scope["state"]["connection"]
    return connection.transport


class _Server(uvicorn.Server):
    """uvicorn, told to stop by an event where its own loop looks only ten times a second."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self.loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)
        await self.on_tick(0)
        self.ready.set()

    async def main_loop(self) -> None:
        while not self._stop.is_set():
            await self.on_tick(0)
            try:
                await asyncio.wait_for(self._stop.wait(), 1.0)
            except TimeoutError:
                continue

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # uvicorn waits for open requests to end, and a stalled one never does.
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            if isinstance(connection, ShopProtocol):
                connection.transport.abort()
        tasks = list(self.server_state.tasks)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=0.2)
            for task in late:
                task.cancel()

    def stop(self) -> None:
        if self.loop is not None and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._stop.set)


class ServerThread:
    """Serves an app on ``host`` from `start` until `stop`; port 0 takes a free one.

    ``certificate`` is a PEM file with a private key and its chain; with one, it speaks https.
    """

    def __init__(self, app: ASGIApp, host: str, port: int, certificate: Path | None = None) -> None:
        self._listener = socket.create_server((host, port), backlog=512)
        # asyncio sets it only on sockets that name TCP as their protocol; without it each answer takes 40 ms.
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port: int = self._listener.getsockname()[1]
        config = Config(
            app,
            http=ShopProtocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="critical",
            access_log=False,
            # uvicorn's is up to a second old.
            date_header=False,
            timeout_keep_alive=30,
            ssl_certfile=certificate,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._run, name="demo-shop", daemon=True)

    def _run(self) -> None:
        self._server.run([self._listener])

    def start(self) -> None:
        """Return when requests are answered; raises ``RuntimeError`` when that does not happen."""
        self._thread.start()
        if not self._server.ready.wait(_STOP_SECONDS):
            raise RuntimeError("the demo shop did not start")

    def stop(self) -> None:
        """Close every connection and end the thread."""
        self._server.stop()
        if self._thread.is_alive():
            self._thread.join(_STOP_SECONDS)
        self._listener.close()
