"""What is checked of a description before any load."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.apis import api, whole, windowed

from ecom_source.errors import ApiConfigError
from ecom_source.load.components import Component
from ecom_source.load.parse_checks import check_api
from ecom_source.options import Options

SHOP = api(windowed("orders"), whole("customers"), whole("notes", "/v1/customers/{resources.customers.id}/notes"))


def test_components_keep_their_order_and_each_resource_has_its_options() -> None:
    found = check_api(SHOP, dataset_name="shop", options={"notes": Options(parallel_pages=2)})
    assert found.components == (Component("orders", ("orders",)), Component("customers", ("customers", "notes")))
    assert found.resources == ("orders", "customers", "notes")
    assert {name: each.parallel_pages for name, each in found.options.items()} == {
        "orders": Options().parallel_pages,
        "customers": Options().parallel_pages,
        "notes": 2,
    }
    more = found.with_options(parallel_pages=3)
    assert {each.parallel_pages for each in more.options.values()} == {3}
    assert more.components == found.components


def test_all_as_one_load_bear_the_name_of_the_dataset() -> None:
    found = check_api(SHOP, dataset_name="shop", as_one=True)
    assert found.components == (Component("shop", ("orders", "customers", "notes")),)
    with pytest.raises(ApiConfigError, match="The name 'my-shop' cannot be that of a load"):
        check_api(SHOP, dataset_name="my-shop", as_one=True)
    # As a mere dataset dlt takes it.
    assert check_api(SHOP, dataset_name="my-shop").resources == found.resources


@pytest.mark.parametrize("name", ["", None, "--", 7])
def test_a_dataset_needs_a_name(name: Any) -> None:
    with pytest.raises(ApiConfigError, match="dataset_name is"):
        check_api(SHOP, dataset_name=name)
