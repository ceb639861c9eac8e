"""What a load has to know of its resources before their values are looked at, and what it says of them afterwards."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dlt.sources.rest_api.typing import RESTAPIConfig

from ecom_source.api.rest_config import expand
from ecom_source.dlt_internals.value_checks import ValueChecks
from ecom_source.errors import ApiConfigError
from ecom_source.http.json_response import Decoded

if TYPE_CHECKING:
    from dlt.common.schema.typing import TTableSchema
    from dlt.extract import DltSource

logger = logging.getLogger(__name__)


def prepare_checks(checks: ValueChecks, source: DltSource, api: RESTAPIConfig, decoded: Decoded) -> None:
    """Tells `checks` what the description says: types, keys, dispositions, and whether steps of its own make values.

    Args:
        source: as dlt built it, before a row was read.
        decoded: of the answers of this load.
    """
    # What an execution before this one counted was not loaded.
    checks.forget()
    typed: dict[tuple[str, str], frozenset[str]] = {}
    keys: dict[str, tuple[str, ...]] = {}
    for resource in source.resources.values():
        for place, table in _tables(source, resource).items():
            columns = table.get("columns", {}).values()
            names = [str(each["name"]) for each in columns if each.get("data_type")]
            typed[place] = typed.get(place, frozenset()).union(map(source.schema.naming.normalize_path, names))
            keys[place[1]] = tuple(str(each["name"]) for each in columns if each.get("primary_key"))
    checks.described, checks.keys = typed, keys
    resources = expand(api).resources.values()
    checks.merged = frozenset(resource.name for resource in resources if resource.disposition == "merge")
    has_steps = any(resource.steps for resource in resources)
    checks.may_have_nan = lambda: has_steps or decoded.slowly


def _tables(source: DltSource, resource: Any) -> dict[tuple[str, str], TTableSchema]:
    """The described tables of a resource, by their place in `ValueChecks.described`.

    Raises:
        ApiConfigError: a column of a nested table that does not repeat its name, which dlt would fail at.
    """
    from dlt.extract.exceptions import DltResourceException

    naming = source.schema.naming
    try:
        root = resource.compute_table_schema()
        nested = resource.compute_nested_table_schemas(root["name"], naming)
    except DltResourceException:
        # Its rows name their table, or have other hints; what is the same for all of them is still known.
        columns = resource.columns if isinstance(resource.columns, dict) else {}
        return {(resource.name, ""): {"name": resource.name, "columns": columns}}
    for table in nested:
        for name, column in table.get("columns", {}).items():
            if "name" not in column:
                raise ApiConfigError(
                    f"The nested_hints of {resource.name!r} have a column {name!r} that does not repeat its name: "
                    f"{column!r}.",
                    expected=f'{{"{name}": {{"name": "{name}", …}}}}, as dlt wants it in nested tables.',
                    fix="change the description that the DAG file passes to elt_dag.",
                )
    return {("", naming.normalize_tables_path(str(table["name"]))): table for table in (root, *nested)}


def log_values(checks: ValueChecks, decoded: Decoded, label: str) -> None:
    """One line for each column whose values were changed on the way, and for rows that were left out as deleted."""
    for where, number in sorted(checks.cut.items()):
        logger.warning(
            "%s: %s had more digits than the column holds and %s rounded, such as %s. To keep them, give the column "
            "more digits (`precision` and `scale`) in the API description and load into a new dataset.",
            where,
            "1 value" if number == 1 else f"{number:,} values",
            "was" if number == 1 else "were",
            checks.examples[where],
        )
    for field, number in sorted(decoded.nul.items()):
        logger.warning(
            "%s: %s left out of its texts: %s cannot hold a NUL",
            field or "a text",
            "1 NUL character was" if number == 1 else f"{number:,} NUL characters were",
            label,
        )
    for table, number in sorted(checks.deleted.items()):
        if number:
            logger.info(
                "%s: %s left out, marked as deleted", table, "1 row was" if number == 1 else f"{number:,} rows were"
            )


def changed_values(checks: ValueChecks, decoded: Decoded) -> Mapping[str, dict[str, int]]:
    """The same as JSON."""
    return {
        "values_rounded": dict(checks.cut),
        "nul_left_out": dict(decoded.nul),
        "rows_marked_deleted": {table: number for table, number in checks.deleted.items() if number},
    }
