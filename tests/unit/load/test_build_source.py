"""From dlt's `RESTAPIConfig` to what a load reads."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import dlt
import pytest
import requests
from dlt.sources.helpers.rest_client.paginators import (
    HeaderLinkPaginator,
    JSONResponseCursorPaginator,
    OffsetPaginator,
    PageNumberPaginator,
    SinglePagePaginator,
)
from dlt.sources.rest_api.typing import RESTAPIConfig

from ecom_source.api.cursors import cursors, lag
from ecom_source.api.ecommerce import ECOMMERCE_API
from ecom_source.errors import ApiConfigError
from ecom_source.load.build_source import Plan, Reader, build_source
from ecom_source.load.components import Component, components
from ecom_source.paging.checked_paginator import CheckedPaginator
from ecom_source.window.cursor_format import cursor_of
from ecom_source.window.run_window import Interval, Window

CLIENT = {"base_url": "https://shop.test", "auth": {"type": "api_key", "name": "api_key", "location": "query"}}
SINCE_2020 = {
    "cursor_path": "updated_at",
    "initial_value": "2020-01-01T00:00:00Z",
    "start_param": "from",
    "end_param": "to",
}
OFFSET = {"type": "offset", "limit": 50}
WINDOW = Window(Interval(datetime(2026, 3, 4, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC)), None, None)


def api(*resources: Any, defaults: dict[str, Any] | None = None, **client: Any) -> RESTAPIConfig:
    config = {"client": {**CLIENT, **client}, "resource_defaults": defaults or {}, "resources": list(resources)}
    return cast(RESTAPIConfig, config)


def resource(name: str, path: str | None = None, **endpoint: Any) -> dict[str, Any]:
    return {"name": name, "endpoint": {"path": path or f"/v1/{name}", **endpoint}}


def ready_made(name: str = "rates") -> Any:
    return dlt.resource([{"id": 1}], name=name, primary_key="id", write_disposition="merge")


ITEMS = resource("items", "/v1/orders/{resources.orders.id}/items")
ITEMS_RESOLVED = resource(
    "items",
    "/v1/orders/{order_id}/items",
    params={"order_id": {"type": "resolve", "resource": "orders", "field": "id"}},
)

SHAPES = [
    pytest.param(lambda: api(resource("orders")), [("orders", "orders")], id="one"),
    pytest.param(lambda: api("orders"), [("orders", "orders")], id="a string"),
    pytest.param(lambda: api({"name": "orders"}), [("orders", "orders")], id="a name alone"),
    pytest.param(lambda: api({"name": "orders", "endpoint": "v1/o"}), [("orders", "orders")], id="a path alone"),
    pytest.param(
        lambda: api(resource("b"), "a", resource("c")), [("b", "b"), ("a", "a"), ("c", "c")], id="in their own order"
    ),
    pytest.param(lambda: api("orders", ITEMS), [("orders", "orders items")], id="a dependent one"),
    pytest.param(lambda: api(ITEMS, "orders"), [("orders", "orders items")], id="declared before its parent"),
    pytest.param(lambda: api(resource("orders"), ITEMS_RESOLVED), [("orders", "orders items")], id="of the older kind"),
    pytest.param(
        lambda: api("orders", ITEMS, resource("taxes", "/v1/{resources.items.id}/taxes")),
        [("orders", "orders items taxes")],
        id="three generations",
    ),
    pytest.param(
        lambda: api("customers", "orders", resource("notes", "/v1/{resources.customers.id}/notes"), ITEMS),
        [("customers", "customers notes"), ("orders", "orders items")],
        id="several roots with dependents",
    ),
    pytest.param(
        lambda: api("orders", ready_made()), [("orders", "orders"), ("rates", "rates")], id="one of dlt's own objects"
    ),
    pytest.param(
        lambda: api("orders", defaults={"endpoint": {"paginator": OFFSET, "incremental": SINCE_2020}}),
        [("orders", "orders")],
        id="a paginator and an incremental as defaults",
    ),
    pytest.param(
        lambda: api({**resource("orders"), "endpoint": {"path": "o", "auth": "bearer"}}),
        [("orders", "orders")],
        id="an auth of its own",
    ),
    pytest.param(lambda: ECOMMERCE_API, [("ecommerce_data", "ecommerce_data")], id="the specification's"),
]


@pytest.mark.parametrize(("make", "parts"), SHAPES)
def test_resources_are_grouped_with_those_that_depend_on_them(
    make: Callable[[], RESTAPIConfig], parts: list[tuple[str, str]]
) -> None:
    assert components(make()) == [Component(name, tuple(names.split())) for name, names in parts]


def built(config: RESTAPIConfig, part: Component, plan: Plan | None = None) -> Any:
    session = requests.Session()
    return build_source(config, part, plan or Plan(), Reader(lambda auth: {"type": "bearer", "token": "t"}, session))


@pytest.mark.parametrize(("make", "parts"), SHAPES)
def test_the_description_that_was_passed_is_never_changed(
    make: Callable[[], RESTAPIConfig], parts: list[tuple[str, str]]
) -> None:
    config = make()
    kept = copy.copy(config["resources"])
    own = [each for each in kept if not isinstance(each, str | dict)]
    before = copy.deepcopy({**config, "resources": [each for each in kept if isinstance(each, str | dict)]})
    for part in components(config):
        found = cursors(config, part.resources)
        for name, cursor in found.items():
            lag(config, name, cursor)
        source, _ = built(config, part, Plan(dict.fromkeys(found, WINDOW)))
        assert set(source.selected_resources) == set(part.resources)
        built(config, part, Plan(dict.fromkeys(found, WINDOW), full_refresh=True))
    assert {**config, "resources": [each for each in config["resources"] if isinstance(each, str | dict)]} == before
    assert [each for each in config["resources"] if not isinstance(each, str | dict)] == own


@pytest.mark.parametrize(
    ("config", "says"),
    [
        pytest.param({}, "missing required fields", id="nothing at all"),
        pytest.param({"client": CLIENT}, "`{'resources'}`", id="no resources"),
        pytest.param({"client": {}, "resources": ["orders"]}, "base_url", id="no address"),
        pytest.param(api(resource("orders", paginatr={})), "paginatr", id="a misspelt key"),
        pytest.param(api(resource("orders", paginator="ofset")), "ofset", id="an unknown paginator"),
        pytest.param(
            api(resource("orders", paginator={"type": "offset"})), "limit", id="a paginator without its limit"
        ),
        pytest.param(api(ITEMS), "non existing parent resource `orders`", id="an unknown parent"),
        pytest.param(api("orders", "orders"), "`orders` is already defined", id="a name twice"),
        pytest.param(api({"endpoint": "/v1/orders"}), "name", id="no name"),
    ],
)
def test_what_dlt_refuses_is_refused_with_its_words(config: Any, says: str) -> None:
    with pytest.raises(ApiConfigError) as caught:
        components(config)
    assert says in caught.value.found
    assert "RESTAPIConfig" in caught.value.expected
    assert "elt_dag" in caught.value.fix


def test_a_parent_that_is_only_read_for_its_dependents_is_part_of_them() -> None:
    config = api({**resource("orders"), "selected": False}, ITEMS)
    (part,) = components(config)
    assert part.name in ("orders", "items")
    source, _ = built(config, part)
    assert set(source.resources) == {"orders", "items"}
    assert set(source.selected_resources) == {"items"}


def test_cursors_are_those_with_an_incremental_block_of_their_own_or_by_default() -> None:
    own = api(resource("orders", incremental=SINCE_2020), "customers")
    assert list(cursors(own, ("orders", "customers"))) == ["orders"]
    assert cursors(own, ("customers",)) == {}
    default = api(
        "customers",
        resource("orders", incremental={**SINCE_2020, "initial_value": 1577836800}),
        defaults={"endpoint": {"incremental": SINCE_2020}},
    )
    assert {name: cursor.like for name, cursor in cursors(default, ("customers", "orders")).items()} == {
        "customers": "2020-01-01T00:00:00Z",
        "orders": 1577836800,
    }


def test_a_cursor_without_a_first_value_is_refused() -> None:
    block = {name: value for name, value in SINCE_2020.items() if name != "initial_value"}
    with pytest.raises(ApiConfigError, match="resource 'orders' has initial_value None"):
        cursors(api(resource("orders", incremental=block)), ("orders",))


@pytest.mark.parametrize(
    ("like", "number", "expected"),
    [
        pytest.param("2020-01-01T00:00:00Z", 90, timedelta(seconds=90), id="seconds"),
        pytest.param("2020-01-01T00:00:00.000Z", 1.5, timedelta(seconds=1.5), id="a fraction"),
        pytest.param("2020-01-01", 2, timedelta(days=2), id="days of a date"),
        pytest.param(1577836800, 90, timedelta(seconds=90), id="epoch seconds"),
        pytest.param(1577836800000, 90, timedelta(milliseconds=90), id="epoch milliseconds"),
        pytest.param("2020-01-01T00:00:00Z", 0, timedelta(0), id="none at all"),
        pytest.param("2020-01-01T00:00:00Z", None, None, id="not said"),
    ],
)
def test_a_lag_is_in_the_cursors_own_unit(like: Any, number: float | None, expected: timedelta | None) -> None:
    block = {**SINCE_2020, "initial_value": like, **({} if number is None else {"lag": number})}
    cursor = cursor_of(like, resource="orders")
    assert lag(api(resource("orders", incremental=block)), "orders", cursor) == expected
    assert lag(api("orders", defaults={"endpoint": {"incremental": block}}), "orders", cursor) == expected


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> list[CheckedPaginator]:
    """The paginators that a source is built with."""
    made: list[CheckedPaginator] = []
    begin = CheckedPaginator.__init__

    def remembered(self: CheckedPaginator, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        made.append(self)

    monkeypatch.setattr(CheckedPaginator, "__init__", remembered)
    return made


@pytest.mark.parametrize(
    ("config", "limit", "total"),
    [
        pytest.param(api(resource("orders", paginator=OFFSET)), 50, True, id="its own"),
        pytest.param(api("orders", defaults={"endpoint": {"paginator": OFFSET}}), 50, True, id="the default's"),
        pytest.param(api("orders", paginator=OFFSET), 50, True, id="the client's"),
        pytest.param(
            api(resource("orders", paginator={**OFFSET, "limit": 7}), paginator=OFFSET),
            7,
            True,
            id="its own goes first",
        ),
        pytest.param(
            api(resource("orders", paginator={**OFFSET, "total_path": None})), 50, False, id="without a total"
        ),
        pytest.param(api(resource("orders", paginator=OffsetPaginator(50))), 50, True, id="an object"),
        pytest.param(
            api(resource("orders", paginator=OffsetPaginator(50, total_path=None))), 50, False, id="an object, no total"
        ),
    ],
)
def test_an_offset_paginator_is_watched_wherever_it_is_described(
    config: RESTAPIConfig, limit: int, total: bool, watched: list[CheckedPaginator]
) -> None:
    _, readings = built(config, Component("orders", ("orders",)))
    paginator = watched[-1]
    assert isinstance(paginator.inner, OffsetPaginator)
    assert paginator.inner.limit == limit
    assert (paginator.expected.total is not None) == total
    assert paginator.reading is readings["orders"]


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        pytest.param({"type": "page_number", "total_path": None}, PageNumberPaginator, id="page number"),
        pytest.param({"type": "cursor", "cursor_path": "next"}, JSONResponseCursorPaginator, id="cursor"),
        pytest.param("header_link", HeaderLinkPaginator, id="link"),
        pytest.param("single_page", SinglePagePaginator, id="single page"),
    ],
)
def test_every_paginator_is_watched(settings: Any, kind: type, watched: list[CheckedPaginator]) -> None:
    built(api(resource("orders", paginator=settings)), Component("orders", ("orders",)))
    assert {type(paginator.inner) for paginator in watched} == {kind}


def test_one_that_dlt_is_to_find_out_is_watched_as_well(watched: list[CheckedPaginator]) -> None:
    _, readings = built(api("orders"), Component("orders", ("orders",)))
    assert len(watched) >= 1
    assert list(readings) == ["orders"]


@pytest.mark.parametrize("windowed", [True, False], ids=["a window", "whole"])
def test_pages_of_a_resource_that_is_read_whole_overlap(windowed: bool, watched: list[CheckedPaginator]) -> None:
    """A row cannot come into a window that is past, but into a whole table as another one goes."""
    item = {**resource("orders", paginator=OFFSET, incremental=SINCE_2020), "primary_key": "id"}
    item["write_disposition"] = "merge"
    built(api(item), Component("orders", ("orders",)), Plan({"orders": WINDOW} if windowed else {}))
    assert watched[-1].expected.overlap is not windowed


MERGED = {"primary_key": "id", "write_disposition": "merge"}


@pytest.mark.parametrize(
    ("item", "key", "whole"),
    [
        pytest.param(MERGED, ("id",), False, id="one column"),
        pytest.param({**MERGED, "primary_key": ["a", "b"]}, ("a", "b"), False, id="two columns"),
        pytest.param(
            {"write_disposition": "merge", "columns": {"id": {"primary_key": True}}}, ("id",), False, id="hint"
        ),
        pytest.param({**MERGED, "write_disposition": "replace"}, ("id",), False, id="replaced"),
        pytest.param({**MERGED, "write_disposition": "append"}, ("id",), True, id="appended: a key may come again"),
        pytest.param({**MERGED, "columns": {"at": {"dedup_sort": "desc"}}}, ("id",), True, id="versions"),
        pytest.param({**MERGED, "table_name": lambda row: row["kind"]}, ("id",), True, id="rows that name their table"),
        pytest.param(
            {**MERGED, "processing_steps": [{"map": lambda row: row}]}, ("id",), True, id="a step may make the key"
        ),
        pytest.param(
            {**MERGED, "processing_steps": [{"filter": lambda row: True}]}, ("id",), False, id="a filter does not"
        ),
        pytest.param({"write_disposition": "append"}, (), True, id="no key"),
    ],
)
def test_rows_are_told_apart_by_the_primary_key(
    item: dict[str, Any], key: tuple[str, ...], whole: bool, watched: list[CheckedPaginator]
) -> None:
    for config in (api({**resource("orders"), **item}), api("orders", defaults=item)):
        built(config, Component("orders", ("orders",)))
        assert (watched[-1].expected.key, watched[-1].expected.whole) == (key, whole)


def test_a_full_refresh_replaces_and_a_load_does_as_described() -> None:
    config = api({**resource("orders"), "write_disposition": "merge", "primary_key": "id"})
    part = Component("orders", ("orders",))
    assert built(config, part)[0].orders.write_disposition == "merge"
    assert built(config, part, Plan(full_refresh=True))[0].orders.write_disposition == "replace"


def test_the_window_and_the_connections_address_are_what_is_asked_for() -> None:
    seen: list[str] = []

    class Stop(Exception):
        pass

    class Session(requests.Session):
        def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
            seen.append(str(request.url))
            raise Stop

    source, _ = build_source(
        api(resource("orders", incremental=SINCE_2020)),
        Component("orders", ("orders",)),
        Plan({"orders": WINDOW}),
        Reader(lambda auth: {**auth, "api_key": "k y"}, Session()),
    )
    with pytest.raises(Exception, match="orders"):
        list(source)
    query = "/v1/orders?from=2026-03-03T23%3A59%3A59Z&to=2026-03-05T00%3A00%3A01Z&api_key=k+y"
    assert seen == [f"https://shop.test{query}"]
