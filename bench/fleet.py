"""What many shops cost in one DAG file: parsed as Airflow's DAG processor does it, DAGs serialised included."""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).parents[1]
ROUNDS = 3
NUMBERS = (1, 50, 200)
PARSE = """
import json, resource, sys
from airflow.dag_processing.dagbag import BundleDagBag
from airflow.serialization.serialized_objects import DagSerialization
before = resource.getrusage(resource.RUSAGE_SELF)
bag = BundleDagBag(sys.argv[1], bundle_path=sys.argv[2], bundle_name="fleet")
assert not bag.import_errors, bag.import_errors
size = sum(len(json.dumps(DagSerialization.to_dict(dag))) for dag in bag.dags.values())
after = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({
    "dags": len(bag.dags),
    "seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    "megabytes": after.ru_maxrss / 1024,
    "serialised": size,
}))
"""


def dag_file(number: int) -> str:
    """The DAG file that docs/deploying.md shows, with so many shops."""
    docs = (PROJECT / "docs" / "deploying.md").read_text(encoding="utf-8")
    (code,) = [block for block in re.findall(r"```python\n(.+?)```", docs, re.S) if "for shop in" in block]
    return re.sub(r"range\(.+?\)", f"range(1, {number + 1})", code)


def parse(number: int, folder: Path) -> dict[str, float]:
    """Parses a file of so many DAGs in a fresh interpreter: CPU seconds, peak memory, characters of serialised DAGs."""
    file = folder / "shops.py"
    file.write_text(dag_file(number), encoding="utf-8")
    env = {
        **os.environ,
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        # By the wall clock, which says little on a busy machine; what is measured is CPU time.
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "900",
        "PYTHONPATH": str(PROJECT / "include"),
        "TMPDIR": str(folder),
    }
    done = subprocess.run(
        [sys.executable, "-c", PARSE, str(file), str(folder)], env=env, capture_output=True, text=True, check=True
    )
    seen: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    assert seen["dags"] == number, seen
    return seen


def main() -> None:
    """Prints the medians for each number of DAGs, and what one more DAG costs."""
    print(f"one DAG file with many shops, CPU seconds and peak memory of its parse, medians of {ROUNDS}")
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in NUMBERS:
            rounds = [parse(number, Path(folder)) for _ in range(ROUNDS)]
            found[number] = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
            seconds, megabytes = found[number]["seconds"], found[number]["megabytes"]
            print(f"  {number:3} DAGs: {seconds:.2f} s, {megabytes:.0f} MB (limit of Airflow: 30 s)")
    first, last = found[NUMBERS[0]], found[NUMBERS[-1]]
    more = NUMBERS[-1] - NUMBERS[0]
    print(
        f"  one more DAG: {1000 * (last['seconds'] - first['seconds']) / more:.1f} ms,"
        f" {1024 * (last['megabytes'] - first['megabytes']) / more:.0f} kB,"
        f" {last['serialised'] / NUMBERS[-1] / 1024:.1f} kB serialised"
    )


if __name__ == "__main__":
    main()
