"""How the shop answers: what may be set while it runs. The defaults are a well-behaved shop."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from .times import STEP, Precision

SORTS = ("id", "-id", "updated_at", "-updated_at")


@dataclass(slots=True)
class Habits:
    """Limits and bad habits. Set an attribute and the next request sees it; a misspelt name raises.

    Counts are of rows: ``whole_numbers_first=20`` shows whole prices in the rows with id 1 to 20.
    """

    default_limit: int = 100
    max_limit: int = 250
    default_sort: str = "id"
    time_precision: Precision = "seconds"
    cap_limit_silently: bool = False
    """A limit above ``max_limit`` is cut to it (and shown so in the answer) where a 400 would be due."""
    unstable_sort: bool = False
    """Sorting by ``updated_at`` has no tie-breaker: each request orders rows of one instant anew."""
    whole_numbers_first: int = 0
    """``price`` and ``total`` of the rows with an id up to this one are JSON integers."""
    null_first_field: int = 0
    """``rating`` and ``discontinued_at`` of the rows with an id up to this one are null."""
    decimals_as_strings: bool = False
    """Every fraction is text with two decimals, in nested objects too."""
    total_on_request: bool = False
    """``total`` is sent only when ``include_total=true`` asks for it."""
    no_total: bool = False
    ignore_unknown: bool = False
    """Unknown query parameters are ignored where a 400 would be due."""
    ignore_offset: bool = False
    """Offset, page number or cursor are ignored: each request gets the first page."""
    ignore_window: bool = False
    """The filters on the time of change are ignored."""
    drop_timezone: bool = False
    """Times are written without ``Z``."""
    echo_key_in_errors: bool = False
    """The body of a 4xx answer repeats the key that the request gave."""

    def set(self, **values: Any) -> None:
        """Set several habits at once; raises ``ValueError`` for an unknown name or a wrong value."""
        kinds = {field.name: type(field.default) for field in fields(self)}
        for name, value in values.items():
            if name not in kinds:
                raise ValueError(f"found habit {name!r}, expected one of {', '.join(sorted(kinds))}")
            if type(value) is not kinds[name]:
                raise ValueError(f"{name}: found {value!r}, expected {kinds[name].__name__}")
        if values.get("default_sort", "id") not in SORTS:
            raise ValueError(f"default_sort: found {values['default_sort']!r}, expected one of {SORTS}")
        if values.get("time_precision", "seconds") not in STEP:
            raise ValueError(f"time_precision: found {values['time_precision']!r}, expected one of {tuple(STEP)}")
        for name, value in values.items():
            setattr(self, name, value)

    def look(self) -> tuple[object, ...]:
        """The part that changes how a row looks; rows shown under another look must be shown anew."""
        return (
            self.time_precision,
            self.whole_numbers_first,
            self.null_first_field,
            self.decimals_as_strings,
            self.drop_timezone,
        )
