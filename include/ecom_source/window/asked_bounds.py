"""What the API is asked with: a window's bounds, widened so that no way to read them loses a row."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ecom_source.window.cursor_format import Cursor
from ecom_source.window.run_window import Window
from ecom_source.window.time_zones import local_end, local_start, shifted

_EPOCH = datetime(1970, 1, 1)


def asked_bounds(cursor: Cursor, window: Window, *, step: timedelta, reach: timedelta | None = None) -> tuple[Any, Any]:
    """The two bounds of `window` in the shape of `cursor`.

    Some APIs start after the bound rather than at it, and some cut it to the second, the minute or the day. So both
    bounds move outward by the step of the API's filter. What a lag reads again counts towards that.

    Args:
        step: the step of the API's filter; the cursor's own, or longer.
        reach: how far beyond its end a window is asked for; `step` unless given.
    """
    if window.full_refresh:
        return cursor.like, cursor.write(datetime.max)
    step = max(step, cursor.step)
    start = _floor(local_start(window.interval.start, cursor.zone), cursor.step)
    end = _ceil(local_end(window.interval.end, cursor.zone), cursor.step)
    before = max(step - window.lag, timedelta(0))
    return cursor.write(shifted(start, -before)), cursor.write(shifted(end, max(step, reach or step)))


def _floor(time: datetime, step: timedelta) -> datetime:
    return time - (time - _EPOCH) % step


def _ceil(time: datetime, step: timedelta) -> datetime:
    return shifted(time, (_EPOCH - time) % step)
