"""What the shop answers: a status, a body and headers; and the error that becomes such an answer."""

from __future__ import annotations

from dataclasses import dataclass

from .show import to_json

JSON = "application/json"


@dataclass(frozen=True)
class Reply:
    """One HTTP answer; ``Content-Type`` and ``Content-Length`` are added when it is sent."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = JSON


class Refused(Exception):
    """A request that gets an error answer ``{"error": {"code": ..., "message": ...}}``."""

    def __init__(self, status: int, code: str, message: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers

    def reply(self, echo: str | None = None) -> Reply:
        """The answer; ``echo`` is the key that a 4xx repeats, when the shop has that habit."""
        message = self.message
        if echo is not None and 400 <= self.status < 500:
            message = f"{message} (key given: {echo})"
        body = to_json({"error": {"code": self.code, "message": message}})
        return Reply(self.status, body, self.headers)


def bad_request(name: str, found: str, expected: str) -> Refused:
    """A 400 for a query parameter."""
    return Refused(400, "bad_request", f"{name}: found {found!r}, expected {expected}")
