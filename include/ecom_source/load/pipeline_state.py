"""Up to where each table is complete: kept in dlt's own pipeline state, which lives in the warehouse."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ecom_source.dlt_internals.load_ids import name_loads_after
from ecom_source.window.run_window import Window, iso

if TYPE_CHECKING:
    from dlt.extract import DltResource, DltSource
    from dlt.pipeline.pipeline import Pipeline

logger = logging.getLogger(__name__)

WATERMARKS = "watermarks"
"""Under the source, not under the resource: dlt forgets a resource's own state whenever it replaces its table."""
FILTER_STEPS = "filter_steps"
"""Under the source: seconds by resource."""
CLOSING = "_ecom_closing"
"""A resource without rows: it is there to be extracted last."""
WRITTEN_AT = "written_at"
"""Under the source, beside the watermarks: when the state was written, in seconds since 1970 by the worker's clock."""
MARGIN = 300.0
"""Seconds that may lie between this note and the load's name. The name itself is looked up only within them."""


def read_watermarks(pipeline: Pipeline, source: str) -> dict[str, datetime]:
    """The watermarks (aware, UTC) by resource, as last restored from the warehouse."""
    found = pipeline.state.get("sources", {}).get(source, {}).get(WATERMARKS, {})
    return {name: datetime.fromisoformat(text) for name, text in found.items()}


def read_filter_steps(pipeline: Pipeline, source: str) -> dict[str, timedelta]:
    """The steps of the API's filters by resource, as earlier loads have found them."""
    found = pipeline.state.get("sources", {}).get(source, {}).get(FILTER_STEPS, {})
    return {name: timedelta(seconds=seconds) for name, seconds in found.items()}


def write_watermarks(
    state: dict[str, Any], windows: Mapping[str, Window], steps: Mapping[str, timedelta] | None = None
) -> None:
    """Puts what a read has settled into the source's state.

    Args:
        state: of the source, as dlt gives it to a resource that is being extracted.
        windows: with the watermarks after them, by resource.
        steps: the steps of the API's filters that this read has found, by resource.
    """
    watermarks = state.setdefault(WATERMARKS, {})
    moved = {name: iso(window.watermark_after) for name, window in windows.items() if window.watermark_after}
    found = {name: step.total_seconds() for name, step in (steps or {}).items()}
    # A state that is as before is not stored again.
    if moved.items() - watermarks.items() or found:
        watermarks.update(moved)
        state[WRITTEN_AT] = time.time()
    if found:
        state.setdefault(FILTER_STEPS, {}).update(found)


def closing_source(
    source: DltSource, settle: Callable[[dict[str, Any]], None], also: Sequence[DltResource] = ()
) -> DltSource:
    """A source to be extracted after `source`, into the same load package: it calls `settle` once all rows are read.

    dlt extracts the sources of a list one after the other, and then puts the pipeline's state into their package. So
    what `settle` writes lands with the rows, or not at all.

    Args:
        settle: gets the state of `source`.
        also: resources to be extracted with it.
    """
    import dlt
    from dlt.extract import DltSource

    def settled() -> Iterator[Any]:
        settle(dlt.current.source_state())
        yield from ()

    return DltSource(source.schema, source.section, [dlt.resource(settled, name=CLOSING), *also])


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
