"""What a load did: a log line and the extra of an asset event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ecom_source.http.session import Traffic
from ecom_source.load.load_origin import TABLE
from ecom_source.paging.read_tally import Reading
from ecom_source.window.run_window import Window, iso

if TYPE_CHECKING:
    from dlt.common.pipeline import LoadInfo
    from dlt.pipeline.trace import PipelineTrace


@dataclass(frozen=True)
class Report:
    """What one load did.

    Args:
        resource: the component's name.
        dataset, warehouse: where the rows are.
        readings, windows: by resource.
        rows: loaded rows by table, nested tables included.
        load_ids: dlt's load ids; none where nothing was new.
        seconds: duration by dlt step.
        schema_changes: as `schema_changes` finds them.
        first: there was no table of this pipeline before.
        values: what was changed in the rows or left out of them, and how often: `values_rounded` by column,
            `nul_left_out` by field, `rows_marked_deleted` by table.
    """

    resource: str
    dataset: str
    warehouse: str
    readings: Mapping[str, Reading]
    windows: Mapping[str, Window]
    rows: Mapping[str, int]
    load_ids: tuple[str, ...]
    traffic: Traffic
    seconds: Mapping[str, float] = field(default_factory=dict)
    schema_changes: Sequence[Mapping[str, str]] = ()
    first: bool = False
    values: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """Say the same in words: what was read, where it went, up to where the table is complete, and what it took."""
        read = [f"{name}: {line}" for name, reading in self.readings.items() for line in _read(reading)]
        loaded = [f"{_rows(rows)} loaded into {self.dataset}.{table}" for table, rows in self.rows.items()]
        windows = [f"{name}: {_watermark(window)}" for name, window in self.windows.items()]
        troubles = ", ".join(f"{number} x {what}" for what, number in sorted(self.traffic.troubles.items()))
        took = _plural(self.traffic.requests, "request") + (f" ({troubles})" if troubles else "")
        ids = f"load {', '.join(self.load_ids)}" if self.load_ids else "no load"
        return [
            *(read or [f"{self.resource}: nothing read"]),
            *(f"{self.resource}: {line}" for line in loaded or ["nothing new to load"]),
            *windows,
            f"{self.resource}: {took}, {sum(self.seconds.values()):.1f} s; {self.warehouse}, {ids}",
        ]

    def as_extra(self) -> dict[str, Any]:
        """Give the same as JSON: instants in ISO 8601, durations in seconds, sizes in bytes."""
        return {
            "resource": self.resource,
            "dataset": self.dataset,
            "warehouse": self.warehouse.partition(" ")[0],
            "resources": {
                name: {
                    "pages": reading.pages,
                    "rows_sent": reading.rows,
                    "rows_repeated": reading.repeated,
                    "rows_read": reading.passed_on,
                    "rows_left_out": reading.left_out,
                    "proof": reading.proof,
                    "distinct_keys": reading.distinct,
                    "api_total": reading.total,
                }
                for name, reading in self.readings.items()
            },
            "windows": {
                name: {
                    "start": iso(window.interval.start),
                    "end": iso(window.interval.end),
                    "full_refresh": window.full_refresh,
                    "watermark_before": window.watermark_before and iso(window.watermark_before),
                    "watermark_after": window.watermark_after and iso(window.watermark_after),
                }
                for name, window in self.windows.items()
            },
            "rows_loaded": dict(self.rows),
            "load_ids": list(self.load_ids),
            "requests": self.traffic.requests,
            "troubles": dict(self.traffic.troubles),
            "retries": dict(self.traffic.retries),
            "waited": {what: round(spent, 3) for what, spent in self.traffic.waited.items()},
            "bytes": self.traffic.bytes,
            "seconds": {step: round(spent, 3) for step, spent in self.seconds.items()},
            "schema_changes": [dict(change) for change in self.schema_changes],
            "first": self.first,
            "values": {what: dict(numbers) for what, numbers in self.values.items()},
        }


def _read(reading: Reading) -> list[str]:
    """Say it as in `2,540 of 2,540 rows read (26 more came again)`; what is left out and not provable is added."""
    rows, total = reading.passed_on, reading.total
    if total is None or rows > total:
        said = f"{_rows(rows)} read" + ("" if total is None else f", where the shop says {total:,}")
    else:
        said = f"{rows:,} of {_rows(total)} read"
    again = f" ({reading.repeated:,} more came again)" if reading.repeated else ""
    out = f"; {_rows(reading.left_out)} left out by its processing steps or its window" if reading.left_out > 0 else ""
    return [f"{said}{again}{out}", *([reading.proof] if reading.doubts else [])]


def _watermark(window: Window) -> str:
    before, after = window.watermark_before, window.watermark_after
    if after is None:
        moved = "no watermark yet"
    elif before is None:
        moved = f"watermark set to {iso(after)}"
    elif before == after:
        moved = f"watermark stays at {iso(after)}"
    else:
        moved = f"watermark moved from {iso(before)} to {iso(after)}"
    return f"{'full refresh of' if window.full_refresh else 'window'} {window}, {moved}"


def _rows(number: int) -> str:
    return _plural(number, "row")


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def rows_loaded(trace: PipelineTrace | None) -> dict[str, int]:
    """Count the rows that the last run's normalize step wrote, by table; those of dlt and this package are left out."""
    info = trace.last_normalize_info if trace else None
    counts = info.row_counts if info else {}
    return {table: rows for table, rows in counts.items() if not table.startswith("_dlt") and table != TABLE}


def load_ids(trace: PipelineTrace | None) -> tuple[str, ...]:
    """Find dlt's ids of the packages that the last run loaded."""
    info: LoadInfo | None = trace.last_load_info if trace else None
    return tuple(info.loads_ids) if info else ()


def step_seconds(trace: PipelineTrace | None) -> dict[str, float]:
    """Add up the seconds by dlt step: sync, extract, normalize, load."""
    spent: dict[str, float] = {}
    for step in trace.steps if trace else ():
        if step.step != "run":
            seconds = (step.finished_at - step.started_at).total_seconds()
            spent[str(step.step)] = spent.get(str(step.step), 0.0) + seconds
    return spent
