"""Answer a list request: read its query, choose the rows, cut the page, wrap it as the version does."""

from __future__ import annotations

import base64
import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode
from zlib import crc32

from .dialects import DIALECTS, Dialect
from .habits import SORTS, Habits
from .reply import Refused, Reply, bad_request
from .seed import Row
from .show import Shown, to_json
from .store import Store


@dataclass(frozen=True)
class ListRequest:
    """A list asked for. ``params`` has no credentials, ``address`` is the full URL without its query."""

    version: str
    name: str
    params: Mapping[str, str]
    address: str
    number: int
    where: tuple[str, int] | None = None


def list_rows(ask: ListRequest, store: Store, habits: Habits, shown: Shown) -> Reply:
    """The page asked for; raises `Refused` with 400 for a query that the version does not allow."""
    dialect = DIALECTS[ask.version]
    params = ask.params
    refuse_unknown(params, dialect.parameters(), habits)
    size = _size(params, dialect, habits)
    sort = params.get("sort", habits.default_sort)
    if sort not in SORTS:
        raise bad_request("sort", sort, f"one of {', '.join(SORTS)}")
    want_total = _flag(params, "include_total") or not habits.total_on_request
    since, before = (None if habits.ignore_window else _time(params, name, dialect) for name in _window(dialect))
    rows = store.select(ask.name, sort, since, before, ask.where)
    if habits.unstable_sort and sort.lstrip("-") == "updated_at":
        rows = _without_tie_breaker(rows, sort, ask.number)

    start = _start(params, dialect, habits, rows, sort, size)
    page = rows[start : start + size]
    more = start + size < len(rows)
    total = len(rows) if want_total and not habits.no_total else None

    about: dict[str, Any] = {} if total is None else {"total": total}
    headers: tuple[tuple[str, str], ...] = ()
    if dialect.paging == "offset":
        about |= {"limit": size, "offset": start}
    elif dialect.paging == "page":
        about |= {"page": start // size + 1, "per_page": size}
        if total is not None:
            about["total_pages"] = -(-total // size)
    elif dialect.paging == "cursor":
        about["next_cursor"] = _cursor(sort, page[-1]) if more else None
    else:
        url = f"{ask.address}?{_next_query(params, dialect, size, start + size)}" if more else None
        about["next"] = url
        headers = (("Link", f'<{url}>; rel="next"'),) if url else ()
    texts = shown.texts(ask.version, ask.name, page)
    body = b'{"data":[' + b",".join(texts) + b"]" + (b"," + to_json(about)[1:] if about else b"}")
    return Reply(200, body, headers)


def refuse_unknown(params: Mapping[str, str], known: frozenset[str], habits: Habits) -> None:
    """Raise a 400 that names the unknown parameters, unless the shop ignores them."""
    unknown = sorted(set(params) - known)
    if unknown and not habits.ignore_unknown:
        expected = f"only {', '.join(sorted(known))}" if known else "none"
        raise Refused(400, "unknown_parameter", f"query parameters: found {', '.join(unknown)}, expected {expected}")


def _window(dialect: Dialect) -> tuple[str, str]:
    return dialect.since, dialect.before


def _time(params: Mapping[str, str], name: str, dialect: Dialect) -> int | None:
    if name not in params:
        return None
    try:
        return dialect.read_time(params[name])
    except ValueError:
        raise bad_request(name, params[name], dialect.time_format) from None


def _flag(params: Mapping[str, str], name: str) -> bool:
    value = params.get(name, "false")
    if value not in ("true", "false"):
        raise bad_request(name, value, "true or false")
    return value == "true"


def _whole(params: Mapping[str, str], name: str, default: int, least: int) -> int:
    text = params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 12 and int(text) >= least):
        raise bad_request(name, text, f"a whole number of at least {least}")
    return int(text)


def _size(params: Mapping[str, str], dialect: Dialect, habits: Habits) -> int:
    size = _whole(params, dialect.size, min(habits.default_limit, habits.max_limit), 1)
    if size > habits.max_limit and not habits.cap_limit_silently:
        raise bad_request(dialect.size, str(size), f"at most {habits.max_limit}")
    return min(size, habits.max_limit)


def _start(params: Mapping[str, str], dialect: Dialect, habits: Habits, rows: list[Row], sort: str, size: int) -> int:
    if dialect.paging == "cursor":
        text = params.get(dialect.position)
        start = 0 if text is None else _after(text, rows, sort, habits.unstable_sort)
    elif dialect.paging == "page":
        start = (_whole(params, dialect.position, 1, 1) - 1) * size
    else:
        start = _whole(params, dialect.position, 0, 0)
    return 0 if habits.ignore_offset else start


def _cursor(sort: str, row: Row) -> str:
    return base64.urlsafe_b64encode(json.dumps([sort, row["updated_at"], row["id"]]).encode()).decode()


def _after(text: str, rows: list[Row], sort: str, unstable: bool) -> int:
    """Index of the first row behind the cursor, found by value: it stays right when rows come and go."""
    try:
        kind, updated, key = json.loads(base64.urlsafe_b64decode(text.encode()))
        if kind != sort or type(updated) is not int or type(key) is not int:
            raise ValueError
    except ValueError:
        raise bad_request("cursor", text, "a next_cursor of a page with the same sort") from None
    by_id = sort.lstrip("-") == "id"
    sign = -1 if sort[0] == "-" else 1

    def place(changed: int, number: int) -> tuple[int, ...]:
        if by_id:
            return (sign * number,)
        return (sign * changed,) if unstable else (sign * changed, sign * number)

    return bisect_right(rows, place(updated, key), key=lambda row: place(row["updated_at"], row["id"]))


def _without_tie_breaker(rows: list[Row], sort: str, number: int) -> list[Row]:
    return sorted(
        rows,
        key=lambda row: (row["updated_at"], crc32(f"{number}:{row['id']}".encode())),
        reverse=sort[0] == "-",
    )


def _next_query(params: Mapping[str, str], dialect: Dialect, size: int, start: int) -> str:
    return urlencode({**params, dialect.size: size, dialect.position: start}, quote_via=quote)
