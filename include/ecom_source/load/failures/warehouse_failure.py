"""What the warehouse does not do: let itself be reached, be written, or take these rows."""

from __future__ import annotations

from ecom_source.errors import EcomError, LoadFailedError, RowsRefusedError
from ecom_source.load.failures.failure import Failure, met_with

OF_ROWS = ("DataError", "IntegrityError")
"""How all database drivers in Python call an error of the rows: https://peps.python.org/pep-0249/#exceptions."""
LIMITS = "54"
"""SQL's class of states for what is too much, such as columns: https://www.postgresql.org/docs/current/errcodes-appendix.html."""


def warehouse_failure(failure: Failure) -> EcomError:
    """What the warehouse did, in its own words; all else is in the lines logged before."""
    from dlt.pipeline.exceptions import PipelineStepFailed

    if not isinstance(failure.error, PipelineStepFailed):
        return LoadFailedError(
            f"{type(failure.error).__name__}: {failure.words(failure.error)}",
            expected="a load that runs to its end.",
            fix="see the lines above in the log. Nothing is lost: the next attempt or run reads on from the watermark.",
        )
    step, job = failure.error.step, getattr(failure.error.exception, "client_exception", None)
    raised = met_with(job or failure.error)
    said = f"{type(raised).__name__}: {failure.words(raised)}"
    if _is_of_rows(raised, in_job=job is not None):
        return RowsRefusedError(
            f"{failure.warehouse} does not take the rows at dlt's step {step!r}: {said}",
            expected="rows that its tables and their constraints take.",
            fix="see the lines above in the log; describe the column that is named under `columns` in the API "
            "description, change the value by a `map` in `processing_steps`, or change the constraint.",
        )
    return LoadFailedError(
        f"{failure.warehouse} failed at dlt's step {step!r}: {said}",
        expected="a warehouse that can be reached and written.",
        fix="see the lines above in the log, and the Connection of the warehouse in Admin > Connections. Nothing is "
        "lost: the next attempt or run reads on from the watermark.",
    )


def _is_of_rows(raised: BaseException, *, in_job: bool) -> bool:
    """Whether a driver's error is of the rows, so that it would come again.

    Args:
        in_job: it came while rows were written; elsewhere, two loads that make the same table meet in such an error.
    """
    state = getattr(raised, "pgcode", None) or getattr(raised, "sqlstate", None) or ""
    return state.startswith(LIMITS) or (in_job and any(kind.__name__ in OF_ROWS for kind in type(raised).__mro__))
