"""Descriptions that would leave a wrong table behind a green run."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.apis import api, whole, windowed

from ecom_source.api.refusals import refuse_what_loses_rows
from ecom_source.api.rest_config import expand
from ecom_source.errors import ApiConfigError

SCD2: dict[str, Any] = {"write_disposition": {"disposition": "merge", "strategy": "scd2"}}
NOTES = "/v1/orders/{resources.orders.id}/notes"


def check(*resources: Any) -> None:
    refuse_what_loses_rows(expand(api(*resources)))


@pytest.mark.parametrize(
    ("resources", "found", "fix"),
    [
        pytest.param([whole("orders", primary_key=[])], "is merged, and has no key.", "name the key", id="no key"),
        pytest.param(
            [windowed("orders", incremental={"end_value": "2026-01-01T00:00:00Z"})],
            "has end_value '2026-01-01T00:00:00Z' in its incremental block.",
            "window_start and window_end",
            id="an end",
        ),
        pytest.param(
            [windowed("orders", incremental={"range_start": "open"})],
            "has range_start 'open'",
            "take it out",
            id="a start",
        ),
        pytest.param(
            [windowed("orders", incremental={"last_value_func": min})],
            "has last_value_func",
            "take it out",
            id="another order",
        ),
        pytest.param(
            [windowed("orders", endpoint={"params": {"q": "{incremental.initial_value}"}})],
            "asks with {incremental.initial_value}.",
            "change the placeholder",
            id="a placeholder that stays",
        ),
        pytest.param(
            [whole("orders"), windowed("notes", NOTES, endpoint={"params": {"q": "{incremental.last_value}"}})],
            "asks with {incremental.last_value}.",
            "change the placeholder",
            id="a placeholder that moves",
        ),
        pytest.param(
            [windowed("orders", **SCD2)],
            "keeps a history (scd2), and has a cursor.",
            "merge_key",
            id="a history",
        ),
        pytest.param(
            [windowed("orders"), windowed("notes", NOTES)],
            "depends on 'orders', of which a run reads what changed in its window, and has a cursor of its own.",
            "take the incremental block out of 'orders' or of 'notes'",
            id="two cursors",
        ),
        pytest.param(
            [windowed("orders"), whole("notes", NOTES, write_disposition="replace")],
            "its table is replaced",
            "to `merge`",
            id="replaced by the parents of a window",
        ),
        pytest.param(
            [windowed("orders"), whole("notes", NOTES, **SCD2)],
            "its table is a history (scd2)",
            "to `merge`",
            id="a history of the parents of a window",
        ),
        pytest.param(
            [whole("orders", table_name="_dlt_loads")],
            "fills the table '_dlt_loads'.",
            "table_name",
            id="dlt's",
        ),
        pytest.param([whole("_ecom_loads")], "fills the table '_ecom_loads'.", "table_name", id="the package's"),
    ],
)
def test_what_loses_rows_is_refused_with_its_cure(resources: list[Any], found: str, fix: str) -> None:
    with pytest.raises(ApiConfigError) as caught:
        check(*resources)
    assert caught.value.found.startswith(f"The resource {resources[-1]['name']!r} ")
    assert found in caught.value.found
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    "resources",
    [
        pytest.param([whole("orders"), whole("notes", NOTES)], id="whole, and its dependents"),
        pytest.param([windowed("orders"), whole("notes", NOTES)], id="a dependent of a window that is merged"),
        pytest.param([whole("orders"), windowed("notes", NOTES)], id="a cursor of the dependent"),
        pytest.param([whole("orders", primary_key=[], merge_key="day")], id="a merge key"),
        pytest.param([whole("orders", primary_key=[], write_disposition="append")], id="append without a key"),
        pytest.param([whole("orders", primary_key=[], **SCD2)], id="a history without a key"),
        pytest.param([windowed("orders", merge_key="day", **SCD2)], id="a history within a merge key"),
        pytest.param(
            [windowed("orders", incremental={"range_start": "closed", "last_value_func": max})],
            id="the same",
        ),
        pytest.param(
            [windowed("orders", write_disposition="replace", incremental={"end_value": "2026-01-01T00:00:00Z"})],
            id="a cursor that is not used",
        ),
        pytest.param(
            [windowed("orders", endpoint={"params": {"q": "{incremental.start_value}"}})],
            id="the placeholder of a window",
        ),
        pytest.param([whole("orders", table_name=lambda row: row["kind"])], id="tables that the rows name"),
    ],
)
def test_what_loses_none_is_taken(resources: list[Any]) -> None:
    check(*resources)
