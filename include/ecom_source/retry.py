"""Which failures dlt's task group tries again within the same task, and how often."""

from __future__ import annotations

from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.pipeline.helpers import retry_schema_update
from dlt.pipeline.typing import TPipelineStep
from tenacity import RetryCallState, Retrying, wait_random_exponential

from ecom_source.errors import IncompleteReadError

MOST_READS = 3
"""Times a resource is read before rows that are still missing fail the run."""
MOST_SCHEMA_UPDATES = 5
"""Times the load step is tried when another load changes the same tables at the same moment."""

STEPS: tuple[TPipelineStep, ...] = ("extract", "load")


def chain(error: BaseException | None) -> list[BaseException]:
    """The error and those behind it."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def stop(state: RetryCallState) -> bool:
    """Whether to give up: at once, but for the two failures that another try mends.

    A read during which rows moved is begun anew. A schema update that lost a race against another load is repeated;
    dlt's own predicate tells it. Requests are not tried again here: dlt's client has done that already.
    """
    error = state.outcome.exception() if state.outcome else None
    if error is None:
        return True
    if any(isinstance(each, IncompleteReadError) for each in chain(error)):
        return state.attempt_number >= MOST_READS
    if retry_schema_update()(error) or isinstance(error.__context__, DatabaseUndefinedRelation):
        return state.attempt_number >= MOST_SCHEMA_UPDATES
    return True


RETRY_POLICY = Retrying(stop=stop, wait=wait_random_exponential(multiplier=0.5, max=10), reraise=True)
"""For `PipelineTasksGroup`, with `STEPS` as the steps."""
