"""dlt's writer of extracted rows, which names the value that cannot be written.

dlt keeps rows as JSON between its steps. What JSON cannot hold fails with the text of the encoder alone (half a
surrogate, a whole number over 64 bits) or becomes null without a word (NaN). The row is looked for once that happened;
for NaN, where an answer was decoded by a decoder that takes it, or a processing step may have made it.

This can go once dlt's own error names the row.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from dlt.common.data_writers.writers import TypedJsonlListWriter
from dlt.common.typing import TDataItem

from ecom_source.dlt_internals.exact_values import SMALLEST
from ecom_source.dlt_internals.fallback import needed
from ecom_source.dlt_internals.value_checks import ValueChecks
from ecom_source.errors import PayloadError

FEATURE = "checks of what is written"
LARGEST_WRITTEN = 2**64 - 1
"""Of a whole number in dlt's JSON; a column of decimals or texts takes those above 63 bits."""


@contextmanager
def checked_extract(checks: ValueChecks) -> Iterator[None]:
    """Names what cannot be written for as long as the block lasts.

    Raises:
        DriverMissingError: dlt has moved what this stands on. It would write null for NaN without a word.
    """
    from dlt.extract import storage

    with needed(FEATURE):
        plain = storage.ExtractorItemStorage
        operator.attrgetter("_get_writer")(plain)

    class CheckedStorage(plain):  # type: ignore[valid-type,misc]
        def _get_writer(self, load_id: str, schema_name: str, table_name: str) -> Any:
            writer = super()._get_writer(load_id, schema_name, table_name)
            with needed(FEATURE):
                written_by = self.writer_cls, writer.writer_cls
            if written_by[0] is TypedJsonlListWriter:
                writer.writer_cls = partial(CheckedWriter, table=table_name, checks=checks)
            return writer

    storage.ExtractorItemStorage = CheckedStorage  # type: ignore[misc]
    try:
        yield
    finally:
        storage.ExtractorItemStorage = plain  # type: ignore[misc]


class CheckedWriter(TypedJsonlListWriter):
    """Writes rows of a table.

    Args:
        table: its name.
        checks: of the load.
    """

    def __init__(self, *args: Any, table: str, checks: ValueChecks, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._table, self._checks = table, checks

    def write_data(self, items: Sequence[TDataItem]) -> None:
        """Writes them.

        Raises:
            PayloadError: one of them has a value that cannot be written.
        """
        if self._checks.may_have_nan():
            self._refuse(items)
        try:
            super().write_data(items)
        except TypeError:
            self._refuse(items)
            raise

    def _refuse(self, items: Sequence[TDataItem]) -> None:
        for item in items:
            for field, value, why, cure in _unwritable(item, ""):
                keys = self._checks.keys.get(self._table, ())
                row = self._checks.row_of(keys, item if isinstance(item, dict) else {})
                raise PayloadError(
                    f"{self._table}.{field} is {self._checks.shown(value)} in {row}: {why}.",
                    expected="values that JSON and a warehouse can hold; nothing of this read was loaded.",
                    fix=f"have it mended in the shop, or put `{cure}` in its place in a step of the resource's "
                    '`processing_steps` ({"map": …}, docs/shops.md has one).',
                )


def _unwritable(value: Any, field: str) -> Iterator[tuple[str, Any, str, str]]:
    """Fields, their values, why they cannot be written, and what could be."""
    kind = type(value)
    if kind is dict:
        for name, each in value.items():
            yield from _unwritable(each, f"{field}.{name}" if field else str(name))
    elif kind is list:
        for each in value:
            yield from _unwritable(each, field)
    elif kind is str:
        if not value.isascii() and not _is_unicode(value):
            yield field, value, "half of a surrogate pair is no character", 'value.encode(errors="replace").decode()'
    elif kind is int:
        if not SMALLEST <= value <= LARGEST_WRITTEN:
            yield field, value, "a whole number takes 64 bits at most", "str(value)"
    elif kind is float and not math.isfinite(value):
        yield field, value, "NaN and Infinity are no JSON, and would become null", "None"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
