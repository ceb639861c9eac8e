"""Rows that do not fit are the description's or the shop's, never the warehouse's."""

from __future__ import annotations

import json

import pytest
from dlt.extract.incremental.exceptions import IncrementalCursorPathHasValueNone, IncrementalCursorPathMissing
from tests.support.failures import failure, in_step

from ecom_source.errors import ApiConfigError, EcomError, LoadFailedError, PayloadError, RowsRefusedError
from ecom_source.load.failures.clean_errors import explained


@pytest.mark.parametrize("kind", [IncrementalCursorPathHasValueNone, IncrementalCursorPathMissing])
def test_a_cursor_without_value_names_its_cure(
    kind: type[IncrementalCursorPathHasValueNone] | type[IncrementalCursorPathMissing],
) -> None:
    found = explained(failure(in_step("extract", kind("orders", "updated_at", {"id": 1}))))
    assert type(found) is PayloadError
    assert found.found == "A row of 'orders' has no value in its cursor 'updated_at'."
    assert "`on_cursor_value_missing`" in found.fix


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        pytest.param(
            in_step("extract", KeyError("price")), ApiConfigError, "The read failed: KeyError: 'price'", id="a step"
        ),
        pytest.param(
            in_step("extract", RuntimeError("elsewhere")),
            LoadFailedError,
            "The read failed: RuntimeError: elsewhere",
            id="what nobody knows",
        ),
        pytest.param(
            in_step("normalize", ValueError("Rescaling Decimal value would cause data loss")),
            RowsRefusedError,
            "The rows do not fit their columns: ValueError: Rescaling Decimal value would cause data loss",
            id="a value",
        ),
        pytest.param(
            in_step("normalize", OSError("Input/output error")), LoadFailedError, "Input/output error", id="a file"
        ),
        pytest.param(
            in_step("normalize", json.JSONDecodeError("Extra data", "{}{}", 2)),
            RowsRefusedError,
            "The rows do not fit",
            id="JSON that is not an answer's",
        ),
    ],
)
def test_the_rows_are_not_the_warehouses_fault(error: BaseException, kind: type[EcomError], says: str) -> None:
    found = explained(failure(error))
    assert type(found) is kind
    assert says in found.found
    assert "arehouse" not in str(found)
    assert "watermark" not in str(found)
