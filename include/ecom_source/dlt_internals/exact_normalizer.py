"""dlt's normalizer of JSON rows, which loses nothing of a value without a word.

What a row has is stored so that it can be read back, or in a column of its own (dlt's variants), or the run fails with
the table, the column, the row's key and the value. Digits that a described type cannot hold are rounded as a database
does it, and counted.

dlt has no place to plug this in but its normalizer. It can go once dlt has a strict mode of its own:
https://github.com/dlt-hub/dlt/blob/1.31.0/dlt/common/data_types/type_helpers.py converts what it can.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from dlt.common.data_types import coerce_value
from dlt.common.normalizers.json.relational import DataItemNormalizer
from dlt.common.schema import TSchemaUpdate
from dlt.common.schema.exceptions import CannotCoerceColumnException, CannotCoerceNullException
from dlt.common.schema.utils import get_first_column_name_with_prop
from dlt.common.typing import TDataItem
from dlt.normalize.items_normalizers import JsonLItemsNormalizer

from ecom_source.dlt_internals.column_hints import hint_line
from ecom_source.dlt_internals.column_limits import ColumnLimits
from ecom_source.dlt_internals.exact_values import Unstorable, exact, is_finer
from ecom_source.dlt_internals.fallback import needed
from ecom_source.dlt_internals.field_names import FieldNames
from ecom_source.dlt_internals.value_checks import ValueChecks
from ecom_source.errors import PayloadError

ONE_COLUMN_ONLY = ("primary_key", "merge_key", "hard_delete", "dedup_sort", "root_key", "parent_key", "row_key")
"""Hints of a column whose values a merge looks at: those in a variant beside it would not be seen."""
OVERRIDDEN = ("_normalize_chunk", "_filter_row", "_coerce_row", "_coerce_non_null_value", "_infer_column_type")
"""Of dlt's class. An override that dlt calls no longer would skip its check in silence."""
_DIGITS = Context(prec=200)


def is_deleted(column: Mapping[str, Any], value: Any) -> bool:
    """Whether dlt's merge would delete the row with this value (of the column's type) in its `hard_delete` column.

    See https://dlthub.com/docs/general-usage/merge-loading#delete-records.
    """
    return value is True if column.get("data_type") == "bool" else value is not None


def key_columns(table: Mapping[str, Any]) -> list[str]:
    """The columns of a table's primary key."""
    return [name for name, column in table.get("columns", {}).items() if column.get("primary_key")]


