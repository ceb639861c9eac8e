"""Stored rows as the API shows them: dicts, and JSON text that is kept until the row changes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from .dialects import DIALECTS, Dialect
from .habits import Habits
from .seed import TIME_FIELDS, Row
from .times import to_day, to_iso


def show(row: Row, dialect: Dialect, habits: Habits) -> Row:
    """One row as a list or a single answer of ``dialect`` has it."""
    shown = dict(row)
    zone = "" if habits.drop_timezone else "Z"
    for field in TIME_FIELDS:
        if shown.get(field) is not None:
            shown[field] = to_iso(shown[field], habits.time_precision, zone)
    if dialect.show_time is not None:
        shown["updated_at"] = dialect.show_time(row["updated_at"])
    if dialect.with_day:
        shown["updated_on"] = to_day(row["updated_at"])
    if row["id"] <= habits.whole_numbers_first:
        shown.update({field: int(shown[field]) for field in ("price", "total") if shown.get(field) is not None})
    if row["id"] <= habits.null_first_field:
        shown.update({field: None for field in ("rating", "discontinued_at") if field in shown})
    return {key: _texts(value) for key, value in shown.items()} if habits.decimals_as_strings else shown


def _texts(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, dict):
        return {key: _texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner) for inner in value]
    return value


def to_json(value: Any) -> bytes:
    """Compact UTF-8 JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


class Shown:
    """JSON of rows by version of the API, made once per stored row and look."""

    def __init__(self, habits: Habits) -> None:
        self._habits = habits
        self._look = habits.look()
        self._kept: dict[tuple[str, str], dict[int, tuple[Row, bytes]]] = {}

    def texts(self, version: str, name: str, rows: Iterable[Row]) -> list[bytes]:
        """One JSON object per row, in their order."""
        look = self._habits.look()
        if look != self._look:
            self._look = look
            self._kept.clear()
        kept = self._kept.setdefault((version, name), {})
        dialect = DIALECTS[version]
        texts = []
        for row in rows:
            known = kept.get(row["id"])
            if known is None or known[0] is not row:
                known = kept[row["id"]] = (row, to_json(show(row, dialect, self._habits)))
            texts.append(known[1])
        return texts
