"""Finds out how finely an API's filter tells instants apart: by asking it for the one row it is known to have."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ecom_source.load.windowed_reads import WindowedRead
from ecom_source.window.row_filter import RowFilter
from ecom_source.window.run_window import FOREVER, Interval
from ecom_source.window.text_shape import DAY
from ecom_source.window.time_zones import FIRST, local, possible, shifted

if TYPE_CHECKING:
    from dlt.extract import DltResource

logger = logging.getLogger(__name__)

QUARTER = timedelta(minutes=15)
"""Days begin at a whole quarter of an hour of UTC, in every zone."""


def find_filter_step(
    name: str, read: WindowedRead, now: datetime, resource_of: Callable[[WindowedRead], DltResource]
) -> timedelta | None:
    """The step of the API's filter, by one more request: for the newest row and the smallest window around it.

    A filter that tells seconds apart gives that row alone; one that cuts its bounds to the day gives the rows of the
    day, or none.

    Args:
        name: the resource.
        read: the read that has just ended.
        now: the earlier of the worker's clock and the shop's.
        resource_of: makes the resource for such a read.

    Returns:
        The cursor's own step, or a day. None where there is nothing to ask for yet: no row, or no window in the past,
        for which alone it makes a difference.
    """
    newest = read.rows.newest
    if read.known or newest is None or not (read.rows.beyond or read.window.interval.end < now - DAY):
        return None
    step = read.cursor.step
    time = local(newest, read.cursor.zone) if newest.tzinfo and read.cursor.zone else newest.replace(tzinfo=None)
    if (time - datetime.min) // QUARTER != (time + 2 * step - datetime.min) // QUARTER or step >= QUARTER:
        return None
    window = replace(read.window, interval=Interval(shifted(FIRST, DAY), FOREVER), full_refresh=False)
    around = (read.cursor.write(time - step), read.cursor.write(time + step + step))
    probe = replace(read, window=window, rows=RowFilter(read.cursor, window), around=around)
    resource = resource_of(probe)
    if resource.is_transformer:
        # Its first page is one of many, each of another parent.
        return None
    try:
        list(resource.add_limit(1))
    except Exception as error:
        # All rows are read by now, and this may be tried again after the next window.
        logger.warning("%s: how finely the API's filter tells instants apart was not found out: %s", name, error)
        return None
    came = [each for each in (probe.rows.oldest, probe.rows.newest) if each is not None]
    near = [
        abs(possible(each, read.cursor.time_zone)[0] - possible(newest, read.cursor.time_zone)[0]) <= 3 * step
        for each in came
    ]
    found = step if near and all(near) else DAY
    logger.info(
        "%s: the API's filter %s",
        name,
        "tells instants apart as finely as its cursor"
        if found == step
        else "cuts its bounds to the day, it seems. Where it does not, set Options(filter_step=timedelta(seconds=1))",
    )
    return found
