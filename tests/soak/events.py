"""What can happen to a DAG, its shop and its warehouse while a soak goes on."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

import psutil
from tests.e2e.scene import Scene, iso

from local_airflow.api import DONE, ApiError

if TYPE_CHECKING:
    from tests.soak.soak import Soak

Happen = Callable[["Soak", Scene, Random], str]
"""Makes it happen, and says what exactly."""

RESOURCES = ("orders", "resource", "products")
TASK_SECONDS = 4.0
"""How long to wait for a task to kill."""


def shop_fault(kind: str, soak: Soak, scene: Scene, dice: Random, **options: Any) -> str:
    """The shop fails, from its next request for one of its resources on."""
    name = dice.choice(RESOURCES)
    scene.shop.fail(kind, path=f"/v1/{name}", **options)
    return f"/v1/{name} {options}"


def trigger(soak: Soak, scene: Scene, dice: Random) -> str:
    """Somebody triggers a run."""
    return soak.trigger(scene)


def trigger_window(soak: Soak, scene: Scene, dice: Random) -> str:
    """Somebody triggers a run of a window."""
    start = datetime.now(UTC) - timedelta(seconds=dice.uniform(30, 60))
    window = {"window_start": iso(start), "window_end": iso(start + timedelta(seconds=dice.uniform(1, 30)))}
    return soak.trigger(scene, window)


def full_refresh(soak: Soak, scene: Scene, dice: Random) -> str:
    """Somebody has all read anew."""
    return soak.trigger(scene, {"full_refresh": True})


def clear(soak: Soak, scene: Scene, dice: Random) -> str:
    """Somebody clears a run of the last ones that are over."""
    over = [run["dag_run_id"] for run in soak.last_runs(scene) if run["state"] in DONE]
    if not over:
        return "none is over"
    run_id = str(dice.choice(over))
    scene.clear(run_id)
    return run_id


def backfill(soak: Soak, scene: Scene, dice: Random) -> str:
    """Somebody backfills some seconds from before the soak."""
    start = soak.began - timedelta(seconds=dice.uniform(600, 6000))
    scene.backfill(iso(start), iso(start + timedelta(seconds=2 * soak.interval)), max_active_runs=1)
    return f"from {iso(start)}"


def kill_task(number: signal.Signals, soak: Soak, scene: Scene, dice: Random) -> str:
    """A signal ends a task, wherever it is by then; of either DAG, whichever runs."""
    deadline = time.monotonic() + TASK_SECONDS
    while not (tasks := soak.tasks()) and time.monotonic() < deadline:
        time.sleep(0.1)
    if not tasks:
        return "no task runs"
    task = dice.choice(tasks)
    time.sleep(dice.uniform(0, 2))
    with suppress(psutil.NoSuchProcess):
        task.send_signal(number)
        soak.killed += 1
        return f"process {task.pid}"
    return f"process {task.pid} has ended before"


def hang_up(soak: Soak, scene: Scene, dice: Random) -> str:
    """The PostgreSQL warehouse ends the connections that its loads have."""
    return f"{soak.warehouse.hang_up()} connections"


def kill_service(name: str, soak: Soak, scene: Scene, dice: Random) -> str:
    """One of Airflow's services dies, with all that it runs, and is started anew."""
    tasks = soak.tasks() if name == "scheduler" else []
    soak.airflow.kill(name)
    soak.airflow.services[name].wait()
    soak.airflow.restart(name)
    soak.killed += len(tasks)
    return f"process {soak.airflow.services[name].pid} now"


SHORT: Mapping[str, Happen] = {
    "shop: 429": partial(shop_fault, "status", status=429, retry_after=1, times=2),
    "shop: 500": partial(shop_fault, "status", status=500, times=2),
    "shop: 503 for long": partial(shop_fault, "status", status=503, retry_after=1, times=6),
    "shop: 401": partial(shop_fault, "status", status=401),
    "shop: 404": partial(shop_fault, "status", status=404, skip=1),
    "shop: hangs up": partial(shop_fault, "drop", times=2),
    "shop: body cut": partial(shop_fault, "cut"),
    "shop: no JSON": partial(shop_fault, "malformed"),
    "shop: no rows": partial(shop_fault, "no_data_key", skip=1),
    "shop: slow": partial(shop_fault, "latency", seconds=0.2, times=8),
    "hand: trigger": trigger,
    "hand: window": trigger_window,
    "hand: full refresh": full_refresh,
    "hand: clear": clear,
    "hand: backfill": backfill,
    "task: SIGKILL": partial(kill_task, signal.SIGKILL),
    "task: SIGTERM": partial(kill_task, signal.SIGTERM),
    "warehouse: hangs up": hang_up,
}
"""By kind: what leaves an Airflow that others use as well as it was."""

LONG: Mapping[str, Happen] = {
    **SHORT,
    "shop: silent": partial(shop_fault, "stall"),
    **{f"{name}: SIGKILL": partial(kill_service, name) for name in ("scheduler", "dag-processor", "triggerer")},
}
"""Those that need an Airflow of one's own, and minutes, as well."""


def happen(soak: Soak, scene: Scene, kind: str, kinds: Mapping[str, Happen], dice: Random) -> str:
    """Makes it happen; an Airflow that refuses is not an error here."""
    try:
        return kinds[kind](soak, scene, dice)
    except ApiError as error:
        return f"refused: {str(error)[:200]}"
