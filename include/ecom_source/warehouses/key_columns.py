"""Keys that a warehouse takes for one key, so that rows are lost: prevented where it can be, refused where it cannot.

Some databases compare texts by a collation, for which `SKU-a1` and `SKU-A1`, `Müller` and `Muller` or two emoji are
the same; some leave blanks at the end out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ecom_source.errors import RowsRefusedError, TableError

if TYPE_CHECKING:
    from dlt.common.schema.typing import TColumnSchema
    from dlt.extract import DltResource, DltSource
    from dlt.pipeline.pipeline import Pipeline

logger = logging.getLogger(__name__)

FOUND = """SELECT table_name, column_name, collation_name, is_nullable, character_maximum_length
FROM information_schema.columns WHERE collation_name IS NOT NULL AND table_schema = '{schema}'"""


@dataclass(frozen=True)
class KeyCollation:
    """How a warehouse tells all keys apart that are texts.

    Args:
        wanted: the collation for it; takes dlt's SQL client, connected.
        change: the statement that changes a column; takes the table and the column as SQL, the column's length (-1:
            any) and the collation.
        ignores_blanks: whether the collation takes `a` and `a` with a blank at its end for one key.
    """

    wanted: Callable[[Any], str]
    change: Callable[[str, str, int, str], str]
    ignores_blanks: Callable[[str], bool] = lambda collation: False


def is_key(column: TColumnSchema) -> bool:
    """Whether rows are told apart by this column."""
    return bool(column.get("primary_key") or column.get("merge_key"))


def wanted_collation(pipeline: Pipeline, collation: KeyCollation) -> str:
    """The collation of keys on the server that the pipeline loads into."""
    with pipeline.sql_client() as client:
        return collation.wanted(client)


def outdated_keys(source: DltSource, pipeline: Pipeline, collation: KeyCollation, wanted: str) -> list[str]:
    """Statements that make the keys of existing tables as new tables have them; none where all are.

    Args:
        source: what is about to be loaded.
        pipeline: restored from the warehouse.
        wanted: the collation of keys.
    """
    keys = _keys(source, pipeline)
    with pipeline.sql_client() as client, client.begin_transaction():
        found = client.execute_sql(FOUND.format(schema=client.dataset_name.replace("'", "''"))) or ()
        return [
            collation.change(
                client.make_qualified_table_name(table),
                client.escape_column_name(column),
                -1 if length is None else int(length),
                wanted,
            )
            + (" NULL" if nullable == "YES" else " NOT NULL")
            for table, column, name, nullable, length in found
            if column in keys.get(table, ()) and name != wanted
        ]


def refuse_outdated_keys(statements: list[str], dataset_name: str) -> None:
    """Refuses to load into tables with such keys.

    Raises:
        TableError: there are any.
    """
    if statements:
        raise TableError(
            f"The warehouse takes some keys of a table in {dataset_name} for one (letter case, accents, blanks at the "
            "end, emoji): an older version made its key columns, and rows may be missing.",
            expected=f"keys that are compared letter by letter. Made so by: {'; '.join(statements)}",
            fix="trigger the DAG with full_refresh. It reads all rows again and then changes the columns.",
        )


def change_outdated_keys(statements: list[str], pipeline: Pipeline) -> None:
    """Changes the columns, once a full refresh has put all rows there: nothing compares keys meanwhile."""
    if not statements:
        return
    with pipeline.sql_client() as client:
        for statement in statements:
            with client.begin_transaction():
                client.execute_sql(statement)
            logger.info("Keys are compared letter by letter from now on: %s", statement)


def refuse_blanks_at_the_end(source: DltSource) -> None:
    """Makes each resource refuse a key with a blank at its end, for a warehouse that takes it for the key without."""
    for resource in source.selected_resources.values():
        if keys := tuple(_own_keys(resource)):
            resource.add_map(_Refusal(resource.name, keys))


@dataclass(frozen=True)
class _Refusal:
    resource: str
    keys: tuple[str, ...]

    def __call__(self, row: Any) -> Any:
        for name in self.keys if isinstance(row, Mapping) else ():
            value = row.get(name)
            if isinstance(value, str) and value.endswith(" "):
                raise RowsRefusedError(
                    f"The key {name}={value!r} of {self.resource!r} ends with a blank, and the warehouse takes it for "
                    f"{value.rstrip(' ')!r}.",
                    expected="keys that the warehouse tells apart.",
                    fix="correct the row in the shop, or take the blank off in a `map` step of the resource.",
                )
        return row


def _own_keys(resource: DltResource) -> Iterator[str]:
    from dlt.extract.exceptions import DataItemRequiredForDynamicTableHints

    try:
        columns = resource.compute_table_schema()["columns"]
    except DataItemRequiredForDynamicTableHints:
        # Which columns there are, only the rows tell.
        return
    yield from (name for name, column in columns.items() if is_key(column))


def _keys(source: DltSource, pipeline: Pipeline) -> dict[str, set[str]]:
    """By table: the keys that the warehouse knows of, and those of the description."""
    naming = source.schema.naming
    found: dict[str, set[str]] = {}
    if pipeline.default_schema_name is not None:
        for table in pipeline.default_schema.data_tables():
            found[str(table["name"])] = {name for name, column in table["columns"].items() if is_key(column)}
    for resource in source.selected_resources.values():
        if keys := [naming.normalize_path(name) for name in _own_keys(resource)]:
            table_name = naming.normalize_tables_path(str(resource.compute_table_schema()["name"]))
            found.setdefault(table_name, set()).update(keys)
    return found
