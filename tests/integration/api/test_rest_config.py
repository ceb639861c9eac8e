"""dlt's rest_api works unchanged: paginators, logins, dependent resources, processing steps, dispositions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.integration.conftest import Loader
from tests.support.apis import CATALOGUE, api, whole, windowed
from tests.support.loads import KEY, Tables, assert_same_rows, connection_json

from demo_shop import DemoShop
from ecom_source.errors import ConnectionFieldError, PayloadError

PAGINATORS: dict[str, tuple[str, Any]] = {
    "offset": ("/v1/resource", {"type": "offset", "limit": 100}),
    "page_number": ("/v2/resource", {"type": "page_number", "base_page": 1, "total_path": "total_pages"}),
    "cursor": ("/v3/resource", {"type": "cursor", "cursor_path": "next_cursor", "cursor_param": "cursor"}),
    "json_link": ("/v4/resource", {"type": "json_link", "next_url_path": "next"}),
    "header_link": ("/v4/resource", "header_link"),
    "auto": ("/v4/resource", "auto"),
}


@pytest.mark.parametrize("name", PAGINATORS)
def test_every_paginator_reads_each_row_once(shop: DemoShop, load: Loader, tables: Tables, name: str) -> None:
    path, paginator = PAGINATORS[name]
    report = load(api(whole("ecommerce_data", path, endpoint={"paginator": paginator})))["ecommerce_data"]
    assert report.rows == {"ecommerce_data": 340}
    assert len(shop.requests) == 4
    assert tables.rows("ecommerce_data").keys() == {row["id"] for row in shop.rows("resource")}


def test_a_single_page_is_read_with_one_request(shop: DemoShop, load: Loader, tables: Tables) -> None:
    load(api(whole("products", endpoint={"paginator": "single_page", "params": {"limit": 30}})))
    assert len(shop.requests) == 1
    assert len(tables.rows("products")) == 30


LOGINS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "query": ({"type": "api_key", "name": "api_key", "location": "query"}, {}, "query"),
    "header": ({"type": "api_key", "name": "X-API-Key", "location": "header"}, {}, "header"),
    "bearer": ({"type": "bearer"}, {}, "bearer"),
    "http_basic": ({"type": "http_basic"}, {"login": "shop"}, "basic"),
    "oauth2": (
        {"type": "oauth2_client_credentials", "access_token_url": "{url}/oauth/token"},
        {"login": "demo-client"},
        "oauth",
    ),
}


@pytest.mark.parametrize("name", LOGINS)
def test_every_login_of_dlt_takes_its_secret_from_the_connection(
    load: Loader, tables: Tables, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    auth, more, way = LOGINS[name]
    key = KEY if name in ("query", "oauth2") else "plain-key-1"
    with DemoShop(api_key=key, sizes={"products": 30}) as shop:
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url, key, **more))
        auth = {field: value.replace("{url}", shop.url) for field, value in auth.items()}
        load(api(whole("products"), client={"auth": auth}))
        assert {each.auth for each in shop.requests if each.path == "/v1/products"} == {way}
    assert len(tables.rows("products")) == 30


@pytest.mark.parametrize(
    ("connection", "message"),
    [
        (None, "There is no Connection 'ecom_api'.*airflow connections add ecom_api"),
        ({"password": None}, "The Connection 'ecom_api' has an empty password"),
        ({"host": "ftp://shop.example.com"}, "The host of Connection 'ecom_api' has the value"),
    ],
    ids=["missing", "no key", "no web address"],
)
def test_a_connection_that_cannot_work_is_one_clear_error_and_no_request(
    shop: DemoShop,
    load: Loader,
    tables: Tables,
    monkeypatch: pytest.MonkeyPatch,
    connection: dict[str, Any] | None,
    message: str,
) -> None:
    if connection is None:
        monkeypatch.delenv("AIRFLOW_CONN_ECOM_API")
    else:
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", json.dumps({**json.loads(connection_json(shop.url)), **connection}))
    with pytest.raises(ConnectionFieldError, match=message):
        load(api(CATALOGUE))
    assert shop.requests == []


@pytest.mark.parametrize("key", ["123456789012", "00123456", "1e10", "true"])
def test_a_key_that_looks_like_something_else_stays_text(
    load: Loader, tables: Tables, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    with DemoShop(api_key=key, sizes={"products": 3}) as shop:
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url, key))
        load(api(whole("products")))
    assert len(tables.rows("products")) == 3


def test_an_answer_without_its_rows_is_an_error_and_moves_no_watermark(
    shop: DemoShop, load: Loader, tables: Tables
) -> None:
    shop.set_habits(no_total=True)
    shop.fail("no_data_key")
    with pytest.raises(PayloadError, match="The answer of /v1/resource has no 'data'; it is an object with the keys"):
        load(api(windowed("ecommerce_data", "/v1/resource")))
    load(api(windowed("ecommerce_data", "/v1/resource")))
    assert len(tables.rows("ecommerce_data")) == 340


def test_a_selector_among_or_within_rows_is_paged_as_dlt_does(shop: DemoShop, load: Loader, tables: Tables) -> None:
    load(api(whole("active", "/v1/resource", endpoint={"data_selector": "data[?(@.stock>50)]"})))
    assert set(tables.rows("active")) == {row["id"] for row in shop.rows("resource") if row["stock"] > 50}
    assert len(shop.requests) == 4


def test_a_dependent_resource_follows_its_parent(shop: DemoShop, load: Loader, tables: Tables) -> None:
    reports = load(
        api(
            whole("customers"),
            whole("customer_orders", "/v1/customers/{resources.customers.id}/orders", include_from_parent=["email"]),
            whole("products"),
        )
    )
    assert reports.keys() == {"customers", "products"}
    assert reports["customers"].rows["customers"] == 40
    assert len([each for each in shop.requests if each.path.endswith("/orders")]) == 40
    orders = tables.rows("customer_orders")
    assert_same_rows(orders, {row["id"]: row for row in shop.rows("orders")})
    emails = {row["id"]: row["email"] for row in shop.rows("customers")}
    assert all(row["_customers_email"] == emails[row["customer_id"]] for row in orders.values())


def test_a_single_row_per_parent_is_read_without_paging(shop: DemoShop, load: Loader, tables: Tables) -> None:
    load(api(whole("products"), whole("product_details", "/v1/products/{resources.products.id}")))
    details = [each for each in shop.requests if each.path != "/v1/products"]
    assert (len(details), {"offset", "limit"} & {name for each in details for name in each.params}) == (30, set())
    assert_same_rows(tables.rows("product_details"), {row["id"]: row for row in shop.rows("products")})


def test_a_login_among_the_defaults_takes_its_secret_from_the_connection(shop: DemoShop, load: Loader) -> None:
    auth = {"type": "api_key", "name": "api_key", "location": "query"}
    load(api(whole("products"), client={"auth": None}, defaults={"endpoint": {"data_selector": "data", "auth": auth}}))
    assert {each.auth for each in shop.requests} == {"query"}


def test_a_nested_list_becomes_a_child_table_that_follows_its_parent(
    shop: DemoShop, load: Loader, tables: Tables
) -> None:
    description = api(windowed("orders"))
    load(description)
    order = shop.rows("orders")[0]
    shop.update("orders", order["id"], line_items=[{"sku": "ONLY", "product_id": 1, "quantity": 3, "unit_price": 2.5}])
    report = load(description)["orders"]
    assert report.rows == {"orders": 1, "orders__line_items": 1}
    items = (
        "SELECT i.sku, i.quantity FROM ecommerce.orders__line_items i "
        "JOIN ecommerce.orders o ON o._dlt_id = i._dlt_root_id"
    )
    assert tables.query(f"{items} WHERE o.id = {order['id']}")[1] == [("ONLY", 3)]
    expected = sum(len(row["line_items"]) for row in shop.rows("orders"))
    assert tables.scalar("SELECT count(*) FROM ecommerce.orders__line_items") == expected
    assert len(tables.query(items)[1]) == expected


def test_processing_steps_and_dispositions_are_dlts(shop: DemoShop, load: Loader, tables: Tables) -> None:
    description = api(
        whole(
            "products",
            write_disposition="append",
            processing_steps=[
                {"filter": lambda row: row["id"] <= 10},
                {"map": lambda row: {**row, "title": row["title"].upper()}},
            ],
        ),
        whole("customers", write_disposition="replace"),
    )
    for _ in range(2):
        load(description)
    assert tables.scalar("SELECT count(*) FROM ecommerce.products") == 20
    assert tables.scalar("SELECT count(*) FROM ecommerce.products WHERE title = upper(title)") == 20
    assert tables.scalar("SELECT count(*) FROM ecommerce.customers") == 40


def test_two_shops_keep_their_own_key_dataset_and_state(
    shop: DemoShop, load: Loader, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    description = api(windowed("products"))
    load(description, dataset="first")
    with DemoShop(api_key="another", sizes={"products": 11}, seed=2) as other:
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(other.url, "another"))
        report = load(description, dataset="second")["products"]
        assert {each.params["api_key"] for each in other.requests} == {"another"}
    assert report.windows["products"].watermark_before is None
    assert tables.scalar("SELECT count(*) FROM first.products") == 30
    assert tables.scalar("SELECT count(*) FROM second.products") == 11


HABITS: dict[str, tuple[dict[str, Any], int]] = {
    "no total": ({"no_total": True}, 5),
    "total only when asked for": ({"total_on_request": True}, 5),
    "offset ignored, all rows at once": ({"ignore_offset": True, "no_total": True, "max_limit": 400}, 3),
}


@pytest.mark.parametrize("name", HABITS)
def test_an_api_without_total_or_offset_neither_fails_nor_pages_for_ever(
    shop: DemoShop, load: Loader, tables: Tables, name: str
) -> None:
    habits, requests = HABITS[name]
    shop.set_habits(**habits)
    limit = 400 if "ignore_offset" in habits else 100
    load(api(CATALOGUE, client={"paginator": {"type": "offset", "limit": limit}}))
    assert len(shop.requests) == requests
    tables.assert_equal_to(shop)


def test_a_page_size_cut_in_silence_is_followed_by_what_came(shop: DemoShop, load: Loader, tables: Tables) -> None:
    shop.set_habits(cap_limit_silently=True, max_limit=40)
    load(api(windowed("ecommerce_data", "/v1/resource", columns=CATALOGUE["columns"])))
    # Those that are asked for in advance may arrive in any order.
    assert sorted(int(each.params["offset"]) for each in shop.requests) == list(range(0, 340, 39))
    tables.assert_equal_to(shop)
