"""dlt's normalizer of JSON rows, which hands over whole tables where it can."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from dlt.common.data_writers.buffered import BufferedDataWriter
from dlt.common.data_writers.writers import DataWriter, ParquetDataWriter
from dlt.common.libs.pyarrow import dlt_column_to_arrow_field
from dlt.common.normalizers.json.helpers import (
    get_nested_row_hash,
    get_propagation_mapping,
    get_root_row_id_type,
    get_table_nesting_level,
    normalize_identifier,
    shorten_fragments,
    should_be_nested,
)
from dlt.common.normalizers.json.relational import DataItemNormalizer
from dlt.common.normalizers.utils import generate_dlt_ids
from dlt.common.schema import Schema, TSchemaUpdate
from dlt.common.storages.load_storage import LoadItemStorage
from dlt.common.time import get_context_timezone_name
from dlt.common.typing import TDataItem

from ecom_source.dlt_internals.columnar.convert import NotColumnar, converted, rounded
from ecom_source.dlt_internals.columnar.flatten import Flat, Rows, flattened
from ecom_source.dlt_internals.exact_normalizer import ExactNormalizer, is_deleted, key_columns

FIRST = 50
"""Rows of a chunk that go dlt's own way before the rest is tried again."""
OF_A_NORMALIZER = ("_filtered_tables", "_filtered_tables_columns", "_report_progress")
OF_A_STORAGE = ("_get_writer", "writer_cls")
"""What is private or exchanged here. An override that dlt calls no longer is as good as missing."""


def check_reach(normalizer: Any) -> None:
    """Looks for all of that before a row is written, so that all rows can go value by value.

    Args:
        normalizer: the exact one.

    Raises:
        AttributeError: something is not there.
    """
    operator.attrgetter(*OF_A_NORMALIZER)(normalizer)
    operator.attrgetter(*OF_A_STORAGE)(normalizer.item_storage)
    # Of its writers only the class is known yet.
    operator.attrgetter("writer_cls")(BufferedDataWriter(normalizer.item_storage.writer_spec, "unused.%s"))


