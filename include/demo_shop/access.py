"""Who may read: the shop's key, and the ways a request may give it."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from .reply import Refused, Reply
from .show import to_json

WAYS = ("query", "header", "bearer", "basic", "cookie", "oauth")
Headers = Mapping[bytes, bytes]
"""Request headers by lower-case name."""


@dataclass
class Access:
    """The key and how it may be given; may be changed while the shop runs. ``api_key=None`` opens the shop.

    ``ways`` is any part of `WAYS`. With ``basic`` the key is the password of ``basic_user``; with ``oauth``
    ``POST /oauth/token`` gives a bearer token for ``client_id`` and ``client_secret`` (the key, when not set)
    that is good for ``token_seconds``.
    """

    api_key: str | None = None
    ways: tuple[str, ...] = WAYS
    query_name: str = "api_key"
    header_name: str = "X-API-Key"
    cookie_name: str = "api_key"
    basic_user: str = "shop"
    client_id: str = "demo-client"
    client_secret: str | None = None
    token_seconds: float = 3600.0
    _tokens: dict[str, float] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        unknown = set(self.ways) - set(WAYS)
        if unknown:
            raise ValueError(f"ways: found {sorted(unknown)}, expected names out of {WAYS}")

    def expire_tokens(self) -> None:
        """Make every access token given so far worthless."""
        self._tokens.clear()

    def given(self, headers: Headers, params: Mapping[str, str]) -> list[tuple[str, bytes]]:
        """The credentials of a request that this shop looks at: (way, secret as bytes), perhaps none."""
        found: list[tuple[str, bytes]] = []
        scheme, _, rest = headers.get(b"authorization", b"").strip().partition(b" ")
        if self.query_name in params:
            found.append(("query", params[self.query_name].encode()))
        if self.header_name.lower().encode() in headers:
            found.append(("header", headers[self.header_name.lower().encode()]))
        if scheme.lower() == b"bearer":
            found += [("bearer", rest.strip()), ("oauth", rest.strip())]
        if scheme.lower() == b"basic":
            user, password = _basic(rest)
            if user == self.basic_user.encode():
                found.append(("basic", password))
        found += [("cookie", value) for value in _cookies(headers, self.cookie_name)]
        return [(way, secret) for way, secret in found if way in self.ways]

    def check(self, given: list[tuple[str, bytes]]) -> str | None:
        """The way that let the request in (``None``: the shop is open); raises `Refused` with 401."""
        if self.api_key is None:
            return None
        for way, secret in given:
            if self._has_token(secret) if way == "oauth" else same_key(secret, self.api_key):
                return way
        problem = "the key or token is not valid" if given else "no key was given"
        challenge = (("WWW-Authenticate", self._challenge()),)
        raise Refused(401, "unauthorized", f"Access denied: {problem}.", challenge)

    def token(self, form: Mapping[str, str]) -> Reply:
        """Answer ``POST /oauth/token``; raises `Refused` with 400 or 401."""
        if form.get("grant_type", "client_credentials") != "client_credentials":
            raise Refused(400, "unsupported_grant_type", "grant_type: expected client_credentials")
        secret = self.client_secret if self.client_secret is not None else self.api_key or ""
        right = form.get("client_id") == self.client_id and same_key(form.get("client_secret", "").encode(), secret)
        if "oauth" not in self.ways or not right:
            headers = (("WWW-Authenticate", 'Basic realm="demo shop"'),)
            raise Refused(401, "invalid_client", "The client id or secret is not valid.", headers)
        token = secrets.token_urlsafe(24)
        self._tokens[token] = time.monotonic() + self.token_seconds
        answer = {"access_token": token, "expires_in": int(self.token_seconds), "token_type": "Bearer"}
        return Reply(200, to_json(answer), (("Cache-Control", "no-store"),))

    def _has_token(self, secret: bytes) -> bool:
        return self._tokens.get(secret.decode("latin-1"), 0.0) > time.monotonic()

    def _challenge(self) -> str:
        if {"bearer", "oauth"} & set(self.ways):
            return 'Bearer realm="demo shop"'
        return 'Basic realm="demo shop"' if "basic" in self.ways else 'ApiKey realm="demo shop"'


def same_key(found: bytes, key: str) -> bool:
    """Whether request bytes are the key. Clients write ``é`` in a header as Latin-1 or UTF-8: both count."""
    if hmac.compare_digest(found, key.encode()):
        return True
    return hmac.compare_digest(found, key.encode("latin-1", errors="replace")) and _is_latin(key)


def _is_latin(key: str) -> bool:
    return all(ord(character) < 256 for character in key)


def _basic(encoded: bytes) -> tuple[bytes, bytes]:
    try:
        user, _, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except binascii.Error:
        return b"", b""
    return user, password


def _cookies(headers: Headers, name: str) -> list[bytes]:
    """Values of a cookie, as sent and percent-decoded: only a key with ``;`` has to be sent encoded."""
    values: list[bytes] = []
    for part in headers.get(b"cookie", b"").split(b";"):
        key, _, value = part.strip().partition(b"=")
        if key == name.encode():
            values += [value, unquote(value.decode("latin-1"), encoding="utf-8").encode()]
    return values
