"""How often a request was sent, and how long was waited in between, so that its error can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from requests import PreparedRequest

_WAITS: WeakKeyDictionary[PreparedRequest, tuple[float, ...]] = WeakKeyDictionary()
"""Seconds before each attempt but the first. dlt sends the same object again."""


def note_wait(request: PreparedRequest, seconds: float) -> None:
    """Notes that `request` is sent once more, `seconds` after it had failed."""
    _WAITS[request] = (*_WAITS.get(request, ()), seconds)


def attempts_of(request: PreparedRequest | None) -> str:
    """Such as `after 4 attempts, with waits of 2, 4 and 8 s`."""
    waits = _WAITS.get(request, ()) if request is not None else ()
    if not waits:
        return "after 1 attempt"
    *first, last = [f"{seconds:.0f}" if seconds >= 1 else f"{seconds:.1f}" for seconds in waits]
    shown = f"waits of {', '.join(first)} and {last} s" if first else f"a wait of {last} s"
    return f"after {len(waits) + 1} attempts, with {shown}"
