"""What a column takes, and that it can be read back: pair by pair, and for any value at all."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from dlt.common.data_types.type_helpers import PY_TYPE_TO_SC_TYPE
from hypothesis import example, given
from hypothesis import strategies as st

from ecom_source.dlt_internals.exact_values import Unstorable, exact, is_finer

REFUSED = object()


def taken(to: str, value: Any, *, described: bool = False) -> Any:
    """`value` as the type `to`, or `REFUSED`."""
    try:
        return exact(to, PY_TYPE_TO_SC_TYPE[type(value)], value, described=described)
    except ValueError:
        return REFUSED


@pytest.mark.parametrize("described", [True, False])
@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("5", 5),
        ("-12", -12),
        ("0", 0),
        ("9223372036854775807", 2**63 - 1),
        *((text, REFUSED) for text in ("01234", "1_000", " 7 ", "+5", "١٢", "1e3", "-0", "0x1F", "5.0", "", "²")),
        ("9223372036854775808", REFUSED),
        (2.0, 2),
        (2.5, REFUSED),
        (1e19, REFUSED),
        (Decimal("2.0"), 2),
        (Decimal("2.5"), REFUSED),
        (Decimal("NaN"), REFUSED),
        (True, REFUSED),
    ],
)
def test_a_whole_number(value: Any, number: Any, described: bool) -> None:
    assert taken("bigint", value, described=described) == number


@pytest.mark.parametrize(
    ("value", "found", "described"),
    [
        ("1.5", 1.5, 1.5),
        ("2.50", REFUSED, 2.5),
        ("2", REFUSED, 2.0),
        ("1e3", REFUSED, 1000.0),
        ("0.30000000000000004", 0.30000000000000004, 0.30000000000000004),
        ("12345678901234567890.123", REFUSED, REFUSED),
        *(
            (text, REFUSED, REFUSED)
            for text in ("01.5", "+1.5", " 1.5", "1_0.5", "nan", "inf", "1e999", "٣.٤", ".5", "")
        ),
        (2**53, 2.0**53, 2.0**53),
        (2**53 + 1, REFUSED, REFUSED),
        (10**400, REFUSED, REFUSED),
        (Decimal("0.1"), 0.1, 0.1),
        (Decimal("0.10000000000000001"), REFUSED, REFUSED),
    ],
)
def test_a_broken_number(value: Any, found: Any, described: Any) -> None:
    assert taken("double", value) == found
    assert taken("double", value, described=True) == described


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("12.34567", Decimal("12.34567")),
        ("-0.50", Decimal("-0.50")),
        ("1e3", Decimal(1000)),
        (0.1, Decimal("0.1")),
        (25, Decimal(25)),
        *((text, REFUSED) for text in ("01.5", "+5", " 7 ", "1_000", "NaN", "Infinity", "١٢", "0x10", "12,50", "€ 5")),
        (math.nan, REFUSED),
        (math.inf, REFUSED),
    ],
)
def test_a_decimal(value: Any, found: Any) -> None:
    assert taken("decimal", value, described=True) == found


@pytest.mark.parametrize(
    ("value", "found", "described"),
    [
        ("1", REFUSED, True),
        ("0", REFUSED, False),
        ("yes", REFUSED, True),
        ("false", REFUSED, False),
        ("on", REFUSED, REFUSED),
        ("", REFUSED, REFUSED),
        (1, True, True),
        (0, False, False),
        (1.0, True, True),
        (2, REFUSED, REFUSED),
        (-1, REFUSED, REFUSED),
        (0.5, REFUSED, REFUSED),
    ],
)
def test_true_and_false(value: Any, found: Any, described: Any) -> None:
    assert taken("bool", value) is found
    assert taken("bool", value, described=True) is described


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "found", "described"),
    [
        ("2026-03-01T12:00:00Z", NOON, NOON),
        ("2026-03-01T13:00:00+01:00", NOON, NOON),
        ("2026-03-01 12:00", NOON.replace(tzinfo=None), NOON.replace(tzinfo=None)),
        ("2026-03-01", REFUSED, datetime(2026, 3, 1)),
        *((text, REFUSED, REFUSED) for text in ("2026", "15", "2026-03", "12:30", "now", "0000-00-00", "", "2026-W05")),
        ("1772366400", REFUSED, NOON),
        (1772366400, REFUSED, NOON),
        (1772366400.0, REFUSED, NOON),
        (1772366400000, REFUSED, REFUSED),
        (math.nan, REFUSED, REFUSED),
    ],
)
def test_an_instant(value: Any, found: Any, described: Any) -> None:
    assert taken("timestamp", value) == found
    assert taken("timestamp", value, described=True) == described


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-08:00", "0001-01-01T00:00:00+08:00"])
def test_an_instant_out_of_range_is_no_value_of_another_type(text: str) -> None:
    with pytest.raises(Unstorable, match="years 1 to 9999"):
        exact("timestamp", "text", text, described=False)


@pytest.mark.parametrize(
    ("to", "value", "finer"),
    [
        ("timestamp", "2026-03-01T12:00:00.123456Z", False),
        ("timestamp", "2026-03-01T12:00:00.123456000Z", False),
        ("timestamp", "2026-03-01T12:00:00.123456789Z", True),
        ("timestamp", 1.25, False),
        ("timestamp", 1.123456789, True),
        ("time", "10:00:00.1234567", True),
        ("date", "2026-03-01", False),
        ("date", "2026-03-01T00:00:00Z", False),
        ("date", "2026-03-01T10:00:00Z", True),
        ("date", NOON, True),
        ("date", 86400, False),
        ("date", 86401, True),
    ],
)
def test_what_a_type_cuts_off(to: str, value: Any, finer: bool) -> None:
    kind = PY_TYPE_TO_SC_TYPE[type(value)]
    assert exact(to, kind, value, described=True) is not None
    assert is_finer(to, kind, value) is finer


@pytest.mark.parametrize(
    ("to", "value", "found"),
    [
        ("date", "2026-03-01", date(2026, 3, 1)),
        ("date", "2026/03/01", date(2026, 3, 1)),
        *(("date", text, REFUSED) for text in ("2026", "2026-03", "15", "2026-W05", "12:30")),
        *(("time", text, REFUSED) for text in ("10:00:00+02:00", "10", "2026-03-01T10:00:00")),
        ("binary", "QQ==", b"A"),
        ("binary", "QR==", REFUSED),
        ("binary", "0xAB", b"\xab"),
        ("json", '{"a":1}', {"a": 1}),
        ("json", '{"a": 1}', {"a": 1}),
        *(("json", text, REFUSED) for text in ('{"a":1,"a":2}', "1e2", " 5", "word")),
        ("text", 5, "5"),
        ("text", 1.0, "1.0"),
        ("text", 1e100, "1e+100"),
        ("text", True, "True"),
    ],
)
def test_other_types(to: str, value: Any, found: Any) -> None:
    assert taken(to, value, described=True) == found


def read_back(to: str, stored: Any, like: Any) -> Any:
    """What somebody who knows the type of the shop's value makes of what is stored."""
    if isinstance(like, str):
        return stored if to == "text" else stored.isoformat() if to == "timestamp" else json.dumps(stored)
    if isinstance(like, bool):
        return {"True": True, "False": False}[stored] if to == "text" else bool(stored)
    return type(like)(stored)


