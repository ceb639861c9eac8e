"""What the columns of a table hold, as dlt makes them in a warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dlt.common.destination import DestinationCapabilitiesContext


def decimal_digits(column: Mapping[str, Any], capabilities: DestinationCapabilitiesContext) -> tuple[int, int] | None:
    """Precision and scale of a decimal column, as dlt makes it; None where it has no limits."""
    default = capabilities.decimal_precision
    precision, scale = column.get("precision"), column.get("scale")
    if precision is None:
        return default
    return precision, scale or 0


@dataclass(frozen=True)
class ColumnLimits:
    """What the columns of a table hold.

    Args:
        required: names of those that are never null.
        whole: name, smallest and largest whole number.
        decimals: name, precision and scale.
        instants: name, and the microseconds that are kept together.
        texts: name and length.
    """

    required: frozenset[str]
    whole: tuple[tuple[str, int, int], ...]
    decimals: tuple[tuple[str, int, int], ...]
    instants: tuple[tuple[str, int], ...]
    texts: tuple[tuple[str, int], ...]

    @classmethod
    def of(
        cls, columns: Mapping[str, Mapping[str, Any]], capabilities: DestinationCapabilitiesContext, texts_end: bool
    ) -> ColumnLimits:
        """Those of `columns`; of texts, where the warehouse refuses those that are too long."""

        def typed(kind: str) -> list[tuple[str, Mapping[str, Any]]]:
            return [(name, column) for name, column in columns.items() if column.get("data_type") == kind]

        def bits(column: Mapping[str, Any]) -> int:
            return next((size for size in (8, 16, 32) if (column.get("precision") or 64) <= size), 64)

        digits = [(name, decimal_digits(column, capabilities)) for name, column in typed("decimal")]
        return cls(
            frozenset(name for name, column in columns.items() if column.get("nullable") is False),
            tuple((name, -(2 ** (bits(each) - 1)), 2 ** (bits(each) - 1) - 1) for name, each in typed("bigint")),
            tuple((name, *found) for name, found in digits if found),
            tuple(
                (name, 10 ** (6 - each["precision"]))
                for kind in ("timestamp", "time")
                for name, each in typed(kind)
                if each.get("precision") is not None and each["precision"] < 6
            ),
            tuple((name, each["precision"]) for name, each in typed("text") if each.get("precision") and texts_end),
        )

    def with_those_of(self, new: ColumnLimits) -> ColumnLimits:
        """Those of the columns that came later as well."""
        return ColumnLimits(
            self.required | new.required,
            self.whole + new.whole,
            self.decimals + new.decimals,
            self.instants + new.instants,
            self.texts + new.texts,
        )
