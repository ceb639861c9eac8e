"""The errors a user can cause: each says what was found, what was expected and where to mend it."""

from __future__ import annotations

from functools import partial
from typing import Any


class EcomError(Exception):
    """A mistake that a person can mend.

    Args:
        found: what is there now.
        expected: what should be there.
        fix: the command, page, file or setting that mends it.
    """

    def __init__(self, found: str, *, expected: str, fix: str) -> None:
        self.found, self.expected, self.fix = found, expected, fix
        super().__init__(f"{found} Expected: {expected} To fix: {fix}")

    def __reduce__(self) -> tuple[Any, ...]:
        """For another process: by default only `args` would travel, which `__init__` does not take."""
        return partial(type(self), expected=self.expected, fix=self.fix), (self.found,)


class ConnectionFieldError(EcomError):
    """An Airflow Connection is missing, half-filled or malformed."""


class ApiConfigError(EcomError):
    """The `RESTAPIConfig` describes something that dlt or the run contract cannot do."""


class WindowError(EcomError):
    """A run asks for a window that is empty, reversed, unparsable or contradictory."""


class PayloadError(EcomError):
    """The API answered with something other than the rows its description promises."""


class IncompleteReadError(EcomError):
    """The rows that were read are not the rows the API says it has."""


class RequestFailedError(EcomError):
    """The API refused a request, or could not be reached, after dlt's own retries."""


class TableError(EcomError):
    """A table of the warehouse cannot hold the rows as they are, such as one that an older version made."""


class RowsRefusedError(EcomError):
    """The warehouse does not take the rows that were read, and would not take them another time."""


class DriverMissingError(EcomError):
    """What the warehouse needs is not installed."""
