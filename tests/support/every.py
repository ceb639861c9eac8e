"""Something that happens again and again while a test does something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread


@contextmanager
def every(seconds: float, act: Callable[[], object]) -> Iterator[None]:
    """Calls `act` so often, in a thread, for as long as the block lasts."""
    over = Event()

    def go_on() -> None:
        while not over.wait(seconds):
            act()

    thread = Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
