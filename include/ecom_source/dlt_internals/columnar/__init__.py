"""Rows made into tables column by column, where dlt goes value by value: the same tables in a fraction of the time.

dlt's normalize step takes half of a run's CPU time, since it looks at each value of each row in Python. Here Arrow
looks at a whole chunk of rows at once, wherever that cannot make a difference: all columns are known, and each value is
of its column's type or of one that leads to it in one way only. Any other chunk is left to dlt, the first of a new
table or column among them, so that all that dlt decides (names, types, variants, contracts) is decided by dlt.

dlt has no place to plug this in, so its class is exchanged for the time of a load. This can go once dlt's normalizer of
JSON rows works on columns: https://github.com/dlt-hub/dlt/blob/1.31.0/dlt/normalize/items_normalizers/jsonl.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlt.common.schema import Schema
    from dlt.normalize.items_normalizers import ItemsNormalizer

    from ecom_source.dlt_internals.value_checks import ValueChecks


@contextmanager
def columnar(expect: Callable[[int, int, Schema], None], checks: ValueChecks) -> Iterator[None]:
    """Lets dlt normalize by columns, and exactly, for as long as the block lasts.

    Args:
        expect: is told how many rows came so far, of how many bytes, and for which tables, before they are loaded; not
            where dlt normalizes in processes of its own.
        checks: what is looked at in each value, by columns or not.
    """
    from dlt.normalize import worker
    from dlt.normalize.items_normalizers import JsonLItemsNormalizer

    from ecom_source.dlt_internals.exact_normalizer import ExactNormalizer

    rows_so_far = size_so_far = 0
    process = os.getpid()

    def told(rows: int, size: int, schema: Schema) -> None:
        nonlocal rows_so_far, size_so_far
        rows_so_far, size_so_far = rows_so_far + rows, size_so_far + size
        if os.getpid() == process:
            expect(rows_so_far, size_so_far, schema)

    def normalizer(item_storage: Any, *given: Any, **more: Any) -> ItemsNormalizer:
        if item_storage.writer_spec.file_format != "parquet":
            return ExactNormalizer(item_storage, *given, checks=checks, **more)
        # Arrow takes a while to import, and a run that finds nothing new does without.
        from ecom_source.dlt_internals.columnar.normalizer import ColumnarNormalizer

        return ColumnarNormalizer(item_storage, *given, expect=told, checks=checks, **more)

    worker.JsonLItemsNormalizer = normalizer  # type: ignore[assignment,attr-defined]
    try:
        yield
    finally:
        worker.JsonLItemsNormalizer = JsonLItemsNormalizer  # type: ignore[attr-defined]