SPELLED = st.one_of(
    st.integers(-(2**65), 2**65).map(str),
    st.floats().map(str),
    st.decimals(allow_nan=True).map(str),
    st.from_regex(r"\s?[+-]?0{0,2}[0-9_]{0,6}(\.[0-9]{0,3})?([eE][+-]?[0-9]{1,2})?\s?", fullmatch=True),
    st.text(st.characters(categories=("Nd", "Zs")), min_size=1, max_size=4),
    st.sampled_from(["true", "True", "yes", "no", "t", "null", "", "0x10"]),
)


@given(
    to=st.sampled_from(["text", "bigint", "double", "bool"]),
    value=st.one_of(SPELLED, st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False)),
)
@example(to="bigint", value="01234")
@example(to="bigint", value="١٢")
@example(to="double", value="1.50")
@example(to="double", value=2**53 + 1)
@example(to="bool", value=2)
def test_whatever_a_column_takes_can_be_read_back(to: str, value: Any) -> None:
    """For columns that are not described, whose type is that of other values."""
    stored = taken(to, value)
    if stored is not REFUSED:
        assert read_back(to, stored, value) == value
        assert type(read_back(to, stored, value)) is type(value)


@given(value=st.one_of(SPELLED, st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False)))
def test_a_described_decimal_is_the_same_number(value: Any) -> None:
    stored = taken("decimal", value, described=True)
    if stored is not REFUSED:
        assert stored.is_finite()
        assert stored == Decimal(str(value))
        assert float(stored) == float(value)
