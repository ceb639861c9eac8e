"""Answers that are decoded once, and fast.

dlt and its paginators ask each response for its JSON again and again, and requests decodes the whole body each time, in
a tenth of the speed that the decoder has which dlt brings along. This can go once dlt decodes a page once.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson
from requests import Response
from requests.compat import JSONDecodeError as NoJSON
from requests.compat import json as decoder  # type: ignore[attr-defined]
from requests.exceptions import JSONDecodeError
from requests.utils import get_encoding_from_headers

from ecom_source.http.json_encoding import declared_charset, decoded, not_decoded

_DIGITS = bytes.maketrans(b"123456789", b"0" * 9)
_TOO_LONG = b"0" * 19
"""orjson makes a float of a whole number outside of 64 bits; no number of fewer digits is."""
_NUL = rb"\u0000"


@dataclass
class Decoded:
    """What was found in the answers of a load.

    Args:
        nul: NULs that were left out, by the name of their field.
        slowly: some answer was decoded by requests, which takes `NaN` for a number.
    """

    nul: Counter[str] = field(default_factory=Counter)
    slowly: bool = False


class PageResponse(Response):
    """A response of requests whose `json()` gives the same values, sooner. Its callers share the decoded body."""

    found: Decoded = Decoded()
    """Of the load; the session sets it."""
    _counted: bool = False
    _decoded: Any = None
    _decoded_from: bytes | None = None

    def json(self, **kwargs: Any) -> Any:
        """The decoded body: UTF-8 wherever it can be that. What orjson does not take is left to requests' decoder.

        Raises:
            PayloadError: it is in an encoding that nobody has named.
            JSONDecodeError: it is no JSON.
        """
        content = self.content
        if kwargs or not content or self._chosen_encoding() is not None:
            return self._by_requests(**kwargs)
        # A hook may have put another body into the response.
        if self._decoded_from is not content:
            try:
                if _TOO_LONG in content.translate(_DIGITS):
                    return self._by_requests()
                self._decoded = self.without_nul(orjson.loads(content))
            except orjson.JSONDecodeError:
                return self._by_requests()
            self._decoded_from = content
        return self._decoded

    @property
    def text(self) -> str:
        """The body as a text: in UTF-8 where it is that and no charset is named (requests: ISO-8859-1, for text/*)."""
        if self._chosen_encoding() is None and declared_charset(self.headers) is None:
            with suppress(UnicodeDecodeError):
                return self.content.decode()
        return super().text

    def _by_requests(self, **kwargs: Any) -> Any:
        content, chosen = self.content, self._chosen_encoding()
        declared = declared_charset(self.headers)
        text = decoded(content, chosen=chosen, declared=declared)
        try:
            found = decoder.loads(content.decode(errors="replace") if text is None else text, **kwargs)
        except NoJSON as error:
            # So that whoever explains it can say which answer it was.
            raise JSONDecodeError(error.msg, error.doc, error.pos, response=self) from None
        if text is None:
            raise not_decoded(content, urlsplit(self.url or "").path, chosen or declared)
        self.found.slowly = True
        return self.without_nul(found)

    def _chosen_encoding(self) -> str | None:
        """What a hook has set, as dlt's documentation shows for `response_actions`."""
        given = self.encoding
        return None if given is None or given == get_encoding_from_headers(self.headers) else given

    def without_nul(self, value: Any) -> Any:
        """The decoded body, for a warehouse that takes all of it."""
        return value

    def forget(self) -> None:
        """Decodes anew when asked next: who had the decoded body so far may have changed it."""
        self._decoded = self._decoded_from = None


class NulFreeResponse(PageResponse):
    """For a warehouse that is loaded from files in which dlt would leave a NUL, though it drops it where it writes SQL:
    PostgreSQL has none in a text, and fails.
    """

    def without_nul(self, value: Any) -> Any:
        """The decoded body with no NUL in any text; what is left out is counted, once for each answer."""
        if _NUL not in self.content:
            return value
        counted, self._counted = self._counted, True
        return _stripped(value, "", Counter() if counted else self.found.nul)


def _stripped(value: Any, name: str, left_out: Counter[str]) -> Any:
    if isinstance(value, str):
        if "\0" in value:
            left_out[name] += value.count("\0")
        return value.replace("\0", "")
    if isinstance(value, list):
        return [_stripped(each, name, left_out) for each in value]
    if isinstance(value, dict):
        return {key: _stripped(each, key, left_out) for key, each in value.items()}
    return value
