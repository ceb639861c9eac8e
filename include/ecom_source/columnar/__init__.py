"""Rows made into tables column by column, where dlt goes value by value: the same tables in a fraction of the time.

dlt's normalize step takes half of a run's CPU time, since it looks at each value of each row in Python. Here Arrow
looks at a whole chunk of rows at once, wherever that cannot make a difference: all columns are known, and each value is
of its column's type or of one that leads to it in one way only. Any other chunk is left to dlt, the first of a new
table or column among them, so that all that dlt decides (names, types, variants, contracts) is decided by dlt.

dlt has no place to plug this in, so its class is exchanged for the time of a load. This can go once dlt's normalizer of
JSON rows works on columns: https://github.com/dlt-hub/dlt/blob/1.31.0/dlt/normalize/items_normalizers/jsonl.py.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager


def columnar(expect: Callable[[int], None]) -> AbstractContextManager[None]:
    """Lets dlt normalize by columns for as long as the block lasts.

    Args:
        expect: is told how many rows came from the shop, before they are loaded.
    """
    # Arrow takes a while to import, and is needed by loads only.
    from ecom_source.columnar.normalizer import columnar_normalize

    return columnar_normalize(expect)
