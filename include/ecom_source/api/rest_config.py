"""How a `RESTAPIConfig` is read, by dlt's own rules of which setting wins."""

from __future__ import annotations

from typing import Any

from dlt.sources.helpers.rest_client.detector import single_entity_path
from dlt.sources.rest_api.typing import RESTAPIConfig

Described = dict[str, Any]
"""One resource of a `RESTAPIConfig`, as `described` gives it."""


def clone(config: Any) -> Any:
    """A copy of the dicts and lists; callables, sessions and dlt's own objects are shared."""
    if isinstance(config, dict):
        return {name: clone(value) for name, value in config.items()}
    if isinstance(config, list):
        return [clone(value) for value in config]
    return config


def described(config: RESTAPIConfig) -> list[Described]:
    """The resources that are described by a dict, with `endpoint` as a dict; dlt's own objects are left as they are."""
    found: list[Described] = []
    resources: list[Any] = config.get("resources", [])
    for number, resource in enumerate(resources):
        if isinstance(resource, str):
            resources[number] = resource = {"name": resource}
        if isinstance(resource, dict):
            endpoint = resource.get("endpoint") or {}
            resource["endpoint"] = {"path": endpoint} if isinstance(endpoint, str) else endpoint
            found.append(resource)
    return found


def name_of(resource: Any) -> str:
    """A resource's name, however it is described."""
    if isinstance(resource, str):
        return resource
    return str(resource["name"] if isinstance(resource, dict) else resource.name)


def defaults(config: RESTAPIConfig) -> dict[str, Any]:
    """What is described for all resources."""
    return dict(config.get("resource_defaults") or {})


def default_endpoint(config: RESTAPIConfig) -> dict[str, Any]:
    """What is described for all endpoints; the very dict, which may be written to."""
    endpoint: Any = (config.get("resource_defaults") or {}).get("endpoint")
    return endpoint if isinstance(endpoint, dict) else {}


def effective(config: RESTAPIConfig, resource: Described, name: str) -> Any:
    """An endpoint's setting as dlt sees it: its own, else the default's, else (for a paginator) the client's."""
    own = resource["endpoint"].get(name, default_endpoint(config).get(name))
    if own is not None or name != "paginator":
        return own
    # For a path that ends in a placeholder dlt itself chooses the single page, before it looks at the client.
    return None if single_entity_path(resource["endpoint"].get("path", "")) else config["client"].get("paginator")


def disposition(config: RESTAPIConfig, resource: Described) -> Any:
    """dlt's write disposition, without its strategy."""
    given = resource.get("write_disposition", defaults(config).get("write_disposition", "append"))
    return given.get("disposition") if isinstance(given, dict) else given


def strategy(config: RESTAPIConfig, resource: Described) -> Any:
    """dlt's merge strategy; None where it is not said."""
    given = resource.get("write_disposition", defaults(config).get("write_disposition"))
    return given.get("strategy") if isinstance(given, dict) else None


def is_scd2(config: RESTAPIConfig, resource: Described) -> bool:
    """Whether the table keeps the history of its rows."""
    return bool(strategy(config, resource) == "scd2")


def tracked_key(config: RESTAPIConfig, resource: Described, *, appended: bool) -> tuple[str, ...]:
    """The primary key by which rows of one read are told apart; none where pages do not show it, or may repeat it.

    Args:
        appended: rows are added to the table as they are.
    """
    if any("map" in step or "yield_map" in step for step in _steps(config, resource)):
        return ()
    # Rows of several tables may have the same key.
    if callable(resource.get("table_name")):
        return ()
    if appended or any("dedup_sort" in hint for hint in _hints(config, resource).values()):
        return ()
    return _primary_key(config, resource)


def required_key(config: RESTAPIConfig, resource: Described) -> tuple[str, ...]:
    """The columns of the primary key that each row of a page must have; none where a step of its own may mend rows."""
    if _steps(config, resource):
        return ()
    # dlt's `include_from_parent` adds columns with a `_` in front to a row after it was read; those with a `__` in the
    # middle dlt makes of what is nested.
    key = _primary_key(config, resource)
    return tuple(column for column in key if not column.startswith("_") and "__" not in column)


def _primary_key(config: RESTAPIConfig, resource: Described) -> tuple[str, ...]:
    key = resource.get("primary_key", defaults(config).get("primary_key"))
    if key is None:
        key = [name for name, hint in _hints(config, resource).items() if hint.get("primary_key")]
    if isinstance(key, str):
        return (key,)
    return tuple(key) if isinstance(key, list | tuple) else ()


def _hints(config: RESTAPIConfig, resource: Described) -> dict[str, Any]:
    columns = resource.get("columns", defaults(config).get("columns"))
    if isinstance(columns, list):
        return {str(column.get("name")): column for column in columns if isinstance(column, dict)}
    return columns if isinstance(columns, dict) else {}


def _steps(config: RESTAPIConfig, resource: Described) -> list[Any]:
    return resource.get("processing_steps", defaults(config).get("processing_steps")) or []
