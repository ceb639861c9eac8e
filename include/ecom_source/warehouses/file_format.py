"""The format of the files that each kind of warehouse is loaded from, and how they are loaded best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlt.common.destination import Destination
    from dlt.common.schema.typing import TTableSchema
    from dlt.common.typing import TLoaderFileFormat


OF_A_ROW = ("_dlt_", "_ecom_loads")
"""Tables that each load adds a row to: for that alone Arrow is not imported."""


@dataclass(frozen=True)
class Tuning:
    """What is best for one kind of warehouse.

    Args:
        file_format: of the files that are loaded; None for dlt's own choice.
        changes_json: dlt would make another column type of JSON in this file format; tables with such a column
            are left to dlt's own choice.
        keeps_nul: whether dlt's own choice of the format would keep a NUL in a text.
        one_file_at_a_time: load one file after the other, where each takes memory.
        distinct_rows: pass each row on once and tell the merge so, which then need not look for repeated rows. Only
            where a file is never loaded twice into the staging dataset, as it may be when a commit's answer is lost.
    """

    file_format: TLoaderFileFormat | None = None
    changes_json: bool = False
    keeps_nul: bool = True
    one_file_at_a_time: bool = False
    distinct_rows: bool = False


def tune(destination: Destination[Any, Any], tuning: Tuning) -> Destination[Any, Any]:
    """Makes `destination` prefer the file format of `tuning`, table by table, where it can take it.

    A resource's own `file_format` and a `loader_file_format` of the pipeline still win: dlt looks at them first.
    """
    given = destination.caps_params
    if tuning.file_format and not {"preferred_loader_file_format", "loader_file_format_selector"} & set(given):
        capabilities = destination.capabilities()
        given["loader_file_format_selector"] = FileFormats(tuning, capabilities.loader_file_format_selector)
    if tuning.one_file_at_a_time:
        given.setdefault("loader_parallelism_strategy", "sequential")
    return destination


@dataclass(frozen=True)
class FileFormats:
    """dlt's `loader_file_format_selector`: the tuned format where a table can be loaded from it. May go to a worker
    process of dlt, so it holds nothing that cannot.

    Args:
        tuning: of the destination.
        theirs: the destination's own selector; it knows whether a driver is there.
    """

    tuning: Tuning
    theirs: Any = None

    def __call__(
        self,
        preferred: TLoaderFileFormat,
        supported: Sequence[TLoaderFileFormat],
        /,
        *,
        table_schema: TTableSchema,
    ) -> tuple[TLoaderFileFormat, Sequence[TLoaderFileFormat]]:
        """The format to prefer for a table, and those that it can be loaded from."""
        if self.theirs is not None:
            preferred, supported = self.theirs(preferred, supported, table_schema=table_schema)
        wanted = self.tuning.file_format
        if wanted is None or wanted not in supported or (table_schema["name"] or "").startswith(OF_A_ROW):
            return preferred, supported
        if self.tuning.changes_json and _may_have_json(table_schema):
            return preferred, supported
        return wanted, supported


def _may_have_json(table: TTableSchema) -> bool:
    return "x-normalizer" in table or any(column.get("data_type") == "json" for column in table["columns"].values())
