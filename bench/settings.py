"""Each setting taken away in turn, to see what it brings."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from types import ModuleType
from typing import Any


def _exchange(owner: ModuleType | type, **new: Any) -> None:
    """Puts something else in the place of what is there.

    Raises:
        AttributeError: it is not there: what the setting is for would be measured with the setting on.
    """
    for name, value in new.items():
        if name not in vars(owner):
            raise AttributeError(f"{owner.__name__} has no {name}")
        setattr(owner, name, value)


def _tuning(**more: Any) -> None:
    from ecom_source.warehouses import catalog

    found = tuple(replace(each, tuning=replace(each.tuning, **more)) for each in catalog.WAREHOUSES)
    _exchange(catalog, WAREHOUSES=found)


def _rows_one_by_one() -> None:
    from ecom_source.load import surroundings

    _exchange(surroundings, columnar=lambda *given: nullcontext())


def _duckdb(*names: str) -> None:
    from ecom_source.warehouses.types import duckdb

    kept = dict(duckdb.LOAD_SETTINGS)
    for name in names:
        del kept[name]
    _exchange(duckdb, LOAD_SETTINGS=kept)


def _large_sets() -> None:
    from ecom_source.paging import seen_keys as keys

    class Hashes(set[int]):
        def add(self, value: int) -> bool:  # type: ignore[override]
            before = len(self)
            super().add(value)
            return len(self) > before

    _exchange(keys, Hashes=Hashes)


def _calm_collector() -> None:
    from ecom_source.dlt_internals import settings as tuning

    _exchange(tuning, GC_THRESHOLDS=gc.get_threshold())


def _decoded_once() -> None:
    from requests import Response

    from ecom_source.http import session as client

    _exchange(client, PageResponse=Response, NulFreeResponse=Response)


def _bounded() -> None:
    from ecom_source.dlt_internals.duckdb_memory import Memory

    _exchange(Memory, bound=lambda *given: None)


def _compiled_selector() -> None:
    from ecom_source.load import build_source as source

    _exchange(source, _compile_selector=lambda *given: None)


WITHOUT: Mapping[str, Callable[[], None]] = {
    "rows by columns": _rows_one_by_one,
    "parquet": lambda: _tuning(file_format=None),
    "files not compressed": lambda: os.environ.update(DATA_WRITER__DISABLE_COMPRESSION="false"),
    "2,000 rows in a buffer": lambda: os.environ.update(DATA_WRITER__BUFFER_MAX_ITEMS="5000"),
    "a calm garbage collector": _calm_collector,
    "pages decoded once": _decoded_once,
    "the selector compiled once": _compiled_selector,
    "rows passed once": lambda: _tuning(distinct_rows=False),
    "one file at a time": lambda: _tuning(one_file_at_a_time=False),
    "small sets of keys": _large_sets,
    "one thread of DuckDB": lambda: _duckdb("threads"),
    "DuckDB's caches given back": lambda: _duckdb(
        "enable_external_file_cache",
        "write_buffer_row_group_count",
        "allocator_flush_threshold",
        "allocator_bulk_deallocation_flush_threshold",
    ),
    "DuckDB's memory bounded": _bounded,
}
"""By the name of the setting that is taken away."""
