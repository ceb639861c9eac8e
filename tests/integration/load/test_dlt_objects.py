"""Resources of a description that are dlt's own objects, transformers among them: loaded as in dlt, or refused."""

from __future__ import annotations

from typing import Any

import dlt
import pytest
from tests.support.apis import api, whole
from tests.support.loads import Tables, connection_json, load_as
from tests.support.paged_shop import URL

from ecom_source.errors import ApiConfigError
from ecom_source.load.components import Component, components

RATES = [{"id": 1, "lines": [{"id": 11}, {"id": 12}]}, {"id": 2, "lines": [{"id": 21}]}]


def rates() -> Any:
    return dlt.resource(RATES, name="rates", primary_key="id", write_disposition="merge", max_table_nesting=0)


def lines() -> Any:
    @dlt.transformer(name="lines", primary_key="id", write_disposition="merge")
    def lines(rate: Any) -> Any:
        yield from ({**line, "rate": rate["id"]} for line in rate["lines"])

    return lines


def bound() -> list[Any]:
    return [rates() | lines()]


def with_parent() -> list[Any]:
    parent = rates()
    return [parent, parent | lines()]


@pytest.mark.parametrize(
    ("resources", "parts"),
    [
        pytest.param(lambda: [rates()], [Component("rates", ("rates",))], id="an object"),
        pytest.param(bound, [Component("lines", ("lines",))], id="a transformer, its parent not declared"),
        pytest.param(with_parent, [Component("rates", ("rates", "lines"))], id="a transformer and its parent"),
        pytest.param(
            lambda: [rates(), whole("notes", "/v1/{resources.rates.id}/notes")],
            [Component("rates", ("rates", "notes"))],
            id="a resource that depends on an object",
        ),
    ],
)
def test_objects_of_dlt_are_grouped_as_others_are(resources: Any, parts: list[Component]) -> None:
    assert components(api(*resources())) == parts


@pytest.mark.parametrize("more", [[], [whole("orders")]], ids=["alone", "among others"])
def test_a_transformer_without_its_parent_is_refused(more: list[Any]) -> None:
    with pytest.raises(ApiConfigError) as caught:
        components(api(*more, lines()))
    assert caught.value.found == "The resource 'lines' is a transformer, and has no parent whose rows it could take."
    assert "`parent | lines`" in caught.value.fix


@pytest.mark.parametrize(
    ("resources", "rows"),
    [
        pytest.param(lambda: [rates()], {"rates": [1, 2]}, id="an object"),
        pytest.param(bound, {"lines": [11, 12, 21]}, id="a transformer, its parent not declared"),
        pytest.param(with_parent, {"rates": [1, 2], "lines": [11, 12, 21]}, id="a transformer and its parent"),
    ],
)
def test_objects_of_dlt_load_as_in_dlt(
    resources: Any, rows: dict[str, list[int]], tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(URL))
    for _ in range(2):
        load_as(api(*resources()))
        assert {name: sorted(tables.rows(name)) for name in rows} == rows
    if "lines" in rows:
        assert {key: row["rate"] for key, row in tables.rows("lines").items()} == {11: 1, 12: 1, 21: 2}
