"""Description, windows and session in, dlt source out: what a load reads, with every page watched."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from dlt.extract.items_transform import MetricsItem
from dlt.sources.rest_api.typing import RESTAPIConfig

from ecom_source.api.resource import Resource
from ecom_source.api.rest_config import as_dicts, auth_blocks, clone, expand, name_of, refused_by_dlt
from ecom_source.errors import ApiConfigError
from ecom_source.load.components import Component, ancestors, source_of
from ecom_source.load.windowed_reads import WindowedRead, incremental_block
from ecom_source.options import Options
from ecom_source.paging.checked_paginator import CheckedPaginator
from ecom_source.paging.deduplicate import tell_merges_of_distinct_rows
from ecom_source.paging.page_policy import Expected
from ecom_source.paging.read_tally import Reading
from ecom_source.paging.row_selector import RowSelector
from ecom_source.paging.totals import CountEndpoint, TotalSource
from ecom_source.window.run_window import Window

if TYPE_CHECKING:
    from dlt.extract import DltSource
    from requests import Session

    from ecom_source.http.prefetch import ReadAhead


@dataclass
class Plan:
    """How one load reads its resources.

    Args:
        windows: by resource, for those with a cursor.
        reads: how the windows are read, by resource; in the plainest way where one is not there.
        began: when the run began, by the worker's clock.
        full_refresh: replace the tables rather than merge into them.
        distinct_rows: where rows can be told apart, tell the merge that it need not look for repeated ones.
        lists_in_rows: keep lists in a JSON column of their row, for a warehouse whose merge leaves nested rows behind.
    """

    windows: Mapping[str, Window] = field(default_factory=dict)
    reads: Mapping[str, WindowedRead] = field(default_factory=dict)
    began: datetime | None = None
    full_refresh: bool = False
    lists_in_rows: bool = False
    distinct_rows: bool = False


@dataclass
class Reader:
    """With what the shop is read.

    Args:
        fill_auth: completes an `auth` block with its secrets.
        session: the requests session.
        ahead: asks for pages in advance with that session; None where pages are read one after the other.
    """

    fill_auth: Callable[[Any], Any]
    session: Session
    ahead: ReadAhead | None = None


def build_source(
    api: RESTAPIConfig,
    component: Component,
    plan: Plan,
    reader: Reader,
    options: Mapping[str, Options] | None = None,
) -> tuple[DltSource, dict[str, Reading]]:
    """The dlt source of one component, and the tallies that its read will fill.

    Args:
        api: dlt's `RESTAPIConfig`, as the Connection has it.
        options: by resource; those of a resource that is not named are the defaults.

    Raises:
        ApiConfigError: dlt refuses the description; its own message is kept.
    """
    description = expand(api)
    resources = [description.resources[name] for name in component.resources if name in description.resources]
    config = _own_copy(api, component, reader)
    readings = {resource.name: Reading(resource.name, key=resource.key) for resource in resources}
    paginators: dict[str, CheckedPaginator] = {}
    blocks = as_dicts(config)
    for resource in resources:
        endpoint = blocks[resource.name]["endpoint"]
        expected = _expected(resource, plan, (options or {}).get(resource.name, Options()))
        paginator = _paginator(resource, readings[resource.name], expected, config["client"], reader)
        endpoint["paginator"] = paginators[resource.name] = paginator
        if resource.incremental:
            _set_window(endpoint, resource, plan)
        _compile_selector(endpoint, resource)
    source = source_of(config, name=component.name)
    _count_rows(source, readings, paginators)
    _set_hints(source, resources, plan)
    return source, readings


def _own_copy(api: RESTAPIConfig, component: Component, reader: Reader) -> RESTAPIConfig:
    """The description of the component's resources alone, with its secrets and the session."""
    config: RESTAPIConfig = clone(api)
    config["client"].setdefault("session", reader.session)
    config["resources"] = [item for item in config["resources"] if name_of(item) in component.resources]
    for block in auth_blocks(config):
        if "auth" in block:
            block["auth"] = _with_session(reader.fill_auth(block["auth"]), reader.session)
    return config


def _with_session(auth: Any, session: Session) -> Any:
    """OAuth2 fetches its token with the same retries as everything else."""
    if isinstance(auth, dict) and auth.get("type") == "oauth2_client_credentials":
        return {"session": session, **auth}
    return auth


def _expected(resource: Resource, plan: Plan, options: Options) -> Expected:
    """What is known of the resource's pages before the first one comes."""
    read = plan.reads.get(resource.name)
    newest = resource.dedup_sort if plan.full_refresh and resource.disposition == "merge" else None
    if newest and resource.changes_rows:
        raise ApiConfigError(
            f"A full refresh of {resource.name!r} cannot choose by dedup_sort among rows that processing steps change.",
            expected="`dedup_sort`, or `map` steps, not both; or runs without full_refresh, whose merge chooses.",
            fix="trigger the run again without full_refresh, or change the description.",
        )
    return Expected(
        key=() if RowSelector(resource.selector).picks_within else resource.key,
        whole=resource.has_versions or resource.changes_rows,
        required=resource.required_key,
        selector=resource.selector,
        total=_named_total(resource, options),
        guess=options.total is not False,
        # In a window that is past no row comes in as another one goes.
        overlap=resource.name not in plan.windows or bool(read and plan.began and read.reaches(plan.began)),
        twice=options.read_twice,
        newest=newest,
        is_late=partial(read.is_late, began=plan.began) if plan.full_refresh and read and plan.began else None,
    )


