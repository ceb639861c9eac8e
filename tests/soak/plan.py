"""What will happen in a soak, and when: a function of the seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Event:
    """Something that happens to a DAG.

    Args:
        at: seconds since the beginning.
        kind: one of the names that were given to `plan`.
        dag_id: whom it happens to.
        dice: for what else is left to chance, such as which run or how long.
    """

    at: float
    kind: str
    dag_id: str
    dice: Random


def plan(seed: int, seconds: float, every: float, kinds: Sequence[str], dag_ids: Sequence[str]) -> list[Event]:
    """The events of so many seconds, in their order, `every` seconds apart on average.

    Like cards from a shuffled pack: no kind comes again before each has come, so that a short soak has most of them.
    """
    dice = Random(seed)
    at = 0.0
    events: list[Event] = []
    for kind in _dealt(kinds, dice):
        at += dice.uniform(0.5, 1.5) * every
        if at >= seconds:
            return events
        events.append(Event(at, kind, dice.choice(dag_ids), Random(dice.random())))
    return events


def _dealt(kinds: Sequence[str], dice: Random) -> Iterator[str]:
    while kinds:
        yield from dice.sample(kinds, len(kinds))
