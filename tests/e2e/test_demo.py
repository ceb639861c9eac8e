"""`make demo` as a newcomer sees it: twice, with exact numbers, and nothing left of it afterwards."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from tests.integration.local_airflow.alive import Alive, watch
from tests.support.loads import assert_same_rows, duckdb_tables

from demo_shop import DemoShop

pytestmark = pytest.mark.e2e

WIDTH = 100
Demo = subprocess.Popen[str]


def start(home: Path) -> Demo:
    """`make demo` with a home of its own, and the home as a mark on all its processes."""
    return subprocess.Popen(
        [sys.executable, "-m", "local_airflow.demo", "--home", str(home)],
        env={**os.environ, "COLUMNS": str(WIDTH), "MARKER": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def watched(home: Path) -> tuple[str, float]:
    """What a demo prints to its good end, and the longest silence in seconds."""
    lines, silence, last = [], 0.0, time.monotonic()
    with start(home) as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            silence, last = max(silence, time.monotonic() - last), time.monotonic()
            lines.append(line)
    told = "".join(lines)
    assert demo.returncode == 0, told
    return told, silence


def assert_equal_to_the_shop(home: Path) -> None:
    """Both loads: every row of the shop's state file, and nothing else."""
    shop = DemoShop(state_file=home / "shop.json")
    file = home / "warehouse" / "warehouse.duckdb"
    for dataset, table, name in (("ecommerce", "ecommerce_data", "resource"), ("demo", "orders", "orders")):
        rows = shop.rows(name)
        assert_same_rows(duckdb_tables(file, dataset).rows(table), {row["id"]: row for row in rows})
    items = sorted((row["id"], *item.values()) for row in shop.rows("orders") for item in row["line_items"])
    with duckdb.connect(str(file), read_only=True) as connection:
        found = connection.execute(
            "SELECT it.id, sku, product_id, quantity, unit_price FROM demo.orders AS it "
            "JOIN demo.orders__line_items AS item ON item._dlt_parent_id = it._dlt_id"
        ).fetchall()
    assert sorted(found) == items


def assert_nothing_is_left(alive: Alive) -> None:
    assert alive() == []
    assert sorted(path.name for path in Path(os.environ["TMPDIR"]).glob("dlt_*")) == []


def test_twice(tmp_path: Path) -> None:
    home = tmp_path / "home"
    alive = watch(str(home))

    told, silence = watched(home)
    assert_nothing_is_left(alive)
    assert silence < 30
    assert "The demo shop is open: 2,540 catalogue rows, 1,200 orders\n" in told
    assert "Meanwhile" not in told
    assert re.search(r" s    ecommerce_data: 26 pages, 2,540 of 2,540 rows", told), told
    assert "ecommerce_elt: the first load; all 2,540 catalogue rows of the shop\n" in told
    assert "\n  loaded     2,540 rows: 2,540 into ecommerce.ecommerce_data\n" in told
    assert "demo_orders: the first load; all 1,200 orders of the shop\n" in told
    assert "\n  loaded     4,197 rows: 1,200 into demo.orders, 2,997 into demo.orders__line_items\n" in told
    assert (
        len(re.findall(r"\n  window     2020-01-01T00:00:00Z until 20\S+Z\n  watermark  none -> 20\S+Z\n", told)) == 2
    )
    assert_equal_to_the_shop(home)
    marks = re.findall(r"watermark  none -> (\S+)", told)

    told, silence = watched(home)
    assert_nothing_is_left(alive)
    assert silence < 30
    assert "Meanwhile in the shop: 12 catalogue rows changed, 5 new; 3 orders changed, 2 new\n" in told
    assert (
        "ecommerce_elt: 12 changed + 5 new in the shop since the last load; 17 rows read, 17 loaded; "
        "the other 2,528 were already there\n" in told
    )
    assert (
        "demo_orders: 3 changed + 2 new in the shop since the last load; 5 rows read, 5 loaded; "
        "the other 1,197 were already there\n" in told
    )
    assert re.findall(r"watermark  (20\S+) -> 20", told) == marks
    assert re.search(r"\necommerce\.ecommerce_data: 2,545 rows, 17 of them written by this run", told)
    assert re.search(r"\ndemo\.orders: 1,202 rows, 5 of them written by this run", told)
    assert_equal_to_the_shop(home)

    assert "\x1b" not in told
    blocks = re.findall(r"^(?:ecommerce|demo)\.\w+: (?:.+\n)+", told, re.MULTILINE)
    assert [len(block.splitlines()) for block in blocks] == [7, 7, 7]  # a title, three lines of header, three rows
    assert all(len(line) <= WIDTH for block in blocks for line in block.splitlines())
    command = re.search(r"Query it:\n  (.+)\n", told)
    assert command
    shown = subprocess.run(["sh", "-c", command[1]], check=True, capture_output=True, text=True).stdout
    assert "price" in shown
    assert shown.count("\n│ ") >= 9


def test_ctrl_c_stops_everything(tmp_path: Path) -> None:
    home = tmp_path / "home"
    alive = watch(str(home))
    with start(home) as demo:
        assert demo.stdout is not None
        assert any("services are starting" in line for line in demo.stdout)
        assert len(alive()) >= 5  # the demo, the shop and a service of Airflow, these two with their guards
        demo.send_signal(signal.SIGINT)
        told = demo.stdout.read()
    assert demo.returncode == 130
    assert told.endswith("Stopped; nothing of it runs any more.\n")
    assert "Traceback" not in told
    assert_nothing_is_left(alive)


def test_a_warehouse_that_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "home" / "warehouse" / "warehouse.duckdb"
    file.parent.mkdir(parents=True)
    file.write_text("no database" * 1000)
    with start(tmp_path / "home") as demo:
        assert demo.stdout is not None
        told = demo.stdout.read()
    assert demo.returncode == 1
    assert f"The warehouse {file} cannot be read" in told
    assert f"Logs: {tmp_path / 'home' / 'logs'}" in told
    assert "Traceback" not in told
