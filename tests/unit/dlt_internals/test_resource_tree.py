"""What a resource is made from, whether it is selected or not."""

from __future__ import annotations

from typing import Any

import dlt

from ecom_source.dlt_internals.resource_tree import parents_of


def test_the_nearest_comes_first() -> None:
    orders = dlt.resource([{"id": 1}], name="orders", selected=False)

    @dlt.transformer(data_from=orders, name="lines")
    def lines(order: Any) -> Any:
        yield order

    parts = dlt.transformer(lambda line: line, data_from=lines, name="parts")
    assert list(parents_of(parts)) == ["lines", "orders"]
    assert list(parents_of(orders)) == []
