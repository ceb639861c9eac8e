"""What must stay flat: memory, open files, connections, disk and leftovers, by the time and at rest."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

MB = 1e6
Sample = Mapping[str, float]


@dataclass(frozen=True)
class Bound:
    """How much of something there may be.

    Args:
        growth: what it may grow by in all: from rest to rest, and from the median of the first third to the last one's.
        by_run: what each run may add to that.
        rest: how much there is at rest, at most.
        peak: how much there is at any time, at most.
    """

    growth: float
    by_run: float = 0.0
    rest: float = float("inf")
    peak: float = float("inf")


@dataclass
class Gauges:
    """Readings of the same things again and again.

    Args:
        read: what there is now, by name.
        bounds: by the names' beginning.
    """

    read: Callable[[], Sample]
    bounds: Mapping[str, Bound]
    samples: list[Sample] = field(default_factory=list)
    before: Sample = field(default_factory=dict)
    after: Sample = field(default_factory=dict)

    def sample(self) -> None:
        """Reads them once more."""
        self.samples.append(self.read())

    def judge(self, runs: int) -> tuple[str, list[str]]:
        """A table of what was seen in so many runs, and what there is too much of."""
        lines = [f"{'':24}{'before':>9}{'1st third':>11}{'last third':>11}{'peak':>9}{'after':>9}{'may grow by':>13}"]
        wrong = []
        for name, bound in self.bounds.items():
            series = [sample[name] for sample in self.samples if name in sample]
            third = max(len(series) // 3, 1)
            first, last = statistics.median(series[:third]), statistics.median(series[-third:])
            peak, before, after = max(series), self.before[name], self.after[name]
            may = bound.growth + bound.by_run * runs
            lines.append(f"{name:24}{before:9.1f}{first:11.1f}{last:11.1f}{peak:9.1f}{after:9.1f}{may:13.1f}")
            if after - before > may or last - first > may:
                wrong.append(f"{name} grows: {before:.1f} at rest, then {first:.1f}, {last:.1f}, {after:.1f}")
            if peak > bound.peak:
                wrong.append(f"{name} was {peak:g} once, more than {bound.peak:g}")
        return "\n".join(lines), [*wrong, *self.too_much_at_rest(self.after)]

    def too_much_at_rest(self, sample: Sample) -> list[str]:
        """What there is more of than there may be at rest."""
        over = {name: bound.rest for name, bound in self.bounds.items() if sample[name] > bound.rest}
        return [f"{name} is {sample[name]:g} at rest, not {rest:g}" for name, rest in over.items()]


def of_process(name: str, pid: int) -> Sample:
    """Memory and open files of a process; nothing while there is none."""
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        with process.oneshot():
            return {f"{name}: MB": process.memory_info().rss / MB, f"{name}: files": process.num_fds()}
    return {}


def megabytes(folder: Path, beginning: str = "") -> float:
    """What the files in a folder take whose names begin so; those that go meanwhile are left out."""
    total = 0
    # Unlike `Path.glob`, this takes no offence at a folder that goes.
    for where, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += Path(where, name).lstat().st_size if name.startswith(beginning) else 0
    return total / MB
