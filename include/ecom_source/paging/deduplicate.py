"""Rows that come twice in one read, left out here rather than in the warehouse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dlt.sources.rest_api.typing import RESTAPIConfig

from ecom_source.api.rest_config import disposition, required_key, strategy, tracked_key
from ecom_source.paging.checked_paginator import WatchedPaginator

if TYPE_CHECKING:
    from dlt.extract import DltSource
    from dlt.sources.helpers.rest_client.paginators import BasePaginator

DISTINCT = "x-stage-data-deduplicated"
"""What `deduplicated` in dlt's `write_disposition` becomes in a table's schema."""


def pass_rows_once(
    source: DltSource,
    config: RESTAPIConfig,
    resources: Sequence[dict[str, Any]],
    paginators: Mapping[str, BasePaginator],
) -> None:
    """Leaves out rows whose key came before, and tells dlt's merge that it need not look for them, for each resource of
    which that is certain: each row has its key when it comes, and no other resource writes to the table. A shop that
    writes one key in two ways (`1` and `1.0`) has two rows.
    """
    tables = Counter(item.get("table_name") or item["name"] for item in resources)
    for item in resources:
        if disposition(config, item) != "merge":
            continue
        resource, paginator = source.resources[item["name"]], paginators.get(item["name"])
        key = tracked_key(config, item, appended=False)
        certain = (
            isinstance(paginator, WatchedPaginator)
            and strategy(config, item) in (None, "delete-insert")
            and not resource.is_transformer
            and bool(key)
            and key == required_key(config, item)
            and tables[item.get("table_name") or item["name"]] == 1
            # Hints may come in a form that only dlt reads.
            and isinstance(columns := resource.columns or {}, dict)
            and not any("dedup_sort" in column for column in columns.values())
        )
        if certain and isinstance(paginator, WatchedPaginator):
            paginator.drop = True
        # What an earlier run said stays in the schema until told otherwise.
        resource.apply_hints(additional_table_hints={DISTINCT: certain})
