"""One resource of an API description, with dlt's defaults merged in: it answers every question about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dlt.extract.utils import ensure_table_schema_columns


@dataclass(frozen=True)
class Resource:
    """A resource as dlt expands it.

    Args:
        name: its name.
        hints: the resource with `resource_defaults` merged in, its `endpoint` a dict.
        client: the description's `client`.
        parent: the resource that it depends on, if any.
    """

    name: str
    hints: Mapping[str, Any]
    client: Mapping[str, Any]
    parent: str | None = None

    @property
    def endpoint(self) -> Mapping[str, Any]:
        """dlt's `Endpoint`."""
        return self.hints["endpoint"]  # type: ignore[no-any-return]

    @property
    def params(self) -> Mapping[str, Any]:
        """The query parameters that are described."""
        return self.endpoint.get("params") or {}

    @property
    def selector(self) -> Any:
        """The `data_selector`; None where dlt looks for the rows by itself."""
        return self.endpoint.get("data_selector")

    @property
    def paginator(self) -> Any:
        """The settings of its paginator, or those of the client; None where dlt is to find one out."""
        own = self.endpoint.get("paginator")
        return self.client.get("paginator") if own is None else own

    @property
    def incremental(self) -> dict[str, Any] | None:
        """dlt's `incremental` block; None where the resource is read whole by every run."""
        block = self.endpoint.get("incremental")
        return dict(block) if block else None

    @property
    def has_response_actions(self) -> bool:
        """Whether an answer may be passed over."""
        return bool(self.endpoint.get("response_actions"))

    @property
    def steps(self) -> list[Any]:
        """The `processing_steps`."""
        return list(self.hints.get("processing_steps") or ())

    @property
    def changes_rows(self) -> bool:
        """Whether a step makes other rows of those that come; a filter leaves them as they are."""
        return any("map" in step or "yield_map" in step for step in self.steps)

    @property
    def table(self) -> Any:
        """The name of its table; a callable where its rows name their tables."""
        return self.hints.get("table_name") or self.name

    @cached_property
    def columns(self) -> Mapping[str, Any]:
        """Hints by column, in whatever form they were given; none where only the rows tell."""
        given = self.hints.get("columns")
        if given is None or (callable(given) and not isinstance(given, type)):
            return {}
        return ensure_table_schema_columns(given)

    @property
    def disposition(self) -> Any:
        """dlt's write disposition, without its strategy."""
        given = self.hints.get("write_disposition", "append")
        return given.get("disposition") if isinstance(given, dict) else given

    @property
    def strategy(self) -> Any:
        """dlt's merge strategy; None where it is not said."""
        given = self.hints.get("write_disposition")
        return given.get("strategy") if isinstance(given, dict) else None

    @property
    def keeps_history(self) -> bool:
        """Whether the table keeps each version of a row (scd2)."""
        return bool(self.strategy == "scd2")

    @cached_property
    def key(self) -> tuple[str, ...]:
        """The columns of the primary key; none where it has none, or only the rows tell."""
        return self._columns_of("primary_key")

    @cached_property
    def merge_key(self) -> tuple[str, ...]:
        """The columns of dlt's merge key."""
        return self._columns_of("merge_key")

    @cached_property
    def dedup_sort(self) -> tuple[str, str] | None:
        """The column by which dlt chooses among rows of one key, and `asc` or `desc`."""
        found = ((name, hints["dedup_sort"]) for name, hints in self.columns.items() if hints.get("dedup_sort"))
        return next(found, None)

    @property
    def has_versions(self) -> bool:
        """Whether rows of one key may be several rows: one is chosen later, or each goes to a table of its own."""
        return self.dedup_sort is not None or callable(self.hints.get("table_name")) or self.disposition == "append"

    @property
    def required_key(self) -> tuple[str, ...]:
        """The columns of the primary key that each row of a page must have; none where a step may mend rows.

        dlt's `include_from_parent` adds columns with a `_` in front to a row after it was read; those with a `__` in
        the middle dlt makes of what is nested.
        """
        if self.steps:
            return ()
        return tuple(column for column in self.key if not column.startswith("_") and "__" not in column)

    def _columns_of(self, hint: str) -> tuple[str, ...]:
        given = self.hints.get(hint)
        if given is None:
            return tuple(name for name, hints in self.columns.items() if hints.get(hint))
        if isinstance(given, str):
            return (given,)
        return tuple(given) if isinstance(given, list | tuple) else ()