def _named_total(resource: Resource, options: Options) -> TotalSource | None:
    """Where the total is by the description: the options', or that of dlt's offset paginator, which reads `total`
    unless told otherwise.
    """
    from dlt.sources.helpers.rest_client.paginators import OffsetPaginator
    from dlt.sources.rest_api.config_setup import create_paginator

    if options.total is not None:
        return TotalSource.named(options.total) if options.total else None
    with refused_by_dlt():
        inner = create_paginator(resource.paginator)
    if isinstance(inner, OffsetPaginator) and inner.total_path:
        return TotalSource(path=inner.total_path)
    return None


def _paginator(
    resource: Resource, reading: Reading, expected: Expected, client: Any, reader: Reader
) -> CheckedPaginator:
    """The resource's own paginator, watched. One may be shared by several resources, whose pages are read in turns."""
    from dlt.sources.helpers.rest_client.utils import join_url
    from dlt.sources.rest_api.config_setup import create_paginator

    with refused_by_dlt():
        inner = copy.deepcopy(create_paginator(resource.paginator))
    if isinstance(inner, CheckedPaginator):
        return inner
    # An answer that is passed over must be known when its turn comes.
    may_ask_ahead = client["session"] is reader.session and not resource.has_response_actions
    endpoint = expected.total.endpoint if expected.total else None
    return CheckedPaginator(
        inner,
        reading,
        expected=expected,
        session=client["session"],
        count=CountEndpoint(join_url(client["base_url"], endpoint), client["session"]) if endpoint else None,
        ahead=reader.ahead if may_ask_ahead else None,
    )


def _set_window(endpoint: dict[str, Any], resource: Resource, plan: Plan) -> None:
    """Has the endpoint asked for the window, or for everything."""
    window, block = plan.windows.get(resource.name), resource.incremental or {}
    if window is None:
        # Replaced by every run: dlt forgets the cursor, and reads everything.
        return
    read = plan.reads.get(resource.name) or WindowedRead.of(block, window)
    endpoint["incremental"] = incremental_block(block, read)
    if resource.parent is not None:
        _ask_each_parent_alike(endpoint, resource)


def _ask_each_parent_alike(endpoint: dict[str, Any], resource: Resource) -> None:
    """Has the requests of a dependent resource begin where the window does.

    dlt fills `start_param` with the greatest value that it has seen so far, which moves from parent to parent.
    """
    block = endpoint["incremental"]
    bounds = {block.pop("start_param", None): "start_value", block.pop("end_param", None): "end_value"}
    placeholders = {name: f"{{incremental.{bound}}}" for name, bound in bounds.items() if name}
    endpoint["params"] = {**resource.params, **placeholders}


def _compile_selector(endpoint: dict[str, Any], resource: Resource) -> None:
    """dlt compiles a selector that is a text for each page, which takes as long as to decode the page."""
    from dlt.common import jsonpath
    from jsonpath_ng.exceptions import JSONPathError

    # One that cannot be compiled is dlt's to refuse.
    with suppress(JSONPathError):
        if resource.selector:
            endpoint["data_selector"] = jsonpath.compile_path(resource.selector)


def _count_rows(source: DltSource, readings: Mapping[str, Reading], paginators: Mapping[str, CheckedPaginator]) -> None:
    """Counts the rows that dlt takes over, and those that are left behind its last step."""
    for name, dlt_resource in source.resources.items():
        # A parent that is read again brings its dependents with it.
        for ancestor in ancestors(dlt_resource):
            if ancestor in paginators and name in readings:
                paginators[ancestor].readings = (*paginators[ancestor].readings, readings[name])
        if name in readings:
            dlt_resource.add_metrics(readings[name].count_entered, insert_at=1)
            dlt_resource.add_step(_LastCount(readings[name].count_left))


class _LastCount(MetricsItem):
    """Counts behind all steps, dlt's cursor among them, whenever they are added."""

    placement_affinity: ClassVar[float] = 1.5


def _set_hints(source: DltSource, resources: Sequence[Resource], plan: Plan) -> None:
    if plan.distinct_rows:
        tell_merges_of_distinct_rows(source, resources)
    for resource in resources:
        if plan.lists_in_rows and resource.disposition == "merge":
            source.resources[resource.name].max_table_nesting = 0
    if plan.full_refresh:
        # A table with its history is never replaced: its resource is read whole by every run anyway.
        histories = {resource.name for resource in resources if resource.keeps_history}
        for name, dlt_resource in source.selected_resources.items():
            if name not in histories:
                # Rows that are marked as deleted are left out once they are normalized (`exact_rows`).
                dlt_resource.apply_hints(write_disposition="replace")
