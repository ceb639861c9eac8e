"""Where dlt has moved what only speed depends on, it does the work its own way, and the log says so once."""

from __future__ import annotations

import logging
from functools import cache

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
