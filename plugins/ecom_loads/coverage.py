"""Which stretches of time the loaded windows cover, and where one is missing."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Stretch = tuple[datetime, datetime]


@dataclass(frozen=True)
class Coverage:
    """The coverage of one resource between two instants.

    Args:
        resource: its name.
        covered: loaded stretches, joined where they meet, in order.
        holes: stretches between them, or before the first of them if loads from before are known.
        complete_to: the watermark.
    """

    resource: str
    start: datetime
    end: datetime
    covered: list[Stretch] = field(default_factory=list)
    holes: list[Stretch] = field(default_factory=list)
    complete_to: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """The same as JSON: instants as milliseconds since 1970."""
        return {
            "resource": self.resource,
            "start": millis(self.start),
            "end": millis(self.end),
            "covered": [[millis(start), millis(end)] for start, end in self.covered],
            "holes": [[millis(start), millis(end)] for start, end in self.holes],
            "complete_to": millis(self.complete_to),
        }


def coverage(
    extras: Iterable[Mapping[str, Any]], *, since: datetime | None, now: datetime, earlier: bool = False
) -> list[Coverage]:
    """The coverage of each resource that is loaded by window.

    Args:
        extras: of the loads' asset events, the oldest first.
        since: where to begin; None for the first window that there is.
        earlier: there were loads before these, so that time before the first window is missing too.
    """
    windows: dict[str, list[Stretch]] = {}
    watermarks: dict[str, datetime | None] = {}
    for extra in extras:
        for name, window in (extra.get("windows") or {}).items():
            found = instant(window["start"]), instant(window["end"])
            if found[0] and found[1]:
                windows.setdefault(name, []).append((found[0], found[1]))
            watermarks[name] = instant(window["watermark_after"])
    return [
        _one(name, stretches, since or min(stretches)[0], now, earlier=earlier, complete_to=watermarks[name])
        for name, stretches in windows.items()
    ]


def _one(
    name: str,
    stretches: list[Stretch],
    start: datetime,
    end: datetime,
    *,
    earlier: bool,
    complete_to: datetime | None,
) -> Coverage:
    covered: list[Stretch] = []
    for begins, ends in sorted(stretches):
        begins, ends = max(begins, start), min(ends, end)
        if begins >= ends:
            continue
        if covered and begins <= covered[-1][1]:
            covered[-1] = covered[-1][0], max(covered[-1][1], ends)
        else:
            covered.append((begins, ends))
    holes = [(before[1], after[0]) for before, after in itertools.pairwise(covered)]
    if covered and earlier and covered[0][0] > start:
        holes.insert(0, (start, covered[0][0]))
    return Coverage(name, start, end, covered, holes, complete_to)


def instant(text: str | None) -> datetime | None:
    """ISO text as an aware datetime."""
    return datetime.fromisoformat(text) if text else None


def millis(moment: datetime | None) -> int | None:
    """Milliseconds since 1970, as browsers count time."""
    return None if moment is None else round(moment.timestamp() * 1000)
