"""The controls of a shop over HTTP: ``/_admin/<action>``, JSON in and out, the key in ``X-API-Key``."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from .access import same_key
from .log import RequestRecord
from .reply import Refused, Reply
from .show import to_json
from .times import to_iso, to_micros

if TYPE_CHECKING:
    from .shop import DemoShop

KEY_HEADER = "X-API-Key"


class Admin:
    """Runs `DemoShop` methods by name. Arguments are a JSON object, or query parameters of a GET that reads.

    Answers ``{"result": ...}``; 401 without the key, 404 for an unknown action or row, 400 for arguments.
    """

    def __init__(self, shop: DemoShop) -> None:
        self._shop = shop
        self._reads: dict[str, Callable[..., Any]] = {
            "rows": shop.rows,
            "row": lambda name, key, **rest: shop.row(name, int(key), **rest),
            "requests": lambda path="": [_record(record) for record in shop.requests_for(path)],
            "faults": lambda: [asdict(fault) for fault in shop.faults],
            "habits": lambda: asdict(shop.habits),
            "clock": lambda: to_iso(to_micros(shop.clock()), "microseconds"),
        }
        self._writes: dict[str, Callable[..., Any]] = {
            "update": lambda name, key, fields: shop.update(name, key, **fields),
            "edit_silently": lambda name, key, fields: shop.edit_silently(name, key, **fields),
            "insert": lambda name, fields: shop.insert(name, **fields),
            "late_commit": lambda name, updated_at, fields: shop.late_commit(name, updated_at, **fields),
            "delete": shop.delete,
            "tick": lambda **arguments: [change._asdict() for change in shop.tick(**arguments)],
            "fail": lambda **arguments: asdict(shop.fail(**arguments)),
            "clear_faults": shop.clear_faults,
            "set_habits": shop.set_habits,
            "set_clock": self._set_clock,
            "reset_log": shop.reset_log,
            "expire_tokens": shop.expire_tokens,
        }

    async def answer(self, request: Request) -> Response:
        """Answer one admin request."""
        reply = await run_in_threadpool(self._reply, request, await request.body())
        return Response(reply.body, reply.status, dict(reply.headers), reply.content_type)

    def _reply(self, request: Request, body: bytes) -> Reply:
        try:
            return Reply(200, to_json({"result": self._run(request, body)}))
        except Refused as refused:
            return refused.reply()
        except KeyError as error:
            return Refused(404, "not_found", str(error.args[0])).reply()
        except (TypeError, ValueError) as error:
            return Refused(400, "bad_request", str(error)).reply()

    def _run(self, request: Request, body: bytes) -> Any:
        key = self._shop.access.api_key
        found = dict(request.scope["headers"]).get(KEY_HEADER.lower().encode(), b"")
        if key is not None and not same_key(found, key):
            raise Refused(401, "unauthorized", f"The admin paths need the shop's key in {KEY_HEADER}.")
        action = request.path_params["action"]
        if action in self._reads:
            arguments = dict(request.query_params) if request.method == "GET" else _object(body)
            return self._reads[action](**arguments)
        if action in self._writes and request.method == "POST":
            return self._writes[action](**_object(body))
        known = ", ".join((*self._reads, *self._writes))
        raise Refused(404, "not_found", f"found action {action!r} by {request.method}, expected one of {known}")

    def _set_clock(self, now: str | None) -> None:
        self._shop.clock = now


def _object(body: bytes) -> dict[str, Any]:
    content = json.loads(body or b"{}")
    if not isinstance(content, dict):
        raise ValueError(f"found {type(content).__name__}, expected a JSON object of arguments")
    return content


def _record(record: RequestRecord) -> dict[str, Any]:
    return {name: value for name, value in asdict(record).items() if not name.startswith("_")}
