"""A process that ends itself with SIGKILL at a chosen point of a load, as an out-of-memory killer would."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.support.striking import strike

STAGES = {
    "during a page": "middle page",
    "between extract and normalize": "between extract and normalize",
    "during load": "load",
    "in the merge": "merge",
    "after the merge, before the state": "state",
    "after the state": "after the state",
}
"""By name: the point of `striking.POINTS`."""


def kill_once(order: Path) -> None:
    """Makes this process die at the stage that the file `order` names, and no later one do so: the file goes."""
    if order.exists():
        strike(STAGES[order.read_text().strip()], _die)
        order.unlink()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
