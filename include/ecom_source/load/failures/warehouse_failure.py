"""What the warehouse does not do: let itself be reached, be written, or take these rows."""

from __future__ import annotations

from itertools import dropwhile

from ecom_source.errors import LoadFailedError, RowsRefusedError
from ecom_source.load.failures.failure import Failure

ROWS = ("DataError", "IntegrityError")
"""How all database drivers in Python call an error of the rows: https://peps.python.org/pep-0249/#exceptions."""


def warehouse_failure(failure: Failure) -> LoadFailedError:
    """What the warehouse did, in its own words; all else is in the lines logged before."""
    from dlt.pipeline.exceptions import PipelineStepFailed

    if not isinstance(failure.error, PipelineStepFailed):
        return LoadFailedError(
            f"{type(failure.error).__name__}: {failure.words(failure.error)}",
            expected="a load that runs to its end.",
            fix="see the lines above in the log. Nothing is lost: the next attempt or run reads on from the watermark.",
        )
    cause = failure.error.exception
    said = f"{type(cause).__name__}: {failure.words(_drivers_words(str(cause)))}"
    if _is_of_rows(cause):
        return RowsRefusedError(
            f"{failure.warehouse} does not take the rows: it failed at dlt's step {failure.error.step!r}: {said}",
            expected="rows that its tables and their constraints take.",
            fix="see the lines above in the log; describe the column that is named under `columns` in the API "
            "description, change the value by a `map` in `processing_steps`, or change the constraint.",
        )
    return LoadFailedError(
        f"{failure.warehouse} failed at dlt's step {failure.error.step!r}: {said}",
        expected="a warehouse that can be reached and written.",
        fix="see the lines above in the log, and the Connection of the warehouse in Admin > Connections. Nothing is "
        "lost: the next attempt or run reads on from the watermark.",
    )


def _is_of_rows(cause: BaseException | None) -> bool:
    """Whether a job of dlt failed since the driver says so of its rows."""
    raised = getattr(cause, "client_exception", None)
    driver = getattr(raised, "dbapi_exception", raised)
    return any(kind.__name__ in ROWS for kind in type(driver).__mro__)


def _drivers_words(text: str) -> str:
    """A job that dlt gave up: the driver's own message is at the end, after the line of code that it came from."""
    text = text.strip()
    if "Traceback (most recent call last)" not in text:
        return text
    said = text.rpartition("\n  File ")[2].splitlines()[1:]
    return "\n".join(dropwhile(lambda line: line.startswith(" "), said)).strip() or text
