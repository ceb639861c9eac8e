"""A process that ends itself with SIGKILL at a chosen point of a load, as an out-of-memory killer would."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any


def kill_at(stage: str) -> None:
    """Makes this process die at `stage`, one of `STAGES`."""
    STAGES[stage]()


def kill_once(order: Path) -> None:
    """Makes this process die at the stage that the file `order` names, and no later one do so: the file goes."""
    if order.exists():
        kill_at(order.read_text().strip())
        order.unlink()


def _die(*args: Any, **kwargs: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _before(owner: type, name: str, call: int = 1) -> None:
    original, calls = getattr(owner, name), [0]

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] == call:
            _die()
        return original(*args, **kwargs)

    setattr(owner, name, wrapped)


def _after(owner: type, name: str) -> None:
    original = getattr(owner, name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        original(*args, **kwargs)
        _die()

    setattr(owner, name, wrapped)


def _in_page() -> None:
    from ecom_source.pages import WatchedPaginator

    _before(WatchedPaginator, "update_state", call=2)


def _before_normalize() -> None:
    from dlt.pipeline.pipeline import Pipeline

    _before(Pipeline, "normalize")


def _in_load() -> None:
    from dlt.load.load import Load

    _before(Load, "create_followup_jobs")


def _in_merge() -> None:
    from dlt.common.storages.file_storage import FileStorage
    from dlt.destinations.job_client_impl import SqlLoadJob

    def run(self: Any) -> None:
        self._sql_client = self._job_client.sql_client
        with FileStorage.open_zipsafe_ro(self._file_path, "r", encoding="utf-8") as file:
            statements = self._split_fragments(file.read())
        with self._sql_client.begin_transaction():
            for statement in statements[: len(statements) // 2 + 1]:
                self._sql_client.execute_sql(statement)
            _die()

    SqlLoadJob.run = run  # type: ignore[method-assign]


def _before_state() -> None:
    from dlt.destinations.job_client_impl import SqlJobClientBase

    _before(SqlJobClientBase, "complete_load")


def _after_load() -> None:
    from dlt.destinations.job_client_impl import SqlJobClientBase

    _after(SqlJobClientBase, "complete_load")


STAGES: dict[str, Callable[[], None]] = {
    "during a page": _in_page,
    "between extract and normalize": _before_normalize,
    "during load": _in_load,
    "in the merge": _in_merge,
    "after the merge, before the state": _before_state,
    "after the state": _after_load,
}
"""By name: what to change in this process so that it dies there."""
