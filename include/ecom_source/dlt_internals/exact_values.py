"""A value as a column's type, only where nothing of it is lost on the way.

dlt converts what it can: the text "01234" becomes the number 1234, "yes" becomes true, 2.5 becomes true. Here each pair
of types has its own rule for what can be read back. What cannot is refused with a ValueError, which makes dlt give it a
column of its own (a variant).

A column that the API description gives a type takes more than one whose type was found in the rows: there a text that
is spelled as JSON spells a number is that number, and "1" is true. See `coerce_value` in
https://github.com/dlt-hub/dlt/blob/1.31.0/dlt/common/data_types/type_helpers.py for what dlt would do.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from dlt.common.data_types import coerce_value

WHOLE = r"-?(?:0|[1-9][0-9]*)"
NUMBER = rf"{WHOLE}(?:\.[0-9]+)?"
"""A number as a person writes it: no zeros, signs, blanks or digits of other scripts in front."""
_JSON_NUMBER = re.compile(rf"{NUMBER}(?:[eE][+-]?[0-9]+)?")
_WHOLE = re.compile(WHOLE)
_FRACTION = re.compile(r"[.,]([0-9]+)")
_MOMENT = re.compile(r"\d{4}.*[T ]\d\d.*", re.ASCII | re.DOTALL)
_DAY = re.compile(r"\d{4}([-/]?)\d\d\1\d\d", re.ASCII)
_TIME = re.compile(r"\d\d:\d\d(:\d\d(\.\d+)?)?", re.ASCII)

SMALLEST, LARGEST = -(2**63), 2**63 - 1
"""Of a whole number in 64 bits."""


class Unstorable(ValueError):
    """A value of the right type, which no warehouse has: it is an error, and not one for a column of its own."""


def exact(to: str, given: str, value: Any, *, described: bool) -> Any:
    """`value`, which dlt takes for the type `given`, as the type `to`; both are dlt's names of types.

    Args:
        described: the API description gives the column its type.

    Raises:
        ValueError: something of the value would be lost.
        Unstorable: the value is of the type, and out of its range.
    """
    rule = _RULES.get((to, given))
    if rule is None:
        return coerce_value(to, given, value)  # type: ignore[arg-type]
    return rule(value, described)


def is_finer(to: str, given: str, value: Any) -> bool:
    """Whether `exact` cuts something off that the type cannot hold: digits below a microsecond, the hour of a date."""
    if given == "text" and to in ("timestamp", "time"):
        # A time of the day with microseconds has 15 characters.
        found = _FRACTION.search(value) if len(value) > 15 and ("." in value or "," in value) else None
        return found is not None and bool(found[1][6:].strip("0"))
    if to == "timestamp" and given == "double":
        return bool(coerce_value("timestamp", "double", value).timestamp() != value)
    if to != "date" or given == "date":
        return False
    if given == "text" and _DAY.fullmatch(value):
        return False
    moment = coerce_value("timestamp", given, value)  # type: ignore[arg-type]
    # dlt's day is that of UTC.
    moment = moment.astimezone(UTC) if moment.tzinfo else moment
    return bool(moment.time() != time())


def _refuse_unless(kept: bool, value: Any) -> None:
    if not kept:
        raise ValueError(value)


def _number_of(text: str) -> Decimal:
    _refuse_unless(_JSON_NUMBER.fullmatch(text) is not None, text)
    return Decimal(text)


def _text_to_bigint(value: str, described: bool) -> int:
    _refuse_unless(_WHOLE.fullmatch(value) is not None and value != "-0" and len(value) <= 20, value)
    return _in_64_bits(int(value))


def _in_64_bits(number: int) -> int:
    _refuse_unless(SMALLEST <= number <= LARGEST, number)
    return number


def _whole(value: Any, described: bool) -> int:
    _refuse_unless(math.isfinite(value) and value % 1 == 0, value)
    return _in_64_bits(int(value))


def _text_to_double(value: str, described: bool) -> float:
    number = _number_of(value)
    found = float(value)
    _refuse_unless(math.isfinite(found), value)
    # The shortest text of a double stands for it: 0.1 is 0.1.
    _refuse_unless(Decimal(repr(found)) == number if described else repr(found) == value, value)
    return found


def _whole_to_double(value: int, described: bool) -> float:
    found = _as_float(value)
    _refuse_unless(int(found) == value, value)
    return found


def _decimal_to_double(value: Decimal, described: bool) -> float:
    found = _as_float(value)
    _refuse_unless(math.isfinite(found) and Decimal(repr(found)) == value, value)
    return found


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        raise ValueError(value) from None


def _text_to_decimal(value: str, described: bool) -> Decimal:
    return _number_of(value)


def _double_to_decimal(value: float, described: bool) -> Decimal:
    _refuse_unless(math.isfinite(value), value)
    return Decimal(str(value))


def _text_to_bool(value: str, described: bool) -> Any:
    _refuse_unless(described, value)
    return coerce_value("bool", "text", value)


def _number_to_bool(value: Any, described: bool) -> bool:
    _refuse_unless(value in (0, 1), value)
    return bool(value)


def _text_to_timestamp(value: str, described: bool) -> Any:
    if described and (_DAY.fullmatch(value) or _JSON_NUMBER.fullmatch(value)):
        # dlt takes a number for seconds since 1970, except for one that looks like a year or a month.
        _refuse_unless(_DAY.fullmatch(value) is not None or len(value) > 8, value)
        return coerce_value("timestamp", "text", value)
    _refuse_unless(_MOMENT.fullmatch(value) is not None, value)
    found: datetime = coerce_value("timestamp", "text", value)
    try:
        if found.tzinfo is not None and not 1 < found.year < 9999:
            found.astimezone(UTC)
    except OverflowError:
        raise Unstorable("by the clock of UTC, which warehouses keep, it is not in the years 1 to 9999") from None
    return found


def _number_to_timestamp(to: str, given: str) -> Callable[[Any, bool], Any]:
    def convert(value: Any, described: bool) -> Any:
        # In a column of instants that the shop writes as texts, a number is something else.
        _refuse_unless(described and math.isfinite(value), value)
        return coerce_value(to, given, value)  # type: ignore[arg-type]

    return convert


def _text_to_date(value: str, described: bool) -> date:
    _refuse_unless(_DAY.fullmatch(value) is not None or _MOMENT.fullmatch(value) is not None, value)
    found: date = coerce_value("date", "text", value)
    return found


def _text_to_time(value: str, described: bool) -> time:
    _refuse_unless(_TIME.fullmatch(value) is not None, value)
    found: time = coerce_value("time", "text", value)
    return found


def _text_to_binary(value: str, described: bool) -> bytes:
    found: bytes = coerce_value("binary", "text", value)
    _refuse_unless(value.lower() == f"0x{found.hex()}" or value == base64.b64encode(found).decode(), value)
    return found


def _text_to_json(value: str, described: bool) -> Any:
    found = coerce_value("json", "text", value)
    spellings = (json.dumps(found, ensure_ascii=ascii, separators=each) for ascii in (True, False) for each in _COMMAS)
    _refuse_unless(value in spellings, value)
    return found


_COMMAS = ((",", ":"), (", ", ": "))
_RULES: dict[tuple[str, str], Callable[[Any, bool], Any]] = {
    ("bigint", "text"): _text_to_bigint,
    **{("bigint", number): _whole for number in ("double", "decimal", "wei")},
    ("double", "text"): _text_to_double,
    ("double", "bigint"): _whole_to_double,
    ("double", "decimal"): _decimal_to_double,
    ("double", "wei"): _decimal_to_double,
    ("decimal", "text"): _text_to_decimal,
    ("decimal", "double"): _double_to_decimal,
    ("wei", "text"): _text_to_decimal,
    ("wei", "double"): _double_to_decimal,
    ("bool", "text"): _text_to_bool,
    **{("bool", number): _number_to_bool for number in ("bigint", "double", "decimal", "wei")},
    ("timestamp", "text"): _text_to_timestamp,
    **{(to, given): _number_to_timestamp(to, given) for to in ("timestamp", "date") for given in ("bigint", "double")},
    ("date", "text"): _text_to_date,
    ("time", "text"): _text_to_time,
    ("binary", "text"): _text_to_binary,
    ("json", "text"): _text_to_json,
}
"""By dlt's types of the column and of the value. Of any other pair dlt loses nothing, or refuses it itself."""
