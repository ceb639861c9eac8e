"""The shop itself: started from a test or a process, changed and watched while it runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from .access import Access
from .admin import Admin
from .app import Gate, Hook
from .catalogue import Catalogue
from .dialects import DIALECTS
from .faults import Fault, FaultPlan
from .habits import Habits
from .log import RequestLog, RequestRecord
from .seed import Row, Sizes
from .show import show
from .state import StateFile
from .store import Change, Store
from .times import STEP, Clock, as_clock, to_iso, to_micros
from .wire import ServerThread


class DemoShop:
    """An e-commerce REST API with rows that change and faults on request.

    ``with DemoShop("secret", sizes={"orders": 50}) as shop: requests.get(f"{shop.url}/v1/orders", ...)``

    ``access`` sets more about the key than ``api_key`` does; give one of both. ``sizes`` has row counts by
    resource (`seed.SIZES` otherwise). ``clock`` is a callable, a fixed aware ``datetime``, ISO text or
    ``None`` (wall clock). ``port=0`` takes a free port. Rows are kept in ``state_file``; when it exists, its
    rows, seed and sizes win over those given. ``admin`` opens ``/_admin``. With a ``certificate`` (PEM: private key and
    chain) it speaks https.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        access: Access | None = None,
        seed: int = 1,
        sizes: Sizes | None = None,
        clock: Clock | datetime | str | None = None,
        habits: Habits | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        state_file: Path | None = None,
        admin: bool = False,
        certificate: Path | None = None,
    ) -> None:
        if access is not None and api_key is not None:
            raise ValueError("found api_key and access, expected one of them")
        self.access = access or Access(api_key)
        self.habits = habits or Habits()
        self._clock = as_clock(clock)
        self._store = Store(seed, sizes or {}, self._now)
        self._state = StateFile(state_file, self._store) if state_file else None
        self._faults = FaultPlan()
        self._log = RequestLog()
        catalogue = Catalogue(self._store, self.habits)
        self._gate = Gate(catalogue, self.access, self.habits, self._faults, self._log)
        self._admin = Admin(self) if admin else None
        self._host = host
        self._port = port
        self._certificate = certificate
        self._server: ServerThread | None = None

    def start(self) -> Self:
        """Listen and answer; returns when both are so. Raises ``OSError`` when the port is taken."""
        self._server = ServerThread(self._app(), self._host, self._port, self._certificate)
        self._server.start()
        return self

    def stop(self) -> None:
        """Close all connections, stalled ones too, and save the state."""
        if self._server is not None:
            self._server.stop()
        if self._state is not None:
            self._state.save()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """``http(s)://host:port`` without a slash, reachable from this machine."""
        if self._server is None:
            raise RuntimeError("the demo shop is not started")
        everywhere = self._host in ("0.0.0.0", "::", "")  # noqa: S104 (compared, not bound)
        host = "127.0.0.1" if everywhere else self._host
        return f"http{'s' if self._certificate else ''}://{host}:{self._server.port}"

    @property
    def clock(self) -> Clock:
        """The shop's time; set it to a callable, an aware ``datetime``, ISO text or ``None`` (wall clock)."""
        return self._clock

    @clock.setter
    def clock(self, value: Clock | datetime | str | None) -> None:
        self._clock = as_clock(value)

    def rows(self, name: str, version: str = "v1") -> list[Row]:
        """All rows of a resource by id, as lists of ``version`` show them now."""
        return [show(row, DIALECTS[version], self.habits) for row in self._store.select(name)]

    def row(self, name: str, key: int, version: str = "v1") -> Row:
        """One row as ``version`` shows it; raises ``KeyError``."""
        stored = self._store.get(name, key)
        if stored is None:
            raise KeyError(f"{name} has no row {key}")
        return show(stored, DIALECTS[version], self.habits)

    def update(self, name: str, key: int, /, **fields: Any) -> Row:
        """Change or add fields of a row; ``updated_at`` is the clock's unless given. The row as shown."""
        return self._shown(self._store.update(name, key, fields))

    def edit_silently(self, name: str, key: int, /, **fields: Any) -> Row:
        """Change fields of a row and leave ``updated_at`` as it is. The row as shown."""
        return self._shown(self._store.update(name, key, fields, silent=True))

    def insert(self, name: str, /, **fields: Any) -> Row:
        """Add a row; what is not given is random, times are the clock's. The row as shown."""
        return self._shown(self._store.insert(name, fields))

    def late_commit(self, name: str, /, updated_at: str | datetime, **fields: Any) -> Row:
        """Add a row whose ``updated_at`` lies in the past, as a transaction that commits late does."""
        return self._shown(self._store.insert(name, {**fields, "updated_at": updated_at}))

    def delete(self, name: str, key: int) -> None:
        """Remove a row; raises ``KeyError``."""
        self._store.delete(name, key)

    def tick(self, count: int = 1, *, names: Iterable[str] | None = None, deletes: bool = True) -> list[Change]:
        """Apply random changes (7 updates : 2 inserts : 1 delete) to ``names`` or all; seeded."""
        return self._store.tick(count, names, deletes)

    def fail(
        self,
        kind: str,
        *,
        path: str = "",
        skip: int = 0,
        times: int | None = 1,
        status: int | None = None,
        retry_after: str | int | None = None,
        body: str | None = None,
        seconds: float = 0.0,
        url: str = "",
        params: Mapping[str, str] | None = None,
    ) -> Fault:
        """Ask for a fault; the parameters are those of `Fault`, whose ``used`` counts its requests."""
        after = None if retry_after is None else str(retry_after)
        fault = Fault(kind, path, skip, times, status, after, body, seconds, url, params or {})
        self._faults.add(fault)
        return fault

    def clear_faults(self) -> None:
        """Forget all faults; requests that already wait or stall go on doing so."""
        self._faults.clear()

    @property
    def faults(self) -> list[Fault]:
        """The faults asked for, used up or not."""
        return self._faults.all()

    def set_habits(self, **values: Any) -> None:
        """Set several habits; raises ``ValueError`` and sets none when one is wrong."""
        self.habits.set(**values)

    def on_request(self, hook: Hook) -> None:
        """Call ``hook(record)`` in a thread before each request's data is read; its exception gives a 500."""
        self._gate.hooks.append(hook)

    def clear_hooks(self) -> None:
        """Forget all hooks."""
        self._gate.hooks.clear()

    @property
    def requests(self) -> list[RequestRecord]:
        """Copies of the records of all requests but health and admin ones, in order of arrival."""
        return self._log.all()

    def requests_for(self, path: str) -> list[RequestRecord]:
        """The records of a path and what lies below it."""
        return self._log.all(path)

    @property
    def max_in_flight(self) -> int:
        """The most requests that were open at once, 0 without requests."""
        return max((record.in_flight for record in self._log.all()), default=0)

    def reset_log(self) -> None:
        """Forget the request records."""
        self._log.clear()

    def expire_tokens(self) -> None:
        """Make every OAuth access token given so far worthless."""
        self.access.expire_tokens()

    def _shown(self, row: Row) -> Row:
        return show(row, DIALECTS["v1"], self.habits)

    def _now(self) -> int:
        micros = to_micros(self._clock())
        return micros - micros % STEP[self.habits.time_precision]

    def _app(self) -> Starlette:
        async def health(request: Request) -> JSONResponse:
            return JSONResponse({"status": "ok", "time": to_iso(self._now())})

        routes: list[Route | Mount] = [Route("/health", health)]
        if self._admin is not None:
            routes.append(Route("/_admin/{action}", self._admin.answer, methods=["GET", "POST"]))
        return Starlette(routes=[*routes, Mount("/", self._gate)])
