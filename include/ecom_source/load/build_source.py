"""RESTAPIConfig + windows + client -> DltSource."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

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
from ecom_source.load.components import Component, ancestors, source_of
from ecom_source.paging.deduplicate import pass_rows_once
from ecom_source.paging.read_tally import Reading
from ecom_source.window.cursor_format import cursor_of, latest
from ecom_source.window.run_window import Window

if TYPE_CHECKING:
    from dlt.extract import DltResource, DltSource
    from dlt.sources.helpers.rest_client.paginators import BasePaginator
    from requests import Session

    from ecom_source.http.prefetch import ReadAhead


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
    source = source_of(config, name=component.name)
    for dlt_resource in source.resources.values():
        # A parent that is read again brings its dependents with it.
        for ancestor in ancestors(dlt_resource):
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
