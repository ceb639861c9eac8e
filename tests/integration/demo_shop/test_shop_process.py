"""The shop as a process, and its controls over HTTP."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

import demo_shop
from demo_shop import DemoShop, ShopAdmin

KEY = 'k+y/=&%é"1'


@contextmanager
def running(*arguments: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    source = str(Path(demo_shop.__file__).parents[1])
    process = subprocess.Popen(
        [sys.executable, "-m", "demo_shop", "--api-key-env", "SHOP_KEY", "--admin", *map(str, arguments)],
        env={**os.environ, "SHOP_KEY": KEY, "PYTHONPATH": source},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("demo shop at http://127.0.0.1:")
        yield process, line.split()[-1]
    finally:
        process.kill()
        process.communicate()


def end(process: subprocess.Popen[str], number: signal.Signals) -> None:
    began = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=5)
    assert time.monotonic() - began < 2
    assert (process.returncode, out, err) == (0, "", "")


def test_process_keeps_its_rows_over_a_restart(tmp_path: Path) -> None:
    state, ready = tmp_path / "shop.json", tmp_path / "ready"
    with running("--state", state, "--ready-file", ready, "--size", "orders=7") as (process, url):
        assert requests.get(f"{url}/health", timeout=5).json()["status"] == "ok"
        admin = ShopAdmin(url, KEY)
        assert admin.insert("orders", note="kept")["id"] == 8
        admin.delete("orders", 1)
        before = admin.rows("orders")
        assert ready.read_text() == f"{url}\n"
        end(process, signal.SIGTERM)
    with running("--state", state) as (process, url):
        assert ShopAdmin(url, KEY).rows("orders") == before
        assert [row["id"] for row in before] == [2, 3, 4, 5, 6, 7, 8]
        end(process, signal.SIGINT)


def test_process_changes_by_itself_and_stops_with_a_stalled_request() -> None:
    with running("--tick-every", "0.02", "--no-deletes") as (process, url):
        admin = ShopAdmin(url, KEY)
        admin.fail("stall", path="/v1/orders")
        with pytest.raises(requests.ReadTimeout):
            requests.get(f"{url}/v1/orders", timeout=0.2)
        rows = [row for name in demo_shop.SIZES for row in admin.rows(name)]
        assert sum(row["updated_at"] > "2026-07" for row in rows) > 3
        assert len(rows) >= sum(demo_shop.SIZES.values())
        end(process, signal.SIGTERM)


def test_process_refuses_a_missing_key() -> None:
    with pytest.raises(SystemExit, match="2"):
        demo_shop_main("--api-key-env", "NO_SUCH_VARIABLE")
    with pytest.raises(SystemExit, match="2"):
        demo_shop_main("--size", "baskets=3")


def demo_shop_main(*arguments: str) -> None:
    from demo_shop.__main__ import parse

    parse(arguments)


@pytest.fixture
def shop() -> Iterator[DemoShop]:
    with DemoShop(KEY, admin=True, sizes={"orders": 5}) as started:
        yield started


@pytest.fixture
def admin(shop: DemoShop) -> ShopAdmin:
    return ShopAdmin(shop.url, KEY)


def test_admin_changes_rows(shop: DemoShop, admin: ShopAdmin) -> None:
    admin.clock = "2026-07-01T12:00:00Z"
    assert admin.clock == "2026-07-01T12:00:00.000000Z"
    assert admin.update("orders", 2, note="x")["updated_at"] == "2026-07-01T12:00:00Z"
    assert admin.edit_silently("orders", 3, note="y")["updated_at"] < "2026-07"
    assert admin.late_commit("orders", "2025-01-01T00:00:00Z")["id"] == 6
    assert admin.rows("orders") == shop.rows("orders")
    assert admin.row("orders", 2, "v2") == shop.row("orders", 2, "v2")
    assert {change.name for change in admin.tick(5, names=["orders"], deletes=False)} == {"orders"}


def test_admin_sets_faults_and_habits(shop: DemoShop, admin: ShopAdmin) -> None:
    admin.fail("status", status=429, retry_after=2, times=None)
    answer = requests.get(f"{shop.url}/v1/orders", timeout=5)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
    assert [fault["used"] for fault in admin.faults] == [1]
    admin.clear_faults()
    assert shop.faults == []
    admin.habits.max_limit = 3
    assert shop.habits.max_limit == admin.habits.max_limit == 3
    admin.set_habits(no_total=True, max_limit=9)
    assert (shop.habits.no_total, shop.habits.max_limit) == (True, 9)
    with pytest.raises(ValueError, match="found habit 'cap_limit'"):
        admin.habits.cap_limit = True


def test_admin_reads_the_log(shop: DemoShop, admin: ShopAdmin) -> None:
    requests.get(f"{shop.url}/v1/orders", params={"limit": 2}, timeout=5)
    (record,) = admin.requests_for("/v1/orders")
    assert (record.status, record.params, record.in_flight) == (401, {"limit": "2"}, 1)
    assert admin.max_in_flight == 1
    admin.expire_tokens()
    admin.reset_log()
    assert admin.requests == shop.requests == []


def test_admin_refuses(shop: DemoShop, admin: ShopAdmin) -> None:
    with pytest.raises(PermissionError):
        ShopAdmin(shop.url, "wrong").rows("orders")
    with pytest.raises(KeyError, match="no row 99"):
        admin.delete("orders", 99)
    with pytest.raises(KeyError, match="found resource 'baskets'"):
        admin.rows("baskets")
    with pytest.raises(ValueError, match="found fault 'explode'"):
        admin.fail("explode")
    with pytest.raises(ValueError, match="unexpected keyword"):
        admin.fail("drop", colour="red")
    with pytest.raises(KeyError, match="found action 'explode'"):
        admin.call("explode")
    headers = {"X-API-Key": KEY.encode()}
    answer = requests.get(f"{shop.url}/_admin/rows", params={"name": "orders"}, headers=headers, timeout=5)
    assert len(answer.json()["result"]) == 5
    assert requests.get(f"{shop.url}/_admin/tick", headers=headers, timeout=5).status_code == 404
    assert requests.post(f"{shop.url}/_admin/tick", data="[", headers=headers, timeout=5).status_code == 400


def test_admin_is_closed_by_default() -> None:
    with DemoShop(KEY) as shop:
        assert requests.get(f"{shop.url}/_admin/habits", timeout=5).status_code == 401
        headers = {"X-API-Key": KEY.encode()}
        assert requests.get(f"{shop.url}/_admin/habits", headers=headers, timeout=5).status_code == 404
