"""What the tests saw, and the page that is made of it.

`seen.json` beside this file holds every cell; a test that sees something else fails. `RELIABILITY=docs` writes down
what is seen instead, and the page with it.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.cells import FAULTS, KILLED, LOADS, STAGES, Fault
from tests.support import PROJECT

SEEN = Path(__file__).with_name("seen.json")
PAGE = PROJECT / "docs" / "reliability.md"
INTRO = Path(__file__).with_name("reliability.md.in")

Cells = dict[str, dict[str, dict[str, str]]]
"""By fault, stage, and the warehouse with what else tells runs apart: what the run did."""


@dataclass(frozen=True)
class Book:
    """Where tests note what they saw."""

    def note(self, fault: str, stage: str, warehouse: str, end: str, *, how: str = "", variant: str = "") -> None:
        """One cell: compared with the table of faults and with what was seen before.

        Args:
            end: `LOADS`, `KILLED` or the error's name.
            how: what else is to be told, such as `3 retries`.
            variant: tells runs of the same cell apart.
        """
        row = next(each for each in FAULTS if each.name == fault)
        assert warehouse in row.warehouses
        expected = row.but.get((stage, warehouse), row.ends[stage])
        assert end == expected, f"{fault}, {stage}, {warehouse}: {end}, expected {expected}"
        key, text = f"{warehouse} {variant}".strip(), f"{end}, {how}" if how else end
        if os.environ.get("RELIABILITY") == "docs":
            with _kept() as cells:
                cells.setdefault(fault, {}).setdefault(stage, {})[key] = text
        else:
            known = read().get(fault, {}).get(stage, {}).get(key)
            assert text == known, f"{fault}, {stage}, {key}: {text}, while {SEEN.name} has {known}. {HOW}"


HOW = "If that is right: RELIABILITY=docs make test ARGS='tests/faults tests/deploy/test_compose_runs.py'"


def read() -> Cells:
    """What was seen before."""
    return dict(json.loads(SEEN.read_text())) if SEEN.exists() else {}


@contextmanager
def _kept() -> Iterator[Cells]:
    """To be changed; written, and the page with it, at the end. Several processes may do so at once."""
    with SEEN.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        cells = read() if SEEN.stat().st_size else {}
        yield cells
        text = json.dumps(cells, indent=1, sort_keys=True, ensure_ascii=False)
        # In place: another file would have another lock.
        file.truncate(0)
        file.write(text + "\n")
        file.flush()
        PAGE.write_text(page(cells), encoding="utf-8")


def page(cells: Cells) -> str:
    """docs/reliability.md."""
    seen = {stage for row in FAULTS for stage in row.ends}
    assert seen <= set(STAGES)
    return INTRO.read_text(encoding="utf-8").format(matrix="\n".join(_matrix(cells)), faults="\n".join(_faults()))


def missing(cells: Cells) -> list[str]:
    """The cells that no test has noted, and those that no fault has any more."""
    due = {(row.name, stage, warehouse) for row in FAULTS for stage in row.ends for warehouse in row.warehouses}
    noted = {
        (fault, stage, key.split()[0]) for fault, row in cells.items() for stage, keys in row.items() for key in keys
    }
    return [", ".join(cell) for cell in sorted(due ^ noted)]


def _matrix(cells: Cells) -> Iterator[str]:
    yield f"| | {' | '.join(STAGES)} |"
    yield "|---" * (len(STAGES) + 1) + "|"
    for row in FAULTS:
        shown = (_cell(row, stage, cells.get(row.name, {}).get(stage, {})) for stage in STAGES)
        yield f"| **{row.name}**{_only(row)} | {' | '.join(shown)} |"


def _only(row: Fault) -> str:
    return f" ({row.warehouses[0]})" if len(row.warehouses) == 1 else ""


def _cell(row: Fault, stage: str, seen: Mapping[str, str]) -> str:
    if stage not in row.ends:
        return "-"
    by_warehouse: dict[str, set[str]] = {}
    for key, text in seen.items():
        by_warehouse.setdefault(key.split()[0], set()).add(_shown(text))
    texts = {warehouse: " or ".join(sorted(shown)) for warehouse, shown in sorted(by_warehouse.items())}
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    return "<br>".join(f"{warehouse}: {text}" for warehouse, text in texts.items())


def _shown(text: str) -> str:
    end, _, how = text.partition(", ")
    shown = {LOADS: "✓", KILLED: "✗ killed"}.get(end, f"✗ {WORDS.get(end, end)}")
    return f"{shown} {how}".strip()


WORDS: Mapping[str, str] = {
    "ShopUnavailableError": "shop",
    "PayloadError": "answer",
    "WindowError": "window",
    "LoadFailedError": "warehouse",
    "WorkerError": "worker",
}
"""What the page says for an error."""


def _faults() -> Iterator[str]:
    yield "| fault | how the tests make it | what you see | what to do | why not elsewhere (-) |"
    yield "|---|---|---|---|---|"
    for row in FAULTS:
        yield f"| **{row.name}** | {row.made} | {row.see} | {row.do} | {'; '.join(_absent(row))} |"


def _absent(row: Fault) -> Iterator[str]:
    assert set(row.ends) | set(row.absent) == set(STAGES), row.name
    if row.elsewhere:
        yield f"{row.warehouses[0]} only: {row.elsewhere}"
    stages: dict[str, list[str]] = {}
    for stage in STAGES:
        if stage not in row.ends:
            stages.setdefault(row.absent[stage], []).append(stage)
    for reason, where in stages.items():
        first = STAGES.index(where[0])
        together = len(where) > 2 and where == list(STAGES[first : first + len(where)])
        yield f"{f'{where[0]} to {where[-1]}' if together else ', '.join(where)}: {reason}"
