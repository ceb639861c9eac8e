"""In which encoding an answer's JSON is.

JSON is UTF-8 (https://www.rfc-editor.org/rfc/rfc8259#section-8.1), whatever the content type says. requests goes by the
content type, takes ISO-8859-1 for a `text/html` without a charset, and puts a U+FFFD for what it cannot decode.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from email.message import Message

from requests.utils import guess_json_utf

from ecom_source.errors import PayloadError

BOM = "\ufeff"


def declared_charset(headers: Mapping[str, str]) -> str | None:
    """The charset that the content type names, in lower case."""
    message = Message()
    message["Content-Type"] = headers.get("Content-Type") or ""
    return message.get_content_charset()


def decoded(content: bytes, *, chosen: str | None, declared: str | None) -> str | None:
    """The text of a JSON body, without its byte order mark; None where it is in none of these encodings.

    Args:
        content: the body.
        chosen: the encoding that the API description says; only this one is tried.
        declared: the charset of the content type, for what is not in UTF-8 (or UTF-16 or UTF-32, which are recognized).
    """
    recognized = guess_json_utf(content)  # type: ignore[no-untyped-call]
    for encoding in (chosen,) if chosen else (recognized, "utf-8", declared):
        try:
            if encoding:
                return content.decode(_codec(encoding)).removeprefix(BOM)
        except (UnicodeDecodeError, LookupError):
            continue
    return None


def not_decoded(content: bytes, path: str, named: str | None) -> PayloadError:
    """The error for a body that `decoded` gives None for.

    Args:
        content: the body.
        path: what was asked for.
        named: the encoding that the description or the content type says.
    """
    named_for_it = named or "utf-8"
    where = "no such encoding is known here"
    try:
        content.decode(_codec(named_for_it))
    except UnicodeDecodeError as error:
        where = f"byte 0x{content[error.start]:02X} at position {error.start:,} is not valid there"
    except LookupError:
        pass
    return PayloadError(
        f"The answer of {path} cannot be read as {named_for_it!r}: {where}.",
        expected="JSON in UTF-8, or in the charset that its content type names.",
        fix="have the shop send UTF-8; or add to the endpoint's `response_actions` a function that sets "
        "`response.encoding` to what the shop uses, such as 'windows-1252'.",
    )


def _codec(encoding: str) -> str:
    """What is called ISO-8859-1 is Windows-1252, which has letters where the other has control characters:
    https://encoding.spec.whatwg.org/#names-and-labels.
    """
    name = codecs.lookup(encoding).name
    return "cp1252" if name == "iso8859-1" else name
