"""A row's value in the path of a dependent resource, percent-encoded.

dlt puts it there as it is: where the key is `A#B` or `A?x=1` the shop sees `A`, and another product answers. So the one
function of dlt that does so is exchanged while a load runs. This can go once dlt encodes what it puts into a path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from ecom_source.errors import PayloadError

if TYPE_CHECKING:
    from dlt.sources.rest_api.config_setup import ProcessedParentData
    from dlt.sources.rest_api.typing import ResolvedParam

INCREMENTAL = "incremental."
"""How a placeholder begins that holds no row's value but a bound of the window."""
NO_NAMES = ("", ".", "..")
"""Segments of a path that name nothing of their own: https://www.rfc-editor.org/rfc/rfc3986#section-5.2.4."""


@contextmanager
def encoded_paths(check_link: Callable[[str, str], None]) -> Iterator[None]:
    """Makes dlt encode the values of rows in paths, for as long as the block lasts.

    Args:
        check_link: gets the path of the description, and the whole address that a row gives instead; raises where
            the key must not be sent there.
    """
    from dlt.sources.rest_api import config_setup

    theirs = config_setup.process_parent_data_item

    @wraps(theirs)
    def ours(path: str, item: dict[str, Any], resolved_params: list[ResolvedParam], **more: Any) -> ProcessedParentData:
        values = config_setup.collect_resolved_values(
            item, resolved_params, more.get("incremental"), more.get("incremental_value_convert")
        )
        parents = {each.param_name: each.resolve_config["resource"] for each in resolved_params}
        found = encoded_path(path, values, parents)
        if urlsplit(found).scheme in ("http", "https") and not urlsplit(path).scheme:
            check_link(path, found)
        return theirs(path=path, item=item, resolved_params=resolved_params, **more)._replace(path=found)

    config_setup.process_parent_data_item = ours  # type: ignore[assignment]
    try:
        yield
    finally:
        config_setup.process_parent_data_item = theirs


def encoded_path(template: str, values: Mapping[str, Any], parents: Mapping[str, str]) -> str:
    """A path whose placeholders are filled in.

    A value is one segment of it: all but letters, digits and `-._~` is percent-encoded, a `/` too. A value at the very
    beginning of the path that has a `/` is a path, or an address, of its own and stays as it is.

    Args:
        template: the path, such as `stock/{resources.products.sku}`.
        values: by placeholder, as dlt collects them; bounds of the window begin with `incremental.`.
        parents: by placeholder that holds a row's value, the resource of the row.

    Raises:
        PayloadError: a value that names nothing, such as `..`, would lead to another path.
    """
    from dlt.sources.rest_api.config_setup import DirectKeyFormatter

    formatter = DirectKeyFormatter()
    path, put_in = "", dict[str, int]()
    for text, placeholder, spec, conversion in formatter.parse(template):
        path += text
        if placeholder is None:
            continue
        value, _ = formatter.get_field(placeholder, (), values)
        shown = formatter.format_field(formatter.convert_field(value, conversion), spec or "")
        if not placeholder.startswith(INCREMENTAL) and not (path.strip("/") == "" and "/" in shown):
            put_in[placeholder] = len(path)
            try:
                shown = quote(shown, safe="")
            except UnicodeEncodeError:
                raise _refused(template, placeholder, value, parents[placeholder]) from None
        path += shown
    for placeholder, start in put_in.items():
        if values[placeholder] is None or _segment(path, start) in NO_NAMES:
            raise _refused(template, placeholder, values[placeholder], parents[placeholder])
    return path


def _refused(template: str, placeholder: str, value: Any, parent: str) -> PayloadError:
    return PayloadError(
        f"A row of {parent!r} has {value!r} for the placeholder {placeholder!r} of the path {template!r}.",
        expected="a value that names one thing there; nothing, '.', '..' and half a character lead to another path.",
        fix="leave such rows out by a filter among the `processing_steps` of that resource, or send the value as a "
        "parameter where the shop takes one.",
    )


def _segment(path: str, start: int) -> str | None:
    """The segment around a place of a path; None in its query, where a value may be empty."""
    if "?" in path[:start]:
        return None
    begin = path.rfind("/", 0, start) + 1
    return re.split("[/?#]", path[begin:], maxsplit=1)[0]
