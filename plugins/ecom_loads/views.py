"""What the page shows, as JSON: all resources at a glance, and one of them in full."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ecom_loads import records
from ecom_loads.coverage import Coverage, coverage, millis
from ecom_loads.records import Attempt, Loaded, Schedule, Source
from ecom_loads.series import numbers, series, totals
from ecom_loads.status import status_of, under_way

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

RANGES: dict[str, timedelta | None] = {
    "24h": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
    "1y": timedelta(days=365),
    "all": None,
}
LISTED = 100
"""Newest loads, and newest schema changes, that are listed one by one."""


def overview(session: Session, dag_ids: Collection[str], range_name: str) -> dict[str, Any]:
    """All resources of these DAGs: how each stands, and its sums within the range."""
    now, since = _bounds(range_name)
    found = records.sources(session, dag_ids)
    schedules = {dag_id: records.schedule(session, dag_id, now) for dag_id in {each.dag_id for each in found}}
    return {
        "now": millis(now),
        "range": range_name,
        "resources": [_head(session, each, schedules[each.dag_id], since, now)[0] for each in found],
    }


def detail(session: Session, dag_id: str, task_id: str, range_name: str) -> dict[str, Any] | None:
    """One resource in full, or None where the DAG has no such task that loads."""
    source = next((each for each in records.sources(session, [dag_id]) if each.task_id == task_id), None)
    if source is None:
        return None
    now, since = _bounds(range_name)
    head, loads, tries = _head(session, source, records.schedule(session, dag_id, now), since, now)
    failed = [each for each in tries if each.ended is not None]
    start = since or min((each for each in (_first(loads), _first_end(failed)) if each), default=now)
    return {
        **head,
        "now": millis(now),
        "range": range_name,
        "start": millis(start),
        **series(loads, failed, start, now),
        "loads": _listed(loads, tries),
        "changes": _changes(loads),
    }


def _head(
    session: Session, source: Source, schedule: Schedule, since: datetime | None, now: datetime
) -> tuple[dict[str, Any], list[Loaded], list[Attempt]]:
    loads = records.loads(session, source, since)
    before = records.newest_before(session, source, since) if since else None
    newest = loads[-1] if loads else before
    tries = records.attempts(session, source, since)
    covered = coverage((each.extra for each in loads), since=since, now=now, earlier=before is not None)
    # Without a load in the range, what was known before it still holds.
    marks = covered or (coverage([before.extra], since=None, now=now) if before else [])
    failed = [each for each in tries if each.ended is not None]
    return (
        {
            "dag_id": source.dag_id,
            "task_id": source.task_id,
            "name": source.name,
            "status": status_of(newest, tries, schedule, now),
            "under_way": under_way(tries),
            "schedule": schedule.text,
            "paused": schedule.paused,
            "due": millis(schedule.due),
            "next": millis(schedule.next),
            "complete_to": millis(_complete_to(marks)),
            "last": _load(newest) if newest else None,
            "totals": totals(loads, failed),
            "coverage": [each.as_json() for each in covered],
            "capped": len(loads) >= records.MOST_LOADS,
        },
        loads,
        tries,
    )


def _complete_to(marks: Sequence[Coverage]) -> datetime | None:
    """The earliest of the watermarks; None where one is missing."""
    found = [each.complete_to for each in marks]
    return min((each for each in found if each), default=None) if all(found) else None


def _load(load: Loaded) -> dict[str, Any]:
    extra = load.extra
    names = ("dataset", "warehouse", "resources", "windows", "rows_loaded", "load_ids", "try_number")
    return {
        "state": "success",
        "at": millis(load.at),
        "run_id": load.run_id,
        "map_index": load.map_index,
        **{name: extra.get(name) for name in names},
        **numbers(extra),
        "steps": extra.get("seconds"),
        "retries_by": extra.get("retries"),
        "waited_by": extra.get("waited"),
        "changes": 0 if extra.get("first") else len(extra.get("schema_changes") or ()),
    }


def _attempt(each: Attempt) -> dict[str, Any]:
    spent = (each.ended - each.started).total_seconds() if each.ended and each.started else None
    return {
        "state": each.state,
        "final": each.final,
        "at": millis(each.ended or each.started),
        "run_id": each.run_id,
        "map_index": each.map_index,
        "try_number": each.try_number,
        "seconds": spent,
    }


def _listed(loads: Sequence[Loaded], tries: Sequence[Attempt]) -> list[dict[str, Any]]:
    """The newest first; what is under way before all else."""
    found = [*map(_load, loads[-LISTED:]), *map(_attempt, tries[-LISTED:])]
    under = {id(each) for each in found if each["state"] in records.OPEN}
    return sorted(found, key=lambda each: (id(each) in under, each["at"] or 0), reverse=True)[:LISTED]


def _changes(loads: Sequence[Loaded]) -> list[dict[str, Any]]:
    found = [
        {"at": millis(load.at), "run_id": load.run_id, "map_index": load.map_index, **change}
        for load in loads
        for change in load.extra.get("schema_changes") or ()
    ]
    return found[::-1][:LISTED]


def _bounds(range_name: str) -> tuple[datetime, datetime | None]:
    now = datetime.now(UTC)
    length = RANGES[range_name]
    return now, now - length if length else None


def _first(loads: Sequence[Loaded]) -> datetime | None:
    return loads[0].at if loads else None


def _first_end(failed: Sequence[Attempt]) -> datetime | None:
    return failed[0].ended if failed else None