class ExactNormalizer(JsonLItemsNormalizer):
    """Looks at the values that dlt changes, and at the rows that it wrote.

    Args:
        checks: of this load.

    Raises:
        DriverMissingError: dlt has moved what they stand on.
    """

    def __init__(self, *args: Any, checks: ValueChecks | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        with needed("checks of values"):
            operator.attrgetter(*OVERRIDDEN)(super())
            operator.attrgetter("_coerce_type")(self)
        self.checks = checks or ValueChecks()
        names: Any = self.schema.data_item_normalizer
        self._fields = FieldNames.of(names) if type(names) is DataItemNormalizer else None
        # dlt asks this one for each value whose type is not its column's.
        self._coerce_type = self._exactly  # type: ignore[assignment]
        self._column: tuple[str, str] | None = None
        self._limits: dict[str, ColumnLimits] = {}
        self._root: Mapping[str, Any] = {}
        self._root_table = ""
        self._marks: dict[str, dict[str, Any] | None] = {}

    def _normalize_chunk(
        self, root_table_name: str, items: list[TDataItem], may_have_pua: bool, skip_write: bool
    ) -> TSchemaUpdate:
        self._root_table = root_table_name
        update = super()._normalize_chunk(root_table_name, items, may_have_pua, skip_write)
        if self._fields is not None:
            if root_table_name in self.schema.dlt_table_names():
                self._fields.forget()
            elif self._fields.alike:
                for item in items:
                    self._fields.refuse_clashes(root_table_name, item)
        return update

    def _filter_row(self, table_name: str, row: Any) -> Any:
        row = super()._filter_row(table_name, row)
        if self._fields is not None and DataItemNormalizer.EMPTY_KEY_IDENTIFIER in row:
            # dlt asks nobody for the name of a field that has none.
            self._fields.suspect()
        if table_name == self._root_table:
            self._root = row
            if self._is_marked(row):
                self.checks.deleted[table_name] += 1
                return {}
        return row

    def _mark(self) -> dict[str, Any] | None:
        """The column that marks deleted rows, where this load has to leave them out."""
        if self._root_table not in self._marks:
            table = self.schema.tables.get(self._root_table)
            name = None
            if table and table.get("write_disposition") == "replace" and table.get("resource") in self.checks.merged:
                name = get_first_column_name_with_prop(table, "hard_delete", include_incomplete=True)
            self._marks[self._root_table] = dict(table["columns"][name]) if table and name else None
        return self._marks[self._root_table]

    def _is_marked(self, row: Mapping[str, Any]) -> bool:
        mark = self._mark()
        value = row.get(mark["name"]) if mark else None
        if mark is None or value is None:
            return False
        columns = self.schema.tables[self._root_table]["columns"]
        # As dlt would store it; an error where that would be in another column.
        _, new, value = self._coerce_non_null_value(columns, self._root_table, mark["name"], value)
        return is_deleted(new or mark, value)

    def _exactly(self, to: Any, given: Any, value: Any) -> Any:
        if to == given:
            return coerce_value(to, given, value)
        known = self._column
        try:
            found = exact(to, given, value, described=known is not None and self._is_described(*known))
        except Unstorable as error:
            if known is None:
                raise
            raise self._refused(*known, value, str(error)) from None
        if to in ("timestamp", "date", "time") and is_finer(to, given, value):
            if known is None:
                # dlt asks again, and says for which column.
                raise ValueError(value)
            self._cut(*known, value)
        return found

    def _is_described(self, table_name: str, column: str) -> bool:
        described = self.checks.described
        if column in described.get(("", table_name), ()):
            return True
        resource = str(self.schema.tables.get(self._root_table, {}).get("resource", ""))
        return column in described.get((resource, table_name.removeprefix(self._root_table)), ())

    def _coerce_non_null_value(
        self, table_columns: Any, table_name: str, col_name: str, v: Any, is_variant: bool = False
    ) -> Any:
        before, self._column = self._column, (table_name, col_name)
        try:
            found = super()._coerce_non_null_value(table_columns, table_name, col_name, v, is_variant)
        except CannotCoerceColumnException:
            kind = table_columns[col_name].get("data_type")
            raise self._refused(
                table_name, col_name, v, f"the column is of the type {kind}, and it is one for odd values already"
            ) from None
        finally:
            self._column = before
        if found[0] != col_name and any(table_columns.get(col_name, {}).get(hint) for hint in ONE_COLUMN_ONLY):
            kind = table_columns[col_name].get("data_type")
            raise self._refused(
                table_name,
                col_name,
                v,
                f"the column is of the type {kind}, and one that rows are told apart by cannot be split in two",
            )
        return found

    def _infer_column_type(self, v: Any, col_name: str, skip_preferred: bool = False) -> Any:
        found = super()._infer_column_type(v, col_name, skip_preferred)
        if found == "timestamp" and isinstance(v, str):
            # A variant is named after the type text, and takes any.
            if skip_preferred:
                return "text"
            try:
                exact("timestamp", "text", v, described=False)
            except ValueError:
                return "text"
        return found

    def _coerce_row(self, table_name: str, parent_table: str, row: Any) -> Any:
        try:
            new_row, partial = super()._coerce_row(table_name, parent_table, row)
        except CannotCoerceNullException as error:
            raise self._missing(table_name, str(error).rpartition("column `")[2].partition("`")[0]) from None
        except (OverflowError, ArithmeticError) as error:
            raise self._refused(table_name, "*", row, str(error)) from None
        limits = self._limits.get(table_name)
        if limits is None or partial is not None:
            limits = self._limits_of(table_name, partial)
        if not limits.required <= new_row.keys():
            raise self._missing(table_name, min(limits.required - new_row.keys()))
        if len(new_row) < len(row) - list(row.values()).count(None):
            name = next((name for name in row if "__v_" in name and name in new_row), "*")
            raise self._refused(table_name, name, row.get(name), "a value of another field is in that column already")
        for name, smallest, largest in limits.whole:
            if (value := new_row.get(name)) is not None and not smallest <= value <= largest:
                raise self._refused(table_name, name, value, f"it takes whole numbers up to {largest:,}")
        for name, precision, scale in limits.decimals:
            if (value := new_row.get(name)) is not None:
                new_row[name] = self._rounded(table_name, name, value, precision, scale)
        for name, unit in limits.instants:
            if (value := new_row.get(name)) is not None and value.microsecond % unit:
                self._cut(table_name, name, str(value))
                new_row[name] = value.replace(microsecond=value.microsecond // unit * unit)
        for name, length in limits.texts:
            if (value := new_row.get(name)) is not None and len(value) > length:
                raise self._refused(table_name, name, value, f"it takes {length} characters")
        return new_row, partial

    def _limits_of(self, table_name: str, partial: Any) -> ColumnLimits:
        columns = self.schema.tables.get(table_name, {}).get("columns", {})
        new = partial["columns"] if partial else {}
        number = len(columns.keys() | new.keys())
        if self.checks.most_columns is not None and number > self.checks.most_columns:
            raise self._too_wide(table_name, sorted(new) or list(columns), number)
        known = self._limits.get(table_name)
        found = ColumnLimits.of(
            {**columns, **new} if known is None else new, self.config.destination_capabilities, self.checks.texts_end
        )
        self._limits[table_name] = found if known is None else known.with_those_of(found)
        return self._limits[table_name]

    def _rounded(self, table_name: str, name: str, value: Any, precision: int, scale: int) -> Decimal:
        _, digits, exponent = value.as_tuple()
        if type(exponent) is int and exponent >= -scale and len(digits) + exponent <= precision - scale:
            return value  # type: ignore[no-any-return]
        if not value.is_finite() or (value and value.adjusted() >= precision - scale):
            raise self._refused(table_name, name, value, f"it takes {precision - scale} digits before the point")
        if exponent >= -scale:
            return value  # type: ignore[no-any-return]
        found: Decimal = value.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP, _DIGITS)
        if found != value:
            self._cut(table_name, name, str(value))
            if found.adjusted() >= precision - scale:
                raise self._refused(table_name, name, value, f"it takes {precision - scale} digits before the point")
        return found

    def _cut(self, table_name: str, name: str, value: Any) -> None:
        column = self.schema.tables.get(table_name, {}).get("columns", {}).get(name, {})
        if column.get("primary_key") or column.get("merge_key"):
            raise self._refused(table_name, name, value, "the value of a key cannot be rounded")
        self.checks.count_cut(f"{table_name}.{name}", value, self._row())

    def _row(self) -> str:
        """The row that is being looked at, by its key."""
        return self.checks.row_of(key_columns(self.schema.tables.get(self._root_table, {})), self._root)

    def _missing(self, table_name: str, name: str) -> PayloadError:
        return PayloadError(
            f"{table_name}.{name} has no value in {self._row()}, but the API description says that it is never null.",
            expected="a value in every row; nothing of this read was loaded.",
            fix="take `nullable: False` off the column in the API description (a key is never null), fill it in a "
            "step of the resource's `processing_steps`, or filter such rows out there.",
        )

    def _refused(self, table_name: str, name: str, value: Any, why: str) -> PayloadError:
        line = hint_line(self.schema.tables, table_name, name, "text")
        return PayloadError(
            f"{table_name}.{name} cannot hold {self.checks.shown(value)}, which {self._row()} has: {why}.",
            expected="values that fit the type of their column; nothing of this read was loaded.",
            fix=f"give the column a type that holds all of its values, `{line}` in the API description, and load into "
            "a new dataset if the table is there already; or change the value in a step of the resource's "
            "`processing_steps`.",
        )

    def _too_wide(self, table_name: str, new: list[str], number: int) -> PayloadError:
        return PayloadError(
            f"{table_name} would have {number:,} columns with {self._row()}, which brings "
            f"{', '.join(new[:3])}{', …' if len(new) > 3 else ''}.",
            expected=f"at most {self.checks.most_columns:,} columns in a table of this warehouse; nothing of this read "
            "was loaded.",
            fix="keep an object whose fields have no end (attributes, entries by their id) in one column, "
            f'`"columns": {{"{new[0].partition("__")[0]}": {{"data_type": "json"}}}}` in the API description, or make '
            "a list of it in a step of the resource's `processing_steps`; load into a new dataset if the table is "
            "there already.",
        )
