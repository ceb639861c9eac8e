"""Faults on request: what goes wrong, for which requests, how often."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, repeat
from threading import Lock
from types import MappingProxyType
from typing import Any

from .reply import JSON, Refused, Reply
from .show import to_json

INSTEAD = ("status", "stall", "drop", "html", "redirect")
"""Kinds that take the place of the answer."""
ON_ANSWER = ("cut", "malformed", "no_data_key", "object_data", "missing_id")
"""Kinds that spoil the answer that was due."""
WITHOUT_END = ("endless", "bomb", "drip")
"""Kinds whose answer has no end: as fast as it is taken, compressed to a thousandth, or a byte at a time."""
KINDS = ("latency", *INSTEAD, *ON_ANSWER, *WITHOUT_END)

_CODES = {429: "rate_limited", 401: "unauthorized", 403: "forbidden", 404: "not_found", 503: "unavailable"}
_ANY: Mapping[str, str] = MappingProxyType({})
_HTML = b"<!doctype html><html><head><title>Sign in</title></head><body><h1>Please sign in</h1></body></html>"


@dataclass
class Fault:
    """One fault. It meets requests whose path starts with ``path`` and whose parameters include ``params``, after
    ``skip`` of them, ``times`` times.

    ``times=None`` is for ever. ``status``, ``retry_after`` (seconds or an HTTP date) and ``body`` belong to
    kind ``status`` (``status`` to ``redirect`` as well), ``seconds`` to ``latency`` and between the bytes of a
    ``drip``, ``url`` to ``redirect``.
    Latency goes together with one other fault; of the others the first that applies wins.
    """

    kind: str
    path: str = ""
    skip: int = 0
    times: int | None = 1
    status: int | None = None
    retry_after: str | None = None
    body: str | None = None
    seconds: float = 0.0
    url: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    seen: int = field(default=0, init=False)
    used: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"found fault {self.kind!r}, expected one of {', '.join(KINDS)}")
        for name in ("skip", "times", "status"):
            value = getattr(self, name)
            if value is not None and type(value) is not int:
                raise ValueError(f"{name}: found {value!r}, expected a whole number")
        if self.kind == "redirect" and not self.url:
            raise ValueError("a redirect needs its url")
        if self.kind in ("latency", "drip") and self.seconds <= 0:
            raise ValueError(f"{self.kind} needs its seconds")

    def reply(self) -> Reply | Refused:
        """The answer of the kinds ``status``, ``html`` and ``redirect``."""
        if self.kind == "html":
            return Reply(200, _HTML, content_type="text/html; charset=utf-8")
        if self.kind == "redirect":
            return Reply(self.status or 302, b"", (("Location", self.url),))
        status = self.status or 500
        headers = () if self.retry_after is None else (("Retry-After", str(self.retry_after)),)
        if self.body is not None:
            return Reply(status, self.body.encode(), headers)
        return Refused(status, _CODES.get(status, "failed"), f"The shop answers with status {status}.", headers)

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Those of the kinds of `WITHOUT_END`."""
        return (("Content-Type", JSON), *([("Content-Encoding", "gzip")] if self.kind == "bomb" else []))

    def parts(self) -> Iterator[bytes]:
        """The body of the kinds of `WITHOUT_END`: JSON as far as it goes."""
        size = 1 if self.kind == "drip" else 1_000_000
        squeeze = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)  # gzip
        for part in chain([b'{"data": ['], repeat(b" " * size)):
            if self.kind == "bomb":
                yield squeeze.compress(part) + squeeze.flush(zlib.Z_SYNC_FLUSH)
            else:
                yield part

    def spoil(self, reply: Reply) -> Reply:
        """The answer as the kinds of `ON_ANSWER` leave it (``cut`` is done while sending)."""
        if reply.status != 200 or self.kind == "cut":
            return reply
        if self.kind == "malformed":
            return Reply(200, reply.body[: len(reply.body) // 2], reply.headers)
        content = json.loads(reply.body)
        data = content.pop("data", None)
        if self.kind == "object_data" and isinstance(data, list):
            content["data"] = {str(row["id"]): row for row in data}
        elif self.kind == "missing_id" and isinstance(data, list):
            content["data"] = [_without_id(row) for row in data]
        return Reply(200, to_json(content), reply.headers)


def _without_id(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "id"}


class FaultPlan:
    """The faults that wait for their requests, in the order they were asked for."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = Lock()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def all(self) -> list[Fault]:
        """Every fault asked for, used up or not."""
        with self._lock:
            return list(self._faults)

    def take(self, path: str, params: Mapping[str, str] = _ANY) -> tuple[float, Fault | None]:
        """Seconds to wait and the other fault, for a request that arrives now."""
        seconds = 0.0
        chosen: Fault | None = None
        with self._lock:
            for fault in self._faults:
                if not (path.startswith(fault.path) and fault.params.items() <= params.items()):
                    continue
                fault.seen += 1
                due = fault.seen > fault.skip and (fault.times is None or fault.used < fault.times)
                if due and fault.kind == "latency":
                    seconds += fault.seconds
                elif due and chosen is None:
                    chosen = fault
                else:
                    continue
                fault.used += 1
        return seconds, chosen
