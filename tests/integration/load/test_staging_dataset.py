"""Loads of one resource at the same moment, with nobody to make them take turns, lose nothing."""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor

from tests.support.apis import CATALOGUE, api, windowed
from tests.support.loads import Tables, backfill, load_as, manual

from demo_shop import DemoShop

API = api(windowed("ecommerce_data", "/v1/resource", columns=CATALOGUE["columns"]))


def one_load(kind: str) -> int:
    """A load in a process of its own; the rows it loaded."""
    run = manual() if kind == "manual" else backfill(*kind.split("/"))
    return sum(load_as(API, run)["ecommerce_data"].rows.values())


def test_concurrent_loads_on_postgres_lose_no_row_and_repeat_no_key(shop: DemoShop, postgres_tables: Tables) -> None:
    kinds = ["2024-01-01/2025-01-01", "2025-01-01/2026-01-01", "manual", "manual", "manual"]
    # The very first ones also race for the tables themselves.
    with ProcessPoolExecutor(5, mp_context=multiprocessing.get_context("spawn")) as pool:
        futures = [pool.submit(one_load, kind) for kind in kinds]
        while not all(future.done() for future in futures):
            shop.tick(1, names=["resource"], deletes=False)
            time.sleep(0.2)
        assert all(future.result() > 0 for future in futures)
    load_as(API, manual())
    postgres_tables.assert_equal_to(shop)
    schemas = postgres_tables.query("SELECT schema_name FROM information_schema.schemata")[1]
    assert not [name for (name,) in schemas if "staging" in name]
