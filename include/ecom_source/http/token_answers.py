"""The answers to OAuth2's requests for a token, made such that dlt's auth classes can read them.

dlt takes a token from any answer: of one that has none it makes the token `None`, or a TypeError. So the session that
asks for tokens looks at each answer first; https://datatracker.ietf.org/doc/html/rfc6749#section-5 says what is in it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from requests import Response, Session

from ecom_source.errors import PayloadError
from ecom_source.http.shop_words import saying
from ecom_source.secrets.redactor import Redactor

LONGEST = 365 * 24 * 3600
"""Seconds that a token is used for at most, whatever its `expires_in` says."""


class _TokenResponse(Response):
    """An answer with a token that dlt can read."""

    answer: dict[str, Any]

    def json(self, **kwargs: Any) -> dict[str, Any]:
        return self.answer


class TokenSession(Session):
    """A session that asks for tokens with another one, and lets through only what is one.

    Args:
        session: sends the requests.
        redact: hides the secrets of the load.
        named: the answer has its token under the standard's name; False for an auth class that looks elsewhere.
    """

    def __init__(self, session: Session, redact: Redactor, *, named: bool = True) -> None:
        super().__init__()
        self._session, self._redact, self._named = session, redact, named

    def post(self, url: str | bytes, *args: Any, **kwargs: Any) -> Response:
        """Sends the request with the other session.

        Raises:
            PayloadError: the answer has no token.
        """
        response = self._session.post(url, *args, **kwargs)
        # dlt raises an error for any other status.
        if response.ok:
            self._check(response)
        return response

    def _check(self, response: Response) -> None:
        try:
            answer = response.json()
        except ValueError:
            raise self._no_token(response, "no JSON") from None
        if not isinstance(answer, dict):
            raise self._no_token(response, "no JSON object")
        if self._named and not _is_token(answer.get("access_token")):
            raise self._no_token(
                response, f"an object without an access_token (it has {sorted(map(str, answer))[:10]})"
            )
        seconds = _seconds(answer.get("expires_in"))
        # Without one, dlt takes its `default_token_expiration`.
        rest = {name: value for name, value in answer.items() if name != "expires_in"}
        response.__class__ = _TokenResponse
        vars(response)["answer"] = rest if seconds is None else {**rest, "expires_in": seconds}

    def _no_token(self, response: Response, what: str) -> PayloadError:
        return PayloadError(
            f"The answer of {urlsplit(response.url).path} to the request for a token is {what}"
            f"{saying(response, self._redact, whole=False)}.",
            expected="a JSON object with an access_token, as OAuth2 has it.",
            fix="check `access_token_url` (or `auth_endpoint`) and `access_token_request_data` in the API "
            "description's auth, and the login (client id) and password (client secret) of the Connection; then "
            "clear the task.",
        )


def with_checked_tokens(auth: Any, session: Session, redact: Redactor) -> Any:
    """`auth` such that the tokens that it asks for, if it is of such a kind, are asked for with `session` and checked.

    Args:
        auth: as dlt's rest_api takes it, complete with its secrets.
        session: the load's own session, so that tokens are asked for with the same retries as everything else.
        redact: hides the secrets of the load.
    """
    from dlt.sources.helpers.requests import client
    from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials, OAuthJWTAuth
    from dlt.sources.rest_api.config_setup import AUTH_MAP

    if isinstance(auth, dict):
        # One that dlt does not know is dlt's to refuse.
        kind = AUTH_MAP.get(auth.get("type", "bearer"), object)
        if not issubclass(kind, OAuth2ClientCredentials | OAuthJWTAuth):
            return auth
        return {**auth, "session": TokenSession(auth.get("session") or session, redact, named=_is_named(kind))}
    if isinstance(auth, OAuth2ClientCredentials | OAuthJWTAuth) and not isinstance(auth.session, TokenSession):
        # One that the user gave an own session keeps it.
        chosen = session if auth.session is client.session else auth.session
        auth.session = TokenSession(chosen, redact, named=_is_named(type(auth)))
    return auth


def _is_named(kind: type) -> bool:
    from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials

    own = getattr(kind, "parse_access_token", OAuth2ClientCredentials.parse_access_token)
    return own is OAuth2ClientCredentials.parse_access_token


def _is_token(value: Any) -> bool:
    return (isinstance(value, str) and bool(value.strip())) or (isinstance(value, int) and not isinstance(value, bool))


def _seconds(expires_in: Any) -> int | None:
    """An `expires_in` as a number of seconds; None where it says nothing, such as null or a text that is no number."""
    try:
        seconds = None if isinstance(expires_in, bool) else int(float(expires_in))
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if seconds is None else min(seconds, LONGEST)
