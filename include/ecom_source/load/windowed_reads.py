"""How the windows of one load are read: what the API is asked with, which rows are taken, what is known afterwards."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from dlt.sources.rest_api.typing import RESTAPIConfig

from ecom_source.api.cursors import cursors, lag
from ecom_source.api.rest_config import expand
from ecom_source.errors import ApiConfigError
from ecom_source.options import Options
from ecom_source.window.asked_bounds import asked_bounds
from ecom_source.window.cursor_format import Cursor, cursor_of
from ecom_source.window.row_filter import RowFilter
from ecom_source.window.run_window import FOREVER, Run, Window, iso, settled, window_for
from ecom_source.window.text_shape import DAY
from ecom_source.window.time_zones import EAST, WEST, shifted

logger = logging.getLogger(__name__)

DEFAULT_LAG = timedelta(seconds=60)
"""Where the description has none: shops show a row some seconds after the instant that they stamp it with."""


@dataclass
class WindowedRead:
    """One resource's window in one load.

    Args:
        cursor: how the API writes its instants.
        window: what this run reads.
        rows: which rows are taken.
        step: the step of the API's filter, as far as it is known.
        known: whether that step was given or found.
        lag: how far before the watermark is read again.
        path: where the cursor is in a row, as dlt's `cursor_path`.
        counts: the cursor is a number that is not asked for up to an end. It may be a counter rather than an instant.
        around: bounds to ask the API with instead of the window's.
    """

    cursor: Cursor
    window: Window
    rows: RowFilter
    step: timedelta
    known: bool = True
    lag: timedelta = timedelta(0)
    path: str = ""
    counts: bool = False
    around: tuple[Any, Any] | None = None

    @classmethod
    def of(cls, block: Mapping[str, Any], window: Window) -> WindowedRead:
        """A read of `window` for an `incremental` block of which nothing else is known."""
        cursor = cursor_of(block.get("initial_value"), resource="")
        return cls(cursor, window, RowFilter(cursor, window), cursor.step)

    @property
    def asked(self) -> tuple[Any, Any]:
        """The bounds that the API is asked with."""
        if self.around is not None:
            return self.around
        # Until the filter's step is known, a day more: where the end is about now, that costs nothing.
        return asked_bounds(self.cursor, self.window, step=self.step, reach=None if self.known else DAY)

    def settle(self, now: datetime, name: str) -> Window:
        """The window with the watermark after it, once all rows are read.

        Args:
            now: the earlier of the worker's clock and the shop's.
            name: the resource.

        Raises:
            WindowError: all of the window lies in the shop's future.
            ApiConfigError: the cursor is a counter.
        """
        if not self.counts:
            return settled(self.window, now, step=self.step)
        if self.rows.beyond and not self.rows.past:
            raise ApiConfigError(
                f"The cursor of resource {name!r} is a number that, as an instant, lies in the future in all of "
                f"{self.rows.beyond:,} rows: {self.rows.newest}. It seems to be a counter.",
                expected="a cursor that tells when a row was changed.",
                fix="leave `incremental` out of the description: the resource is then read whole by every run.",
            )
        newest = self.rows.newest or self.window.watermark_before or self.cursor.initial
        return settled(self.window, now, step=self.step, newest=newest)

    def suggest_zone(self, name: str, shop: datetime | None) -> None:
        """Says in the log which zone the newest row suggests, where the cursor names none and none was given.

        Args:
            name: the resource.
            shop: the shop's clock, by its `Date` headers.
        """
        newest = self.rows.newest
        if newest is None or newest.tzinfo is not None or self.cursor.time_zone is not None or shop is None:
            return
        quarters = round((newest.replace(tzinfo=UTC) - shop) / timedelta(minutes=15))
        ahead = timedelta(minutes=15 * max(-48, min(56, quarters)))
        hours = ahead / timedelta(hours=1)
        zone = "UTC" if not hours else f"Etc/GMT{-int(hours):+d}" if hours.is_integer() else "Area/City"
        logger.warning(
            "%s: its cursor names no time zone, so each window is asked for from 12 hours before it to 14 hours after "
            "it. The newest cursor is %s and the shop's Date %s: if that row has just been changed, the shop is at "
            'UTC%+g. To read no more than is needed, add the zone, such as options={"%s": Options(time_zone="%s")}, or '
            "better its name, such as Europe/Berlin, which knows of daylight saving",
            name,
            newest.isoformat(sep=" ", timespec="seconds"),
            iso(shop),
            hours,
            name,
            zone,
        )

    def reaches(self, now: datetime) -> bool:
        """Whether the API is asked for rows of this moment: such rows may change, and move, while they are read."""
        ahead = EAST if self.cursor.zone is None else timedelta(0)
        end = self.window.interval.end + max(self.step if self.known else DAY, self.cursor.step) + ahead
        return self.window.full_refresh or end >= now

    def is_late(self, row: Any, began: datetime) -> bool:
        """Whether a row was stamped after the read began, in whatever zone: a full refresh need not read on for it.

        Args:
            row: as the shop sent it.
            began: the earlier of the worker's clock and the shop's, when the read began.
        """
        from dlt.common.jsonpath import find_values

        return self.rows.is_all_after(find_values(self.path, row)[:1], began)


def windowed_reads(
    api: RESTAPIConfig,
    names: tuple[str, ...],
    run: Run,
    *,
    watermarks: Mapping[str, datetime],
    steps: Mapping[str, timedelta],
    options: Mapping[str, Options],
) -> dict[str, WindowedRead]:
    """The reads of `run`, by resource, for those of `names` that have a cursor.

    Args:
        watermarks: up to where each table is complete.
        steps: those of the API's filters that earlier loads have found.
        options: of each resource.

    Raises:
        WindowError, ApiConfigError: see `window_for` and `cursors`.
    """
    resources = expand(api).resources
    found = {}
    for name, cursor in cursors(api, names).items():
        chosen = options.get(name, Options())
        cursor = replace(cursor, time_zone=chosen.zone)
        given = chosen.filter_step or steps.get(name)
        step = max(cursor.step, given or cursor.step)
        own = lag(api, name, cursor)
        appended = resources[name].disposition == "append"
        again = own if own is not None else timedelta(0) if appended else DEFAULT_LAG
        window = window_for(run, watermark=watermarks.get(name), initial=cursor.initial, lag=again, step=step)
        found[name] = WindowedRead(
            cursor,
            window,
            RowFilter(cursor, window),
            step,
            known=given is not None or cursor.step >= DAY,
            lag=again,
        )
    return found


def incremental_block(block: Mapping[str, Any], read: WindowedRead) -> dict[str, Any]:
    """dlt's `incremental` block for one window, made of the one in the description.

    dlt itself filters the rows, by a `RowFilter`. Whichever of its values is put into the request becomes one of the
    two bounds that the API is asked with. In a full refresh the API is not asked by cursor at all, unless the
    description has a placeholder for it.
    """
    theirs = block.get("convert") or block.get("transform") or (lambda value: value)
    rows, (asked_start, asked_end) = read.rows, read.asked
    left_out = {"lag", "transform", *(("start_param", "end_param") if read.window.full_refresh else ())}
    read.path = str(block.get("cursor_path"))
    read.counts = read.cursor.is_epoch and "end_param" not in block
    if block.get("row_order") == "desc":
        # dlt ends such a read at a row that is dropped for being too early.
        rows.cut = shifted(rows.start, -read.step if read.cursor.zone else -read.step - WEST)

    def asked(value: datetime) -> Any:
        utc = value.replace(tzinfo=UTC) if value.tzinfo is None else value
        return theirs(asked_start if utc < rows.end else asked_end)

    return {
        **{name: value for name, value in block.items() if name not in left_out},
        # Windows join without a gap and without an overlap.
        "range_start": "closed",
        "range_end": "closed" if rows.end == FOREVER else "open",
        "initial_value": rows.start,
        "end_value": rows.end,
        "last_value_func": rows.latest,
        "convert": asked,
    }
