"""How a `RESTAPIConfig` is read: expanded once, by dlt's own rules of which setting wins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlt.sources.rest_api.typing import RESTAPIConfig

from ecom_source.api.nested_hints import taken_nested_hints
from ecom_source.api.resource import Resource
from ecom_source.errors import ApiConfigError

if TYPE_CHECKING:
    from dlt.extract import DltResource


@dataclass(frozen=True)
class Description:
    """An API description, expanded.

    Args:
        client: dlt's `ClientConfig`.
        resources: by name, in their declared order; those that are dlt's own objects are not among them.
        objects: resources that are dlt's own objects, by name.
    """

    client: Mapping[str, Any]
    resources: Mapping[str, Resource]
    objects: Mapping[str, DltResource]

    def ancestors(self, name: str) -> list[Resource]:
        """The resources that `name` depends on, the nearest first."""
        found: list[Resource] = []
        resource = self.resources.get(name)
        while resource is not None and len(found) < len(self.resources):
            resource = self.resources.get(resource.parent or "")
            if resource is not None:
                found.append(resource)
        return found


def expand(api: RESTAPIConfig) -> Description:
    """`api` as dlt reads it.

    Raises:
        ApiConfigError: dlt refuses it; its own message is kept.
    """
    from dlt.common.validation import validate_dict
    from dlt.sources.rest_api.config_setup import build_resource_dependency_graph

    config: Any = clone(api)
    with refused_by_dlt():
        # No secret is needed, and none can be shown.
        for block in auth_blocks(config):
            block.pop("auth", None)
        taken_nested_hints(config)
        validate_dict(RESTAPIConfig, config, path=".")
        defaults: Any = config.get("resource_defaults") or {}
        _, found, resolved = build_resource_dependency_graph(defaults, config["resources"])
    client = config["client"]
    parents = {name: params[0].resolve_config["resource"] for name, params in resolved.items() if params}
    described = {
        name: Resource(name, hints, client, parents.get(name))
        for name, hints in found.items()
        if isinstance(hints, dict)
    }
    return Description(client, described, {name: each for name, each in found.items() if not isinstance(each, dict)})


@contextmanager
def refused_by_dlt() -> Iterator[None]:
    """Lets what dlt says of a description through as an `ApiConfigError` that keeps dlt's own message."""
    from dlt.common.exceptions import DictValidationException

    try:
        yield
    except ApiConfigError:
        raise
    except (DictValidationException, ValueError, TypeError, KeyError, AssertionError) as error:
        raise ApiConfigError(
            f"dlt refuses the API description: {error}",
            expected="a RESTAPIConfig as https://dlthub.com/docs/dlt-ecosystem/verified-sources/rest_api/basic has it.",
            fix="change the description that the DAG file passes to elt_dag.",
        ) from error


def clone(config: Any) -> Any:
    """A copy of the dicts and lists; callables, sessions and dlt's own objects are shared."""
    if isinstance(config, dict):
        return {name: clone(value) for name, value in config.items()}
    if isinstance(config, list):
        return [clone(value) for value in config]
    return config


def as_dicts(config: RESTAPIConfig) -> dict[str, dict[str, Any]]:
    """The resources of `config` by name, each made a dict with an `endpoint` dict in its place, to be written to.

    Resources that are dlt's own objects are left as they are.
    """
    found: dict[str, dict[str, Any]] = {}
    resources: list[Any] = config.get("resources", [])
    for number, resource in enumerate(resources):
        if isinstance(resource, str):
            resources[number] = resource = {"name": resource}
        if isinstance(resource, dict):
            endpoint = resource.get("endpoint") or {}
            resource["endpoint"] = {"path": endpoint} if isinstance(endpoint, str) else endpoint
            found[resource.get("name", "")] = resource
    return found


def name_of(resource: Any) -> str:
    """A resource's name, however it is described."""
    if isinstance(resource, str):
        return resource
    return str(resource["name"] if isinstance(resource, dict) else resource.name)


def auth_blocks(config: RESTAPIConfig) -> list[dict[str, Any]]:
    """Every block of `config` that may have an `auth` of its own; the very dicts, to be written to."""
    defaults: Any = (config.get("resource_defaults") or {}).get("endpoint")
    blocks: list[Any] = [config.get("client"), defaults, *(each["endpoint"] for each in as_dicts(config).values())]
    return [block for block in blocks if isinstance(block, dict)]
