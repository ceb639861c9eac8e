"""The figures as one SVG of bars."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

PANELS = (
    ("duckdb", "cpu", "DuckDB, CPU seconds"),
    ("duckdb", "memory", "DuckDB, peak memory in MB"),
    ("postgres", "cpu", "PostgreSQL, CPU seconds of the client"),
    ("postgres", "server_cpu", "PostgreSQL, CPU seconds of the server"),
    ("latency", "clock", "50 ms an answer, seconds"),
    ("growth", "memory", "Growth, peak memory in MB"),
)
COLOURS = {"plain": "#9aa5b1", "ours": "#0b7285", "floor": "#d9a441"}
WIDTH, LABEL, BAR, GAP = 720, 130, 18, 6


def bars(figures: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Writes one group of bars for each figure that was measured."""
    parts: list[str] = []
    y = 10
    for scene, figure, title in PANELS:
        if scene not in figures:
            continue
        y += 24
        parts.append(f'<text x="0" y="{y}" font-weight="bold">{escape(title)}</text>')
        y += 8
        found = figures[scene]["taken"]
        longest = max(taken[figure] for taken in found.values()) or 1
        for name, taken in found.items():
            width = max(1, round((WIDTH - LABEL - 70) * taken[figure] / longest))
            colour = COLOURS.get(name, COLOURS["ours"])
            parts.append(f'<text x="{LABEL - 8}" y="{y + 13}" text-anchor="end">{escape(name)}</text>')
            parts.append(f'<rect x="{LABEL}" y="{y}" width="{width}" height="{BAR}" fill="{colour}"/>')
            parts.append(f'<text x="{LABEL + width + 6}" y="{y + 13}">{taken[figure]:,.3g}</text>')
            y += BAR + GAP
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 10}" font-family="sans-serif"'
    style = ' font-size="13"><rect width="100%" height="100%" fill="#ffffff"/>'
    path.write_text(head + style + "\n" + "\n".join(parts) + "\n</svg>\n")
