"""How much of each thing there may be in a soak."""

from __future__ import annotations

from collections.abc import Mapping

from tests.soak.gauges import Bound

SERVICES = ("api-server", "scheduler", "dag-processor", "triggerer")

BOUNDS: Mapping[str, Bound] = {
    # What a process of Python may take more after some minutes, and does not go on taking.
    **{f"{name}: MB": Bound(20) for name in SERVICES},
    **{f"{name}: files": Bound(8) for name in SERVICES},
    "processes": Bound(6),
    "metadata: connections": Bound(20, peak=90),
    "warehouse: connections": Bound(8, rest=0, peak=25),
    # One for the attempt that runs, and one that a killed attempt has left for the next to drop.
    "warehouse: staging": Bound(2, rest=0, peak=3),
    "warehouse: MB": Bound(8, by_run=0.1),
    "DuckDB: MB": Bound(8, by_run=0.1),
    # Of tasks and of parses, those that were killed included.
    "work folders": Bound(3, rest=0, peak=8),
    "temp folder: MB": Bound(5, rest=1),
}
COLD: Mapping[str, Bound] = {f"{name}: MB": Bound(80) for name in SERVICES}
"""Where nothing has run before: a service imports much of Airflow with its first request or task."""
