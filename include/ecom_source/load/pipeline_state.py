"""Up to where each table is complete: kept in dlt's own pipeline state, which lives in the warehouse."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from ecom_source.load.load_order import KEY as WRITTEN_AT
from ecom_source.window.run_window import Window, iso

if TYPE_CHECKING:
    from dlt.pipeline.pipeline import Pipeline

KEY = "watermarks"
"""Under the source, not under the resource: dlt forgets a resource's own state whenever it replaces its table."""


def read_watermarks(pipeline: Pipeline, source: str) -> dict[str, datetime]:
    """The watermarks (aware, UTC) by resource, as last restored from the warehouse."""
    found = pipeline.state.get("sources", {}).get(source, {}).get(KEY, {})
    return {name: datetime.fromisoformat(text) for name, text in found.items()}


def write_watermarks(pipeline: Pipeline, source: str, windows: Mapping[str, Window]) -> None:
    """Puts the watermarks after `windows` into the state, to be loaded along with the rows."""
    with pipeline.managed_state() as state:
        ours = state.setdefault("sources", {}).setdefault(source, {})
        watermarks = ours.setdefault(KEY, {})
        moved = {name: iso(window.watermark_after) for name, window in windows.items() if window.watermark_after}
        # A state that is as before is not stored again.
        if moved.items() - watermarks.items():
            watermarks.update(moved)
            ours[WRITTEN_AT] = time.time()
