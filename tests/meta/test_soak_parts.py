"""The parts of the soak: the same seed makes the same things happen, and what grows is found."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.soak.gauges import Bound, Gauges
from tests.soak.plan import plan

KINDS = ("one", "two", "three", "four")


def test_the_seed_says_what_happens_and_when() -> None:
    def told(seed: int) -> list[tuple[float, str, str, float]]:
        return [(it.at, it.kind, it.dag_id, it.dice.random()) for it in plan(seed, 60, 2, KINDS, ("a", "b"))]

    assert told(7) == told(7) != told(8)
    times = [at for at, *_ in told(7)]
    assert times == sorted(times)
    assert 60 / 3 <= len(times) <= 60 / 1
    assert times[-1] < 60


def test_no_kind_comes_again_before_each_has_come() -> None:
    kinds = [event.kind for event in plan(3, 60, 2, KINDS, ("a",))]
    for number in range(0, len(kinds) - len(KINDS) + 1, len(KINDS)):
        assert sorted(kinds[number : number + len(KINDS)]) == sorted(KINDS)


@pytest.mark.parametrize(
    ("series", "after", "bound", "wrong"),
    [
        ([5, 6, 5, 6, 5, 6], 5, Bound(1), []),
        # At rest it is as before, but while all runs it takes more and more.
        ([5, 5, 7, 7, 9, 9], 5, Bound(3), ["it grows: 5.0 at rest, then 5.0, 9.0, 5.0"]),
        ([5, 5, 5, 5, 5, 5], 9, Bound(3), ["it grows: 5.0 at rest, then 5.0, 5.0, 9.0"]),
        # What each of the ten runs may add.
        ([5, 5, 7, 7, 9, 9], 9, Bound(0, by_run=0.5), []),
        ([5, 5, 5, 5, 5, 5], 5, Bound(0, rest=4), ["it is 5 at rest, not 4"]),
        ([5, 5, 12, 5, 5, 5], 5, Bound(0, peak=10), ["it was 12 once, more than 10"]),
    ],
)
def test_what_there_is_too_much_of_is_found(
    series: Sequence[float], after: float, bound: Bound, wrong: Sequence[str]
) -> None:
    readings = iter(series)
    gauges = Gauges(lambda: {"it": next(readings)}, {"it": bound})
    gauges.before, gauges.after = {"it": 5.0}, {"it": after}
    for _ in series:
        gauges.sample()
    assert gauges.judge(runs=10)[1] == wrong
