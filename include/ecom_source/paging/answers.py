"""The answers to a resource's requests, before dlt looks at them: what an error or a passed-over answer means here."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dlt.sources.helpers.rest_client.exceptions import IgnoreResponseException
from requests import Request, Response

from ecom_source.paging import read_errors

if TYPE_CHECKING:
    from requests import Session

    from ecom_source.paging.page_policy import PagePolicy

REFUSED = (400, 404, 416, 422)
"""What shops answer to a page that they do not have, or to an offset that they do not take."""
NO_CONTENT = 204
"""What BigCommerce answers where there are no rows: https://developer.bigcommerce.com/docs/rest-management/orders."""
CAP = 1000
"""A total that is a multiple of this may be the most that the shop gives."""
Hook = Callable[..., Any]


class Answers:
    """Watches the answers of one pass over the pages.

    Args:
        policy: of this pass.
        request: its first one.
        session: sends a request again; None where there is none to send with.
        ended: called when an answer that is passed over (`response_actions`) has ended the read.
    """

    def __init__(
        self, policy: PagePolicy, request: Request, session: Session | None, ended: Callable[[], None]
    ) -> None:
        self._policy, self._request, self._session, self._ended = policy, request, session, ended
        self._theirs: list[Hook] = list(request.hooks.get("response") or ())
        request.hooks = {**request.hooks, "response": [self._watch]}

    def _watch(self, response: Response, **settings: Any) -> Response:
        """requests' response hook; dlt's own run behind it."""
        answer = self._mended(response, settings) if response.status_code in (NO_CONTENT, *REFUSED) else response
        for hook in self._theirs:
            try:
                answer = hook(answer, **settings) or answer
            except IgnoreResponseException:
                self._ended()
                raise
        return answer

    def _mended(self, response: Response, settings: dict[str, Any]) -> Response:
        """An answer that means something else than it says."""
        policy = self._policy
        if response.status_code == NO_CONTENT:
            return _without_rows(response)
        if policy.beyond_total:
            # Asked for to see whether the total is right: it is, or it is the most that the shop gives.
            if (total := policy.total.believed) and total % CAP == 0:
                raise read_errors.capped(policy.reading.resource, policy.way.place, total)
            return _without_rows(response)
        if self._session is not None and policy.way.align(from_start=True):
            # Some take only offsets that are a multiple of the limit, such as eBay:
            # https://developer.ebay.com/api-docs/sell/inventory/resources/inventory_item/methods/getInventoryItems.
            policy.way.ask(self._request)
            prepared = self._session.prepare_request(self._request)
            prepared.hooks = {"response": []}
            sent = self._session.send(prepared, **settings)
            return self._mended(sent, settings) if sent.status_code in (NO_CONTENT, *REFUSED) else sent
        return response


def _without_rows(response: Response) -> Response:
    """An answer of no rows in the place of `response`."""
    found = Response()
    found.status_code, found.url, found.request = 200, response.url, response.request
    found.raw = io.BytesIO(b"null")
    return found
