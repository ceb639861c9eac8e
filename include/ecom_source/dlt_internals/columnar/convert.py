"""Values as JSON has them -> values of a column's type, for all rows at once, as dlt converts them one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ecom_source.dlt_internals.exact_values import NUMBER

Values = Callable[[], Sequence[Any]]
"""The Python values that an array was made of."""

_NUMBERS = frozenset((int, float, type(None)))
_DECIMAL = rf"^{NUMBER}$"
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_INSTANT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$"


class NotColumnar(Exception):
    """These rows go dlt's own way."""


def converted(array: pa.Array, data_type: str, target: pa.Field, values: Values) -> pa.Array:
    """`array` as a column of dlt's `data_type`.

    Args:
        array: as Arrow reads JSON: null, boolean, int64, double or string.
        target: the field that dlt writes such a column to.
        values: what `array` was made of; called only where Arrow would take one type for another.

    Raises:
        NotColumnar: dlt might make another value of one of them, another column, or an error.
    """
    if array.null_count and not target.nullable:
        raise NotColumnar(f"{target.name} is null")
    if array.null_count == len(array):
        return pa.nulls(len(array), target.type)
    convert = _CONVERSIONS.get((data_type, str(array.type)))
    if convert is None:
        raise NotColumnar(f"{target.name}: {array.type} in a column of {data_type}")
    if array.type == pa.float64() and not _NUMBERS.issuperset(map(type, values())):
        # Arrow takes true for 1.0.
        raise NotColumnar(f"{target.name}: not only numbers")
    return convert(array, target.type)


def rounded(array: pa.Array, target: pa.Field, values: Values) -> tuple[pa.Array, pa.Array]:
    """Numbers with more digits than the decimal column `target` holds, rounded as a database does it (half away from
    zero), and which of them were changed.

    Raises:
        NotColumnar: as `converted`.
        pa.ArrowInvalid: a number is too large for the column, or has more digits than Arrow can round.
    """
    if array.type == pa.float64() and _NUMBERS.issuperset(map(type, values())):
        array = array.cast(pa.string())
    elif array.type == pa.string():
        array = _matching(array, _DECIMAL)
    else:
        raise NotColumnar(f"{target.name}: {array.type} in a column of decimals")
    given = array.cast(pa.decimal256(76, 38))
    found = pc.round(given, ndigits=target.type.scale, round_mode="half_towards_infinity")
    return found.cast(target.type), pc.not_equal(found, given)


def _same(array: pa.Array, kind: pa.DataType) -> pa.Array:
    return array if array.type == kind else array.cast(kind)


def _number_to_decimal(array: pa.Array, kind: pa.DataType) -> pa.Array:
    # Through the shortest text, as dlt: 0.1 is 0.1.
    return array.cast(pa.string()).cast(kind)


def _text_to_decimal(array: pa.Array, kind: pa.DataType) -> pa.Array:
    return _matching(array, _DECIMAL).cast(kind)


def _text_to_date(array: pa.Array, kind: pa.DataType) -> pa.Array:
    return _in_years(_matching(array, _DAY).cast(kind))


def _text_to_instant(array: pa.Array, kind: pa.DataType) -> pa.Array:
    if kind.tz is None:
        raise NotColumnar("a timestamp without a zone")
    # The text names its own offset; the zone of the column is how the instant is shown.
    return _in_years(_matching(array, _INSTANT).cast(pa.timestamp(kind.unit, "UTC"))).cast(kind)


def _in_years(array: pa.Array) -> pa.Array:
    """Arrow has years that Python and warehouses have not."""
    year = pc.year(array)
    if pc.min(year).as_py() < 1 or pc.max(year).as_py() > 9999:
        raise NotColumnar("a year out of range")
    return array


def _matching(array: pa.Array, pattern: str) -> pa.Array:
    if not pc.all(pc.match_substring_regex(array, pattern)).as_py():
        raise NotColumnar("a text of another shape")
    return array


_CONVERSIONS: dict[tuple[str, str], Callable[[pa.Array, pa.DataType], pa.Array]] = {
    ("text", "string"): _same,
    ("bool", "bool"): _same,
    ("bigint", "int64"): _same,
    ("double", "double"): _same,
    ("double", "int64"): _same,
    ("decimal", "double"): _number_to_decimal,
    ("decimal", "int64"): _number_to_decimal,
    ("decimal", "string"): _text_to_decimal,
    ("date", "string"): _text_to_date,
    ("timestamp", "string"): _text_to_instant,
}
"""By dlt's type of the column and Arrow's type of the values. What is not here is left to dlt."""
