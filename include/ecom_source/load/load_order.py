"""Load ids that grow, whatever a worker's clock does.

dlt names a load after the time, and takes the state of the highest name for the newest. After a clock that was ahead is
set right, each load would then begin from the state of that time: a watermark that a full refresh has set back since
would be forgotten, and with it rows. Here a load is named after the one whose state it begins from. This can go
once dlt orders states by their version.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dlt.pipeline.pipeline import Pipeline

logger = logging.getLogger(__name__)

KEY = "written_at"
"""Under the source, beside the watermarks: when the state was written, in seconds since 1970 by the worker's clock."""
MARGIN = 300.0
"""Seconds that may lie between this note and the load's name. The name itself is looked up only within them."""


def stay_behind(pipeline: Pipeline, source: str) -> None:
    """Makes the loads of this process come after the one that the pipeline's state was restored from."""
    from dlt.common.destination.client import WithStateSync
    from dlt.common.time import increasing_precise_time as clock

    written = pipeline.state.get("sources", {}).get(source, {}).get(KEY)
    if written is None or time.time() > written + MARGIN:
        return
    with pipeline.destination_client() as client:
        stored = client.get_stored_state(pipeline.pipeline_name) if isinstance(client, WithStateSync) else None
    newest = float(stored._dlt_load_id) if stored and stored._dlt_load_id else 0.0
    if newest > time.time():
        logger.warning(
            "The last load was named %s s after this moment: the clock of this worker, or of the one before, is wrong. "
            "This load is named after that one all the same",
            round(newest - time.time()),
        )
        with clock._lock:
            clock._last = max(clock._last, newest)
