"""What was asked and what was answered."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Lock

MOST_RECORDS = 100_000


@dataclass
class RequestRecord:
    """One request. ``started`` and ``ended`` are monotonic seconds, ``at`` is UTC wall time as ISO text.

    ``ended`` is when the answer is handed over for sending. ``status`` and ``ended`` are ``None`` while it is
    open; ``status`` stays ``None`` when nothing was answered. ``in_flight`` counts the requests open at the
    start, this one included. ``fault`` names the kinds, joined by ``+``; ``auth`` is the way that let it in.
    """

    number: int
    at: str
    started: float
    method: str
    path: str
    params: dict[str, str]
    in_flight: int
    status: int | None = None
    ended: float | None = None
    fault: str | None = None
    auth: str | None = None
    response_bytes: int = 0
    is_open: bool = field(default=True, repr=False)


class RequestLog:
    """The newest `MOST_RECORDS` records, in order of arrival."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._records: deque[RequestRecord] = deque(maxlen=MOST_RECORDS)
        self._open = 0
        self._last = 0

    def open(self, method: str, path: str, params: Mapping[str, str]) -> RequestRecord:
        """Start a record."""
        with self._lock:
            self._open += 1
            self._last += 1
            record = RequestRecord(
                number=self._last,
                at=datetime.now(UTC).isoformat(timespec="microseconds"),
                started=time.monotonic(),
                method=method,
                path=path,
                params=dict(params),
                in_flight=self._open,
            )
            self._records.append(record)
            return record

    def close(self, record: RequestRecord, status: int | None = None, size: int = 0) -> None:
        """End a record; a second call does nothing."""
        with self._lock:
            if record.is_open:
                record.is_open = False
                self._open -= 1
                record.ended = time.monotonic()
                record.status = status
                record.response_bytes = size

    def all(self, path: str = "") -> list[RequestRecord]:
        """Copies of the records of ``path`` and what lies below it; of all of them without ``path``."""
        below = path.rstrip("/") + "/"
        with self._lock:
            return [
                replace(record)
                for record in self._records
                if not path or record.path == path or record.path.startswith(below)
            ]

    def clear(self) -> None:
        """Forget all records; numbers go on."""
        with self._lock:
            self._records.clear()
