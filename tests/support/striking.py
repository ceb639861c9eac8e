"""Points of a load at which something is made to happen: each is just before a known step of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

Action = Callable[[], object]
Put = Callable[[Any, str, Any], None]


def strike(point: str, action: Action, put: Put = setattr) -> None:
    """Makes `action` happen once at `point`, one of `POINTS`.

    Args:
        put: replaces an attribute; `MonkeyPatch.setattr` where that is to be undone.
    """
    POINTS[point](action, put)


def _before(owner: type, name: str, action: Action, put: Put, call: int = 1) -> None:
    original, calls = getattr(owner, name), [0]

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] == call:
            action()
        return original(*args, **kwargs)

    put(owner, name, wrapped)


def _after(owner: type, name: str, action: Action, put: Put) -> None:
    original = getattr(owner, name)
    done: list[bool] = []

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        if not done:
            done.append(True)
            action()
        return result

    put(owner, name, wrapped)


def _connect(action: Action, put: Put) -> None:
    from dlt.pipeline.pipeline import Pipeline

    _before(Pipeline, "sync_destination", action, put)


def _page(action: Action, put: Put, number: int) -> None:
    from ecom_source.paging.checked_paginator import CheckedPaginator

    _before(CheckedPaginator, "update_state", action, put, call=number)


def _normalize(action: Action, put: Put) -> None:
    from dlt.pipeline.pipeline import Pipeline

    _before(Pipeline, "normalize", action, put)


def _in_normalize(action: Action, put: Put) -> None:
    from dlt.normalize.normalize import Normalize

    _after(Normalize, "map_single", action, put)


def _load(action: Action, put: Put) -> None:
    from dlt.load.load import Load

    _before(Load, "create_followup_jobs", action, put)


def _merge(action: Action, put: Put, part: float) -> None:
    from dlt.common.storages.file_storage import FileStorage
    from dlt.common.storages.load_package import PackageStorage
    from dlt.destinations.job_client_impl import SqlLoadJob

    done: list[bool] = []
    listed = PackageStorage.list_new_jobs

    def last_of_all(self: Any, load_id: str) -> list[str]:
        return sorted(listed(self, load_id), key=lambda name: (name.endswith(".sql"), "_dlt_" not in name, name))

    def run(self: Any) -> None:
        self._sql_client = self._job_client.sql_client
        with FileStorage.open_zipsafe_ro(self._file_path, "r", encoding="utf-8") as file:
            sql = file.read()
        statements = self._split_fragments(sql)
        half = int(len(statements) * part)
        with self.maybe_transaction(sql):
            self._sql_client.execute_many(statements[:half])
            if not done:
                done.append(True)
                action()
            self._sql_client.execute_many(statements[half:])

    # dlt takes files in the order in which the folder lists them, which is any. On a signal it makes no further one.
    put(PackageStorage, "list_new_jobs", last_of_all)
    put(SqlLoadJob, "run", run)


def _before_state(action: Action, put: Put) -> None:
    from dlt.destinations.job_client_impl import SqlJobClientBase

    _before(SqlJobClientBase, "complete_load", action, put)


def _after_state(action: Action, put: Put) -> None:
    from dlt.destinations.job_client_impl import SqlJobClientBase

    _after(SqlJobClientBase, "complete_load", action, put)


POINTS: dict[str, Callable[[Action, Put], None]] = {
    "connect": _connect,
    "first page": partial(_page, number=1),
    "middle page": partial(_page, number=2),
    "last page": partial(_page, number=3),
    "between extract and normalize": _normalize,
    "normalize": _in_normalize,
    "load": _load,
    "merge": partial(_merge, part=0.5),
    "commit of the merge": partial(_merge, part=1),
    "state": _before_state,
    "after the state": _after_state,
}
"""By name: what to change so that an action happens there. The pages are those of a read of three."""
