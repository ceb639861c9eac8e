"""How dlt works best: settings for all warehouses; those of one are among its traits (`warehouses/traits.py`).

`make bench` takes each of them away in turn; `docs/performance.md` has what that costs. None of them changes a table:
the same rows in the same columns of the same types. What a user has set in dlt's own configuration wins over them all.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from dlt.common.configuration.providers.doc import BaseDocProvider

if TYPE_CHECKING:
    from dlt.common.destination import Destination
    from dlt.common.schema.typing import TTableSchema
    from dlt.common.typing import TLoaderFileFormat


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


PARALLEL_PAGES = 10
"""Requests under way at once: few enough for a shop that others use as well."""

DUCKDB_CONFIG: Mapping[str, Any] = MappingProxyType(
    {
        # It takes memory for each thread, and a load is short against the rest of a run.
        "threads": 1,
        # Each file is read once.
        "enable_external_file_cache": False,
        # Five groups of rows would wait in memory to be written together.
        "write_buffer_row_group_count": 1,
        # What it has let go of goes back to the machine, rather than to be kept for what comes.
        "allocator_flush_threshold": "1MB",
        "allocator_bulk_deallocation_flush_threshold": "1MB",
    }
)
"""With which DuckDB opens a file; those of the Connection win. What it may take in all: `warehouses/memory.py`."""

DLT_SETTINGS: Mapping[str, Any] = MappingProxyType(
    {
        "data_writer": {
            # The files between dlt's steps live for seconds on the worker's own disk.
            "disable_compression": True,
            # Rows that a writer holds, of each table; dlt's own 5,000 take more memory and are no faster.
            "buffer_max_items": 2000,
        },
    }
)
"""dlt's own settings, as its config.toml would hold them."""
OF_A_ROW = ("_dlt_", "_ecom_loads")
"""Tables that each load adds a row to: for that alone Arrow is not imported."""
GC_THRESHOLDS = (100_000, 20, 50)
"""New objects before Python looks for cycles among them, and how many such looks before it takes in older ones."""


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


@contextmanager
def tuned_dlt(settings: Mapping[str, Any] = DLT_SETTINGS) -> Iterator[None]:
    """Gives dlt these settings for as long as the block lasts, after all other places where it looks for them; and
    Python a calmer garbage collector.
    """
    from dlt.common.configuration.container import Container
    from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

    providers = Container()[PluggableRunContext].providers.providers
    last = _Last(dict(settings))
    thresholds = gc.get_threshold()
    providers.append(last)
    # What is there by now (dlt, Airflow, a warehouse's driver) stays, and rows hold no cycles: there is no need to look
    # through it all again and again.
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
        providers.remove(last)


class _Last(BaseDocProvider):
    """dlt asks its providers in turn, and takes the first answer."""

    @property
    def name(self) -> str:
        """What dlt's traces call this place."""
        return "ecom_source.dlt_internals.settings"

    @property
    def supports_secrets(self) -> bool:
        """It holds none."""
        return False

    @property
    def supports_sections(self) -> bool:
        """Settings are in sections, as in config.toml."""
        return True
