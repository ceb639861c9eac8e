"""Where dlt has moved what only speed depends on, it does the work its own way; what values depend on ends the load."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from ecom_source.errors import DriverMissingError

logger = logging.getLogger(__name__)


@cache
def go_dlts_own_way(feature: str, moved: str) -> None:
    """Says once a process that `feature` is left out.

    Args:
        feature: such as "rows made into columns".
        moved: what was not found, in Python's own words.
    """
    from dlt import __version__

    logger.warning(
        "With dlt %s there are no %s: %s. dlt's own way is slower and loads the same tables. To have it back, install "
        "the dlt that this ecom-elt was tested with",
        __version__,
        feature,
        moved,
    )


@contextmanager
def needed(feature: str) -> Iterator[None]:
    """Reaches for what a load cannot do without.

    Args:
        feature: such as "checks of values".

    Raises:
        DriverMissingError: dlt has moved it. Without it a value could be changed or lost in silence.
    """
    try:
        yield
    except (ImportError, AttributeError) as error:
        from dlt import __version__

        raise DriverMissingError(
            f"With dlt {__version__} there are no {feature}: {error}.",
            expected="the dlt that this ecom-elt was tested with: without them values could be lost in silence, so "
            "nothing was loaded.",
            fix="install the dlt that ecom-elt asks for, on every worker: `pip install --force-reinstall ecom-elt`.",
        ) from error
