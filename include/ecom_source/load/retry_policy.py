"""Which failures are tried again within the same task, and how often. Requests are not: dlt's client has done that."""

from __future__ import annotations

from dlt.pipeline.helpers import retry_schema_update
from dlt.pipeline.typing import TPipelineStep
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_random,
    wait_random_exponential,
)

from ecom_source.errors import IncompleteReadError

MOST_READS = 3
"""Times a resource is read before rows that are still missing fail the run."""
STEPS: tuple[TPipelineStep, ...] = ("extract",)
"""dlt's steps that `READ_AGAIN` is for."""


def _stop_reading(state: RetryCallState) -> bool:
    error = state.outcome.exception() if state.outcome else None
    while error is not None and not isinstance(error, IncompleteReadError):
        error = error.__cause__ or error.__context__
    return error is None or state.attempt_number >= MOST_READS


READ_AGAIN = Retrying(stop=_stop_reading, wait=wait_random(0, 1), reraise=True)
"""For `PipelineTasksGroup`: a read during which rows moved is begun anew; any other failure is final."""

SCHEMA_RACE = Retrying(
    stop=stop_after_attempt(5),
    wait=wait_random_exponential(multiplier=0.5, max=10),
    retry=retry_if_exception(retry_schema_update()),
    reraise=True,
)
"""For the whole load: two loads that make the same dataset or table at the same moment; one of them finds it made.

dlt's task group cannot be told so: it never tries again what dlt calls terminal, and dlt calls this so.
"""
