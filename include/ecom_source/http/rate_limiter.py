"""How many requests are under way at once, and how they all slow down when the shop asks for it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from threading import Condition, local

PATIENCE = 10
"""Answers in a row, for each request under way, before one more may be."""


class GivenUpError(Exception):
    """Nobody waits for this request any more."""


class Turn:
    """The place of one request, with all its attempts, in the order of requests."""

    given_up = False
    refused = False
    """dlt's client makes it wait already."""
    alone = False
    """It is sent when no other is under way, and none is while it is."""
    had_company = False
    """Others were under way while its last attempt was."""

    def __init__(self, number: int) -> None:
        self.number = number


class Pace:
    """Lets requests through in their order, at most so many at once.

    When the shop refuses one of them for their number, all of them wait as long as it says, and then go one by one: the
    one that was refused is the first to be tried again, so it does not use up its attempts.

    Args:
        most: requests under way at once.
    """

    def __init__(self, most: int = 1) -> None:
        self._most = self._limit = most
        self._answers = 0
        self._resume = 0.0
        self._numbers = count()
        self._open: dict[int, Turn] = {}
        self._under_way: list[Turn] = []
        self._changed = Condition()
        self._mine = local()

    @property
    def has_turn(self) -> bool:
        """Whether this thread is in the midst of a request."""
        return getattr(self._mine, "turn", None) is not None

    @property
    def limit(self) -> int:
        """How many requests may be under way at present."""
        return self._limit

    def turn(self) -> Turn:
        """A place behind all others; `taken` must be entered with it, or `leave` called."""
        with self._changed:
            turn = Turn(next(self._numbers))
            self._open[turn.number] = turn
            return turn

    @contextmanager
    def taken(self, turn: Turn | None = None) -> Iterator[None]:
        """The request of this thread, from its first attempt to its answer; one within another shares its place."""
        if self.has_turn:
            yield
            return
        self._mine.turn = turn or self.turn()
        try:
            yield
        finally:
            self.leave(self._mine.turn)
            self._mine.turn = None

    def leave(self, turn: Turn, *, given_up: bool = False) -> None:
        """Gives the place to the next. One that is given up makes no further attempt."""
        with self._changed:
            turn.given_up = given_up
            self._open.pop(turn.number, None)
            self._changed.notify_all()

    @property
    def had_company(self) -> bool:
        """Whether requests of other threads were under way together with the last one of this thread."""
        turn = getattr(self._mine, "turn", None)
        return turn is not None and turn.had_company

    @contextmanager
    def under_way(self, *, alone: bool = False) -> Iterator[None]:
        """One attempt of this thread's request, after waiting until it may be sent; one without a turn may at once.

        Args:
            alone: send it when no other is under way, after those before it.

        Raises:
            GivenUpError: nobody waits for its answer.
        """
        turn = getattr(self._mine, "turn", None)
        if turn is None:
            yield
            return
        with self._changed:
            turn.alone = alone
            self._wait(turn)
            turn.had_company = bool(self._under_way)
            for other in self._under_way:
                other.had_company = True
            self._under_way.append(turn)
        try:
            yield
        finally:
            with self._changed:
                turn.alone = False
                self._under_way.remove(turn)
                self._changed.notify_all()

    def _wait(self, turn: Turn) -> None:
        while not turn.given_up:
            # dlt's client knows nothing of an attempt that is made alone.
            pause = 0.0 if turn.refused and not turn.alone else self._resume - time.monotonic()
            if pause > 0:
                self._changed.wait(pause)
            elif self._may_be_sent(turn):
                return
            else:
                self._changed.wait()
        raise GivenUpError

    def _may_be_sent(self, turn: Turn) -> bool:
        before = [self._open[number] for number in self._open if number < turn.number]
        if turn.alone:
            return not before and not self._under_way
        return len(before) < self._limit and not any(other.alone for other in before)

    def answered(self) -> None:
        """A request was answered: after enough of them in a row, one more may be under way."""
        with self._changed:
            self._answers += 1
            if self._limit < self._most and self._answers >= PATIENCE * self._limit:
                self._limit += 1
                self._answers = 0
                self._changed.notify_all()

    def refused(self, seconds: float) -> None:
        """The shop refused this thread's request: no other is sent for so many seconds, then one at a time."""
        turn = getattr(self._mine, "turn", None)
        with self._changed:
            if turn is not None:
                turn.refused = True
            self._limit, self._answers = 1, 0
            self._resume = max(self._resume, time.monotonic() + seconds)
            self._changed.notify_all()
