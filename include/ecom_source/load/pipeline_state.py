"""Up to where each table is complete: kept in dlt's own pipeline state, which lives in the warehouse."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from ecom_source.dlt_internals.load_ids import name_loads_after
from ecom_source.window.run_window import Window, iso

if TYPE_CHECKING:
    from dlt.pipeline.pipeline import Pipeline

logger = logging.getLogger(__name__)

WATERMARKS = "watermarks"
"""Under the source, not under the resource: dlt forgets a resource's own state whenever it replaces its table."""
WRITTEN_AT = "written_at"
"""Under the source, beside the watermarks: when the state was written, in seconds since 1970 by the worker's clock."""
MARGIN = 300.0
"""Seconds that may lie between this note and the load's name. The name itself is looked up only within them."""


def read_watermarks(pipeline: Pipeline, source: str) -> dict[str, datetime]:
    """The watermarks (aware, UTC) by resource, as last restored from the warehouse."""
    found = pipeline.state.get("sources", {}).get(source, {}).get(WATERMARKS, {})
    return {name: datetime.fromisoformat(text) for name, text in found.items()}


def write_watermarks(pipeline: Pipeline, source: str, windows: Mapping[str, Window]) -> None:
    """Puts the watermarks after `windows` into the state, to be loaded along with the rows."""
    with pipeline.managed_state() as state:
        ours = state.setdefault("sources", {}).setdefault(source, {})
        watermarks = ours.setdefault(WATERMARKS, {})
        moved = {name: iso(window.watermark_after) for name, window in windows.items() if window.watermark_after}
        # A state that is as before is not stored again.
        if moved.items() - watermarks.items():
            watermarks.update(moved)
            ours[WRITTEN_AT] = time.time()


def stay_behind(pipeline: Pipeline, source: str) -> None:
    """Makes the loads of this process come after the one that the pipeline's state was restored from.

    After a clock that was ahead is set right, each load would begin from the state of that time: a watermark that a
    full refresh has set back since would be forgotten, and with it rows.
    """
    from dlt.common.destination.client import WithStateSync

    written = pipeline.state.get("sources", {}).get(source, {}).get(WRITTEN_AT)
    if written is None or time.time() > written + MARGIN:
        return
    with pipeline.destination_client() as client:
        stored = client.get_stored_state(pipeline.pipeline_name) if isinstance(client, WithStateSync) else None
    newest = float(stored.as_doc().get("_dlt_load_id") or 0) if stored else 0.0
    if newest > time.time():
        logger.warning(
            "The last load was named %s s after this moment: the clock of this worker, or of the one before, is wrong. "
            "This load is named after that one all the same",
            round(newest - time.time()),
        )
        name_loads_after(newest)
