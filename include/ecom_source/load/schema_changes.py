"""What a load changed in the schema of its tables."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ecom_source.dlt_internals.column_hints import hint_line, wider
from ecom_source.load.load_origin import TABLE

if TYPE_CHECKING:
    from dlt.pipeline.pipeline import Pipeline

logger = logging.getLogger(__name__)

Columns = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Column schemas by table and column."""


def columns_of(pipeline: Pipeline) -> Columns:
    """The tables of the pipeline's schema, those of dlt and of this package left out; none before the first load.

    A column that is described but has never come has no type yet, and is not there.
    """
    if pipeline.default_schema_name is None:
        return {}
    schema = pipeline.default_schema
    tables = {name: schema.get_table_columns(name) for name in schema.data_table_names(seen_data_only=True)}
    return {name: dict(columns) for name, columns in tables.items() if name != TABLE}


def schema_changes(before: Columns, after: Columns) -> list[dict[str, str]]:
    """One entry for each difference, as JSON: `change`, `table`, and for a column its `column` and `data_type`.

    `change` is `table_added`, `column_added` or `type_varied`: a value of another type came, for which dlt made a
    column beside the first (`price__v_text` beside `price`), be it in a table that is new itself.
    """
    found: list[dict[str, str]] = []
    for table, columns in sorted(after.items()):
        if table not in before:
            found.append({"change": "table_added", "table": table})
        for name, column in columns.items():
            change = "type_varied" if column.get("variant") else "column_added"
            if name not in before.get(table, {}) and (table in before or change == "type_varied"):
                found.append({"change": change, "table": table, "column": name, "data_type": str(column["data_type"])})
    return found


def log_changes(changes: Iterable[Mapping[str, str]], pipeline: Pipeline) -> None:
    """One line for each change. Where a column was split in two by the types of its values, it is a warning.

    Args:
        pipeline: it has the tables by now.
    """
    for change in changes:
        table, column, kind = change["table"], change.get("column", ""), change.get("data_type", "")
        if change["change"] == "type_varied":
            tables = pipeline.default_schema.tables
            first = column.partition("__v_")[0]
            wanted = wider(str(tables[table]["columns"].get(first, {}).get("data_type")), kind)
            logger.warning(
                "%s.%s: values of the type %s came, which %s.%s cannot hold: they are in this column of their own, and "
                "the other one is null in their rows. To keep one column, put `%s` into the resource in the API "
                "description and load into a new dataset; to refuse such values, set `schema_contract`.",
                table,
                column,
                kind,
                table,
                first,
                hint_line(tables, table, first, wanted),
            )
        elif column:
            logger.info("%s.%s: a new column, of the type %s", table, column, kind)
        else:
            logger.info("%s: a new table", table)
