"""The errors that a person can act on. Each says what was found, what was expected and how to fix it.

EcomError
├── ConnectionFieldError       fix a field of an Airflow Connection
├── ApiConfigError             fix the API description in the DAG file
├── WindowError                trigger another window, or fix the schedule
├── DriverMissingError         install what the load or its warehouse needs
├── RequestFailedError         fix what the shop refuses: the key, its rights, a path, a parameter
│   └── ShopUnavailableError   nothing, at first: the shop is down or busy                        Airflow retries
├── PayloadError               look at the answer: it is not what the API description promises
├── IncompleteReadError        sort by a unique column, or read by window
├── TableError                 change the table, or let a full refresh make it anew
├── RowsRefusedError           fix the column, or the row, that the warehouse does not take
└── LoadFailedError            look at the warehouse                                              Airflow retries
    └── WorkerError            give the worker more memory or disk, or see who stopped it         Airflow retries
"""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar


class EcomError(Exception):
    """An error that says what a person can do.

    Args:
        found: what is there now, as a sentence.
        expected: what should be there.
        fix: the command, page, file or setting that fixes it.
    """

    airflow_retries: ClassVar[bool] = False
    """Whether Airflow runs the task again. Where a person must act first, that would only repeat the error."""

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


class DriverMissingError(EcomError):
    """What a load or its warehouse needs is not installed."""


class RequestFailedError(EcomError):
    """The shop refuses a request, or the request cannot be made."""


class ShopUnavailableError(RequestFailedError):
    """The shop cannot be reached, or answers 429 or 5xx, after dlt's own retries."""

    airflow_retries = True


class PayloadError(EcomError):
    """The API answered with something other than the rows its description promises."""


class IncompleteReadError(EcomError):
    """The rows that were read are not the rows the API says it has."""


class TableError(EcomError):
    """A table of the warehouse cannot hold the rows as they are, such as one that an older version made."""


class RowsRefusedError(EcomError):
    """The warehouse does not take the rows that were read, and would not take them another time."""


class LoadFailedError(EcomError):
    """A load failed for a reason outside the shop and its description, such as the warehouse; a retry may help."""

    airflow_retries = True


class WorkerError(LoadFailedError):
    """A load failed for want of something on its worker, or was stopped there."""
