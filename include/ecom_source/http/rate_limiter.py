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

    def wait(self) -> None:
        """Waits until the request of this thread may be sent; one that has no turn may at once.

        Raises:
            GivenUpError: nobody waits for its answer.
        """
        turn = getattr(self._mine, "turn", None)
        if turn is None:
            return
        with self._changed:
            while not turn.given_up:
                pause = 0.0 if turn.refused else self._resume - time.monotonic()
                if pause > 0:
                    self._changed.wait(pause)
                elif sum(number < turn.number for number in self._open) >= self._limit:
                    self._changed.wait()
                else:
                    return
        raise GivenUpError

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
