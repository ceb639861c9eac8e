"""The cursors of a description: dlt's `incremental` blocks, each of which is loaded by window."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from dlt.extract.incremental import Incremental
from dlt.sources.rest_api.typing import RESTAPIConfig

from ecom_source.api.resource import Resource
from ecom_source.api.rest_config import expand
from ecom_source.errors import ApiConfigError
from ecom_source.window.cursor_format import Cursor, cursor_of


def cursors(api: RESTAPIConfig, names: tuple[str, ...]) -> dict[str, Cursor]:
    """The cursor of each of the resources `names` that is loaded by window.

    A table that is replaced is read whole by every run: dlt forgets its cursor at each replacement.

    Raises:
        ApiConfigError: a cursor without `initial_value`, one that is no instant, or one in a parameter; a lag that
            would append rows twice.
    """
    found = {}
    for resource in expand(api).resources.values():
        _refuse_cursor_in_parameter(resource)
        block = resource.incremental
        if resource.name in names and block and resource.disposition != "replace":
            found[resource.name] = cursor_of(block.get("initial_value"), resource=resource.name)
            _refuse_rows_appended_twice(resource, block)
    return found


def lag(api: RESTAPIConfig, name: str, cursor: Cursor) -> timedelta | None:
    """dlt's `lag` of a resource: in days for a date cursor, in the cursor's own unit for an epoch, else in seconds.

    None where the description has none; what is read again then is `windowed_reads`' to say.
    """
    given = (expand(api).resources[name].incremental or {}).get("lag")
    if given is None:
        return None
    number = float(given)
    unit = cursor.step if isinstance(cursor.like, int | float) else timedelta(seconds=1)
    return number * (timedelta(days=1) if cursor.step >= timedelta(days=1) else unit)


def _refuse_cursor_in_parameter(resource: Resource) -> None:
    for param, value in resource.params.items():
        if isinstance(value, Incremental) or (isinstance(value, dict) and value.get("type") == "incremental"):
            raise ApiConfigError(
                f"The parameter {param!r} of resource {resource.name!r} holds the cursor.",
                expected="an `incremental` block beside `params`, with start_param and end_param: "
                "a run loads a window, which has two ends.",
                fix=f"move it in the description of {resource.name!r}.",
            )


def _refuse_rows_appended_twice(resource: Resource, block: Mapping[str, Any]) -> None:
    if resource.disposition == "append" and not resource.key and block.get("lag"):
        raise ApiConfigError(
            f"Resource {resource.name!r} appends rows without a primary key, and its `lag` reads some of them again.",
            expected="a `primary_key`, by which a row that the table has is left out, or no `lag`.",
            fix=f"give {resource.name!r} a primary_key in the API description, or leave its `lag` out.",
        )
