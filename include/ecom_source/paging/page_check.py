"""Whether an answer is a page of rows, and which rows the shop means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from requests import Response

from ecom_source.errors import PayloadError
from ecom_source.paging.row_selector import RowSelector
from ecom_source.paging.seen_keys import value_of

ERROR_NAMES = frozenset(("error", "errors", "error_code", "errorcode", "error_message", "errormessage", "fault"))
"""Fields by which an object is told to be an error rather than a row, or than an answer without rows."""


def rows_meant(
    response: Response, rows: Sequence[Any], *, selector: RowSelector, key: Sequence[str], lacking: int | None
) -> list[Any]:
    """The rows that the shop means by an answer.

    Shops say "no rows" in many ways (`[]`, `{}`, false, null, 204, no key at all: PHP makes an empty list of an empty
    object), and "one row" by an object in the place of a list.

    Args:
        rows: what dlt found in the answer.
        selector: the endpoint's `data_selector`.
        key: the columns of the primary key, where each row must have them.
        lacking: rows that are still to come by the shop's total, if it says one.

    Raises:
        PayloadError: it is something else. The text has the path of the URL, never the query, where the key may be.
    """
    if len(rows) > 1 and (isinstance(rows[0], Mapping) or not selector.takes_each):
        return list(rows)
    path = urlsplit(response.url).path
    if not selector.is_plain:
        return _rows_of_any_place(response, path, rows, selector.text)
    body = response.json()
    places = selector.found(body)
    if not places:
        if lacking == 0 or not body:
            return []
        raise _no_rows(path, selector.text, body)
    value = places[0]
    if isinstance(value, list) or (rows and value is not rows[0] and _has_key(rows[0], key)):
        return list(rows)
    if not value:
        return []
    _check_single(path, value, selector.text, key)
    return [value]


def check_keys(response: Response, rows: Sequence[Any], key: Sequence[str]) -> None:
    """Makes sure that each row has its key.

    Args:
        key: columns that each row must have, with a value.

    Raises:
        PayloadError: one has not.
    """
    for number, row in enumerate(rows, 1):
        for column in key:
            if value_of(row, column) is None:
                path = urlsplit(response.url).path
                raise PayloadError(
                    f"Row {number} of {len(rows)} in the answer of {path} has no {column!r}; it is {_shape(row)}.",
                    expected=f"the primary key {', '.join(key)} in each row; nothing of this read was loaded.",
                    fix="ask the shop why; if it is no mistake, change `primary_key` in the API description, or leave "
                    "such rows out by a `filter` in `processing_steps`.",
                )


def _rows_of_any_place(response: Response, path: str, rows: Sequence[Any], selector: Any) -> list[Any]:
    """Where dlt looks for the rows by itself, or the selector picks among them."""
    if any(rows):
        if len(rows) == 1 and _is_error(rows[0]) and rows[0] == response.json():
            raise _no_rows(path, selector, rows[0])
        return list(rows)
    body = response.json()
    if _is_error(body):
        raise _no_rows(path, selector, body)
    return []


def _is_error(body: Any) -> bool:
    return isinstance(body, Mapping) and any(str(name).lower() in ERROR_NAMES and value for name, value in body.items())


def _has_key(row: Any, key: Sequence[str]) -> bool:
    return bool(key) and all(value_of(row, column) is not None for column in key)


def _check_single(path: str, value: Any, selector: Any, key: Sequence[str]) -> None:
    """Makes sure that what stands in the place of the list is one row."""
    if _has_key(value, key):
        return
    is_row = isinstance(value, Mapping) and not all(isinstance(each, Mapping) for each in value.values())
    if key or not is_row or _is_error(value):
        raise PayloadError(
            f"The answer of {path} has no list under {str(selector)!r}, and no row: it is {_shape(value)}.",
            expected=f"a list of rows, or one row with its key ({', '.join(key)})." if key else "a list of rows.",
            fix="if the shop has an error page of its own, wait until it is well; else change `data_selector` in the "
            "API description.",
        )


def _no_rows(path: str, selector: Any, body: Any) -> PayloadError:
    return PayloadError(
        f"The answer of {path} has no {str(selector)!r}; it is {_shape(body)}.",
        expected=f"the rows under {str(selector)!r}, if only an empty list.",
        fix="if the shop has an error page of its own, wait until it is well; else change `data_selector` in the "
        "API description.",
    )


def _shape(value: Any) -> str:
    """What a person needs to see of it: names, no values."""
    if isinstance(value, Mapping):
        return f"an object with the keys {sorted(map(str, value))[:10]}"
    return "null" if value is None else f"a {type(value).__name__}"
