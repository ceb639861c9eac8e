"""Rows made into tables column by column, where dlt goes value by value: the same tables in a fraction of the time.

dlt's normalize step takes half of a run's CPU time, since it looks at each value of each row in Python. Here Arrow
looks at a whole chunk of rows at once, wherever that cannot make a difference: all columns are known, and each value is
of its column's type or of one that leads to it in one way only. Any other chunk is left to dlt, the first of a new
table or column among them, so that all that dlt decides (names, types, variants, contracts) is decided by dlt.

dlt has no place to plug this in, so its class is exchanged for the time of a load; where dlt has moved what only this
stands on, all rows go value by value (`exact_normalizer`), which no load does without. This can go once dlt
normalizes JSON rows by columns:
https://github.com/dlt-hub/dlt/blob/1.31.0/dlt/normalize/items_normalizers/jsonl.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ecom_source.dlt_internals.fallback import go_dlts_own_way, needed

if TYPE_CHECKING:
    from dlt.common.schema import Schema
    from dlt.normalize.items_normalizers import ItemsNormalizer

    from ecom_source.dlt_internals.value_checks import ValueChecks

FEATURE = "rows made into columns"


@contextmanager
def columnar(expect: Callable[[int, int, Schema], None], checks: ValueChecks) -> Iterator[None]:
    """Lets dlt normalize by columns, and exactly, for as long as the block lasts.

    Args:
        expect: is told how many rows came so far, of how many bytes, and for which tables, before they are loaded; not
            where dlt normalizes in processes of its own.
        checks: what is looked at in each value, by columns or not.

    Raises:
        DriverMissingError: dlt has moved what the checks stand on.
    """
    from dlt.normalize import worker as module

    worker: Any = module
    with needed("checks of values"):
        from ecom_source.dlt_internals.exact_normalizer import ExactNormalizer

        theirs: type[ItemsNormalizer] = worker.JsonLItemsNormalizer
    rows_so_far = size_so_far = 0
    process = os.getpid()

    def told(rows: int, size: int, schema: Schema) -> None:
        nonlocal rows_so_far, size_so_far
        rows_so_far, size_so_far = rows_so_far + rows, size_so_far + size
        if os.getpid() == process:
            expect(rows_so_far, size_so_far, schema)

    def normalizer(item_storage: Any, *given: Any, **more: Any) -> ItemsNormalizer:
        own = ExactNormalizer(item_storage, *given, checks=checks, **more)
        if item_storage.writer_spec.file_format != "parquet":
            return own
        try:
            # Arrow takes a while to import, and a run that finds nothing new does without.
            from ecom_source.dlt_internals.columnar.normalizer import ColumnarNormalizer, check_reach

            check_reach(own)
            return ColumnarNormalizer(item_storage, *given, expect=told, checks=checks, **more)
        except (ImportError, AttributeError) as error:
            go_dlts_own_way(FEATURE, str(error))
            return own

    worker.JsonLItemsNormalizer = normalizer
    try:
        yield
    finally:
        worker.JsonLItemsNormalizer = theirs
