"""Rows that come twice in one read, left out here rather than in the warehouse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dlt.sources.rest_api.typing import RESTAPIConfig

from ecom_source.description import disposition, required_key, strategy, tracked_key
from ecom_source.pages import WatchedPaginator

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
    which that is certain: each row has its key when it comes, and no other resource writes to the table.
    """
    tables = Counter(item.get("table_name") or item["name"] for item in resources)
    for item in resources:
        if disposition(config, item) != "merge" or strategy(config, item) not in (None, "delete-insert"):
            continue
        resource, paginator = source.resources[item["name"]], paginators.get(item["name"])
        key = tracked_key(config, item, appended=False)
        certain = (
            isinstance(paginator, WatchedPaginator)
            and not resource.is_transformer
            and bool(key)
            and key == required_key(config, item)
            and tables[item.get("table_name") or item["name"]] == 1
        )
        if certain and isinstance(paginator, WatchedPaginator):
            paginator.drop = paginator.once = True
        # What an earlier run said stays in the schema until told otherwise.
        resource.apply_hints(additional_table_hints={DISTINCT: certain})
