"""Loads over time: one point for each load while they are few, else one for each stretch of time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ecom_loads.coverage import millis
from ecom_loads.records import Attempt, Loaded

MOST_POINTS = 240
"""A chart is not wider than some hundred bars that can be told apart."""
WIDTHS = (60, 300, 900, 3600, 3 * 3600, 6 * 3600, 86400, 2 * 86400, 7 * 86400, 28 * 86400, 364 * 86400)
"""Seconds that a point may stand for."""


def numbers(extra: Mapping[str, Any]) -> dict[str, Any]:
    """What is summed up of one load."""
    resources = extra.get("resources") or {}
    return {
        "rows": sum((extra.get("rows_loaded") or {}).values()),
        "read": sum(each.get("rows_read") or 0 for each in resources.values()),
        "requests": extra.get("requests") or 0,
        "retries": sum((extra.get("retries") or {}).values()),
        "waited": sum((extra.get("waited") or {}).values()),
        "bytes": extra.get("bytes") or 0,
        "seconds": sum((extra.get("seconds") or {}).values()),
    }


def totals(loads: Sequence[Loaded], failed: Sequence[Attempt]) -> dict[str, Any]:
    """The sums over loads, the number of failed attempts, and that of schema changes after the first load."""
    found: Counter[str] = Counter()
    for load in loads:
        found.update({name: value for name, value in numbers(load.extra).items() if name != "seconds"})
        found["changes"] += 0 if load.extra.get("first") else len(load.extra.get("schema_changes") or ())
    return {"loads": len(loads), "failed": len(failed), **found}


def series(loads: Sequence[Loaded], failed: Sequence[Attempt], start: datetime, end: datetime) -> dict[str, Any]:
    """The points of the charts in order of time, and `width`: seconds that a point stands for, None for one load.

    Of a stretch, `seconds` is the longest load's; everything else is the sum.
    """
    ends = [each.ended for each in failed if each.ended is not None]
    if len(loads) + len(ends) <= MOST_POINTS:
        points = [{"t": millis(load.at), "loads": 1, "failed": 0, **numbers(load.extra)} for load in loads]
        points += [{**_nothing(), "t": millis(moment), "failed": 1} for moment in ends]
        return {"width": None, "points": sorted(points, key=lambda point: point["t"] or 0)}
    width = next((each for each in WIDTHS if (end - start).total_seconds() / each <= MOST_POINTS), WIDTHS[-1])
    found: dict[int, dict[str, Any]] = {}
    for load in loads:
        point = _point(found, load.at, width)
        values = numbers(load.extra)
        point["loads"] += 1
        point["seconds"] = max(point["seconds"], values.pop("seconds"))
        for name, value in values.items():
            point[name] += value
    for moment in ends:
        _point(found, moment, width)["failed"] += 1
    return {"width": width, "points": [found[key] for key in sorted(found)]}


def _nothing() -> dict[str, Any]:
    return {"loads": 0, "failed": 0, **numbers({})}


def _point(found: dict[int, dict[str, Any]], moment: datetime, width: int) -> dict[str, Any]:
    key = int(moment.timestamp()) // width
    return found.setdefault(key, {"t": key * width * 1000, **_nothing()})
