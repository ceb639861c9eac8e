"""Errors on their way out of a load: explained where they can be, redacted always."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from ecom_source.connections import ApiConnection
from ecom_source.errors import EcomError
from ecom_source.explain import explain
from ecom_source.redact import Redactor

logger = logging.getLogger(__name__)


class LoadFailedError(Exception):
    """A load failed for a reason outside the shop and its description, such as the warehouse; a retry may help."""


@contextmanager
def raised_without_secrets(connection: ApiConnection, base_url: str, secrets: Iterable[str | None]) -> Iterator[None]:
    """Lets an error through only as an `EcomError` or a `LoadFailedError`, with a clean text and no chain behind it.

    The chain (dlt, urllib3, the database driver) may hold a URL or a connection string; it is logged, redacted.
    """
    redact = Redactor(secrets, [connection.login])
    try:
        yield
    except (EcomError, LoadFailedError) as error:
        raise _clean(error, redact) from None
    except Exception as error:
        logger.error("%s", redact("".join(traceback.format_exception(error))))
        known = explain(error, connection, base_url)
        if known is not None:
            raise _clean(known, redact) from None
        raise LoadFailedError(redact(f"{type(error).__name__}: {error}")) from None


def _clean(error: EcomError | LoadFailedError, redact: Redactor) -> EcomError | LoadFailedError:
    error.args = tuple(redact(str(arg)) for arg in error.args)
    for name, value in vars(error).items():
        setattr(error, name, redact(value) if isinstance(value, str) else value)
    return error
