"""Which resources are read together: one task, one dlt pipeline and one schema for each group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dlt.common.schema.typing import TSchemaContract
from dlt.sources.rest_api.typing import RESTAPIConfig

from ecom_source.api.nested_hints import give_nested_hints, taken_nested_hints
from ecom_source.api.refusals import refuse_what_loses_rows
from ecom_source.api.rest_config import Description, auth_blocks, clone, expand, name_of, refused_by_dlt
from ecom_source.dlt_internals.resource_tree import parents_of
from ecom_source.errors import ApiConfigError

if TYPE_CHECKING:
    from dlt.extract import DltResource, DltSource

SCHEMA_CONTRACT: TSchemaContract = {"tables": "evolve", "columns": "evolve", "data_type": "evolve"}
"""What happens to a value that fits no column: nothing is lost, dlt adds a column or table, and the report says so.

A resource's own `schema_contract` wins. See https://dlthub.com/docs/general-usage/schema-contracts.
"""


@dataclass(frozen=True)
class Component:
    """Resources that are read together: one that stands alone, or a parent with those that depend on it.

    Args:
        name: the parent's name; the name of its task, its dlt pipeline and its schema.
        resources: all names, the parent first.
    """

    name: str
    resources: tuple[str, ...]


def components(api: RESTAPIConfig) -> list[Component]:
    """The resources of `api`, grouped as dlt itself decomposes a source, in their declared order.

    No secret and no network is needed: the auth is left out, since only the names matter here.

    Raises:
        ApiConfigError: dlt refuses the description (its own message is kept), or it would lose rows.
    """
    config = clone(api)
    for block in auth_blocks(config):
        block.pop("auth", None)
    description = expand(config)
    refuse_what_loses_rows(description)
    source = source_of(config, name="components")
    _refuse_transformers_without_parent(source)
    declared = [name_of(resource) for resource in api["resources"]]
    found = []
    for part in source.decompose("scc"):
        # A transformer may bring a parent that is not declared itself, and that fills no table then.
        names = sorted(_with_parents(part) & set(declared), key=declared.index)
        root = next((name for name in names if not part.resources[name].is_transformer), names[0])
        found.append(Component(root, (root, *(name for name in names if name != root))))
    found.sort(key=lambda part: min(declared.index(each) for each in part.resources if each in declared))
    return _sharing_tables(found, description)


def _sharing_tables(parts: list[Component], description: Description) -> list[Component]:
    """Components that write the same table as one: a task that replaces it would drop the rows of the other."""
    tables = {name: resource.table for name, resource in description.resources.items()}
    owners: dict[str, int] = {}
    found: list[Component] = []
    for part in parts:
        written = {tables.get(name, name) for name in part.resources}
        owner = next((owners[table] for table in written if table in owners), len(found))
        if owner == len(found):
            found.append(part)
        else:
            found[owner] = Component(found[owner].name, (*found[owner].resources, *part.resources))
        owners.update(dict.fromkeys(written, owner))
    return found


def _refuse_transformers_without_parent(source: DltSource) -> None:
    """dlt fails only when it reads: by then a DAG is there that no run can complete."""
    for name, resource in source.resources.items():
        # dlt gives it a parent without a name, in whose place the real one is to be put.
        if not all(parents_of(resource)):
            raise ApiConfigError(
                f"The resource {name!r} is a transformer, and has no parent whose rows it could take.",
                expected="a transformer that is bound to the resource that it transforms.",
                fix=f"put the two together: `parent | {name}`, or `data_from=parent` in its `@dlt.transformer`.",
            )


def _with_parents(source: DltSource) -> set[str]:
    """The selected resources and those they are made from: a parent may be there for its dependents alone."""
    found = set(source.selected_resources)
    for resource in source.selected_resources.values():
        found.update(ancestors(resource))
    return found


def ancestors(resource: DltResource) -> Iterator[str]:
    """The names of the resources that `resource` is made from, the nearest first."""
    yield from parents_of(resource)


def source_of(config: RESTAPIConfig, *, name: str) -> DltSource:
    """dlt's source of a finished description.

    Raises:
        ApiConfigError: dlt refuses the description; its own message is kept.
    """
    from dlt.sources.rest_api import rest_api_source

    with refused_by_dlt():
        # The root key in nested tables lets a table change between replace and merge without orphans.
        hints = taken_nested_hints(config)
        source = rest_api_source(config, name=name, root_key=True, schema_contract=SCHEMA_CONTRACT)
        give_nested_hints(source, hints)
    return source
