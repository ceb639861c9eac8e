"""Rows that do not fit: the schema contract, the cursor, a processing step, or the types of their columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecom_source.dlt_internals.column_hints import hint_line, wider
from ecom_source.errors import ApiConfigError, EcomError, LoadFailedError, PayloadError, RowsRefusedError
from ecom_source.load.failures.failure import Failure, met_with

if TYPE_CHECKING:
    from dlt.common.schema.exceptions import DataValidationError
    from dlt.extract.incremental.exceptions import IncrementalCursorPathHasValueNone, IncrementalCursorPathMissing

OF_CODE = (ArithmeticError, AttributeError, LookupError, NameError, NotImplementedError, TypeError, ValueError)
"""What a step of the description raises on rows that it was not written for; another attempt would do so again."""


def rows_failure(failure: Failure) -> EcomError | None:
    """What of the rows did not fit; None where it was not the rows."""
    from dlt.common.schema.exceptions import DataValidationError
    from dlt.extract.incremental.exceptions import IncrementalCursorPathHasValueNone, IncrementalCursorPathMissing

    for cause in failure.causes:
        if isinstance(cause, DataValidationError):
            return _against_contract(cause)
        if isinstance(cause, IncrementalCursorPathHasValueNone | IncrementalCursorPathMissing):
            return _no_cursor(cause)
    if failure.steps[:1] == ["extract"]:
        return _not_read(failure)
    return _not_normalized(failure) if failure.steps[:1] == ["normalize"] else None


def _against_contract(error: DataValidationError) -> PayloadError:
    # For a value of another type dlt would have added a column of that type.
    column = (error.column_name or "").partition("__v_")[0]
    where = f"{error.table_name}.{column}" if column else error.table_name
    return PayloadError(
        f"A row for {where} breaks the schema contract: {error.schema_entity} is {error.contract_mode!r}.",
        expected="rows that fit the tables and columns that are there; nothing of this read was loaded.",
        fix=f"describe the column, {_described(error, column)}, in the resource of the API description, or set its "
        "`schema_contract` to `evolve`.",
    )


def _described(error: DataValidationError, column: str) -> str:
    """The line that describes a column, for a nested table by dlt's `nested_hints`."""
    if not column:
        return "such as `columns`"
    table = error.table_schema if isinstance(error.table_schema, dict) else {}
    known = table.get("columns", {}).get(column, {}).get("data_type")
    came = str(error.column_name).partition("__v_")[2] or known
    line = hint_line({error.table_name: table}, error.table_name, column, wider(str(known or came), str(came)))
    return f"`{line}`"


def _no_cursor(error: IncrementalCursorPathHasValueNone | IncrementalCursorPathMissing) -> PayloadError:
    return PayloadError(
        f"A row of {error.pipe_name!r} has no value in its cursor {error.json_path!r}.",
        expected="a value in each row, by which it falls into a window; nothing of this read was loaded.",
        fix="write `on_cursor_value_missing` into the endpoint's `incremental` block: `include` loads such rows with "
        "every run that gets them, `exclude` leaves them out. If all rows lack it, correct `cursor_path`.",
    )


def _not_read(failure: Failure) -> EcomError:
    # The shop is read in this step only, and what can go wrong with that is explained elsewhere.
    cause = met_with(failure.error)
    kind = ApiConfigError if isinstance(cause, OF_CODE) else LoadFailedError
    return kind(
        f"The read failed: {type(cause).__name__}: {failure.words(cause)}",
        expected="rows that the processing steps and hints of the API description can take; nothing of this read was "
        "loaded.",
        fix="see the lines above in the log, and the description that the DAG file passes to elt_dag.",
    )


def _not_normalized(failure: Failure) -> EcomError:
    # The job that dlt names need not be the one whose rows these are.
    cause = met_with(failure.error)
    # Files and processes of the worker may be well another time; a value is not.
    kind = LoadFailedError if isinstance(cause, OSError) else RowsRefusedError
    return kind(
        f"The rows do not fit their columns: {type(cause).__name__}: {failure.words(cause)}",
        expected="values that the types of the columns can hold; nothing of this read was loaded.",
        fix="see the lines above in the log; describe the column under `columns` in the API description, or change the "
        "value by a `map` in `processing_steps`.",
    )
