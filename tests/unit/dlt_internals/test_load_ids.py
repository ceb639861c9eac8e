"""A load can be named after one that a clock ahead of this one has named."""

from __future__ import annotations

import time

import pytest
from dlt.common.storages.load_package import create_load_id
from dlt.common.time import increasing_precise_time as clock

from ecom_source.dlt_internals.load_ids import name_loads_after


def test_loads_are_named_after_a_later_one_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_last", clock._last)
    later = time.time() + 3600
    name_loads_after(later)
    first, second = float(create_load_id()), float(create_load_id())
    assert later < first < second < later + 1


def test_an_earlier_one_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_last", clock._last)
    name_loads_after(time.time() - 3600)
    assert abs(float(create_load_id()) - time.time()) < 60
