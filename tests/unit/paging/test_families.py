"""Every kind of paging against every total, event and habit of a shop: green means that no row is missing."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from tests.support.paged_shop import BY_PLACE, EMPTY_FORMS, KINDS, LIES, PagedShop, Read, read

from ecom_source.errors import EcomError
from ecom_source.paging.page_policy import ONE_AGAIN
from ecom_source.paging.read_tally import COUNTED, NOT_PROVABLE, READ_WHOLE

EVENTS = ("insert in front", "insert at the end", "insert inside", "delete", "edit", "edit and move")
LINKS = ("keyset", "position", "link", "header_link")
Change = Callable[[PagedShop], None]


def happen(name: str, at: int) -> Change:
    """What an event does, at a place among the rows."""
    what: dict[str, Change] = {
        "insert in front": lambda shop: shop.insert(0),
        "insert at the end": lambda shop: shop.insert(),
        "insert inside": lambda shop: shop.insert(at),
        "delete": lambda shop: shop.delete(*shop.ids[at : at + 1]),
        "edit": lambda shop: shop.edit(at),
        "edit and move": lambda shop: shop.edit_and_move(at),
    }
    return what[name]


def together(changes: list[Change]) -> Change:
    def change(shop: PagedShop) -> None:
        for each in changes:
            each(shop)

    return change


@st.composite
def moments(draw: st.DrawFn) -> dict[int, list[str]]:
    """Some events, by the request before which they happen."""
    return draw(
        st.dictionaries(st.integers(1, 9), st.lists(st.sampled_from(EVENTS), min_size=1, max_size=3), max_size=3)
    )


def unknowable(shop: PagedShop, events: dict[int, list[str]], *, overlap: bool, keyed: bool, size_param: bool) -> str:
    """Why nobody can know that a row of this shop is missing; empty where it must be noticed.

    Args:
        overlap: pages begin with the last row of the page before, where they can.
        size_param: the page size is known.
    """
    total = shop.says == "right"
    names = {name for each in events.values() for name in each}
    leave = {"delete", "edit and move"} & names
    if shop.unstable and not keyed:
        return "rows in any order that cannot be told apart"
    if shop.stuck and shop.says == "this page" and (not size_param or shop.kind in LINKS):
        return "the first page for ever, whose number of rows stands where a total might, and no page size to change"
    if shop.longest < shop.limit and shop.says in ("this page", "pages"):
        return "a first page cut to an unusual length, beside a total that is as long"
    if shop.says == "right once" and any(name.startswith("insert") for name in names):
        return "a total that is said once counts no row that comes later"
    if shop.kind == "offset" and (shop.refuses or shop.unstable) and not total and (leave or shop.unstable):
        return "no total, and offsets that must be, or seem to have to be, multiples of the limit"
    if shop.unstable and shop.kind in BY_PLACE and not total:
        return "no total, and rows that come again where they would if new ones had come in front of them"
    if shop.kind in BY_PLACE and not total and sum("insert" in " ".join(each) for each in events.values()) > 1:
        return "no total, and as many new rows as a page before each of two answers, so that three pages are equal"
    if not leave or shop.kind == "keyset":
        return ""
    if not keyed and not total:
        return "no total, and rows that cannot be told apart"
    if shop.kind in BY_PLACE and not total:
        return "no total, and pages that cannot overlap"
    if shop.kind in BY_PLACE or not overlap:
        for each in events.values():
            went = sum(name in ("delete", "edit and move") for name in each)
            came = sum(name.startswith("insert") or name == "edit and move" for name in each)
            if went and came:
                return "as many rows came as went between two answers, so that the total stayed"
    return ""


def judge(shop: PagedShop, found: Read, why: str, *, keyed: bool) -> None:
    """Green means that each row that was there all along came, once, as it was at some time."""
    note(f"{found.error!r}; {found.reading.proof}; {len(shop.asked)} requests: {shop.asked}")
    if found.error is not None:
        assert isinstance(found.error, EcomError), found.error
        return
    came = [row["id"] for row in found.rows]
    assert all(row["version"] in shop.versions[row["id"]] for row in found.rows)
    if keyed:
        assert len(came) == len(set(came)), "a row twice"
    missing = shop.always - set(came)
    if not missing:
        return
    assert why, f"green, and {sorted(missing)} are missing"
    # What is said stays true: as many rows came as the shop said there are.
    proof, total = found.reading.proof, found.reading.total
    assert proof.startswith(NOT_PROVABLE) or (proof in (READ_WHOLE, COUNTED) and total and len(came) >= total), proof


@st.composite
def shops(draw: st.DrawFn, /, **fixed: Any) -> PagedShop:
    limit = draw(st.integers(2, 8))
    kind = draw(st.sampled_from(KINDS))
    chosen: dict[str, Any] = {
        "size": draw(st.integers(0, 30)),
        "kind": kind,
        "limit": limit,
        "longest": draw(st.sampled_from([0, 0, max(1, limit - 1), limit + 2])),
        "last_page_again": draw(st.booleans()),
        "empty": draw(st.sampled_from(EMPTY_FORMS)),
        "bare_row": draw(st.booleans()),
        "refuses": draw(st.sampled_from(["", "", "400", "rounds down"])) if kind == "offset" else "",
    }
    if chosen["refuses"]:
        # It has no pages of another size.
        chosen["longest"] = 0
    shop = PagedShop(**{**chosen, **fixed})
    if kind == "keyset":
        # A cursor that says which row was the last means nothing in another order.
        shop.unstable = 0
    return shop


# The same examples in each run; `FAMILY_EXAMPLES=2000` looks for others.
SEARCH = os.environ.get("FAMILY_EXAMPLES")
FAMILY = settings(
    max_examples=int(SEARCH or 150),
    derandomize=not SEARCH,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    report_multiple_bugs=False,
)


@FAMILY
@given(data=st.data(), overlap=st.booleans(), size_param=st.booleans())
def test_a_quiet_shop_is_read_exactly_and_without_a_false_alarm(
    data: st.DataObject, overlap: bool, size_param: bool
) -> None:
    says = data.draw(st.sampled_from(["right", "nothing", "guessed", *LIES]))
    shop = data.draw(
        shops(says="right" if says == "guessed" else says, where=data.draw(st.sampled_from(["body", "header"])))
    )
    named = says == "right"
    keyed = data.draw(st.booleans())
    more: dict[str, Any] = {} if keyed else {"key": (), "required": ()}
    more |= {} if named else {"total": None}
    if not keyed:
        shop.bare_row, shop.last_page_again, shop.refuses = False, False, ""
    if says in LIES and shop.empty == "no key":
        # Left out beside a number that says that there are rows: nobody can tell it from an error.
        shop.empty = "[]"
    if says not in ("right", "guessed") and len(shop.rows) <= shop.longest:
        # A second page that is the first one again: by the contract an error, where nothing says that these are all.
        shop.last_page_again = False
        if shop.refuses == "rounds down":
            shop.refuses = ""
    found = read(shop, overlap=overlap and keyed, size_param=size_param, **more)
    note(f"{shop}\n{found.error!r}; {found.reading.proof}; {shop.asked}")
    assert found.error is None
    assert sorted(row["id"] for row in found.rows) == shop.ids
    if says in ("right", "guessed") and shop.rows:
        # An answer that says "no rows" may say no total.
        assert found.reading.doubts in ([], [] if named or size_param else [ONE_AGAIN])


@FAMILY
@given(data=st.data(), events=moments(), overlap=st.booleans(), size_param=st.booleans(), keyed=st.booleans())
def test_green_means_that_no_row_is_missing(
    data: st.DataObject, events: dict[int, list[str]], overlap: bool, size_param: bool, keyed: bool
) -> None:
    says = data.draw(st.sampled_from(["right", "nothing", "guessed", "right once", *LIES]))
    shop = data.draw(
        shops(
            says="right" if says == "guessed" else says,
            stuck=data.draw(st.sampled_from([False, False, False, True])),
            unstable=data.draw(st.sampled_from([0, 0, 3, 100])),
            seed=data.draw(st.integers(0, 99)),
        )
    )
    if shop.unstable and shop.kind in LINKS:
        # A first page for ever, of other rows each time: not provable, by a guessed total that stays short twice.
        shop.stuck = False
    if not keyed and shop.unstable:
        # Pages in any order whose rows cannot be told apart end at `MOST_PAGES` only.
        shop.stuck = shop.last_page_again = False
    place = st.integers(0, 30)
    shop.changes = {
        number: together([happen(name, data.draw(place)) for name in names]) for number, names in events.items()
    }
    named = data.draw(st.booleans()) and says != "guessed"
    more: dict[str, Any] = {} if named else {"total": None}
    if not keyed:
        more |= {"key": (), "required": ()}
    overlap = overlap and keyed
    shop.most = 3 * (6 * (shop.size + 6) + 100 * sum(map(len, events.values()))) + (0 if keyed else 400)
    note(f"{shop} {events}")
    found = read(shop, overlap=overlap, size_param=size_param, **more)
    overlaps = keyed and (overlap or not named or shop.says != "right")
    why = unknowable(shop, events, overlap=overlaps, keyed=keyed, size_param=size_param)
    judge(shop, found, why, keyed=keyed)
