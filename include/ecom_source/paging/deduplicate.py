"""Rows that come twice in one read are left out before they reach the warehouse: its merge need not look for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ecom_source.api.resource import Resource
from ecom_source.paging.row_selector import RowSelector

if TYPE_CHECKING:
    from dlt.extract import DltSource

DISTINCT = "x-stage-data-deduplicated"
"""What `deduplicated` in dlt's `write_disposition` becomes in a table's schema."""


def tell_merges_of_distinct_rows(source: DltSource, resources: Sequence[Resource]) -> None:
    """Tells dlt's merge that it need not look for repeated rows, for each resource of which that is certain: each row
    has its key when it comes, and no other resource writes to the table. A shop that writes one key in two ways (`1`
    and `1.0`) has two rows.
    """
    tables = Counter(str(resource.table) for resource in resources)
    for resource in resources:
        if resource.disposition != "merge":
            continue
        certain = (
            resource.strategy in (None, "delete-insert")
            and resource.parent is None
            and bool(resource.key)
            and resource.key == resource.required_key
            and not resource.has_versions
            and not RowSelector(resource.selector).picks_within
            and tables[str(resource.table)] == 1
        )
        # What an earlier run said stays in the schema until told otherwise.
        source.resources[resource.name].apply_hints(additional_table_hints={DISTINCT: certain})
