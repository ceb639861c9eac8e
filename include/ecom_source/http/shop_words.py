"""The shop's own words: what an answer that is an error says to a person, with no secret in it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ecom_source.secrets.redactor import Redactor

if TYPE_CHECKING:
    from requests import Response

MOST_CHARACTERS = 300
"""Of the shop's words that an error quotes."""
MOST_BYTES = 1_000_000
"""Of an answer that is looked through for words."""
MOST_DEEP = 6
NAMES = (
    "message",
    "error_description",
    "detail",
    "error_message",
    "errormessage",
    "msg",
    "reason",
    "faultstring",
    "error",
    "errors",
    "fault",
    "title",
    "description",
    "code",
)
"""Where APIs put what they say, in the order in which people want to read it."""
_TAGS = re.compile(r"(?is)<(title|message|error_description|detail|faultstring)\b[^>]*>(.*?)</\1>")
_SECRET_HEADERS = re.compile(r"(?i)auth|token|key|secret|cookie")
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)


def saying(response: Response, redact: Redactor, *, whole: bool = True) -> str:
    """The shop's words as the end of a sentence, such as `, saying "Not allowed"`; empty where it says nothing.

    Args:
        response, redact, whole: as `shop_words` takes them.
    """
    words = shop_words(response, redact, whole=whole)
    return f', saying "{words}"' if words else ""


def shop_words(response: Response, redact: Redactor, *, whole: bool = True) -> str:
    """What the body of `response` says, in at most `MOST_CHARACTERS`; empty where it says nothing.

    That is the message of a JSON body, the title of an HTML page, or else the body as it is. Secrets are hidden before
    anything is cut: half a key would not be known again.

    Args:
        response: any answer.
        redact: hides the secrets of the load.
        whole: take a body as it is that has no message: right for an error status, whose body has no rows or token.
    """
    if len(response.content) > MOST_BYTES:
        return ""
    body = response.content.decode("utf-8-sig", "replace").strip()
    try:
        found = json.loads(body)
        said = "; ".join(dict.fromkeys(_said(found))) if isinstance(found, dict) else ""
    except (ValueError, RecursionError):
        said = _of_markup(body)
    if not said and whole and not body.startswith("<"):
        said = body
    return shortened(_hidden(said, response, redact))


def shortened(text: str, most: int = MOST_CHARACTERS) -> str:
    """`text` in one line of at most `most` characters. Redact it first."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return line if len(line) <= most else f"{line[: most - 3]}..."


def _hidden(text: str, response: Response, redact: Redactor) -> str:
    """`text` without secrets, those in the headers of its request among them: a shop may send back what it was sent."""
    headers = getattr(response.request, "headers", None) or {}
    sent = [str(value) for name, value in headers.items() if _SECRET_HEADERS.search(name)]
    # `Bearer` and the like are no secret.
    return redact(Redactor([*sent, *(value.partition(" ")[2] for value in sent)])(text))


def _said(value: Any, deep: int = 0) -> Iterator[str]:
    """The texts under the names above, wherever they are nested."""
    if isinstance(value, str) and value.strip():
        yield value.strip()
    elif isinstance(value, list) and deep < MOST_DEEP:
        for each in value:
            yield from _said(each, deep + 1)
    elif isinstance(value, dict) and deep < MOST_DEEP:
        known = {str(name).lower(): each for name, each in value.items()}
        named = [text for name in NAMES if name in known for text in _said(known[name], deep + 1)]
        if named or not deep:
            yield from named
            return
        # Under `errors`, many have the name of the parameter that is wrong.
        for name, each in value.items():
            yield from (f"{name}: {text}" for text in _said(each, deep + 1))


def _of_markup(body: str) -> str:
    """The title of an HTML page, or the message of an XML document."""
    found = _TAGS.search(body) if body.startswith("<") else None
    return html.unescape(_CDATA.sub(r"\1", found[2])) if found else ""
