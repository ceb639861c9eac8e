"""A key goes to the shop's own host and to no other, wherever an answer may send the client."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from requests.sessions import SessionRedirectMixin

from ecom_source.errors import RequestFailedError
from ecom_source.http.requests_internals import check_redirects

if TYPE_CHECKING:
    from requests import PreparedRequest, Response, Session


def stay_at_home(session: Session) -> None:
    """Makes `session` refuse a redirect to another host.

    requests takes an `Authorization` header out of such a request by itself, but no header or parameter of another
    name, where a shop's key often is: https://requests.readthedocs.io/en/latest/user/quickstart/#custom-headers.

    Raises (while sending):
        RequestFailedError: the answer leads to another host, or away from https.
    """

    def refuse(request: PreparedRequest, response: Response) -> None:
        check_host(str(response.request.url), str(request.url))

    check_redirects(session, refuse)


def check_host(before: str, after: str) -> None:
    """Makes sure that a key which was sent with `before` may be sent with `after`.

    Raises:
        RequestFailedError: it is another host, another port, or plain http after https.
    """
    if SessionRedirectMixin().should_strip_auth(before, after):  # type: ignore[no-untyped-call]
        here, there = urlsplit(before), urlsplit(after)
        raise RequestFailedError(
            f"The shop sends {here.path} on to another host, {there.scheme}://{there.netloc.rpartition('@')[2]}.",
            expected=f"answers and links of {here.scheme}://{here.netloc}: the key is sent to no other host.",
            fix="if that is the shop's own address, make it the host of the Connection in Admin > Connections. If a "
            "proxy in front of the shop changes its links, page by another paginator than links, such as "
            "`page_number` or `offset`.",
        )


def check_link(base_url: str, path: str, address: str) -> None:
    """Makes sure that the key may be sent to an address which a row gives for `path`.

    Raises:
        RequestFailedError: as `check_host`.
    """
    check_host(f"{base_url.rstrip('/')}/{path.lstrip('/')}", address)


def at_home(before: str, after: str) -> str:
    """`after` as it may be asked for with the key of `before`: a link to plain http of the same host is asked by https.

    A shop behind a proxy that ends TLS often thinks that it is asked by http, and writes its links so.

    Raises:
        RequestFailedError: it leads to another host or port.
    """
    here, there = urlsplit(before), urlsplit(after)
    same_place = here.hostname == there.hostname and there.port in (None, 80, here.port)
    if (here.scheme, there.scheme) == ("https", "http") and same_place:
        after = there._replace(scheme=here.scheme, netloc=here.netloc).geturl()
    check_host(before, after)
    return after
