"""Answers that are decoded once, and fast.

dlt and its paginators ask each response for its JSON again and again, and requests decodes the whole body each time, in
a tenth of the speed that the decoder has which dlt brings along. This can go once dlt decodes a page once.
"""

from __future__ import annotations

from typing import Any

import orjson
from requests import Response
from requests.exceptions import JSONDecodeError

_DIGITS = bytes.maketrans(b"123456789", b"0" * 9)
_TOO_LONG = b"0" * 19
"""orjson makes a float of a whole number outside of 64 bits; no number of fewer digits is."""
_NUL = rb"\u0000"


class PageResponse(Response):
    """A response of requests whose `json()` gives the same values, sooner. Its callers share the decoded body."""

    _decoded: Any = None
    _decoded_from: bytes | None = None

    def json(self, **kwargs: Any) -> Any:
        """The decoded body; whatever orjson does not take, or would take differently, is left to requests."""
        content = self.content
        if kwargs or not content or (self.encoding or "utf-8").lower() != "utf-8":
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

    def _by_requests(self, **kwargs: Any) -> Any:
        try:
            return self.without_nul(super().json(**kwargs))
        except JSONDecodeError as error:
            # So that whoever explains it can say which answer it was.
            error.response = self
            raise

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
        """The decoded body with no NUL in any text."""
        return _stripped(value) if _NUL in self.content else value


def _stripped(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [_stripped(each) for each in value]
    if isinstance(value, dict):
        return {name: _stripped(each) for name, each in value.items()}
    return value
