"""How a resource stands: fresh against its schedule, late, failed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from ecom_loads.records import OPEN, Attempt, Loaded, Schedule

Status = Literal["ok", "late", "failed", "never", "paused"]

GRACE = timedelta(minutes=5)
"""How long after a run is due a load counts as on its way rather than late."""


def status_of(newest: Loaded | None, tries: Sequence[Attempt], schedule: Schedule, now: datetime) -> Status:
    """The status of a resource.

    `failed`: its last load ended in failure. `late`: a run is due, and since then nothing was loaded. `never`: nothing
    was ever loaded, and nothing is due.
    """
    failures = [each.ended for each in tries if each.final and each.ended is not None]
    if failures and (newest is None or max(failures) > newest.at):
        return "failed"
    if schedule.paused:
        return "paused" if newest else "never"
    if schedule.due and (newest is None or newest.at < schedule.due) and now - schedule.due > GRACE:
        return "late"
    return "ok" if newest else "never"


def under_way(tries: Sequence[Attempt]) -> bool:
    """Whether an attempt is queued, running or waits to be made again."""
    return any(each.state in OPEN for each in tries)
