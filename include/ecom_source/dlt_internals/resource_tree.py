"""What a resource is made from: dlt keeps that in the resource's pipe, and shows it of the selected ones alone.

This can go once a `DltResource` names its parent in public
(https://github.com/dlt-hub/dlt/blob/1.31.0/dlt/extract/resource.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dlt.extract import DltResource


def parents_of(resource: DltResource) -> Iterator[str]:
    """The names of the resources that `resource` is made from, the nearest first."""
    pipe = resource._pipe.parent
    while pipe is not None:
        yield pipe.name
        pipe = pipe.parent
