"""Which of this package's extras a warehouse needs, looked up before a load begins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec

from ecom_source.errors import DriverMissingError


@dataclass(frozen=True)
class Driver:
    """What one warehouse, bucket or table format needs.

    Args:
        extra: of this package: `pip install 'ecom-elt[extra]'`.
        modules: that have to be there.
    """

    extra: str
    modules: tuple[str, ...]


S3 = Driver("s3", ("s3fs", "botocore"))
GCS = Driver("gs", ("gcsfs",))
AZURE = Driver("az", ("adlfs",))

OF_BUCKETS = {
    **dict.fromkeys(("s3", "s3a"), S3),
    **dict.fromkeys(("gs", "gcs"), GCS),
    **dict.fromkeys(("az", "abfs", "abfss", "adl", "azure"), AZURE),
}
"""By the scheme of a bucket's address."""


def of_bucket(url: object) -> tuple[Driver, ...]:
    """What the bucket at `url` needs; nothing for a local folder."""
    found = OF_BUCKETS.get(str(url).partition("://")[0])
    return (found,) if found else ()


def check_drivers(drivers: Iterable[Driver], label: str) -> None:
    """Makes sure that what the warehouse called `label` needs is installed.

    Raises:
        DriverMissingError: it is not; the error names the extra to install.
    """
    for driver in drivers:
        missing = [module for module in driver.modules if not _installed(module)]
        if missing:
            raise DriverMissingError(
                f"The warehouse {label} needs {' and '.join(missing)}, which this Python does not have.",
                expected=f"the extra {driver.extra!r} of ecom-elt, on every worker.",
                fix=f"pip install 'ecom-elt[{driver.extra}]'",
            )


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
