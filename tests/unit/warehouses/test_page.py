"""The table of docs/warehouses.md is made of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from tests.support import PROJECT
from tests.support.generated import hold, table

from ecom_source.warehouses.catalog import WAREHOUSES, ways_of
from ecom_source.warehouses.connection_fields import spoken
from ecom_source.warehouses.warehouse_type import WarehouseType

PAGE = PROJECT / "docs" / "warehouses.md"
OTHERS = [
    "any other dlt destination",
    '`generic` with the extra `"destination": "NAME"`',
    "what dlt's page on it says",
    "resolved (Dremio)",
]


def connection_types(kind: WarehouseType) -> Iterator[str]:
    """Each Connection type, with what tells this warehouse from another of the same type."""
    for name, logins in kind.logins.items():
        signs = {login.when[0] for login in logins if login.when}
        last = ways_of(name)[-1][0] is kind
        if len({other.title for other, _ in ways_of(name)}) == 1 or last or not signs:
            yield f"`{name}`"
        else:
            shown = [re.sub("'(.*)'", r"`\1`", spoken(path)) for path in sorted(signs)]
            yield f"`{name}` with the {' or '.join(shown)}"


def row(kind: WarehouseType) -> list[str]:
    """One line of the table."""
    needs = [f"`{driver.extra}`" for driver in kind.drivers] + [kind.needs] * bool(kind.needs)
    return [kind.title, "; ".join(connection_types(kind)), "; ".join(needs) or "nothing", kind.tested]


def test_the_page_has_all_warehouses() -> None:
    kinds = sorted((kind for kind in WAREHOUSES if kind.logins), key=lambda kind: not kind.tested.startswith("loaded"))
    head = ["warehouse", "Connection type", "`pip install 'ecom-elt[…]'`", "tested"]
    hold(PAGE, "warehouses", table(head, [*map(row, kinds), OTHERS]))


def test_titles_tell_warehouses_apart() -> None:
    titles = [kind.title for kind in WAREHOUSES]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("conn_type", sorted({name for kind in WAREHOUSES for name in kind.logins}))
def test_only_the_last_of_those_that_share_a_connection_type_is_meant_by_any(conn_type: str) -> None:
    kinds = list(dict.fromkeys(kind.title for kind, _ in ways_of(conn_type)))
    for kind, login in ways_of(conn_type):
        assert login.when or kind.title == kinds[-1], f"{kind.title} hides those that come after it"
