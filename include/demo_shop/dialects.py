"""The versions of the API: the same rows under other parameter names, time formats and ways to page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from . import times


@dataclass(frozen=True)
class Dialect:
    """What sets one version of the API apart.

    ``since`` (inclusive) and ``before`` (exclusive) name the filters on ``updated_at``; ``read_time`` turns
    their text into microseconds or raises ``ValueError``. ``show_time`` gives ``updated_at`` where it is not
    ISO text; ``with_day`` adds its date as ``updated_on``.
    """

    paging: Literal["offset", "page", "cursor", "link"]
    size: str
    position: str
    since: str
    before: str
    read_time: Callable[[str], int]
    time_format: str
    show_time: Callable[[int], int] | None = None
    with_day: bool = False

    def parameters(self) -> frozenset[str]:
        """The query parameters this version knows for a list."""
        return frozenset((self.size, self.position, self.since, self.before, "sort", "include_total"))


DIALECTS: dict[str, Dialect] = {
    "v1": Dialect(
        paging="offset",
        size="limit",
        position="offset",
        since="updated_since",
        before="updated_before",
        read_time=times.read_iso,
        time_format="ISO 8601 with Z or an offset",
    ),
    "v2": Dialect(
        paging="page",
        size="per_page",
        position="page",
        since="since",
        before="until",
        read_time=times.read_seconds,
        time_format="epoch seconds",
        show_time=lambda micros: micros // 1_000_000,
    ),
    "v3": Dialect(
        paging="cursor",
        size="limit",
        position="cursor",
        since="from_ms",
        before="to_ms",
        read_time=times.read_millis,
        time_format="epoch milliseconds",
        show_time=lambda micros: micros // 1_000,
    ),
    "v4": Dialect(
        paging="link",
        size="limit",
        position="offset",
        since="modified_from",
        before="modified_to",
        read_time=times.read_day,
        time_format="a date YYYY-MM-DD",
        with_day=True,
    ),
}
