"""What is ours to set for a resource. What is dlt's stays in its `RESTAPIConfig`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ecom_source.errors import ApiConfigError

PARALLEL_PAGES = 10
"""Requests under way at once: few enough for a shop that others use as well."""
LONGEST_STEP = timedelta(days=31)
IN_THE_DAG_FILE = "change `options` in the DAG file."


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a resource is read and loaded, beyond what dlt's `RESTAPIConfig` can say.

    Args:
        parallel_pages: requests for the pages of a resource that are under way at once, at most; 1 reads one page after
            the other. It takes offset pages with a total; others are always read one after the other.

        total: where the shop says how many rows there are: a JSONPath in each answer (`meta.total`), the name of a
            header (`X-WP-Total`), or a path that counts, asked with the same parameters (`/orders/count`). A read that
            stays short of it fails. None looks at the usual places, whose word is not enough to fail a read; False
            looks nowhere.
        read_twice: read everything twice, with different page sizes where that can be, and fail where the keys differ:
            for a shop that says no total.
        time_zone: whose time the cursor is where it names no zone, by its IANA name, such as "Europe/Berlin". Where it
            is not given, such a cursor is asked for from 12 hours before a window to 14 hours after it.
        filter_step: the step of the API's filter, where it is longer than the cursor's: `timedelta(days=1)` for one
            that cuts its bounds to the day. Each window is asked for longer by as much, at both ends.

    Raises:
        ApiConfigError: a value that it cannot be.
    """

    parallel_pages: int = PARALLEL_PAGES
    total: str | Literal[False] | None = None
    read_twice: bool = False
    time_zone: str | None = None
    filter_step: timedelta | None = None

    def __post_init__(self) -> None:
        """Refuses at parse what no run could do."""
        self._check_time_zone()
        self._check_filter_step()
        self._check_total()
        pages: Any = self.parallel_pages
        if not isinstance(pages, int) or isinstance(pages, bool) or pages < 1:
            raise ApiConfigError(
                f"parallel_pages is {self.parallel_pages!r}.",
                expected="a whole number from 1 on; 1 reads one page after the other.",
                fix=IN_THE_DAG_FILE,
            )

    @property
    def zone(self) -> tzinfo | None:
        """`time_zone` as Python has it."""
        return None if self.time_zone is None else ZoneInfo(self.time_zone)

    def _check_time_zone(self) -> None:
        try:
            _ = self.zone
        except (TypeError, ValueError, OSError, ZoneInfoNotFoundError):
            raise ApiConfigError(
                f"time_zone is {self.time_zone!r}.",
                expected='the IANA name of a time zone, such as "Europe/Berlin", "America/New_York" or "UTC".',
                fix=IN_THE_DAG_FILE,
            ) from None

    def _check_filter_step(self) -> None:
        step: Any = self.filter_step
        if step is not None and not (isinstance(step, timedelta) and timedelta(0) < step <= LONGEST_STEP):
            raise ApiConfigError(
                f"filter_step is {step!r}.",
                expected=f"a timedelta of at most {LONGEST_STEP.days} days, such as timedelta(days=1) for a filter "
                "that cuts its bounds to the day.",
                fix=IN_THE_DAG_FILE,
            )

    def _check_total(self) -> None:
        total: Any = self.total
        if total is None or total is False or (isinstance(total, str) and _is_place(total)):
            return
        raise ApiConfigError(
            f"total is {total!r}.",
            expected="a JSONPath such as meta.total, a header such as X-WP-Total, a path such as /orders/count, "
            "None or False.",
            fix=IN_THE_DAG_FILE,
        )


def _is_place(text: str) -> bool:
    """Whether a total may be looked for there. The name of a header with dashes is a JSONPath as well: a difference."""
    from dlt.common import jsonpath
    from jsonpath_ng.exceptions import JSONPathError

    try:
        return text.startswith("/") or bool(text and jsonpath.compile_path(text))
    except JSONPathError:
        return False


AnyOptions = Options | Mapping[str, Options] | None
"""As `elt_dag` takes them: for all resources, by resource, or none."""


def options_by_resource(options: AnyOptions, names: Iterable[str]) -> dict[str, Options]:
    """The options of each of the resources `names`.

    Raises:
        ApiConfigError: options for a resource that there is not, or something else than `Options`.
    """
    names = tuple(names)
    given: Any = Options() if options is None else options
    if isinstance(given, Options):
        return dict.fromkeys(names, given)
    given = dict(given) if isinstance(given, Mapping) else {"": given}
    for name, each in given.items():
        if not isinstance(each, Options):
            raise ApiConfigError(
                f"The options{f' of {name!r}' if name else ''} are {type(each).__name__!r}: {str(each)[:60]}.",
                expected='`Options(…)` for all resources, or a dict of them by resource: {"orders": Options(…)}.',
                fix=IN_THE_DAG_FILE,
            )
        if name not in names:
            raise ApiConfigError(
                f"There are options for {name!r}, which is no resource of the API description.",
                expected=f"one of {', '.join(names)}.",
                fix=IN_THE_DAG_FILE,
            )
    return {name: given.get(name, Options()) for name in names}
