"""Hard keys and values in each kind of warehouse: what is kept, refused and changed, for docs/warehouses.md.

`hard_values.json` holds what was seen; `DOCS=write` writes down what is seen instead, and the page with it.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.support import PROJECT
from tests.support.apis import api, whole
from tests.support.generated import WRITING, hold, table
from tests.support.loads import connection_json, load_as, plain
from tests.support.places import MERGING, PLAIN, Place, everywhere
from tests.support.rows_api import RowsApi, serving

from ecom_source.errors import EcomError

SEEN = Path(__file__).with_name("hard_values.json")
KEPT, REFUSED, LOST = "kept", "refused", "LOST"

KEYS: Mapping[str, tuple[str, str]] = {
    "keys that differ in upper and lower case": ("SKU-a1", "SKU-A1"),
    "keys that differ in an accent": ("Müller", "Muller"),
    "keys that differ in a blank at the end": ("a", "a "),
    "keys that are different emoji": ("🍎", "🍌"),
    "keys that look alike (é in two forms of Unicode)": ("e\u0301", "\u00e9"),
    "keys of 255 characters that differ in the last one": ("k" * 254 + "1", "k" * 254 + "2"),
}
LONG_KEYS = {"keys of 3,000 characters that differ in the last one": ("k" * 2999 + "1", "k" * 2999 + "2")}
VALUES: Mapping[str, tuple[str, Any]] = {
    "a text of 200,000 bytes": ("long", "ü" * 100_000),
    "a text of emoji": ("emoji", "🍎👩‍🚀"),
    "quotes, backslashes, control characters": ("quotes", "'\"\\n`\x1f\t\r\n;--"),
    "blanks around a text": ("blanks", " a "),
    "the empty text": ("empty", ""),
    "a NUL in a text": ("nul", "a\0b"),
    "the whole number 9,223,372,036,854,775,807": ("whole", 2**63 - 1),
    "0.1": ("fraction", 0.1),
    "false": ("no", False),
    "a time with microseconds": ("at", "2026-01-01T00:00:00.123456Z"),
}
NESTED = {"an object in a row": ("object", {"a": {"b": 1}}), "a list of objects in a row": ("list", [{"x": 1}])}
ALONE: Mapping[str, str] = {
    "the whole number 9,223,372,036,854,775,808": "9223372036854775808",
    "a half of a surrogate pair": '"\\ud800"',
}
"""As JSON; each in a load of its own, which may fail."""


class Loading:
    """Loads rows into a warehouse, table by table."""

    def __init__(self, place: Place, shop: RowsApi) -> None:
        self.place, self.shop = place, shop
        # Nothing can be merged into plain files.
        self.how = {"write_disposition": "replace"} if "parquet" in place.connection else {}

    def __call__(self, name: str, rows: list[Any]) -> dict[Any, dict[str, Any]]:
        """The rows of the table afterwards."""
        self.shop.rows = rows
        load_as(api(whole(name), defaults=self.how))
        return self.place.tables.rows(name)


@pytest.fixture
def loading(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loading]:
    """Into the warehouse that the test names."""
    with serving(RowsApi([])) as shop:
        monkeypatch.setenv("AIRFLOW_CONN_ECOM_API", connection_json(shop.url))
        yield Loading(place, shop)


def note(warehouse: str, seen: dict[str, str]) -> None:
    """Compares a column of the table with what was seen before, or writes it down."""
    if not WRITING:
        assert seen == json.loads(SEEN.read_text())[warehouse]
        return
    with SEEN.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        known = {**(json.loads(SEEN.read_text()) if SEEN.stat().st_size else {}), warehouse: seen}
        file.truncate(0)
        file.write(json.dumps(known, indent=1, ensure_ascii=False) + "\n")


def keys_seen(load: Loading, name: str, keys: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Each pair is loaded, and the second one of it changed; both have their own values then."""
    pairs = [(title, number, key) for title, pair in keys.items() for number, key in enumerate(pair)]
    load(name, [{"id": key, "n": number} for _, number, key in pairs])
    found = load(name, [{"id": key, "n": 10 * number} for _, number, key in pairs])
    lost = {title for title, number, key in pairs if found.get(key, {}).get("n") != 10 * number}
    return {title: LOST if title in lost else KEPT for title in keys}


