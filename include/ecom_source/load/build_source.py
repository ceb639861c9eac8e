"""RESTAPIConfig + windows + client -> DltSource."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from dlt.common.schema.typing import TSchemaContract
from dlt.extract.incremental import Incremental
from dlt.sources.rest_api.typing import RESTAPIConfig

from ecom_source.api.rest_config import (
    clone,
    default_endpoint,
    described,
    disposition,
    effective,
    is_scd2,
    name_of,
    required_key,
    strategy,
    tracked_key,
)
from ecom_source.errors import ApiConfigError
from ecom_source.paging.deduplicate import pass_rows_once
from ecom_source.paging.read_tally import Reading
from ecom_source.window.cursor_format import Cursor, cursor_of, latest
from ecom_source.window.run_window import Window

if TYPE_CHECKING:
    from dlt.extract import DltResource, DltSource
    from dlt.sources.helpers.rest_client.paginators import BasePaginator
    from requests import Session

    from ecom_source.http.prefetch import ReadAhead

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


@dataclass
class Plan:
    """How one load reads its resources.

    Args:
        windows: by resource, for those with a cursor.
        full_refresh: replace the tables rather than merge into them.
        drop_repeats: pass a row on once only, for a warehouse whose merge does not do that itself.
        distinct_rows: where rows can be told apart, pass each on once, and tell the merge that it need not look.
        lists_in_rows: keep lists in a JSON column of their row, for a warehouse whose merge leaves nested rows behind.
    """

    windows: Mapping[str, Window] = field(default_factory=dict)
    full_refresh: bool = False
    drop_repeats: bool = False
    lists_in_rows: bool = False
    distinct_rows: bool = False


def components(api: RESTAPIConfig) -> list[Component]:
    """The resources of `api`, grouped as dlt itself decomposes a source, in their declared order.

    No secret and no network is needed: the auth is left out, since only the names matter here.

    Raises:
        ApiConfigError: dlt refuses the description; its own message is kept.
    """
    config = clone(api)
    for block in (config.get("client"), default_endpoint(config), *(each["endpoint"] for each in described(config))):
        if isinstance(block, dict):
            block.pop("auth", None)
    source = _rest_api_source(config, name="components")
    declared = [name_of(resource) for resource in api["resources"]]
    found = []
    for part in source.decompose("scc"):
        # A transformer may bring a parent that is not declared itself.
        names = sorted(_with_parents(part), key=lambda name: declared.index(name) if name in declared else -1)
        root = next(name for name in names if not part.resources[name].is_transformer)
        found.append(Component(root, (root, *(name for name in names if name != root))))
    found.sort(key=lambda part: min(declared.index(each) for each in part.resources if each in declared))
    return _sharing_tables(found, config)


def _sharing_tables(parts: list[Component], config: RESTAPIConfig) -> list[Component]:
    """Components that write the same table as one: a task that replaces it would drop the rows of the other."""
    tables = {item["name"]: item.get("table_name") or item["name"] for item in described(config)}
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


def cursors(api: RESTAPIConfig, names: tuple[str, ...]) -> dict[str, Cursor]:
    """The cursor of each of the resources `names` that has dlt's `incremental` block.

    Raises:
        ApiConfigError: a cursor without `initial_value`, or one that is no instant.
    """
    found = {}
    for resource in described(clone(api)):
        params = {**(default_endpoint(api).get("params") or {}), **(resource["endpoint"].get("params") or {})}
        for param, value in params.items():
            if isinstance(value, Incremental) or (isinstance(value, dict) and value.get("type") == "incremental"):
                raise ApiConfigError(
                    f"The parameter {param!r} of resource {resource['name']!r} holds the cursor.",
                    expected="an `incremental` block beside `params`, with start_param and end_param: "
                    "a run loads a window, which has two ends.",
                    fix=f"move it in the description of {resource['name']!r}.",
                )
        block = effective(api, resource, "incremental")
        if resource["name"] in names and block:
            found[resource["name"]] = cursor_of(block.get("initial_value"), resource=resource["name"])
    return found


def lag(api: RESTAPIConfig, name: str, cursor: Cursor) -> timedelta:
    """dlt's `lag` of a resource: in days for a date cursor, in the cursor's own unit for an epoch, else in seconds."""
    resource = next(item for item in described(clone(api)) if item["name"] == name)
    number = float((effective(api, resource, "incremental") or {}).get("lag") or 0)
    unit = cursor.step if isinstance(cursor.like, int | float) else timedelta(seconds=1)
    return number * (timedelta(days=1) if cursor.step >= timedelta(days=1) else unit)


def build_source(
    api: RESTAPIConfig,
    component: Component,
    plan: Plan,
    *,
    fill_auth: Callable[[Any], Any],
    session: Session,
    ahead: ReadAhead | None = None,
) -> tuple[DltSource, dict[str, Reading]]:
    """The dlt source of one component, and the tallies that its read will fill.

    Args:
        fill_auth: completes an `auth` block with its secrets.
        session: the requests session to read with.
        ahead: asks for pages in advance with that session.

    Raises:
        ApiConfigError: dlt refuses the description; its own message is kept.
    """
    from ecom_source.paging.checked_paginator import WatchedPaginator

    config = clone(api)
    client = config["client"]
    client.setdefault("session", session)
    for block in (client, default_endpoint(config)):
        if "auth" in block:
            block["auth"] = _with_session(fill_auth(block["auth"]), session)
    config["resources"] = [item for item in config["resources"] if name_of(item) in component.resources]
    resources = described(config)
    readings = {
        item["name"]: Reading(
            item["name"],
            key=tracked_key(config, item, appended=disposition(config, item) == "append" and not plan.full_refresh),
        )
        for item in resources
    }
    paginators: dict[str, BasePaginator] = {}
    for resource in resources:
        name, endpoint = resource["name"], resource["endpoint"]
        if "auth" in endpoint:
            endpoint["auth"] = _with_session(fill_auth(endpoint["auth"]), session)
        if name in plan.windows:
            endpoint["incremental"] = _windowed(effective(api, resource, "incremental"), plan.windows[name])
        settings = effective(config, resource, "paginator")
        paginator = _watched(
            settings,
            readings[name],
            selector=effective(config, resource, "data_selector"),
            required=required_key(config, resource),
            overlap=name not in plan.windows,
            drop=plan.full_refresh
            or plan.drop_repeats
            or disposition(config, resource) != "merge"
            # dlt looks for repeated rows in this one only.
            or strategy(config, resource) not in (None, "delete-insert"),
            ahead=ahead if client["session"] is session else None,
        )
        if paginator is not None:
            endpoint["paginator"] = paginators[name] = paginator
        _compile_selector(config, resource)
    source = _rest_api_source(config, name=component.name)
    for dlt_resource in source.resources.values():
        # A parent that is read again brings its dependents with it.
        for ancestor in _ancestors(dlt_resource):
            paginator = paginators.get(ancestor)
            if isinstance(paginator, WatchedPaginator) and dlt_resource.name in readings:
                paginator.readings = (*paginator.readings, readings[dlt_resource.name])
    if plan.distinct_rows:
        pass_rows_once(source, config, resources, paginators)
    if plan.lists_in_rows:
        for item in resources:
            if disposition(config, item) == "merge":
                source.resources[item["name"]].max_table_nesting = 0
    if plan.full_refresh:
        # A table with its history is never replaced: its resource is read whole by every run anyway.
        histories = {item["name"] for item in resources if is_scd2(config, item)}
        for name, dlt_resource in source.selected_resources.items():
            if name not in histories:
                _replace(dlt_resource)
    return source, readings


def _compile_selector(config: RESTAPIConfig, resource: dict[str, Any]) -> None:
    """dlt compiles a selector that is a text for each page, which takes as long as to decode the page."""
    from dlt.common import jsonpath
    from jsonpath_ng.exceptions import JSONPathError

    selector = effective(config, resource, "data_selector")
    # One that cannot be compiled is dlt's to refuse.
    with suppress(JSONPathError):
        resource["endpoint"]["data_selector"] = jsonpath.compile_path(selector) if selector else selector


def _replace(resource: DltResource) -> None:
    """Makes the resource replace its table. Rows that are marked as deleted are left out, as a merge would."""
    given = resource.columns
    columns = given if isinstance(given, dict) else {}
    marks = [name for name, column in columns.items() if column.get("hard_delete")]
    resource.add_filter(lambda row: all(row.get(mark) in (None, False) for mark in marks))
    resource.apply_hints(write_disposition="replace")


def _rest_api_source(config: RESTAPIConfig, *, name: str) -> DltSource:
    from dlt.common.exceptions import DictValidationException
    from dlt.sources.rest_api import rest_api_source

    try:
        # The root key in nested tables lets a table change between replace and merge without orphans.
        return rest_api_source(config, name=name, root_key=True, schema_contract=SCHEMA_CONTRACT)
    except (DictValidationException, ValueError, TypeError, KeyError) as error:
        raise ApiConfigError(
            f"dlt refuses the API description: {error}",
            expected="a RESTAPIConfig as https://dlthub.com/docs/dlt-ecosystem/verified-sources/rest_api/basic has it.",
            fix="change the description that the DAG file passes to elt_dag.",
        ) from error


def _windowed(block: dict[str, Any], window: Window) -> dict[str, Any]:
    cursor = cursor_of(block.get("initial_value"), resource="")
    theirs = block.get("convert") or (lambda value: value)
    return {
        **{name: value for name, value in block.items() if name != "lag"},
        # Windows join without a gap and without an overlap.
        "range_start": "closed",
        "range_end": "open",
        "initial_value": window.interval.start,
        "end_value": window.interval.end,
        "last_value_func": latest,
        "convert": lambda value: theirs(cursor.render(value)),
    }


def _watched(
    settings: Any,
    reading: Reading,
    *,
    selector: Any,
    required: tuple[str, ...],
    overlap: bool,
    drop: bool,
    ahead: ReadAhead | None,
) -> BasePaginator | None:
    """The resource's paginator with its pages counted, or None where dlt is to find one out by itself.

    Args:
        selector: the endpoint's `data_selector`. Where it picks among or within the rows, their number says nothing
            of offsets, and an offset paginator is left to itself.
        required: columns of the primary key that each row must come with.
        overlap: as in `FollowingOffsetPaginator`.
        drop: leave out rows that an earlier page had; a merge does that itself.
        ahead: asks for pages in advance.
    """
    from dlt.sources.helpers.rest_client.paginators import OffsetPaginator
    from dlt.sources.rest_api.config_setup import create_paginator

    from ecom_source.paging.checked_paginator import WatchedPaginator
    from ecom_source.paging.offset_paginator import FollowingOffsetPaginator

    plain = selector is None or re.fullmatch(r"[\w-]+(\.[\w-]+)*", str(selector)) is not None
    total_path = None
    if plain and isinstance(settings, dict) and settings.get("type") == "offset":
        total_path = settings.get("total_path", "total")
        arguments = {name: value for name, value in settings.items() if name != "type"}
        inner: BasePaginator | None = FollowingOffsetPaginator(**arguments, overlap=overlap)
    elif plain and type(settings) is OffsetPaginator:
        total_path = settings.total_path
        inner = FollowingOffsetPaginator(settings.limit, overlap=overlap)
        inner.__dict__.update(vars(settings))
    else:
        # A paginator may be shared by several resources, whose pages may be read in turns.
        inner = copy.deepcopy(create_paginator(settings))
    if inner is None or isinstance(inner, WatchedPaginator):
        return inner
    if isinstance(inner, OffsetPaginator) and not plain:
        return inner
    return WatchedPaginator(
        inner,
        reading,
        total_path=total_path,
        selector=selector if plain else None,
        required=required,
        drop=drop,
        ahead=ahead,
    )


def _with_session(auth: Any, session: Session) -> Any:
    """OAuth2 fetches its token with the same retries as everything else."""
    if isinstance(auth, dict) and auth.get("type") == "oauth2_client_credentials":
        return {"session": session, **auth}
    return auth


def _with_parents(source: DltSource) -> set[str]:
    """The selected resources and those they are made from: a parent may be there for its dependents alone."""
    found = set(source.selected_resources)
    for resource in source.selected_resources.values():
        found.update(_ancestors(resource))
    return found


def _ancestors(resource: DltResource) -> Iterator[str]:
    parent = resource._pipe.parent
    while parent is not None:
        yield parent.name
        parent = parent.parent
