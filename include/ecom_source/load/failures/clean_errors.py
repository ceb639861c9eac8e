"""Errors on their way out of a load: explained, and redacted always."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from ecom_source.api.api_connection import ApiConnection
from ecom_source.errors import EcomError
from ecom_source.load.failures.failure import Failure
from ecom_source.load.failures.rows_failure import rows_failure
from ecom_source.load.failures.shop_failure import shop_failure
from ecom_source.load.failures.warehouse_failure import warehouse_failure
from ecom_source.load.failures.worker_failure import worker_failure
from ecom_source.secrets.redactor import Redactor

logger = logging.getLogger(__name__)


@contextmanager
def raised_without_secrets(
    connection: ApiConnection, base_url: str, secrets: Iterable[str] = (), *, warehouse: str = "The warehouse"
) -> Iterator[None]:
    """Lets an error through only as an `EcomError`, with a clean text and no chain behind it.

    The chain (dlt, urllib3, the database driver) may hold a URL or a connection string; it is logged, redacted.

    Args:
        connection: the API Connection of the load, whose secret must not be seen.
        base_url: the address that was asked.
        secrets: what else must not be seen.
        warehouse: what a person calls the warehouse, and its Connection.
    """
    redact = Redactor([connection.secret, *secrets], [connection.login])
    try:
        yield
    except EcomError as error:
        raise _clean(error, redact) from None
    except Exception as error:
        logger.error("%s", redact("".join(traceback.format_exception(error))))
        found = explained(Failure(error, connection, base_url, redact, warehouse))
        raise _clean(found, redact) from None


def explained(failure: Failure) -> EcomError:
    """The error that a person can act on: one of ours that is behind it, else whose failure it was."""
    ours = next((cause for cause in failure.causes if isinstance(cause, EcomError)), None)
    return (
        ours or worker_failure(failure) or shop_failure(failure) or rows_failure(failure) or warehouse_failure(failure)
    )


def _clean(error: EcomError, redact: Redactor) -> EcomError:
    error.args = tuple(redact(str(arg)) for arg in error.args)
    for name, value in vars(error).items():
        setattr(error, name, redact(value) if isinstance(value, str) else value)
    return error