def values_seen(load: Loading) -> dict[str, str]:
    """What is in the table, next to what the shop sent."""
    row = {name: value for name, value in {**VALUES, **NESTED}.values()}
    found = load("things", [{"id": 1, **row}])[1]
    seen = {title: changed(value, found[name]) for title, (name, value) in VALUES.items()}
    flat = found.get("object__a__b") == 1
    assert flat or json.loads(found["object"]) == row["object"]
    nested = "list" not in found
    assert (
        (load.place.tables.scalar("SELECT x FROM ecommerce.things__list") == 1) if nested else json.loads(found["list"])
    )
    return {
        **seen,
        "an object in a row": "columns of the table" if flat else "JSON",
        "a list of objects in a row": "a table of its own" if nested else "JSON",
    }


def changed(value: Any, found: Any) -> str:
    """How a value came into the table."""
    if plain(found) == plain(value):
        return KEPT
    assert found == value.replace("\0", ""), (value, found)
    return "without the NUL"


def later_column_seen(load: Loading) -> dict[str, str]:
    """Columns that come with the second and third load, in rows that are there and in new ones."""
    rows: list[dict[str, Any]] = [{"id": 1}, {"id": 2}]
    load("growing", rows)
    for name, value in (("first", "x"), ("second", 2.5)):
        rows[1][name] = value
        rows.append({"id": len(rows) + 1, name: value})
        found = load("growing", rows)
    flat = {key: {name: value for name, value in row.items() if value is not None} for key, row in found.items()}
    return {"a column that comes later": KEPT if flat == {row["id"]: row for row in rows} else LOST}


def alone_seen(load: Loading) -> dict[str, str]:
    """Each in a load of its own."""
    attempts: dict[str, Callable[[], str]] = {
        title: lambda title=title, keys=keys: keys_seen(load, "long_keys", {title: keys})[title]  # type: ignore[misc]
        for title, keys in LONG_KEYS.items()
    }
    for number, (title, text) in enumerate(ALONE.items()):

        def attempt(name: str = f"alone_{number}", text: str = text) -> str:
            found = load(name, [f'{{"id": 1, "value": {text}}}'])[1]["value"]
            return changed(json.loads(text), found)

        attempts[title] = attempt
    seen = {}
    for title, once in attempts.items():
        try:
            seen[title] = once()
        except EcomError:
            seen[title] = REFUSED
    return seen


@pytest.mark.slow
@everywhere({**MERGING, **PLAIN})
def test_hard_keys_and_values(loading: Loading, request: pytest.FixtureRequest) -> None:
    seen = {
        **keys_seen(loading, "keys", KEYS),
        **values_seen(loading),
        **later_column_seen(loading),
        **alone_seen(loading),
    }
    assert LOST not in seen.values(), seen
    note(request.node.callspec.id, seen)


def test_the_page_has_what_was_seen() -> None:
    known = json.loads(SEEN.read_text())
    assert set(known) == {*MERGING, *PLAIN}
    places = [*MERGING, *PLAIN]
    rows = [[title, *(known[place][title] for place in places)] for title in known[places[0]]]
    alike = {word: [row[0] for row in rows if set(row[1:]) == {word}] for word in (KEPT, REFUSED)}
    others = table(["", *places], [row for row in rows if len(set(row[1:])) > 1])
    said = [f"**{word.capitalize()} by all**: {'; '.join(titles)}." for word, titles in alike.items()]
    hold(PROJECT / "docs" / "warehouses.md", "values", "\n\n".join([*said, others]))
