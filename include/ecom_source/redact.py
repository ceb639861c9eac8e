"""Keeps secrets out of everything a task writes, in every form in which they travel."""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MASK = "***"


class Redactor:
    """Replaces secrets by `***`, raw and as they look in a URL, a JSON text, a repr or a Basic header.

    Args:
        secrets: what must never be seen; empty ones are passed over.
        logins: user names that travel with a secret in an HTTP Basic header.
    """

    def __init__(self, secrets: Iterable[str | None], logins: Iterable[str | None] = ()) -> None:
        found = {form for secret in secrets if secret for form in _forms(secret, [x for x in logins if x])}
        # The longest first: a short form may be part of a long one, whose rest would stay behind.
        self.forms = sorted(found, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """`text` without any form of any secret."""
        for form in self.forms:
            if form in text:
                text = text.replace(form, MASK)
        return text


class RedactingFilter(logging.Filter):
    """Redacts a log record's message and traceback before any handler formats them."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self.redact = redact

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrites the record in place; always lets it through."""
        message = record.getMessage()
        clean = self.redact(message)
        if clean != message:
            record.msg, record.args = clean, None
        if record.exc_info and record.exc_info[0]:
            record.exc_text = self.redact(logging.Formatter().formatException(record.exc_info))
            record.msg, record.args = f"{self.redact(record.getMessage())}\n{record.exc_text}", None
            record.exc_info = record.exc_text = None
        return True


def _forms(secret: str, logins: list[str]) -> set[str]:
    quoted = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    written = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}
    basic = {
        base64.b64encode(f"{login}:{secret}".encode(encoding)).decode()
        for login in ["", *logins]
        for encoding in ("utf-8", "latin-1")
        if _encodes(f"{login}:{secret}", encoding)
    }
    alone = {base64.b64encode(secret.encode()).decode()}
    # Some proxies and servers write percent escapes in lower case.
    lower = {re.sub("%[0-9A-F]{2}", lambda escape: escape[0].lower(), form) for form in quoted}
    return {secret} | quoted | lower | written | basic | alone


def _encodes(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
