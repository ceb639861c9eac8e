"""Loads of the past, written into Airflow's metadata as Airflow and this package would have left them.

Run as a program in the environment of that Airflow: `python -m tests.support.history DAG_ID NUMBER UNTIL [NAME]`, where
NAME stands for every name that a shop may have chosen.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

HOUR = timedelta(hours=1)
FAIL_EVERY = 100
"""Each so-manieth load failed; the next one covered its window."""


def extras(resource: str, number: int, until: datetime, try_number: int = 1) -> Iterator[tuple[datetime, Any]]:
    """When each load ended and the extra of its event, or None where it failed. The numbers are always the same."""
    random = Random(number)
    watermark: datetime | None = None
    for index in range(number):
        end = until - (number - 1 - index) * HOUR
        at = end + timedelta(seconds=20 + random.random() * 60)
        if index % FAIL_EVERY == FAIL_EVERY - 2 and index < number - 1:
            yield at, None
            continue
        hour = end.hour + end.minute / 60
        rows = 40 + round(260 * max(0.0, 1 - abs(hour - 14) / 9) + random.random() * 40) if watermark else 48_000
        retries = {"429": random.randint(1, 3)} if index % 37 == 5 else {}
        start = watermark or datetime(2020, 1, 1, tzinfo=UTC)
        changed = index % 400 == 150
        yield (
            at,
            {
                "resource": resource,
                "dataset": "shop",
                "warehouse": "postgres",
                "resources": {
                    resource: {"pages": 1 + rows // 100, "rows_read": rows, "distinct_keys": rows, "api_total": rows}
                },
                "windows": {
                    resource: {
                        "start": start.isoformat(),
                        "end": end.isoformat(),
                        "full_refresh": False,
                        "watermark_before": watermark.isoformat() if watermark else None,
                        "watermark_after": end.isoformat(),
                    }
                },
                "rows_loaded": {resource: rows, f"{resource}__line_items": 2 * rows},
                "load_ids": [str(at.timestamp())],
                "requests": 1 + rows // 100 + sum(retries.values()),
                "troubles": retries,
                "retries": retries,
                "waited": {what: 2.0 * times for what, times in retries.items()},
                "bytes": rows * 720,
                "seconds": {
                    "sync": 0.1,
                    "extract": round(0.4 + rows / 900 + 2.0 * sum(retries.values()), 3),
                    "normalize": round(0.2 + rows / 2500, 3),
                    "load": round(0.5 + random.random() * 0.4, 3),
                },
                "schema_changes": [
                    {"change": "column_added", "table": resource, "column": f"field_{index}", "data_type": "text"}
                ]
                if changed or number == 1
                else [],
                "first": watermark is None,
                "try_number": try_number,
            },
        )
        watermark = end


def write(dag_id: str, number: int, until: datetime, name: str | None = None) -> None:
    """Writes hourly loads, the last one of the window that ends at `until`: runs, task instances and asset events."""
    from airflow.models.asset import AssetEvent
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import insert

    from ecom_loads.records import sources

    runs, tasks, events = [], [], []
    with create_session(scoped=False) as session:
        (source,) = sources(session, [dag_id])
        for at, extra in extras(name or source.name, number, until):
            end = at.replace(minute=0, second=0, microsecond=0)
            run_id, state = f"scheduled__{end - HOUR:%Y-%m-%dT%H:%M}", "success" if extra else "failed"
            seconds = sum(extra["seconds"].values()) if extra else 30.0
            began = at - timedelta(seconds=seconds)
            runs.append(
                {
                    "dag_id": dag_id,
                    "run_id": run_id,
                    "run_type": "scheduled",
                    "state": state,
                    "logical_date": end - HOUR,
                    "run_after": end,
                    "start_date": began,
                    "end_date": at,
                    "data_interval_start": end - HOUR,
                    "data_interval_end": end,
                }
            )
            tasks.append(
                {
                    "id": uuid4(),
                    "dag_id": dag_id,
                    "task_id": source.task_id,
                    "run_id": run_id,
                    "map_index": -1,
                    "try_number": 1,
                    "state": state,
                    "start_date": began,
                    "end_date": at,
                    "pool": "default_pool",
                    "queue": "default",
                    "priority_weight": 1,
                }
            )
            if extra:
                events.append(
                    {
                        "asset_id": source.asset_id,
                        "source_dag_id": dag_id,
                        "source_task_id": source.task_id,
                        "source_run_id": run_id,
                        "source_map_index": -1,
                        "timestamp": at,
                        "extra": extra,
                    }
                )
        for table, rows in ((DagRun, runs), (TaskInstance, tasks), (AssetEvent, events)):
            session.execute(insert(table.__table__), rows)


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]), datetime.fromisoformat(sys.argv[3]), *sys.argv[4:])
