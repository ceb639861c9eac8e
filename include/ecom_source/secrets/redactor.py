"""Keeps secrets out of everything a task writes, in every form in which they travel."""

from __future__ import annotations

import base64
import contextlib
import html
import json
import logging
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MASK = "***"
NEVER = "(?!)"
_CORE = 6
"""So many characters of base64 in the middle of a longer one are enough to know a secret by."""


class Redactor:
    """Replaces secrets by `***`: raw and as they look in a URL, a JSON text, a repr, HTML or a Basic header.

    Args:
        secrets: what must never be seen; empty ones are passed over.
        logins: user names that travel with a secret in an HTTP Basic header.
    """

    def __init__(self, secrets: Iterable[str | None], logins: Iterable[str | None] = ()) -> None:
        # A line break after a key that was pasted is not always sent along.
        known = {form for secret in secrets if secret for form in (secret, secret.strip() or secret)}
        names = [login for login in logins if login]
        found = {form for secret in known for form in _forms(secret, names)}
        # The longest first: a short form may be part of a long one, whose rest would stay behind.
        self.forms = sorted(found, key=len, reverse=True)
        """The forms that are met with most; what is masked are these and every mixture of them."""
        spelt = [_spellings(secret) for secret in sorted(known, key=len, reverse=True)]
        self._spelt = re.compile("|".join([*map(re.escape, self.forms), *spelt]) or NEVER)
        cores = "|".join(core for secret in known for core in _cores(secret)) or NEVER
        self._core = re.compile(cores)
        self._base64 = re.compile(rf"(?<![\w+/-])[\w+/-]*?(?:{cores})[\w+/-]*(?:=|%3[dD])*")

    def __call__(self, text: str) -> str:
        """`text` without any form of any secret."""
        if self._core.search(text):
            text = self._base64.sub(MASK, text)
        return self._spelt.sub(MASK, text)


class RedactingFilter(logging.Filter):
    """Redacts a log record's message and traceback before any handler formats them."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self.redact = redact

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrites the record in place; always lets it through."""
        try:
            message = record.getMessage()
        except Exception:
            # Its arguments do not fit. logging forgives that, printing both; so they are looked through, too.
            message = f"{record.msg} {record.args!r}"
            record.msg, record.args = message, None
        clean = self.redact(message)
        if clean != message:
            record.msg, record.args = clean, None
        if record.exc_info and record.exc_info[0]:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
            record.exc_info = None
        if record.exc_text:
            record.msg, record.args = f"{clean}\n{self.redact(record.exc_text)}", None
            record.exc_text = None
        if record.stack_info:
            record.stack_info = self.redact(record.stack_info)
        return True


def _forms(secret: str, logins: list[str]) -> set[str]:
    quoted = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    written = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}
    basic = {base64.b64encode(code).decode() for login in ["", *logins] for code in _encoded(f"{login}:{secret}")}
    alone = {base64.b64encode(secret.encode()).decode()}
    # Some proxies and servers write percent escapes in lower case.
    lower = {re.sub("%[0-9A-F]{2}", lambda escape: escape[0].lower(), form) for form in quoted}
    return {secret} | quoted | lower | written | basic | alone


def _spellings(secret: str) -> str:
    """A pattern of `secret` in which each character may be escaped in a way of its own.

    Which characters a URL escapes is up to its writer: requests, a browser and the shop's `next` link differ. A URL
    within a URL is escaped twice, a JSON text within a repr has twice the backslashes.
    """
    return "".join(f"(?:{'|'.join(_spelt(character))})" for character in secret)


def _spelt(character: str) -> Iterable[str]:
    plain = re.escape(character)
    yield {"\\": r"\\+"}.get(character, rf"\\*{plain}" if character in "\"'/" else plain)
    yield rf"\\+{json.dumps(character)[2:-1]}" if character in "\n\r\t\b\f" else rf"\\+u{ord(character):04x}"
    for code in _encoded(character):
        yield "".join(rf"%(?:25)*(?i:{byte:02x})" for byte in code)
        yield "".join(rf"\\+x(?i:{byte:02x})" for byte in code)
        # UTF-8 that was read as latin-1, as headers are.
        yield re.escape(code.decode("latin-1"))
    yield rf"&#(?:0*{ord(character)}|[xX]0*(?i:{ord(character):x}));"
    if (escaped := html.escape(character)) != character:
        yield re.escape(escaped)
    if character == " ":
        yield r"\+"
    if ord(character) > 0xFFFF:
        yield rf"\\+{json.dumps(character)[2:7]}\\+{json.dumps(character)[8:13]}"


def _cores(secret: str) -> Iterable[str]:
    """Patterns of what of `secret` is the same in every base64 text that holds it, one for each way to be aligned.

    The rest of such a text, a user name before it, need not be known.
    """
    for code in _encoded(secret):
        for shift in range(3):
            text = base64.b64encode(b"\0" * shift + code).decode()
            core = text[(shift * 8 + 5) // 6 : (shift + len(code)) * 8 // 6]
            if len(core) >= _CORE:
                yield core.replace("+", "(?:[+-]|%2[bB])").replace("/", "(?:[/_]|%2[fF])")


def _encoded(text: str) -> list[bytes]:
    """`text` in UTF-8 and, where it can be and that differs, in latin-1."""
    codes = [text.encode()]
    with contextlib.suppress(UnicodeEncodeError):
        codes.append(text.encode("latin-1"))
    return codes[:1] if codes[-1] == codes[0] else codes
