"""dlt's `nested_hints` in a `RESTAPIConfig`, for lists within lists and within objects too.

dlt names such a table by a tuple, `{("lines", "parts"): …}`, which rest_api's own check of the description refuses: it
wants a text for every key. This can go once it takes dlt's `TTableNames`:
https://github.com/dlt-hub/dlt/blob/1.31.0/dlt/sources/rest_api/typing.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlt.sources.rest_api.typing import RESTAPIConfig

if TYPE_CHECKING:
    from dlt.extract import DltSource


def taken_nested_hints(config: RESTAPIConfig) -> dict[str, dict[Any, Any]]:
    """The hints of the resources that rest_api would refuse, by resource; they are taken out of `config`."""
    found: dict[str, dict[Any, Any]] = {}
    defaults: Any = config.get("resource_defaults") or {}
    for_all = defaults.pop("nested_hints") if _has_tuples(defaults) else None
    resources: list[Any] = config.get("resources", [])
    for resource in resources:
        if isinstance(resource, dict):
            if _has_tuples(resource):
                found[resource["name"]] = resource.pop("nested_hints")
            elif for_all is not None and "nested_hints" not in resource:
                found[resource["name"]] = for_all
    return found


def give_nested_hints(source: DltSource, hints: dict[str, dict[Any, Any]]) -> None:
    """Gives them to the resources of the source that dlt made."""
    for name, each in hints.items():
        if name in source.resources:
            source.resources[name].apply_hints(nested_hints=each)


def _has_tuples(block: Any) -> bool:
    hints = block.get("nested_hints")
    return isinstance(hints, dict) and any(isinstance(key, tuple) for key in hints)