class ColumnarNormalizer(ExactNormalizer):
    """Chunks of rows whose tables and columns are all known become Arrow tables; all others are left to dlt.

    Args:
        expect: is told how many rows these were, of how many bytes, and for which tables.
    """

    def __init__(
        self, *args: Any, expect: Callable[[int, int, Schema], None] = lambda rows, size, schema: None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._expect, self._rows, self._size = expect, 0, 0
        names: Any = self.schema.data_item_normalizer
        self._names: DataItemNormalizer = names
        self._cut_here: list[tuple[str, Any, str, int]] = []
        self._columnar = (
            self.item_storage.writer_cls is ParquetDataWriter
            and type(names) is DataItemNormalizer
            and not any(table.get("filters") for table in self.schema.tables.values())
        )
        if self._columnar:
            self._zone = get_context_timezone_name()
            self.item_storage = TableStorage(self.load_storage.new_packages, self.item_storage.writer_spec)

    def __call__(self, extracted_items_file: str, root_table_name: str) -> list[TSchemaUpdate]:
        """Normalizes a file."""
        storage = self.normalize_storage.extracted_packages.storage
        self._size += Path(storage.make_full_path(extracted_items_file)).stat().st_size
        return super().__call__(extracted_items_file, root_table_name)

    def close(self) -> None:
        """Ends the normalizing of all files."""
        # What Arrow keeps for the next chunk, the warehouse may need.
        pa.default_memory_pool().release_unused()
        self._expect(self._rows, self._size, self.schema)
        super().close()

    def _normalize_chunk(
        self, root_table_name: str, items: list[TDataItem], may_have_pua: bool, skip_write: bool
    ) -> TSchemaUpdate:
        self._rows += len(items)
        self._root_table = root_table_name
        # Values that dlt has put behind a private character (decimals, times) are no JSON.
        if not self._columnar or may_have_pua or skip_write:
            return super()._normalize_chunk(root_table_name, items, may_have_pua, skip_write)
        if self._by_columns(root_table_name, items):
            return {}
        # What is new in a chunk is known, as a rule, after its first rows.
        rest = items[FIRST:]
        updates = super()._normalize_chunk(root_table_name, items[:FIRST], False, False)
        if rest and not self._by_columns(root_table_name, rest):
            for name, partial in super()._normalize_chunk(root_table_name, rest, False, False).items():
                updates.setdefault(name, []).extend(partial)
        return updates

    def _by_columns(self, root: str, items: list[TDataItem]) -> bool:
        """Writes rows as tables; whether they could be."""
        if self._filtered_tables_columns or self._filtered_tables:
            return False
        self._cut_here = []
        try:
            kept = self._not_deleted(root, items)
            tables = list(self._tables(root, kept)) if kept else []
            if len({name for name, _ in tables}) < len(tables):
                raise NotColumnar("two lists become one table")
        except (NotColumnar, pa.ArrowException, TypeError, ValueError, OverflowError):
            return False
        for cut in self._cut_here:
            self.checks.count_cut(*cut)
        self.checks.deleted[root] += len(items) - len(kept)
        for name, table in tables:
            columns = self.schema.get_table_columns(name)
            self.item_storage.write_data_item(self.load_id, self.schema.name, name, table, columns)
            self._report_progress(name, table.num_rows)
        return True

    def _not_deleted(self, root: str, items: list[TDataItem]) -> list[TDataItem]:
        """The rows without those that this load has to leave out since they are marked as deleted."""
        mark = self._mark()
        if mark is None:
            return items
        level = get_table_nesting_level(self.schema, root, self._names.max_nesting) or 0
        for flat in flattened(Rows((root,), root, pa.array(items), items, level), self.schema):
            if flat.name == mark["name"] and flat.array.null_count < len(flat.array):
                values = self._converted(flat, mark, root).to_pylist()
                items = [item for item, value in zip(items, values, strict=True) if not is_deleted(mark, value)]
        return items

    def _converted(self, flat: Flat, column: Any, table: str) -> pa.Array:
        """A field as its column; values that have too many digits for it are rounded, and counted in `_cut_here`."""
        if column.get("data_type") is None:
            raise NotColumnar(f"{flat.name} is new")
        if column["data_type"] == "text" and column.get("precision") and self.checks.texts_end:
            raise NotColumnar(f"{flat.name} takes texts of a certain length")
        field = dlt_column_to_arrow_field(column, self.config.destination_capabilities, self._zone)
        try:
            return converted(flat.array, str(column["data_type"]), field, flat.values)
        except pa.ArrowInvalid:
            if column["data_type"] != "decimal" or column.get("primary_key") or column.get("merge_key"):
                raise
            found, changed = rounded(flat.array, field, flat.values)
            first = pc.index(changed, True).as_py()
            self._cut_here.append(
                (
                    f"{table}.{flat.name}",
                    flat.values()[first],
                    self._row_of(flat, first, table),
                    pc.sum(changed).as_py(),
                )
            )
            return found

    def _row_of(self, flat: Flat, number: int, table: str) -> str:
        if table != self._root_table:
            return f"a row of {table}"
        raw = flat.raw[number].items()
        row = {normalize_identifier(self.schema, self.naming, name): value for name, value in raw if name}
        return self.checks.row_of(key_columns(self.schema.tables[table]), row)

    def _tables(self, root: str, items: list[TDataItem]) -> Iterator[tuple[str, pa.Table]]:
        names = self._names
        array = pa.array(items)
        if not pa.types.is_struct(array.type) or array.null_count or should_be_nested(self.schema, root):
            raise NotColumnar("not only objects")
        if get_root_row_id_type(self.schema, root) != "random":
            raise NotColumnar("ids made of the row")
        level = get_table_nesting_level(self.schema, root, names.max_nesting) or 0
        rows = Rows((root,), root, array, items, level)
        ids = generate_dlt_ids(len(items))
        own: dict[str, pa.Array] = {
            names.c_dlt_load_id: pa.repeat(self.load_id, len(items)).cast(pa.string()),
            names.c_dlt_id: pa.array(ids),
        }
        inherited = self._inherited(root)
        yield from self._with_children(rows, ids, own, dict.fromkeys(inherited, ids))

    def _inherited(self, root: str) -> list[str]:
        """Columns of nested tables that hold the id of the root's row."""
        names = self._names
        if not names.propagation_config:
            return []
        mapping = get_propagation_mapping(names.propagation_config, root, True)
        if mapping.keys() - {names.c_dlt_id}:
            raise NotColumnar("other columns go into nested tables")
        return list(mapping.values())

    def _with_children(
        self, rows: Rows, ids: Sequence[str], own: dict[str, pa.Array], inherited: dict[str, Sequence[str]]
    ) -> Iterator[tuple[str, pa.Table]]:
        columns = self.schema.tables[rows.table]["columns"] if rows.table in self.schema.tables else None
        if not columns:
            raise NotColumnar(f"{rows.table} is new")
        found: dict[str, pa.Array] = {}
        lists: list[Flat] = []
        for flat in flattened(rows, self.schema):
            column = columns.get(flat.name)
            known = column is not None and column.get("data_type") is not None
            if flat.array.null_count and not known:
                self.null_only_columns.setdefault(rows.table, set()).add(flat.name)
            if flat.path:
                lists.append(flat)
            elif known or flat.array.null_count < len(flat.array):
                if column is None or not known or flat.name in found:
                    raise NotColumnar(f"{flat.name} is new")
                found[flat.name] = self._converted(flat, column, rows.table)
        if found.keys() & own.keys():
            raise NotColumnar("rows with dlt's own columns")
        yield rows.table, self._table(rows.table, {**found, **own}, len(rows.raw))
        for flat in lists:
            yield from self._children(rows, flat, ids, inherited)

    def _table(self, name: str, arrays: dict[str, pa.Array], count: int) -> pa.Table:
        """In the order and with the types of the table's columns; those that no row has are null."""
        fields, columns = [], []
        for column in self.schema.get_table_columns(name).values():
            field = dlt_column_to_arrow_field(column, self.config.destination_capabilities, self._zone)
            array = arrays.pop(field.name, None)
            if array is None and not field.nullable:
                raise NotColumnar(f"{field.name} is missing")
            fields.append(field)
            columns.append(pa.nulls(count, field.type) if array is None else array)
        if arrays:
            raise NotColumnar(f"{', '.join(arrays)} is new")
        return pa.Table.from_arrays(columns, schema=pa.schema(fields))

    def _children(
        self, rows: Rows, flat: Flat, ids: Sequence[str], inherited: dict[str, Sequence[str]]
    ) -> Iterator[tuple[str, pa.Table]]:
        names = self._names
        elements = flat.array.flatten()
        if not len(elements):
            return
        table = shorten_fragments(self.naming, *flat.path)
        if not should_be_nested(self.schema, table):
            raise NotColumnar(f"{table} is a table of its own")
        lists = flat.values()
        if pa.types.is_struct(elements.type):
            array, raw = elements, [each for values in lists for each in values or ()]
            if array.null_count:
                raise NotColumnar("a list with nothing in one of its places")
        elif pa.types.is_nested(elements.type):
            raise NotColumnar("a list of lists")
        else:
            array = pa.StructArray.from_arrays([elements], [names.c_value])
            raw = [{names.c_value: each} for values in lists for each in values or ()]
        parents = [row for row, values in enumerate(lists) for _ in values or ()]
        places = [place for values in lists for place in range(len(values or ()))]
        parent_ids = [ids[row] for row in parents]
        new = [get_nested_row_hash(parent, table, place) for parent, place in zip(parent_ids, places, strict=True)]
        handed_on: dict[str, Sequence[str]] = {
            name: [values[row] for row in parents] for name, values in inherited.items()
        }
        own = {
            **{name: pa.array(values) for name, values in handed_on.items()},
            names.c_dlt_parent_id: pa.array(parent_ids),
            names.c_dlt_list_idx: pa.array(places),
            names.c_dlt_id: pa.array(new),
        }
        children = Rows(flat.path, table, array, raw, rows.level - 1)
        yield from self._with_children(children, new, own, handed_on)


class TableStorage(LoadItemStorage):
    """Its files take rows and tables."""

    def _get_writer(self, load_id: str, schema_name: str, table_name: str) -> BufferedDataWriter[DataWriter]:
        writer = super()._get_writer(load_id, schema_name, table_name)
        writer.writer_cls = TableWriter
        return writer


class TableWriter(ParquetDataWriter):
    """dlt's writer of parquet files, for rows and for tables."""

    writer: Any
    schema: Any

    def write_data(self, items: Sequence[TDataItem]) -> None:
        """Writes them in their order."""
        for are_tables, some in groupby(items, lambda item: isinstance(item, pa.Table)):
            if not are_tables:
                super().write_data(list(some))
                continue
            for table in some:
                self.items_count += table.num_rows
                self.writer.write_table(self._fitted(table), row_group_size=self.parquet_format.row_group_size)

    def _fitted(self, table: pa.Table) -> pa.Table:
        """With a column of nulls for each that came to be known after this table was made."""
        if table.schema.equals(self.schema):
            return table
        arrays = [
            table.column(field.name) if field.name in table.column_names else pa.nulls(table.num_rows, field.type)
            for field in self.schema
        ]
        return pa.Table.from_arrays(arrays, schema=self.schema)
