"""What a shop says of its number of rows, and whether to believe it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from dlt.common import jsonpath
from requests import Request, Response, Session

from ecom_source.errors import PayloadError

HEADERS = (
    *("X-WP-Total", "X-Total-Count", "X-Total", "Total-Count", "X-Total-Results", "X-Pagination-Total-Count"),
    *("Pagination-Count", "Content-Range"),
)
"""Headers in which shops say it, such as WooCommerce (https://woocommerce.github.io/woocommerce-rest-api-docs/)."""
PLACES = (
    *("", "meta", "meta.pagination", "pagination", "paging", "page", "pageInfo", "page_info", "metadata", "_meta"),
    *("info", "result_info", "hits", "data"),
)
NAMES = (
    *("total", "total_count", "totalCount", "total_results", "totalResults", "total_items", "totalItems"),
    *("total_records", "totalRecords", "total_entries", "totalEntries", "totalElements", "total_elements"),
    *("totalSize", "records_total", "recordsTotal", "@odata.count", "count"),
)
"""Where in a body, and by which names, others say it."""
_WHOLE = re.compile(r"\d+(\.0+)?")
_HEADER = re.compile(r"[A-Za-z]+(-[A-Za-z]+)+")


@dataclass(frozen=True)
class TotalSource:
    """Where a shop's total is found.

    Args:
        path: a JSONPath in each answer.
        header: the name of a header of each answer.
        endpoint: a path that is asked for it, once a read.
    """

    path: Any = None
    header: str | None = None
    endpoint: str | None = None

    @classmethod
    def named(cls, text: str) -> TotalSource:
        """As `Options.total` has it: `/orders/count`, `X-WP-Total` or `meta.total`."""
        if text.startswith("/"):
            return cls(endpoint=text)
        if _HEADER.fullmatch(text):
            return cls(header=text)
        return cls(path=jsonpath.compile_path(text))

    def find(self, response: Response) -> int | None:
        """The total of this answer; None where it says none, or something that is no number of rows."""
        if self.header is not None:
            return number_of_rows(response.headers.get(self.header))
        if self.path is None:
            return None
        found = jsonpath.find_values(self.path, response.json())
        return number_of_rows(found[0]) if found else None


@dataclass(frozen=True)
class CountEndpoint:
    """A path of the shop that counts, such as Shopify's:
    https://shopify.dev/docs/api/admin-rest/latest/resources/order#get-orders-count.

    Args:
        url: its address.
        session: asks for it.
    """

    url: str
    session: Session

    def ask(self, request: Request, params: Mapping[str, Any]) -> int:
        """The number of rows, by one more request.

        Args:
            request: of the resource, whose login and headers it takes.
            params: the filters.

        Raises:
            PayloadError: the answer is no number of rows.
        """
        asked = Request("GET", self.url, params=dict(params), headers=request.headers, auth=request.auth)
        response = self.session.send(self.session.prepare_request(asked))
        response.raise_for_status()
        body = response.json()
        found = number_of_rows(body)
        if found is None:
            found = next(
                (said for place in _usual_places(response) if (said := place.find(response)) is not None), None
            )
        if found is None:
            raise PayloadError(
                f"The answer of {urlsplit(self.url).path} is no number of rows: {str(body)[:60]}.",
                expected='a number, or an object with one, such as {"count": 25}.',
                fix="change `Options(total=…)` in the DAG file.",
            )
        return found


class Total:
    """The total of one pass over the pages.

    Args:
        source: where the description says it is; it ends the read, and fails one that stays short of it.
        guess: without a source, look at the usual places. A guess ends nothing, it only asks for more.
    """

    def __init__(self, source: TotalSource | None, *, guess: bool) -> None:
        self.source, self._guess = source, guess and source is None
        self.said: int | None = None
        """The latest word."""
        self.now: int | None = None
        """What the answer at hand says: where to stop, only that tells."""
        self.first: int | None = None
        self._most = 0
        self.trusted = True
        self._place: TotalSource | None = None

    @property
    def named(self) -> bool:
        """Whether the description says where it is."""
        return self.source is not None

    @property
    def believed(self) -> int | None:
        """What the shop says, unless it was found to be wrong."""
        return self.said if self.trusted else None

    def read(self, response: Response) -> int:
        """Takes in an answer; by how many rows the total has fallen since the one before."""
        self.now = now = self._find(response)
        if now is None:
            return 0
        fell = max(0, (self.said or 0) - now) if self.trusted else 0
        self.said = now
        self._most = max(self._most, now)
        self.first = now if self.first is None else self.first
        return fell

    def counted(self, rows: int) -> None:
        """Takes in what a path that counts has said at the end of the read."""
        self.said = self.now = rows
        self.trusted = True

    def peek(self, response: Response) -> int | None:
        """What an answer says, without taking it in."""
        return self._find(response)

    def hold_against(self, in_hand: int) -> None:
        """A total below the rows in hand is none: of this page, of pages, of what remains, or not counted at all.

        It may have fallen while rows were read that are gone by now.
        """
        if self.said is not None and self._most < in_hand:
            self.trusted = False

    def _find(self, response: Response) -> int | None:
        if self.source is not None:
            return self.source.find(response)
        if not self._guess:
            return None
        places = [self._place] if self._place is not None else _usual_places(response)
        for place in places:
            if (found := place.find(response)) is not None:
                self._place = place
                return found
        return None


def number_of_rows(value: Any) -> int | None:
    """A total as shops write it (25, "25", 25.0, `items 0-9/25`, Elasticsearch's object); None for anything else.

    Some say -1 for "not counted": https://developer.adobe.com/commerce/webapi/rest/use-rest/performing-searches/.
    """
    if isinstance(value, Mapping):
        # https://www.elastic.co/guide/en/elasticsearch/reference/current/search-your-data.html#track-total-hits
        return number_of_rows(value.get("value")) if value.get("relation", "eq") == "eq" else None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value).rpartition("/")[2].strip()
    return int(float(text)) if _WHOLE.fullmatch(text) else None


def _usual_places(response: Response) -> Iterator[TotalSource]:
    for header in HEADERS:
        if header in response.headers:
            yield TotalSource(header=header)
    body = response.json()
    if not isinstance(body, Mapping):
        return
    for place in PLACES:
        parts = place.split(".") if place else []
        block: Any = body
        for part in parts:
            block = block.get(part) if isinstance(block, Mapping) else None
        for name in NAMES if isinstance(block, Mapping) else ():
            if number_of_rows(block.get(name)) is not None:
                path = ".".join(f"'{part}'" for part in (*parts, name))
                yield TotalSource(path=jsonpath.compile_path(path))
