"""How a resource stands, from its loads, its failures and its schedule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ecom_loads.records import Attempt, Loaded, Schedule
from ecom_loads.status import Status, status_of, under_way

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def hours_ago(number: float) -> datetime:
    return NOW - timedelta(hours=number)


def failure(hours: float, *, final: bool = True) -> Attempt:
    return Attempt("run", -1, 1, "failed", None, hours_ago(hours), final)


@pytest.mark.parametrize(
    ("loaded", "failures", "due", "paused", "status"),
    [
        (None, [], None, False, "never"),
        (None, [], None, True, "never"),
        (1, [], None, False, "ok"),
        (1, [], 2, False, "ok"),
        (3, [], 2, False, "late"),
        (None, [], 2, False, "late"),
        (3, [], 0.05, False, "ok"),
        (3, [], 2, True, "paused"),
        (3, [failure(2)], 2, False, "failed"),
        (3, [failure(2)], 2, True, "failed"),
        (1, [failure(2)], 2, False, "ok"),
        (3, [failure(2, final=False)], None, False, "ok"),
        (None, [failure(2)], None, False, "failed"),
    ],
)
def test_status(loaded: float | None, failures: list[Attempt], due: float | None, paused: bool, status: Status) -> None:
    newest = None if loaded is None else Loaded(hours_ago(loaded), "run", -1, {})
    schedule = Schedule("0 * * * *", paused, None if due is None else hours_ago(due), None)
    assert status_of(newest, failures, schedule, NOW) == status


@pytest.mark.parametrize(("state", "expected"), [("running", True), ("up_for_retry", True), ("failed", False)])
def test_under_way(state: str, expected: bool) -> None:
    assert under_way([Attempt("run", -1, 1, state, None, None, True)]) is expected
