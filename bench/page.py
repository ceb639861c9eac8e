"""The figures as tables in Markdown: what the command prints, and what stands in docs/performance.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
TITLES: Mapping[str, str] = {
    "duckdb": "DuckDB, no latency",
    "profile": "DuckDB, no latency: who is at work",
    "postgres": "PostgreSQL, no latency",
    "latency": "DuckDB, 50 ms an answer",
    "peers": "PostgreSQL, no latency, next to other tools (one table, its nested list as JSON)",
    "settings": "DuckDB, no latency, with one setting taken away",
    "growth": "Growth: DuckDB, no latency, this package alone",
    "idle": "A run that finds nothing new, next to a task that does nothing",
}
NAMES: Mapping[str, str] = {"plain": "plain dlt", "ours": "this package", "floor": "floor", "empty": "empty task"}
COLUMNS = (
    ("CPU s", "cpu", ".2f"),
    ("clock s", "clock", ".1f"),
    ("peak MB", "memory", ".0f"),
    ("peak disk MB", "disk", ".0f"),
    ("requests", "requests", ".0f"),
    ("CPU s of the server", "server_cpu", ".1f"),
    ("CPU s of the shop", "shop_cpu", ".2f"),
)
WITHOUT_STEPS = ("growth", "settings", "peers")
RATIOS = (("CPU", "cpu"), ("clock", "clock"), ("memory", "memory"), ("CPU of the server", "server_cpu"))
Figures = Mapping[str, Any]


def section(name: str, found: Figures) -> str:
    """One measurement: its table, its ratios and where the time goes."""
    taken: Mapping[str, Any] = found["taken"]
    columns = [column for column in COLUMNS if any(each[column[1]] for each in taken.values())]
    rows = f"{found['rows']:,} rows, " if found["rows"] else ""
    parts = [
        f"### {TITLES[name]}",
        f"{rows}{found['rounds']} round{'' if found['rounds'] == 1 else 's'}.".capitalize(),
    ]
    if taken:
        parts.append("\n".join(_table(["", *(title for title, *_ in columns)], _rows(taken, columns))))
        parts.append("\n".join(_ratios(taken)))
    if shares := found.get("shares"):
        parts.append("\n".join(_table(["", "share"], [(who, f"{share:.0%}") for who, share in shares.items()])))
    if name not in WITHOUT_STEPS and (steps := taken.get("ours", {}).get("steps")):
        spent = [
            (step, f"{cpu:.2f}", f"{clock:.2f}", f"{memory:.0f}")
            for step, (cpu, clock, memory) in sorted(steps.items(), key=_most)
        ]
        parts.append("\n".join(_table(["this package, by step", "CPU s", "clock s", "peak MB by its end"], spent)))
    return "\n\n".join(part for part in parts if part)


def page(figures: Figures) -> str:
    """All measurements, and the machine they were made on."""
    return "\n\n".join([str(figures["machine"]), *(section(name, figures[name]) for name in TITLES if name in figures)])


def write(figures: Figures, path: Path) -> None:
    """Puts the figures between the marks of a page, if there is one."""
    if not path.exists():
        return
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n\n{page(figures).strip()}\n\n{END}{after}", encoding="utf-8")


def _rows(taken: Mapping[str, Any], columns: list[tuple[str, str, str]]) -> list[tuple[str, ...]]:
    return [
        (NAMES.get(name, name), *(f"{each[figure]:,{form}}" for _, figure, form in columns))
        for name, each in taken.items()
    ]


def _ratios(taken: Mapping[str, Any]) -> list[str]:
    lines = []
    if {"plain", "ours"} <= taken.keys():
        plain, ours = taken["plain"], taken["ours"]
        ratios = [f"{title} {plain[figure] / ours[figure]:.2f}" for title, figure in RATIOS if ours[figure]]
        lines.append(f"- Plain dlt / this package: {', '.join(ratios)}.")
    if {"ours", "floor"} <= taken.keys():
        lines.append(f"- This package / floor: CPU {taken['ours']['cpu'] / taken['floor']['cpu']:.2f}.")
    if {"ours", "empty"} <= taken.keys():
        for name in ("plain", "ours"):
            cpu, clock = (taken[name][figure] - taken["empty"][figure] for figure in ("cpu", "clock"))
            lines.append(f"- {NAMES[name]}, more than the empty task: {cpu:.2f} CPU s, {clock:.2f} s on the clock.")
    return lines


def _table(head: Sequence[str], rows: Sequence[tuple[str, ...]]) -> list[str]:
    return [
        f"| {' | '.join(head)} |",
        "|" + "---|" * len(head),
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def _most(step: tuple[str, Any]) -> float:
    return -float(step[1][0])
