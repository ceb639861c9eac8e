"""What is checked before any load, when the DAG file is parsed: the description, the options and the names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dlt.sources.rest_api.typing import RESTAPIConfig

from ecom_source.api.cursors import cursors
from ecom_source.errors import ApiConfigError
from ecom_source.load.components import Component, components
from ecom_source.options import AnyOptions, Options, options_by_resource


@dataclass(frozen=True)
class CheckedApi:
    """What is to be loaded, once nothing speaks against it.

    Args:
        components: in the order in which the description declares them.
        options: of each resource.
    """

    components: tuple[Component, ...]
    options: Mapping[str, Options]

    @property
    def resources(self) -> tuple[str, ...]:
        """The names of all resources."""
        return tuple(name for each in self.components for name in each.resources)

    def with_options(self, **more: Any) -> CheckedApi:
        """The same with these options for every resource."""
        return replace(self, options={name: replace(each, **more) for name, each in self.options.items()})


def check_api(api: RESTAPIConfig, *, dataset_name: str, options: AnyOptions = None, as_one: bool = False) -> CheckedApi:
    """Refuse what no run could load. No secret and no network is needed.

    Args:
        api: the description.
        dataset_name: the dataset of the tables.
        options: `Options(…)` for all resources, or a dict of them by resource.
        as_one: load all resources together, under the name of the dataset.

    Raises:
        ApiConfigError: dlt refuses the description or a name, a cursor cannot be loaded by window, or an option fits no
            resource.
    """
    found = components(api)
    names = tuple(name for each in found for name in each.resources)
    cursors(api, names)
    chosen = options_by_resource(options, names)
    _refuse_dataset(dataset_name)
    if as_one:
        found = [Component(dataset_name, names)]
    _refuse_names(each.name for each in found)
    return CheckedApi(tuple(found), chosen)


def _refuse_dataset(name: Any) -> None:
    # Of an empty name dlt makes one of its own for each resource.
    if not isinstance(name, str) or not any(character.isalnum() for character in name):
        raise ApiConfigError(
            f"dataset_name is {name!r}.",
            expected="the name of the dataset (schema) of the tables, such as 'ecommerce'.",
            fix="change `dataset_name` in the DAG file.",
        )


def _refuse_names(names: Iterable[str]) -> None:
    """Refuse a name that dlt takes for no pipeline or no schema: each load has one of either, named after it."""
    from dlt.common.schema.utils import is_valid_schema_name
    from dlt.common.storages import FileStorage

    for name in names:
        try:
            FileStorage.validate_file_name_component(name)
            valid = is_valid_schema_name(name) and any(character.isalnum() for character in name)
        except ValueError:
            valid = False
        if not valid:
            raise ApiConfigError(
                f"The name {str(name)[:80]!r} cannot be that of a load.",
                expected="letters, digits and underscores, no digit first, 64 characters at most.",
                fix="change the resource's `name` in the API description (its path and its `table_name` may stay), or "
                "`dataset_name` where all resources are one task.",
            )
