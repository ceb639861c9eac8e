"""Up to where each table is complete: kept in dlt's own pipeline state, under the resource it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from ecom_source.window import Window, iso

if TYPE_CHECKING:
    from dlt.pipeline.pipeline import Pipeline

KEY = "watermark"


def read_watermarks(pipeline: Pipeline, source: str) -> dict[str, datetime]:
    """The watermarks (aware, UTC) by resource, as last restored from the warehouse."""
    resources = pipeline.state.get("sources", {}).get(source, {}).get("resources", {})
    return {name: datetime.fromisoformat(state[KEY]) for name, state in resources.items() if state.get(KEY)}


def write_watermarks(pipeline: Pipeline, source: str, windows: Mapping[str, Window]) -> None:
    """Puts the watermarks after `windows` into the state, to be loaded along with the rows."""
    with pipeline.managed_state() as state:
        resources = state.setdefault("sources", {}).setdefault(source, {}).setdefault("resources", {})
        for name, window in windows.items():
            if window.watermark_after is not None:
                resources.setdefault(name, {})[KEY] = iso(window.watermark_after)
