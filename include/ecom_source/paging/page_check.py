"""Whether an answer can be a page of rows at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from dlt.common import jsonpath
from requests import Response

from ecom_source.errors import PayloadError
from ecom_source.paging.seen_keys import value_of


def check_page(
    response: Response, rows: Sequence[Any], *, selector: str | None, key: Sequence[str], many: bool
) -> None:
    """Makes sure that an answer has a list of rows, and each row its key.

    Args:
        response: the answer.
        rows: what dlt found in it.
        selector: plain path of the rows; None where dlt looks for them by itself.
        key: columns that each row must have, with a value.
        many: a list is expected; otherwise a single row may stand there, as an object.

    Raises:
        PayloadError: it is something else. The text has the path of the URL, never the query, where the key may be.
    """
    path = urlsplit(response.url).path
    if selector is not None and len(rows) <= 1:
        _check_selector(response, path, selector, many)
    for number, row in enumerate(rows, 1):
        for column in key:
            if value_of(row, column) is None:
                raise PayloadError(
                    f"Row {number} of {len(rows)} in the answer of {path} has no {column!r}; it is {_shape(row)}.",
                    expected=f"the primary key {', '.join(key)} in each row; nothing of this read was loaded.",
                    fix="ask the shop why; if it is no mistake, change `primary_key` in the API description, or leave "
                    "such rows out by a `filter` in `processing_steps`.",
                )


def _check_selector(response: Response, path: str, selector: str, many: bool) -> None:
    body = response.json()
    found = jsonpath.find_values(selector, body)
    if not found:
        raise PayloadError(
            f"The answer of {path} has no {selector!r}; it is {_shape(body)}.",
            expected=f"the rows under {selector!r}, if only an empty list.",
            fix="if the shop has an error page of its own, wait until it is well; else change `data_selector` in the "
            "API description.",
        )
    if many and isinstance(found[0], Mapping):
        raise PayloadError(
            f"The answer of {path} has an object under {selector!r}: {_shape(found[0])}.",
            expected="a list of rows, if only with one row.",
            fix="change `data_selector` in the API description, or use the paginator `single_page` where each answer "
            "is one row.",
        )


def _shape(value: Any) -> str:
    """What a person needs to see of it: names, no values."""
    if isinstance(value, Mapping):
        return f"an object with the keys {sorted(map(str, value))[:10]}"
    return "null" if value is None else f"a {type(value).__name__}"
