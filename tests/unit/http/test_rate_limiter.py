"""Requests of several threads: their order, and how they slow down together."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Thread

import pytest

from ecom_source.http.rate_limiter import PATIENCE, GivenUpError, Pace, Turn


def sender(pace: Pace, turn: Turn, sent: list[int], stay: Event | None = None) -> Thread:
    """A thread that sends one request; its answer comes when `stay` is set."""

    def run() -> None:
        with pace.taken(turn):
            pace.wait()
            sent.append(turn.number)
            if stay:
                stay.wait(10)

    thread = Thread(target=run, daemon=True)
    thread.start()
    return thread


def until(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + 10
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.001)


def refuse(pace: Pace, turn: Turn, seconds: float) -> None:
    def run() -> None:
        pace._mine.turn = turn
        pace.refused(seconds)

    thread = Thread(target=run)
    thread.start()
    thread.join()


def test_so_many_requests_are_under_way_at_once() -> None:
    pace, sent, stay = Pace(2), [], Event()  # type: ignore[var-annotated]
    turns = [pace.turn() for _ in range(4)]
    threads = [sender(pace, turn, sent, stay) for turn in turns]
    until(lambda: len(sent) == 2)
    assert sorted(sent) == [0, 1]
    stay.set()
    for thread in threads:
        thread.join(10)
    assert sorted(sent) == [0, 1, 2, 3]


def test_after_a_refusal_they_go_one_by_one_and_the_refused_one_first() -> None:
    pace, sent = Pace(3), []  # type: ignore[var-annotated]
    turns = [pace.turn() for _ in range(3)]
    refuse(pace, turns[0], 0.0)
    assert pace.limit == 1
    later = [sender(pace, turn, sent) for turn in turns[1:]]
    time.sleep(0.05)
    assert sent == []
    sender(pace, turns[0], sent).join(10)
    for thread in later:
        thread.join(10)
    assert sent == [0, 1, 2]


def test_all_others_wait_as_long_as_the_shop_says() -> None:
    pace, sent = Pace(2), []  # type: ignore[var-annotated]
    first, second = pace.turn(), pace.turn()
    began = time.monotonic()
    refuse(pace, first, 0.3)
    pace.leave(first)
    sender(pace, second, sent).join(10)
    assert (sent, time.monotonic() - began >= 0.3) == ([1], True)


def test_answers_in_a_row_let_more_be_under_way_again() -> None:
    pace = Pace(3)
    pace.refused(0.0)
    for _ in range(PATIENCE):
        assert pace.limit == 1
        pace.answered()
    assert pace.limit == 2
    for _ in range(10 * PATIENCE):
        pace.answered()
    assert pace.limit == 3


def test_a_request_that_nobody_waits_for_makes_no_further_attempt() -> None:
    pace = Pace(2)
    turn = pace.turn()
    with pace.taken(turn):
        pace.wait()
        pace.leave(turn, given_up=True)
        with pytest.raises(GivenUpError):
            pace.wait()


def test_a_request_within_another_shares_its_place() -> None:
    """A redirect, or a token that is fetched: with one request at a time it would wait for itself."""
    pace = Pace(1)
    with pace.taken(), pace.taken():
        pace.wait()
