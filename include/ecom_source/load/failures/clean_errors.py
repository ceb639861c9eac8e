"""Errors on their way out of a load: explained where they can be, redacted always."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import dropwhile

from ecom_source.api.api_connection import ApiConnection
from ecom_source.errors import EcomError
from ecom_source.load.failures.shop_failure import explain
from ecom_source.load.failures.worker_failure import worker_trouble
from ecom_source.secrets.redactor import Redactor

logger = logging.getLogger(__name__)

MOST_WORDS = 600
"""Characters of a cause that are shown."""


class LoadFailedError(Exception):
    """A load failed for a reason outside the shop and its description, such as the warehouse; a retry may help."""


class WorkerError(LoadFailedError):
    """A load failed for want of something on its worker, or was stopped there."""


@contextmanager
def raised_without_secrets(
    connection: ApiConnection, base_url: str, secrets: Iterable[str | None], *, warehouse: str = "The warehouse"
) -> Iterator[None]:
    """Lets an error through only as an `EcomError` or a `LoadFailedError`, with a clean text and no chain behind it.

    The chain (dlt, urllib3, the database driver) may hold a URL or a connection string; it is logged, redacted.

    Args:
        connection: the API Connection of the load.
        base_url: the address that was asked.
        secrets: what must not be seen.
        warehouse: what a person calls the warehouse, and its Connection.
    """
    redact = Redactor(secrets, [connection.login])
    try:
        yield
    except (EcomError, LoadFailedError) as error:
        raise _clean(error, redact) from None
    except Exception as error:
        logger.error("%s", redact("".join(traceback.format_exception(error))))
        trouble = worker_trouble(error)
        if trouble is not None:
            raise WorkerError(redact(trouble)) from None
        known = explain(error, connection, base_url)
        if known is not None:
            raise _clean(known, redact) from None
        raise LoadFailedError(redact(_in_short(error, warehouse))) from None


def _in_short(error: Exception, warehouse: str) -> str:
    """Where it failed and the last words of the cause; all else is in the lines logged before."""
    from dlt.pipeline.exceptions import PipelineStepFailed

    if not isinstance(error, PipelineStepFailed):
        return f"{type(error).__name__}: {error}"
    cause = error.exception
    text = str(cause).strip()
    if "Traceback (most recent call last)" in text:
        # A job that dlt gave up: the driver's own message is at the end, after the line of code that it came from.
        said = text.rpartition("\n  File ")[2].splitlines()[1:]
        text = "\n".join(dropwhile(lambda line: line.startswith(" "), said)).strip() or text
    reason = " ".join(text.split())[:MOST_WORDS]
    if error.step == "extract":
        # The shop is read in this step only, and what can go wrong with that is explained elsewhere.
        return (
            f"The read failed: {type(cause).__name__}: {reason} Expected: rows that the processing steps and hints "
            "of the API description can take. To fix: see the lines above, and the description that the DAG file "
            "passes to elt_dag. Nothing of this read was loaded."
        )
    return (
        f"{warehouse} failed at dlt's step {error.step!r}: {type(cause).__name__}: {reason} "
        "Expected: a warehouse that can be reached and written. To fix: see the lines above, and the Connection of the "
        "warehouse in Admin > Connections. Nothing is lost: the next attempt or run reads on from the watermark."
    )


def _clean(error: EcomError | LoadFailedError, redact: Redactor) -> EcomError | LoadFailedError:
    error.args = tuple(redact(str(arg)) for arg in error.args)
    for name, value in vars(error).items():
        setattr(error, name, redact(value) if isinstance(value, str) else value)
    return error
