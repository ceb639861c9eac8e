"""How long a shop says to wait, in whichever header it says it.

dlt's client knows `Retry-After`, in whole seconds or as a date by the worker's clock. Shops say it in many ways more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

Headers = Mapping[str, str]
"""Of an answer; their names in any case, as requests has them."""

TOO_MANY = 429
"""https://www.rfc-editor.org/rfc/rfc6585#section-4"""
OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
"""A clock that says less has never been set."""
EPOCH_SECONDS, EPOCH_MILLISECONDS = 1e9, 1e11
"""From here on, a number is not a wait (of 31 years) but a point in time (2001), or one in milliseconds (1973)."""

_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_QUOTA = re.compile(r"(?:^|[;,\s])(?P<name>r|t|remaining|reset)\s*=\s*(?P<number>\d+)", re.ASCII)


def seconds(value: str, now: datetime) -> float | None:
    """Seconds from `now` on: a number of them, a point in time (a date, or seconds or milliseconds since 1970).

    Of several numbers, which a proxy may have joined, the greatest counts. None for anything else, and for no wait.
    """
    numbers = [_NUMBER.fullmatch(part.strip()) for part in value.split(",")]
    if all(numbers):
        found = max(_by_magnitude(float(number[0]), now) for number in numbers if number)
    else:
        until = _date(value)
        if until is None:
            return None
        found = (until - now).total_seconds()
    return found if found > 0 else None


def milliseconds(value: str, now: datetime) -> float | None:
    """The same for a number of milliseconds."""
    number = _NUMBER.fullmatch(value.strip())
    return (float(number[0]) / 1000 or None) if number else None


def quotas(value: str, now: datetime) -> float | None:
    """The same for quotas: `"burst";r=0;t=20, "daily";r=500;t=3600`, or of old `limit=9, remaining=0, reset=20`.

    The quota that is used up counts; where none says so, the one that is renewed first.
    """
    used_up: list[float] = []
    others: list[float] = []
    # Before draft 08 of the document, a list is of one quota.
    for quota in [value] if "reset=" in value else value.split(","):
        parts = {part["name"][0]: float(part["number"]) for part in _QUOTA.finditer(quota.replace("reset", "t"))}
        if "t" in parts:
            (others if parts.get("r", 1) else used_up).append(parts["t"])
    return (max(used_up) if used_up else min(others, default=0)) or None


RETRY_HEADERS: Mapping[str, Callable[[str, datetime], float | None]] = {
    # https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
    # With decimals: https://shopify.dev/docs/api/usage/limits
    # Seconds since 1970: https://github.com/cloudfoundry/cloud_controller_ng/issues/2544
    "Retry-After": seconds,
    # https://learn.microsoft.com/azure/ai-services/openai/how-to/provisioned-get-started
    "Retry-After-Ms": milliseconds,
    # https://www.better-auth.com/docs/concepts/rate-limit
    "X-Retry-After": seconds,
    # https://developers-classic.mailerlite.com/docs/api-rate-limits
    "X-RateLimit-Retry-After": seconds,
}
"""What says when to send this request again, by the address of its documentation; the first that is there counts."""

RESET_HEADERS: Mapping[str, Callable[[str, datetime], float | None]] = {
    # https://docs.bigcommerce.com/developer/docs/overview/api-fundamentals/rate-limits
    "X-Rate-Limit-Time-Reset-Ms": milliseconds,
    # https://docs.discord.com/developers/topics/rate-limits, https://docs.finperks.com/rate_limiting
    "X-RateLimit-Reset-After": seconds,
    "RateLimit-Reset-After": seconds,
    # https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers
    "RateLimit": quotas,
    # Seconds to wait: the same document until draft 06. Seconds since 1970: https://dev.twitch.tv/docs/api/guide
    "RateLimit-Reset": seconds,
    # Seconds to wait: https://developer.whoop.com/docs/developing/rate-limiting
    # Seconds since 1970: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
    # A date: https://developers-classic.mailerlite.com/docs/api-rate-limits
    "X-RateLimit-Reset": seconds,
    # https://developer.okta.com/docs/reference/rl-best-practices/
    "X-Rate-Limit-Reset": seconds,
    # https://developers.brevo.com/docs/limit-headers
    "X-Sib-RateLimit-Reset": seconds,
    # https://developer.walmart.com/suppliers/docs/rate-limiting
    "X-Next-Replenishment-Time": seconds,
}
"""What says when more requests may be sent. Many shops say so in every answer, so it counts only where none is left."""

LEFT_HEADERS = (
    "X-Rate-Limit-Requests-Left",
    "RateLimit-Remaining",
    "X-RateLimit-Remaining",
    "X-Rate-Limit-Remaining",
    "X-Sib-RateLimit-Remaining",
)
"""How many requests are left, by the same documents."""


def told_wait(headers: Headers, status: int) -> float | None:
    """Seconds that an answer says to wait; None where it does not say.

    Args:
        headers: of the answer. Points in time are by the clock that its `Date` shows, which may be wrong.
        status: of the answer.
    """
    now = _shop_time(headers)
    none_left = status == TOO_MANY or any((headers.get(name) or "").strip() == "0" for name in LEFT_HEADERS)
    for name, read in {**RETRY_HEADERS, **(RESET_HEADERS if none_left else {})}.items():
        if (wait := read(headers.get(name) or "", now)) is not None:
            return wait
    return None


def _by_magnitude(number: float, now: datetime) -> float:
    if number < EPOCH_SECONDS:
        return number
    return number / (1000 if number >= EPOCH_MILLISECONDS else 1) - now.timestamp()


def _shop_time(headers: Headers) -> datetime:
    shown = _date(headers.get("Date") or "")
    return shown if shown is not None and shown >= OLDEST else datetime.now(UTC)


def _date(text: str) -> datetime | None:
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = read(text.strip())
        except (TypeError, ValueError, OverflowError):
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None
