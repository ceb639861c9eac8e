"""What a load did, in words: the extra of its asset event beside what the shop knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Shown:
    """One DAG of the demo: where its rows come from, and where they go.

    Args:
        shop: the resource's name in the shop.
        resource: its name in the DAG, and its table's.
    """

    dag_id: str
    shop: str
    dataset: str
    resource: str
    noun: str


@dataclass(frozen=True)
class Since:
    """Rows of the shop within a load's window.

    Args:
        changed, new: at or after the watermark, by whether the row was there before it.
        again: before the watermark, so that a run before had read them too.
    """

    changed: int
    new: int
    again: int

    @property
    def rows(self) -> int:
        """All of them."""
        return self.changed + self.new + self.again


def since(rows: Iterable[Mapping[str, Any]], window: Mapping[str, Any]) -> Since:
    """Count the shop's rows that lie in the window of a load (`windows` of the asset event's extra)."""
    start, end, watermark = (_instant(window[name]) for name in ("start", "end", "watermark_before"))
    changed = new = again = 0
    for row in rows:
        updated, created = _instant(row["updated_at"]), _instant(row["created_at"])
        if updated is None or start is None or end is None or not start <= updated < end:
            continue
        if watermark is not None and updated < watermark:
            again += 1
        elif watermark is None or (created is not None and created >= watermark):
            new += 1
        else:
            changed += 1
    return Since(changed, new, again)


def describe(shown: Shown, extra: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], in_table: int) -> list[str]:
    """Lines about one load.

    Args:
        extra: of its asset event, as `ecom_source.load.report.Report.as_extra` makes it.
        rows: all rows of the shop.
        in_table: the table's rows after the load.
    """
    window, read = extra["windows"][shown.resource], extra["resources"][shown.resource]["rows_read"]
    loaded, steps = extra["rows_loaded"], extra["seconds"]
    own = loaded.get(shown.resource, 0)
    tables = [f"{number:,} into {shown.dataset}.{table}" for table, number in loaded.items()]
    found = since(rows, window)
    return [
        f"{shown.dag_id}: {_story(shown, window, found, read, own, in_table)}",
        *_again(window, found),
        f"  window     {window['start']} until {window['end']}",
        f"  watermark  {window['watermark_before'] or 'none'} -> {window['watermark_after']}",
        f"  read       {_rows(read)} in {_plural(extra['requests'], 'request')}",
        f"  loaded     {_rows(sum(loaded.values()))}" + (f": {', '.join(tables)}" if tables else ""),
        f"  took       {sum(steps.values()):.1f} s: {', '.join(f'{name} {s:.1f}' for name, s in steps.items())}",
    ]


def _story(shown: Shown, window: Mapping[str, Any], found: Since, read: int, own: int, in_table: int) -> str:
    if window["watermark_before"] is None:
        return f"the first load; all {read:,} {shown.noun} of the shop"
    parts = [
        f"{found.changed:,} changed + {found.new:,} new in the shop since the last load",
        f"{_rows(read)} read, {own:,} loaded",
    ]
    if in_table > own:
        parts.append(f"the other {in_table - own:,} were already there")
    return "; ".join(parts)


def _again(window: Mapping[str, Any], found: Since) -> list[str]:
    if not found.again:
        return []
    before = datetime.fromisoformat(window["watermark_before"]) - datetime.fromisoformat(window["start"])
    return [
        f"  again      {_rows(found.again)} of the {before.total_seconds():.0f} s before the watermark; "
        "a shop may commit late"
    ]


def _rows(number: int) -> str:
    return _plural(number, "row")


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
