"""A request that got no answer, as an error: in words that a person knows from elsewhere."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import requests

from ecom_source.errors import RequestFailedError, ShopUnavailableError
from ecom_source.http.attempts import attempts_of
from ecom_source.http.shop_words import shortened
from ecom_source.http.tls_errors import untrusted
from ecom_source.load.failures.failure import AGAIN
from ecom_source.secrets.redactor import Redactor

CAUSES = (
    (r"NameResolutionError|getaddrinfo", "name not known", "how the host is spelt, and DNS"),
    (r"ProxyError", "the proxy does not let it through", "the proxy (HTTPS_PROXY, NO_PROXY)"),
    (r"Connection refused", "connection refused", "that the shop's server runs, and its port"),
    (r"unreachable|No route to host", "no way to its network", "the network"),
    (r"CERTIFICATE_VERIFY|certificate", "its certificate is not accepted", "the certificate"),
    (r"SSLError|SSL:|TLS", "it does not speak TLS (https) there", "whether the address begins with http or https"),
    (r"[Tt]imed out|Timeout", "timed out", "firewalls, and how long the shop takes for a page"),
    (
        r"IncompleteRead|ChunkedEncoding|Connection broken|incomplete",
        "the answer broke off",
        "proxies that cut long answers, or lower the page size",
    ),
    (r"reset|aborted|RemoteDisconnected|closed", "the connection was closed before an answer", "the shop's own log"),
)
"""What the error's text has, the words for it, and where to look; the first that fits."""
_ADDRESSES = re.compile(r"host='[^']*'|with url: \S+|Failed to resolve '[^']*'")
_TIMEOUTS = re.compile(r"(connect|read) timeout=([\d.]+)")


def unanswered(error: requests.RequestException, base_url: str, conn_id: str, redact: Redactor) -> RequestFailedError:
    """The error for a request that got no answer.

    Args:
        error: as requests raised it, after dlt's retries.
        base_url: the address that was asked, where the error does not say.
        conn_id: the API Connection.
        redact: hides the secrets of the load.
    """
    sent = error.request if isinstance(error.request, requests.PreparedRequest) else None
    if sent is not None and sent.url:
        # That of an OAuth2 token may be another.
        parts = urlsplit(sent.url)
        base_url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    if (mistrust := untrusted(error, base_url)) is not None:
        return mistrust
    if isinstance(error, ValueError | requests.TooManyRedirects):
        return RequestFailedError(
            f"A request to {base_url} cannot be made: {_said(error, redact)}.",
            expected="a valid address, and a key without line breaks.",
            fix=f"check host and password of Connection {conn_id!r} and the paths in the API description, then clear "
            "the task.",
        )
    words, look = why(error, redact)
    return ShopUnavailableError(
        f"{base_url} gave no complete answer: {words}, {attempts_of(sent)}.",
        expected="a shop that can be reached from this worker.",
        fix=f"check {look}, and the host of Connection {conn_id!r}. {AGAIN}",
    )


def why(error: requests.RequestException, redact: Redactor) -> tuple[str, str]:
    """Why there was no answer, and where to look. The text of such an error has the URL in it, and so the key."""
    # A host may be called `timeout.example.com`.
    text = _ADDRESSES.sub("", f"{type(error).__name__}: {error}")
    for pattern, words, look in CAUSES:
        if re.search(pattern, text):
            return words + _how_long(text) if words == "timed out" else words, look
    return _said(error, redact), "the network"


def _how_long(text: str) -> str:
    found = _TIMEOUTS.search(text)
    if found is None:
        return ""
    return f" (no {'connection' if found[1] == 'connect' else 'answer'} within {float(found[2]):g} s)"


def _said(error: Exception, redact: Redactor) -> str:
    return shortened(redact(str(error))) or type(error).__name__
