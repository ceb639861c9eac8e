"""What a description asks for that would end in a wrong table: refused at parse, with the cure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from ecom_source.api.resource import Resource
from ecom_source.api.rest_config import Description
from ecom_source.errors import ApiConfigError

Refusal = tuple[str, str, str]
"""Found, expected, to fix."""

OURS_IN_A_WINDOW: dict[str, tuple[Any, ...]] = {
    "end_value": (None,),
    "range_start": (None, "closed"),
    "range_end": (None, "open"),
    "last_value_func": (None, max),
}
"""What a cursor's block may have where the run decides: the values that mean the same as a window."""

RESERVED = ("_dlt", "_ecom")


def refuse_what_loses_rows(description: Description) -> None:
    """Makes sure that no resource is described in a way that leaves a wrong table behind a green run.

    Raises:
        ApiConfigError: one is; the error says what to change.
    """
    for resource in description.resources.values():
        for check in CHECKS:
            for found, expected, fix in check(resource, description):
                raise ApiConfigError(f"The resource {resource.name!r} {found}", expected=expected, fix=fix)


def _merge_without_key(resource: Resource, description: Description) -> Iterator[Refusal]:
    known = not callable(resource.hints.get("columns")) and not callable(resource.hints.get("primary_key"))
    keyless = not resource.key and not resource.merge_key
    if resource.disposition == "merge" and not resource.keeps_history and keyless and known:
        yield (
            "is merged, and has no key.",
            "a `primary_key` (or `merge_key`): without one dlt adds the rows of each load to those that are there.",
            "name the key in the description; or set its `write_disposition` to `replace`, or to `append` for rows "
            "that are never read twice.",
        )


def _bounds_of_the_users_own(resource: Resource, description: Description) -> Iterator[Refusal]:
    block = resource.incremental or {}
    for name, allowed in OURS_IN_A_WINDOW.items():
        if resource.disposition != "replace" and block.get(name) not in allowed:
            yield (
                f"has {name} {str(block[name])[:60]!r} in its incremental block.",
                "a block without it: the run decides which window is read, up to now.",
                "take it out; to load a part only, trigger a run with window_start and window_end.",
            )


def _placeholder_that_moves(resource: Resource, description: Description) -> Iterator[Refusal]:
    names = ["initial_value", *(["last_value"] if resource.parent else [])]
    for name in names:
        if resource.incremental and f"{{incremental.{name}}}" in _texts(resource.endpoint):
            yield (
                f"asks with {{incremental.{name}}}.",
                "{incremental.start_value}: where this run's window begins, for every request of the run.",
                "change the placeholder in its endpoint.",
            )


def _history_of_a_window(resource: Resource, description: Description) -> Iterator[Refusal]:
    if resource.keeps_history and resource.incremental and not resource.merge_key:
        yield (
            "keeps a history (scd2), and has a cursor.",
            "all rows in each load: dlt ends the history of each row that does not come.",
            "take its incremental block out, or give it a `merge_key` within which rows are ended.",
        )


def _dependent_of_a_window(resource: Resource, description: Description) -> Iterator[Refusal]:
    parent = next((each for each in description.ancestors(resource.name) if _is_windowed(each)), None)
    if parent is None:
        return
    why = f"depends on {parent.name!r}, of which a run reads what changed in its window,"
    if _is_windowed(resource):
        yield (
            f"{why} and has a cursor of its own.",
            "one of the two: a row that changes while its parent does not would never be asked for.",
            f"take the incremental block out of {parent.name!r} or of {resource.name!r}.",
        )
    elif resource.disposition == "replace" or resource.keeps_history:
        yield (
            f"{why} and its table is {'replaced' if resource.disposition == 'replace' else 'a history (scd2)'}.",
            "the rows of all parents in each load: those of the parents that are not read would be gone.",
            f"set its `write_disposition` to `merge`, or take the incremental block out of {parent.name!r}.",
        )


def _table_of_dlts_own(resource: Resource, description: Description) -> Iterator[Refusal]:
    table = resource.table
    # As dlt writes it, or near enough.
    name = re.sub(r"\W", "_", str(table)).lower()
    if not callable(table) and (name.startswith(RESERVED) or not name.strip("_")):
        yield (
            f"fills the table {table!r}.",
            f"a name of letters and digits that does not begin with {' or '.join(RESERVED)}: tables of dlt and of this "
            "package do.",
            "give it another `table_name`, or another `name`.",
        )


def _name_like_another(resource: Resource, description: Description) -> Iterator[Refusal]:
    """`things` and `Things` are one table in every warehouse: dlt writes names in its own way."""
    from dlt.common.normalizers.naming.snake_case import NamingConvention

    names = NamingConvention()
    for other in description.resources.values():
        if other is resource:
            return
        both = (resource.table, other.table)
        if not all(isinstance(each, str) for each in both) or both[0] == both[1]:
            continue
        if names.normalize_table_identifier(both[0]) == names.normalize_table_identifier(both[1]):
            yield (
                f"writes to the table {both[0]!r}, and {other.name!r} to {both[1]!r}: in the warehouse they are one.",
                "tables whose names differ by more than capitals, accents and punctuation; or one name for both.",
                "give one of them another `table_name`.",
            )


def _is_windowed(resource: Resource) -> bool:
    return bool(resource.incremental) and resource.disposition != "replace"


def _texts(value: Any) -> str:
    """All texts in a description, joined."""
    if isinstance(value, dict):
        return " ".join(f"{_texts(name)} {_texts(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return " ".join(map(_texts, value))
    return value if isinstance(value, str) else ""


CHECKS: tuple[Callable[[Resource, Description], Iterator[Refusal]], ...] = (
    _name_like_another,
    _merge_without_key,
    _bounds_of_the_users_own,
    _placeholder_that_moves,
    _history_of_a_window,
    _dependent_of_a_window,
    _table_of_dlts_own,
)
