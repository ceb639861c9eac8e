"""Airflow's own records of loads, read from its metadata: asset events, attempts of tasks, schedules."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select

from ecom_loads.airflow_tables import (
    AssetEvent,
    AssetModel,
    DagModel,
    DagRun,
    TaskInstance,
    TaskInstanceHistory,
    TaskOutletAssetReference,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

SCHEME = "ecom://"
MOST_LOADS = 20_000
"""Newest loads of one resource that are looked at."""
BEGINNING = datetime.min.replace(tzinfo=UTC)
FAILED = ("failed", "upstream_failed")
OPEN = ("scheduled", "queued", "running", "restarting", "up_for_retry", "up_for_reschedule", "deferred")


@dataclass(frozen=True)
class Source:
    """A task that loads, and the asset that it updates."""

    dag_id: str
    task_id: str
    asset_id: int
    uri: str

    @property
    def name(self) -> str:
        """The resource's name."""
        return self.uri.rpartition("/")[2]


@dataclass(frozen=True)
class Loaded:
    """A load that succeeded; `extra` is that of its asset event, as `ecom_source.load.report` makes it."""

    at: datetime
    run_id: str
    map_index: int
    extra: Mapping[str, Any]


@dataclass(frozen=True)
class Attempt:
    """An attempt that failed or is under way; `final` where no other one follows by itself."""

    run_id: str
    map_index: int
    try_number: int
    state: str
    started: datetime | None
    ended: datetime | None
    final: bool


@dataclass(frozen=True)
class Schedule:
    """When a DAG's runs are due: `due` is when the last one was, `next` when the next one will be."""

    text: str | None
    paused: bool
    due: datetime | None
    next: datetime | None


def sources(session: Session, dag_ids: Collection[str]) -> list[Source]:
    """The loading tasks of these DAGs, by DAG and task."""
    reference, asset = TaskOutletAssetReference, AssetModel
    found = session.execute(
        select(reference.dag_id, reference.task_id, asset.id, asset.uri)
        .join(asset, asset.id == reference.asset_id)
        .join(DagModel, DagModel.dag_id == reference.dag_id)
        .where(asset.uri.startswith(SCHEME), DagModel.is_stale.is_(False), reference.dag_id.in_(dag_ids))
        .order_by(reference.dag_id, reference.task_id)
    )
    return [Source(*row) for row in found]


def loads(session: Session, source: Source, since: datetime | None) -> list[Loaded]:
    """The loads of a task that ended since then, the oldest first; the newest `MOST_LOADS` if there are more."""
    event = AssetEvent
    chosen = _of(source)
    if since is not None:
        chosen.append(event.timestamp >= since)
    found = session.execute(
        select(event.timestamp, event.source_run_id, event.source_map_index, event.extra)
        .where(*chosen)
        .order_by(event.timestamp.desc(), event.id.desc())
        .limit(MOST_LOADS)
    )
    return [load for row in found if (load := _loaded(*row))][::-1]


def newest_before(session: Session, source: Source, moment: datetime) -> Loaded | None:
    """The last load that ended before this moment."""
    event = AssetEvent
    found = session.execute(
        select(event.timestamp, event.source_run_id, event.source_map_index, event.extra)
        .where(*_of(source), event.timestamp < moment)
        .order_by(event.timestamp.desc(), event.id.desc())
        .limit(1)
    ).first()
    return _loaded(*found) if found else None


def attempts(session: Session, source: Source, since: datetime | None) -> list[Attempt]:
    """The attempts that failed since then or are under way now, in the order of their end."""
    found: list[Attempt] = []
    for table, states, final in (
        (TaskInstance, (*FAILED, *OPEN), True),
        (TaskInstanceHistory, FAILED, False),
    ):
        ended = table.end_date
        chosen = [table.dag_id == source.dag_id, table.task_id == source.task_id, table.state.in_(states)]
        if since is not None:
            chosen.append(or_(ended.is_(None), ended >= since))
        rows = session.execute(
            select(table.run_id, table.map_index, table.try_number, table.state, table.start_date, ended)
            .where(*chosen)
            .order_by(ended.desc())
            .limit(MOST_LOADS)
        )
        # An open attempt may carry the end of the one before it.
        found += [
            Attempt(run, index, number, str(state), started, end if state in FAILED else None, final)
            for run, index, number, state, started, end in rows
        ]
    # A run that was cleared keeps its failed attempt in the history alone; a failed one has it in both.
    current = {(each.run_id, each.map_index, each.try_number) for each in found if each.final}
    found = [each for each in found if each.final or (each.run_id, each.map_index, each.try_number) not in current]
    return sorted(found, key=lambda each: (each.ended is None, each.ended or each.started or BEGINNING))


def schedule(session: Session, dag_id: str, now: datetime) -> Schedule:
    """The schedule of a DAG as its scheduler keeps it."""
    text, paused, coming = session.execute(
        select(DagModel.timetable_summary, DagModel.is_paused, DagModel.next_dagrun_create_after).where(
            DagModel.dag_id == dag_id
        )
    ).one()
    due = session.scalar(
        select(func.max(DagRun.run_after)).where(DagRun.dag_id == dag_id, DagRun.run_type == "scheduled")
    )
    if coming is not None and coming <= now and not paused:
        # Its time has come and it is not there: the scheduler is behind, or must not make more runs at once.
        due = coming
    return Schedule(None if text in (None, "None") else text, bool(paused), due, coming)


def _loaded(at: datetime, run_id: str, map_index: int | None, extra: Mapping[str, Any]) -> Loaded | None:
    """None for an event that a person made by hand: it has no report."""
    return Loaded(at, run_id, -1 if map_index is None else map_index, extra) if "rows_loaded" in extra else None


def _of(source: Source) -> list[Any]:
    event = AssetEvent
    return [
        event.asset_id == source.asset_id,
        event.source_dag_id == source.dag_id,
        event.source_task_id == source.task_id,
    ]
