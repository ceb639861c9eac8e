"""`python -m bench`: all measurements, one after another; `--help` lists what can be chosen."""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import dlt
import duckdb
import psutil

from bench import fleet, parse
from bench import profile as profiler
from bench.measure import PROJECT, Taken, medians, run, run_command, shop
from bench.page import section, write
from bench.peers import PEERS
from bench.plot import bars
from bench.postgres import server
from bench.settings import WITHOUT
from ecom_source.options import PARALLEL_PAGES

ONCE = ("growth", "profile")
SCENES = ("parse", "fleet", "duckdb", "profile", "postgres", "latency", "peers", "settings", "growth", "idle")


def compare(subjects: Sequence[str], rounds: int, once: Callable[[str], Taken]) -> dict[str, Taken]:
    """Medians of rounds in which the subjects take turns."""
    runs: dict[str, list[Taken]] = {name: [] for name in subjects}
    for _ in range(rounds):
        for name in subjects:
            runs[name].append(once(name))
    return {name: medians(each) for name, each in runs.items()}


def figures_of(found: dict[str, Taken], rows: int = 0) -> dict[str, Any]:
    """As they are written down."""
    return {"rows": rows, "taken": {name: asdict(each) for name, each in found.items()}}


def in_duckdb(rows: int, rounds: int) -> dict[str, Any]:
    """No latency, into a new DuckDB file each time."""
    with shop(rows) as at:
        found = compare(("plain", "ours", "floor"), rounds, lambda name: run(name, at))
    return figures_of(found, rows)


def in_postgres(rows: int, rounds: int) -> dict[str, Any]:
    """No latency, into a new database each time."""
    with shop(rows) as at, server() as into:
        found = compare(
            ("plain", "ours", "floor"),
            rounds,
            lambda name: run(name, at, "--warehouse", into.connection(), server=into.process),
        )
    return figures_of(found, rows)


def with_latency(rows: int, rounds: int) -> dict[str, Any]:
    """50 ms an answer: plain dlt, and ours with the default number of pages in parallel, with others, and with one."""
    pages = {"ours": PARALLEL_PAGES, "16 pages at once": 16, "1 page at once": 1}

    def once(name: str) -> Taken:
        return run("ours", at, "--pages", str(pages[name])) if name in pages else run(name, at)

    with shop(rows, 0.05) as at:
        found = compare(("plain", *pages), rounds, once)
    return figures_of(found, rows)


def with_peers(rows: int, rounds: int) -> dict[str, Any]:
    """PostgreSQL, no latency, next to other tools."""
    with shop(rows) as at, server() as into, tempfile.TemporaryDirectory() as folder:

        def once(name: str) -> Taken:
            if name == "ours":
                return run(name, at, "--warehouse", into.connection(), server=into.process)
            line = PEERS[name].command(at.url, into.connection(), Path(folder))
            return run_command(["bash", "-c", line], at, Path(folder), server=into.process)

        found = compare(("ours", *PEERS), rounds, once)
    return figures_of(found, rows)


def settings(rows: int, rounds: int) -> dict[str, Any]:
    """Ours with one setting taken away after the other."""
    names = {f"without {name}": ("--without", name) for name in WITHOUT}
    with shop(rows) as at:
        found = compare(("ours", *names), rounds, lambda name: run("ours", at, *names.get(name, ())))
    return figures_of(found, rows)


def growth(sizes: Sequence[int]) -> dict[str, Any]:
    """Ours alone, once for each number of rows."""
    found = {}
    for rows in sizes:
        with shop(rows) as at:
            found[f"{rows:,} rows"] = run("ours", at)
    return figures_of(found)


def idle(rounds: int) -> dict[str, Any]:
    """A run that finds nothing new, against one of plain dlt and a task that only asks Airflow for a Connection."""
    with shop(1000) as at, tempfile.TemporaryDirectory() as folder:
        for name in ("plain", "ours"):
            run(name, at, "--cursor", folder=Path(folder))
        found = compare(
            ("empty", "plain", "ours"),
            rounds,
            lambda name: run(name, at, "--cursor", folder=Path(folder)),
        )
    return figures_of(found)


def profile(rows: int) -> dict[str, Any]:
    """Where the time of a run goes."""
    return {"rows": rows, "taken": {}, "shares": profiler.profile(rows)}


def main() -> None:
    """Measures, prints, and writes the figures, the tables of the page and the plot."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=SCENES, default=SCENES)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--latency-rows", type=int, default=30_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="+", default=(10_000, 100_000, 1_000_000), help="of growth")
    parser.add_argument("--out", type=Path, default=PROJECT / "docs", help="folder of performance.json, .svg and .md")
    chosen = parser.parse_args()
    machine = (
        f"{psutil.cpu_count()} cores, Python {platform.python_version()}, dlt {dlt.__version__}, "
        f"DuckDB {duckdb.__version__}. The subjects take turns; the figures are medians of as many rounds as are named."
    )
    print(machine)
    scenes: dict[str, Callable[[], dict[str, Any]]] = {
        "duckdb": lambda: in_duckdb(chosen.rows, chosen.rounds),
        "profile": lambda: profile(chosen.rows),
        "postgres": lambda: in_postgres(chosen.rows, chosen.rounds),
        "latency": lambda: with_latency(chosen.latency_rows, chosen.rounds),
        "peers": lambda: with_peers(chosen.rows, chosen.rounds),
        "settings": lambda: settings(chosen.rows, chosen.rounds),
        "growth": lambda: growth(chosen.sizes),
        "idle": lambda: idle(chosen.rounds),
    }
    if "parse" in chosen.only:
        parse.main()
    if "fleet" in chosen.only:
        fleet.main()
    path = chosen.out / "performance.json"
    figures = {**(json.loads(path.read_text()) if path.exists() else {}), "machine": machine}
    for name, scene in scenes.items():
        if name in chosen.only:
            figures[name] = {"rounds": 1 if name in ONCE else chosen.rounds, **scene()}
            print(f"\n{section(name, figures[name])}")
            path.write_text(json.dumps(figures, indent=1) + "\n")
    write(figures, chosen.out / "performance.md")
    bars(figures, chosen.out / "performance.svg")


if __name__ == "__main__":
    main()
