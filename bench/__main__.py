"""`python -m bench`: all measurements, one after another; `--help` lists what can be chosen."""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import dlt
import duckdb
import psutil

from bench import fleet, parse
from bench.measure import PROJECT, Taken, medians, run, shop
from bench.plot import bars
from bench.postgres import server

SCENES = ("parse", "fleet", "duckdb", "postgres", "latency", "growth", "idle")


def compare(subjects: Sequence[str], rounds: int, once: Callable[[str], Taken]) -> dict[str, Taken]:
    """Medians of rounds in which the subjects take turns."""
    runs: dict[str, list[Taken]] = {name: [] for name in subjects}
    for _ in range(rounds):
        for name in subjects:
            runs[name].append(once(name))
    return {name: medians(each) for name, each in runs.items()}


def table(title: str, found: dict[str, Taken]) -> None:
    """Prints the figures, and plain dlt's and ours as ratios."""
    print(f"\n{title}")
    print(f"  {'':14}{'CPU s':>8}{'clock s':>9}{'MB':>7}{'requests':>10}{'server CPU s':>14}{'shop CPU s':>12}")
    for name, each in found.items():
        print(
            f"  {name:14}{each.cpu:8.1f}{each.clock:9.1f}{each.memory:7.0f}{each.requests:10.0f}"
            f"{each.server_cpu:14.1f}{each.shop_cpu:12.2f}"
        )
    if {"plain", "ours"} <= found.keys():
        plain, ours = found["plain"], found["ours"]
        print(f"  plain / ours: CPU {plain.cpu / ours.cpu:.2f}, clock {plain.clock / ours.clock:.2f}, ", end="")
        print(f"memory {plain.memory / ours.memory:.2f}", end="")
        print(f", server CPU {plain.server_cpu / ours.server_cpu:.2f}" if ours.server_cpu else "")
    if "floor" in found:
        print(f"  ours / floor: CPU {found['ours'].cpu / found['floor'].cpu:.2f}")


def steps(taken: Taken) -> None:
    """Prints where the time goes."""
    for name, (cpu, clock) in sorted(taken.steps.items(), key=lambda item: -item[1][0]):
        print(f"    {name:20}{cpu:8.2f} CPU s{clock:8.2f} s")


def in_duckdb(rows: int, rounds: int) -> dict[str, Taken]:
    """No latency, into a new DuckDB file each time."""
    with shop(rows) as at:
        found = compare(("plain", "ours", "floor"), rounds, lambda name: run(name, at))
    table(f"DuckDB, {rows:,} rows, no latency", found)
    steps(found["ours"])
    return found


def in_postgres(rows: int, rounds: int) -> dict[str, Taken]:
    """No latency, into a new database each time."""
    with shop(rows) as at, server() as into:
        found = compare(
            ("plain", "ours", "floor"),
            rounds,
            lambda name: run(name, at, "--warehouse", into.connection(), server=into.process),
        )
    table(f"PostgreSQL, {rows:,} rows, no latency", found)
    steps(found["ours"])
    return found


def with_latency(rows: int, rounds: int) -> dict[str, Taken]:
    """50 ms an answer: plain dlt, and ours with the default number of pages in parallel, with more, and with one."""
    pages = {"ours": "8", "ours, 16": "16", "ours, 1": "1"}

    def once(name: str) -> Taken:
        return run("ours", at, "--pages", pages[name]) if name in pages else run(name, at)

    with shop(rows, 0.05) as at:
        found = compare(("plain", *pages), rounds, once)
    table(f"DuckDB, {rows:,} rows, 50 ms an answer", found)
    return found


def growth(sizes: Sequence[int]) -> dict[str, Taken]:
    """Ours alone, once for each number of rows."""
    found = {}
    for rows in sizes:
        with shop(rows) as at:
            found[f"{rows:,} rows"] = run("ours", at)
    table("DuckDB, no latency, ours", found)
    return found


def idle(rounds: int) -> dict[str, Taken]:
    """A run that finds nothing new, against a task that does nothing but ask Airflow for a Connection."""
    runs = []
    with shop(1000) as at, tempfile.TemporaryDirectory() as folder:
        run("ours", at, "--cursor", folder=Path(folder))
        runs = [run("ours", at, "--cursor", folder=Path(folder)) for _ in range(rounds)]
    found = {"nothing new": medians(runs)}
    table("DuckDB, a run that finds nothing new", found)
    steps(found["nothing new"])
    return found


def main() -> None:
    """Measures, prints, and writes the figures and the plot."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=SCENES, default=SCENES)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--latency-rows", type=int, default=30_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="+", default=(10_000, 100_000, 1_000_000), help="of growth")
    parser.add_argument("--out", type=Path, default=PROJECT / "docs", help="folder of performance.json and .svg")
    chosen = parser.parse_args()
    print(f"{psutil.cpu_count()} cores, Python {platform.python_version()}, dlt {dlt.__version__}, ", end="")
    print(f"DuckDB {duckdb.__version__}; medians of {chosen.rounds} rounds A B")
    scenes = {
        "duckdb": lambda: in_duckdb(chosen.rows, chosen.rounds),
        "postgres": lambda: in_postgres(chosen.rows, chosen.rounds),
        "latency": lambda: with_latency(chosen.latency_rows, chosen.rounds),
        "growth": lambda: growth(chosen.sizes),
        "idle": lambda: idle(chosen.rounds),
    }
    if "parse" in chosen.only:
        parse.main()
    if "fleet" in chosen.only:
        fleet.main()
    path = chosen.out / "performance.json"
    figures = json.loads(path.read_text()) if path.exists() else {}
    for name, scene in scenes.items():
        if name in chosen.only:
            figures[name] = {subject: asdict(taken) for subject, taken in scene().items()}
            path.write_text(json.dumps(figures, indent=1) + "\n")
    bars(figures, chosen.out / "performance.svg")


if __name__ == "__main__":
    main()
