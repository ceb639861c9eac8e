"""Requests of several threads: their order, and how they slow down together."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Thread

import pytest

from ecom_source.http.rate_limiter import PATIENCE, GivenUpError, Pace, Turn


def sender(pace: Pace, turn: Turn, sent: list[int], stay: Event | None = None, *, alone: bool = False) -> Thread:
    """A thread that sends one request; its answer comes when `stay` is set."""

    def run() -> None:
        with pace.taken(turn), pace.under_way(alone=alone):
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
        with pace.under_way():
            pass
        pace.leave(turn, given_up=True)
        with pytest.raises(GivenUpError), pace.under_way():
            pass


def test_a_request_within_another_shares_its_place() -> None:
    """A redirect, or a token that is fetched: with one request at a time it would wait for itself."""
    pace = Pace(1)
    with pace.taken(), pace.taken(), pace.under_way():
        pass


def test_one_that_is_sent_alone_comes_after_those_before_it_and_those_under_way() -> None:
    pace, sent = Pace(4), []  # type: ignore[var-annotated]
    first, second, third, fourth = (pace.turn() for _ in range(4))
    stay = Event()
    # One before it that is not yet sent, and one behind it that is under way.
    third_thread = sender(pace, third, sent, stay)
    until(lambda: sent == [2])
    alone = sender(pace, second, sent, alone=True)
    last = sender(pace, fourth, sent)
    sender(pace, first, sent).join(10)
    time.sleep(0.05)
    assert sent == [2, 0]
    stay.set()
    for thread in (third_thread, alone, last):
        thread.join(10)
    assert sent == [2, 0, 1, 3]


def test_none_is_sent_beside_one_that_is_sent_alone() -> None:
    pace, sent, stay = Pace(4), [], Event()  # type: ignore[var-annotated]
    turns = [pace.turn() for _ in range(4)]
    alone = sender(pace, turns[0], sent, stay, alone=True)
    until(lambda: sent == [0])
    others = [sender(pace, turn, sent) for turn in turns[1:]]
    time.sleep(0.05)
    assert sent == [0]
    stay.set()
    for thread in (alone, *others):
        thread.join(10)
    assert sorted(sent) == [0, 1, 2, 3]


def test_one_that_is_sent_alone_waits_as_long_as_the_shop_says() -> None:
    pace, sent = Pace(2), []  # type: ignore[var-annotated]
    turn = pace.turn()
    began = time.monotonic()
    # One that dlt's client sends again waits there.
    refuse(pace, turn, 0.3)
    sender(pace, turn, sent, alone=True).join(10)
    assert (sent, time.monotonic() - began >= 0.3) == ([0], True)


def test_company_is_known_whichever_came_first() -> None:
    pace, stay = Pace(2), Event()
    company: dict[int, bool] = {}

    def run(turn: Turn) -> None:
        with pace.taken(turn):
            with pace.under_way():
                stay.wait(10)
            company[turn.number] = pace.had_company

    threads = [Thread(target=run, args=[pace.turn()], daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    until(lambda: len(pace._under_way) == 2)
    stay.set()
    for thread in threads:
        thread.join(10)
    run(pace.turn())
    assert company == {0: True, 1: True, 2: False}
    # Nor has a thread that is in the midst of none.
    assert not pace.had_company
