"""The sentences of a read that cannot be proven complete: each names its own cure."""

from __future__ import annotations

from ecom_source.errors import IncompleteReadError

STABLE_ORDER = (
    "give the endpoint a `sort` parameter that ends in a unique column, or load by window of a cursor (`incremental`)."
)
"""What mends a read whose pages do not fit together."""


def ignored(resource: str, parameters: str) -> IncompleteReadError:
    """Page after page is the first one."""
    return IncompleteReadError(
        f"The second page of {resource!r} is the first one again: the shop seems to ignore {parameters}.",
        expected="other rows on the next page.",
        fix=f"look up what the shop calls them, and name them in the paginator ({parameters}); if it gives all rows at "
        "once, use the paginator `single_page`.",
    )


def short(resource: str, total: int, came: int, repeats: int) -> IncompleteReadError:
    """Fewer rows than the total says."""
    again = f" ({repeats:,} came more than once: its sort order is not stable)" if repeats else ""
    return IncompleteReadError(
        f"The shop says that {resource!r} has {total:,} rows, and {came:,} different rows came on its pages{again}.",
        expected="as many different rows as the total says.",
        fix=STABLE_ORDER
        if repeats
        else "see whether the total counts something else (another filter, other objects): name the right one by "
        "`Options(total=…)`, or load by window of a cursor (`incremental`).",
    )


def capped(resource: str, place: str, total: int) -> IncompleteReadError:
    """The shop gives only so many rows."""
    return IncompleteReadError(
        f"The shop gives no rows of {resource!r} from {place} on, though it says that there are {total:,}.",
        expected="rows up to the total: many shops give only the first 10,000 or so of a list.",
        fix="read it by windows that have fewer rows: give the endpoint a cursor (`incremental`), or a filter.",
    )


def unstable(resource: str, repeats: int) -> IncompleteReadError:
    """Rows came twice, out of place."""
    return IncompleteReadError(
        f"{repeats:,} rows of {resource!r} came on more than one page, so others may have come on none: its sort order "
        "is not stable.",
        expected="each row once: pages of a sort order that is stable.",
        fix=STABLE_ORDER,
    )


def never_joins(resource: str, times: int, place: str) -> IncompleteReadError:
    """The read went back again and again."""
    return IncompleteReadError(
        f"{times} pages of {resource!r} in a row (to {place}) did not begin where the page before had ended.",
        expected="pages of a stable order, at the place that was asked for.",
        fix=STABLE_ORDER,
    )


def nothing_new(resource: str, pages: int, parameters: str) -> IncompleteReadError:
    """Page after page without a new row."""
    return IncompleteReadError(
        f"{pages} pages of {resource!r} in a row have no new row.",
        expected=f"new rows on each page: a shop that heeds {parameters}.",
        fix=f"check {parameters} of its paginator in the API description.",
    )


def endless(resource: str, pages: int) -> IncompleteReadError:
    """More pages than any read should need."""
    return IncompleteReadError(
        f"The read of {resource!r} has not ended after {pages:,} pages.",
        expected="a read that comes to an end.",
        fix="ask for larger pages, or load by window of a cursor (`incremental`).",
    )


def moved(resource: str) -> IncompleteReadError:
    """Rows have moved, and cannot be told apart."""
    return IncompleteReadError(
        f"Rows of {resource!r} vanished while it was read, and without a key nobody can tell which came already.",
        expected="rows that stay where they are while they are read, or a `primary_key` to tell them apart by.",
        fix="give the resource a `primary_key`, or read it at a quiet time.",
    )


def once_more(resource: str) -> IncompleteReadError:
    """The first of two reads is over."""
    return IncompleteReadError(
        f"{resource!r} was read once, and is to be read twice (`read_twice`).",
        expected="a second read, with the same rows.",
        fix="nothing: it is read again at once.",
    )


def differs(resource: str, before: int, now: int) -> IncompleteReadError:
    """Two reads gave different rows."""
    return IncompleteReadError(
        f"Two reads of {resource!r} gave different rows: {before:,} and {now:,}.",
        expected="the same keys in both (`read_twice`).",
        fix=STABLE_ORDER,
    )
