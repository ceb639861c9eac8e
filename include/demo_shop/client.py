"""The controls of a shop that runs as a process, under the names they have in `DemoShop`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import requests

from .log import RequestRecord
from .store import Change


class ShopAdmin:
    """Controls the shop at ``url``, which must run with its admin paths open.

    Results are those of `DemoShop`, faults as dicts. Raises ``KeyError`` for an unknown row, ``ValueError``
    for wrong arguments and ``PermissionError`` for a wrong key.
    """

    def __init__(self, url: str, api_key: str | None = None, *, timeout: float = 10.0) -> None:
        self.url = url.rstrip("/")
        self._timeout = timeout
        # As bytes, because requests writes text headers as Latin-1 and a key may have any characters.
        self._headers = {} if api_key is None else {"X-API-Key": api_key.encode()}

    def call(self, action: str, /, **arguments: Any) -> Any:
        """The result of one admin action, by its name in the address."""
        address = f"{self.url}/_admin/{action}"
        answer = requests.post(address, json=arguments, headers=self._headers, timeout=self._timeout)
        if answer.ok:
            return answer.json()["result"]
        kinds = {400: ValueError, 401: PermissionError, 404: KeyError}
        if answer.status_code not in kinds:
            raise RuntimeError(f"{action}: found status {answer.status_code}, expected 200: {answer.text[:200]}")
        raise kinds[answer.status_code](answer.json()["error"]["message"])

    def rows(self, name: str, version: str = "v1") -> list[dict[str, Any]]:
        return list(self.call("rows", name=name, version=version))

    def row(self, name: str, key: int, version: str = "v1") -> dict[str, Any]:
        return dict(self.call("row", name=name, key=key, version=version))

    def update(self, name: str, key: int, /, **fields: Any) -> dict[str, Any]:
        return dict(self.call("update", name=name, key=key, fields=fields))

    def edit_silently(self, name: str, key: int, /, **fields: Any) -> dict[str, Any]:
        return dict(self.call("edit_silently", name=name, key=key, fields=fields))

    def insert(self, name: str, /, **fields: Any) -> dict[str, Any]:
        return dict(self.call("insert", name=name, fields=fields))

    def late_commit(self, name: str, /, updated_at: str, **fields: Any) -> dict[str, Any]:
        return dict(self.call("late_commit", name=name, updated_at=updated_at, fields=fields))

    def delete(self, name: str, key: int) -> None:
        self.call("delete", name=name, key=key)

    def tick(self, count: int = 1, *, names: Iterable[str] | None = None, deletes: bool = True) -> list[Change]:
        chosen = None if names is None else list(names)
        return [Change(**change) for change in self.call("tick", count=count, names=chosen, deletes=deletes)]

    def fail(self, kind: str, **options: Any) -> dict[str, Any]:
        return dict(self.call("fail", kind=kind, **options))

    def clear_faults(self) -> None:
        self.call("clear_faults")

    @property
    def faults(self) -> list[dict[str, Any]]:
        return list(self.call("faults"))

    @property
    def habits(self) -> RemoteHabits:
        return RemoteHabits(self)

    def set_habits(self, **values: Any) -> None:
        self.call("set_habits", **values)

    @property
    def clock(self) -> str:
        """The shop's time as ISO text; set it to ISO text, or to ``None`` for the wall clock."""
        return str(self.call("clock"))

    @clock.setter
    def clock(self, now: str | None) -> None:
        self.call("set_clock", now=now)

    @property
    def requests(self) -> list[RequestRecord]:
        return self.requests_for("")

    def requests_for(self, path: str) -> list[RequestRecord]:
        return [RequestRecord(**record) for record in self.call("requests", path=path)]

    @property
    def max_in_flight(self) -> int:
        return max((record.in_flight for record in self.requests), default=0)

    def reset_log(self) -> None:
        self.call("reset_log")

    def expire_tokens(self) -> None:
        self.call("expire_tokens")


class RemoteHabits:
    """The habits of a shop elsewhere: reading and setting an attribute asks the shop."""

    def __init__(self, admin: ShopAdmin) -> None:
        object.__setattr__(self, "_admin", admin)

    def __getattr__(self, name: str) -> Any:
        values = self._admin.call("habits")
        if name not in values:
            raise AttributeError(name)
        return values[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self._admin.set_habits(**{name: value})
