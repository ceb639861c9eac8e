"""The figures as tables in Markdown: what the command prints, and what stands in docs/performance.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
TITLES: Mapping[str, str] = {
    "duckdb": "DuckDB, no latency",
    "postgres": "PostgreSQL, no latency",
    "latency": "DuckDB, 50 ms an answer",
    "peers": "PostgreSQL, no latency, next to another tool (one table, its nested list as JSON)",
    "settings": "DuckDB, no latency, with one setting taken away",
    "growth": "Growth: DuckDB, no latency, this package alone",
    "idle": "A run that finds nothing new, and a task that does nothing",
}
NAMES: Mapping[str, str] = {"plain": "plain dlt", "ours": "this package", "floor": "floor", "empty": "empty task"}
COLUMNS = (
    ("CPU s", "cpu", ".2f"),
    ("clock s", "clock", ".1f"),
    ("peak MB", "memory", ".0f"),
    ("peak disk MB", "disk", ".0f"),
    ("requests", "requests", ".0f"),
    ("CPU s of the server", "server_cpu", ".1f"),
)
RATIOS = (("CPU", "cpu"), ("clock", "clock"), ("memory", "memory"), ("CPU of the server", "server_cpu"))
Figures = Mapping[str, Any]


def section(name: str, found: Figures) -> str:
    """One measurement: its table, its ratios and where the time goes."""
    taken: Mapping[str, Any] = found["taken"]
    columns = [column for column in COLUMNS if any(each[column[1]] for each in taken.values())]
    lines = [f"### {TITLES[name]}", "", *_table(["", *(title for title, *_ in columns)], _rows(taken, columns)), ""]
    lines += [f"{found['rows']:,} rows." if found.get("rows") else "", *_ratios(taken), ""]
    steps = found.get("steps") or {}
    if steps:
        spent = [(step, f"{cpu:.2f}", f"{clock:.2f}") for step, (cpu, clock) in sorted(steps.items(), key=_most)]
        lines += [*_table(["this package, by step", "CPU s", "clock s"], spent), ""]
    return "\n".join(line for line, after in zip(lines, [*lines[1:], "x"], strict=True) if line or after)


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
    for other, ours in (("plain", "ours"), ("ours", "floor")):
        if {other, ours} <= taken.keys():
            ratios = [
                f"{title} {taken[other][figure] / taken[ours][figure]:.2f}"
                for title, figure in RATIOS
                if taken[ours][figure] and (other == "plain" or figure == "cpu")
            ]
            lines.append(f"{NAMES[other].capitalize()} / {NAMES[ours]}: {', '.join(ratios)}.")
    return lines


def _table(head: Sequence[str], rows: Sequence[tuple[str, ...]]) -> list[str]:
    return [
        f"| {' | '.join(head)} |",
        "|" + "---|" * len(head),
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def _most(step: tuple[str, Any]) -> float:
    return -float(step[1][0])
