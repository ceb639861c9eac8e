"""Times, faults and credentials, without a server."""

from __future__ import annotations

import base64

import pytest

from demo_shop import KINDS, Access, Fault
from demo_shop.faults import FaultPlan
from demo_shop.reply import Refused
from demo_shop.times import read_day, read_iso, read_millis, read_seconds, to_day, to_iso

KEY = 'k+y/=&%é"1'


def test_times_read_and_written() -> None:
    moment = read_iso("2024-03-01T01:00:00.5+02:00")
    assert to_iso(moment, "milliseconds") == "2024-02-29T23:00:00.500Z"
    assert to_iso(moment, zone="") == "2024-02-29T23:00:00"
    assert to_day(moment) == "2024-02-29"
    assert read_seconds("1709247600") == read_millis("1709247600000") == moment - 500_000
    assert to_iso(read_day("2024-02-29")) == "2024-02-29T00:00:00Z"


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (read_iso, "2024-03-01T01:00:00"),
        (read_iso, "2024-03-01T01:00:00 02:00"),
        (read_iso, "yesterday"),
        (read_seconds, "1.5"),
        (read_seconds, "-1"),
        (read_seconds, "9" * 16),
        (read_millis, ""),
        (read_day, "2024-3-1"),
        (read_day, "20240301"),
        (read_day, "2024-02-30"),
    ],
)
def test_malformed_times(read: object, text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read(text)  # type: ignore[operator]


def test_faults_come_in_order_and_are_used_up() -> None:
    plan = FaultPlan()
    for fault in (
        Fault("status", status=503),
        Fault("status", status=429),
        Fault("drop", path="/v1/orders", skip=3, times=2),
        Fault("latency", seconds=0.5, times=2),
        Fault("latency", seconds=0.25, times=None),
    ):
        plan.add(fault)
    taken = [plan.take("/v1/orders") for _ in range(6)]
    assert [(wait, fault.status or fault.kind if fault else None) for wait, fault in taken] == [
        (0.75, 503),
        (0.75, 429),
        (0.25, None),
        (0.25, "drop"),
        (0.25, "drop"),
        (0.25, None),
    ]
    assert plan.take("/v1/resource") == (0.25, None)
    assert [fault.used for fault in plan.all()] == [1, 1, 2, 2, 7]
    plan.clear()
    assert plan.take("/v1/orders") == (0.0, None)


def test_a_fault_meets_the_parameters_it_is_for() -> None:
    plan = FaultPlan()
    plan.add(Fault("drop", params={"offset": "10"}))
    asked = [{"offset": "0"}, {"offset": "10", "limit": "10"}, {"offset": "10"}]
    assert [plan.take("/v1/orders", params)[1] is not None for params in asked] == [False, True, False]


def test_wrong_faults_are_refused() -> None:
    with pytest.raises(ValueError, match="found fault 'explode', expected one of latency, status"):
        Fault("explode")
    with pytest.raises(ValueError, match="needs its url"):
        Fault("redirect")
    with pytest.raises(ValueError, match="needs its seconds"):
        Fault("latency")
    with pytest.raises(ValueError, match="drip needs its seconds"):
        Fault("drip")
    with pytest.raises(ValueError, match="times: found '3', expected a whole number"):
        Fault("drop", times="3")  # type: ignore[arg-type]
    assert len(KINDS) == 14


def _basic(user: str, password: str, encoding: str) -> bytes:
    return b"Basic " + base64.b64encode(f"{user}:{password}".encode(encoding))


@pytest.mark.parametrize(
    ("way", "headers", "params"),
    [
        ("query", {}, {"api_key": KEY}),
        ("header", {b"x-api-key": KEY.encode()}, {}),
        ("header", {b"x-api-key": KEY.encode("latin-1")}, {}),
        ("bearer", {b"authorization": b"bearer " + KEY.encode()}, {}),
        ("basic", {b"authorization": _basic("shop", KEY, "latin-1")}, {}),
        ("basic", {b"authorization": _basic("shop", KEY, "utf-8")}, {}),
        ("cookie", {b"cookie": b"a=b; api_key=" + KEY.encode()}, {}),
        ("cookie", {b"cookie": b"api_key=k%2By%2F%3D%26%25%C3%A9%221"}, {}),
    ],
)
def test_each_way_to_give_the_key(way: str, headers: dict[bytes, bytes], params: dict[str, str]) -> None:
    access = Access(KEY)
    assert access.check(access.given(headers, params)) == way
    for other in (Access("another"), Access(KEY, ways=tuple({"query", "header", "cookie", "basic"} - {way}))):
        with pytest.raises(Refused) as refused:
            other.check(other.given(headers, params))
        assert refused.value.status == 401
        assert refused.value.headers[0][0] == "WWW-Authenticate"


def test_wrong_user_broken_basic_and_unknown_way() -> None:
    access = Access(KEY)
    assert access.given({b"authorization": _basic("root", KEY, "utf-8")}, {}) == []
    assert access.given({b"authorization": b"Basic %%%"}, {}) == []
    assert Access(None).check([]) is None
    with pytest.raises(ValueError, match="found \\['smell'\\]"):
        Access(KEY, ways=("smell",))


def test_key_outside_latin_1_is_not_matched_by_question_marks() -> None:
    access = Access("k€y")
    assert access.check([("header", "k€y".encode())]) == "header"
    with pytest.raises(Refused):
        access.check([("header", b"k?y")])
