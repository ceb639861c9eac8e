"""A shop of three pages, a warehouse, and runs between which every row of the shop changes."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from tests.faults.nursery import Ending, Nursery, Order
from tests.support.apis import api, windowed
from tests.support.loads import Tables, make_load, perform
from tests.support.postgres import Postgres

from demo_shop import DemoShop
from ecom_source.load.report import Report
from ecom_source.load.staging_dataset import Staging
from ecom_source.window.run_window import Run

ROWS, PAGE = 30, 10
OFFSETS = {"first page": "0", "middle page": "9", "last page": "18"}
ORDERS = api(windowed("orders"), client={"paginator": {"type": "offset", "limit": PAGE}})
MOST_SECONDS = 60.0
"""By the real clock, for any run; waits between attempts and timeouts are shortened."""


def warm_up() -> None:
    """Imports what a load imports."""
    for name in (
        "adbc_driver_postgresql.dbapi",
        "airflow.sdk",
        "dlt.destinations.impl.duckdb.duck",
        "dlt.destinations.impl.postgres.postgres",
        "dlt.load.load",
        "dlt.normalize.normalize",
        "dlt.sources.rest_api",
        "ecom_source.paging.checked_paginator",
        "pyarrow.parquet",
    ):
        import_module(name)


@dataclass
class Clock:
    """In the place of waits between attempts: seconds go by when somebody sleeps.

    Args:
        asleep: is called at the start of each sleep with the number of the sleep, from 1 on.
    """

    now: float = 0.0
    slept: list[float] = field(default_factory=list)
    asleep: Callable[[int], object] = lambda number: None
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def monotonic(self) -> float:
        """Seconds. Those of the real clock count fifty times: a thread that waits for its turn does not sleep."""
        return self.now + 50 * time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Lets them go by."""
        # One after the other: who comes later finds done what the first one's sleep has set off.
        with self._turn:
            self.slept.append(seconds)
            self.now += seconds
            self.asleep(len(self.slept))


@dataclass(frozen=True)
class Seen:
    """What a run did.

    Args:
        end: `loads`, `killed` or the name of the error.
        text: the error's.
        retries: by offset of the page.
        waited: seconds between attempts, in all.
    """

    end: str
    text: str = ""
    retries: Counter[str] = field(default_factory=Counter)
    waited: float = 0.0
    report: Report | None = None


@dataclass
class Scene:
    """One warehouse and the shop.

    Args:
        kind: `DuckDB` or `PostgreSQL`.
        env: the Connections.
        temp: the temp folder of this test.
    """

    kind: str
    shop: DemoShop
    tables: Tables
    postgres: Postgres
    nursery: Nursery
    env: dict[str, str]
    temp: Path
    patch: pytest.MonkeyPatch
    clock: Clock = field(default_factory=Clock)
    _runs: int = 0

    def __post_init__(self) -> None:
        self.patch.setattr("tenacity.nap.time", SimpleNamespace(sleep=self.clock.sleep))
        self.patch.setattr("ecom_source.http.rate_limiter.time", SimpleNamespace(monotonic=self.clock.monotonic))
        self.patch.setattr("ecom_source.http.session.TIMEOUT", (0.3, 0.3))
        self._children = set(psutil.Process().children())

    def change(self) -> None:
        """Every row changes: a run that is to be complete has three pages to read, and each row to merge."""
        self._runs += 1
        for row in self.shop.rows("orders"):
            self.shop.update("orders", row["id"], notes=f"{time.monotonic_ns()}", line_items=row["line_items"][::-1])

    def run(self, run: Run | None = None) -> Seen:
        """A load in this process, as a task performs it."""
        self._runs += 1
        self.shop.reset_log()
        self.clock.slept.clear()
        began, report, error = time.monotonic(), None, None
        try:
            report = perform(make_load(ORDERS, "orders"), run, staging=self._staging())
        except Exception as raised:
            error = raised
        assert time.monotonic() - began < MOST_SECONDS
        offsets = Counter(record.params["offset"] for record in self.shop.requests if "offset" in record.params)
        return Seen(
            type(error).__name__ if error else "loads",
            str(error or ""),
            Counter({offset: number - 1 for offset, number in offsets.items() if number > 1}),
            sum(self.clock.slept),
            report,
        )

    def struck(self, point: str, blow: str) -> Seen:
        """A load in a process of its own, which is struck."""
        self._runs += 1
        order = Order({**self.env, "TMPDIR": str(self.temp)}, self._attempt, point, blow)
        ending: Ending = self.nursery.run(order, seconds=MOST_SECONDS)
        return Seen("killed" if ending.signal else ending.error or "loads", ending.text)

    def assert_equal(self) -> None:
        """The tables equal the shop, the nested one too."""
        self.tables.assert_equal_to(self.shop, "orders", "orders")
        _, found = self.tables.query(
            f"SELECT o.id, i.sku, i.quantity FROM {self.tables.dataset}.orders__line_items AS i "
            f"JOIN {self.tables.dataset}.orders AS o ON i._dlt_parent_id = o._dlt_id"
        )
        expected = [
            (row["id"], it["sku"], it["quantity"]) for row in self.shop.rows("orders") for it in row["line_items"]
        ]
        assert sorted(found) == sorted(expected)
        number = self.tables.scalar(f"SELECT count(*) FROM {self.tables.dataset}.orders__line_items")
        assert number == len(expected)

    def assert_nothing_left(self) -> None:
        """No staging dataset, work folder, connection, child process or thread."""
        schemas = [name for (name,) in self.tables.query("SELECT schema_name FROM information_schema.schemata")[1]]
        assert [name for name in schemas if "staging" in name] == []
        assert [path.name for path in self.temp.iterdir() if path.name.startswith(("dlt_", "ecom_elt"))] == []
        assert set(psutil.Process().children()) - self._children == set()
        until(lambda: not [it for it in threading.enumerate() if it.name.startswith("ecom-pages")], "a thread is left")
        until(lambda: not self._connections(), f"connections are left: {self._connections()}")

    def next_run(self) -> Seen:
        """The run after a failed one: whatever that one did, the tables equal the shop and nothing is left."""
        seen = self.run()
        assert (seen.end, seen.text) == ("loads", "")
        self.assert_equal()
        self.assert_nothing_left()
        return seen

    def after(self, seen: Seen) -> None:
        """Of a run that says it has loaded, the tables are equal by now; of any other, after the next one."""
        if seen.end == "loads":
            self.assert_equal()
        self.next_run()

    @property
    def _attempt(self) -> str:
        return f"{self.kind}/{os.getpid()}/{self._runs}"

    def _staging(self) -> Staging:
        return Staging.named("faults", self._attempt)

    def _connections(self) -> list[str]:
        if self._open():
            # What an error's traceback holds goes when Python next looks for cycles.
            gc.collect()
        return self._open()

    def _open(self) -> list[str]:
        shop = int(self.shop.url.rpartition(":")[2])
        ours = psutil.Process().net_connections("tcp")
        found = [
            f"to port {it.raddr.port}"
            for it in ours
            if it.status == psutil.CONN_ESTABLISHED and it.raddr.port in (shop, self.postgres.port)
        ]
        return found + [it.path for it in psutil.Process().open_files() if ".duckdb" in it.path]


def until(met: Callable[[], bool], otherwise: str, seconds: float = 5.0) -> None:
    """Waits until it is so; fails with `otherwise`."""
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)
