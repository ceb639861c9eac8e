"""dlt's trace of a load, kept in memory and out of any file.

dlt writes `trace.pickle` into the work folder at the end of each run: all configuration values that it resolved and the
texts of all errors, the key among both, in plain text. There is no setting for the file alone: `enable_runtime_trace`
would leave out the trace in memory, too, of which the load's report is made. This can go once there is one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlt.pipeline.pipeline import Pipeline

_WITHOUT: Counter[str] = Counter()
"""The work folders into which no trace is written now, by how many loads ask for that."""


@contextmanager
def no_trace_file(pipeline: Pipeline) -> Iterator[None]:
    """Keeps dlt from writing the trace of `pipeline` for as long as the block lasts; other pipelines write theirs."""
    # By its name: `dlt.pipeline.pipeline` is the function as well.
    module: Any = import_module("dlt.pipeline.pipeline")
    if not isinstance(module.save_trace, _SaveTrace):
        module.save_trace = _SaveTrace(module.save_trace)
    folder = pipeline.working_dir
    _WITHOUT[folder] += 1
    try:
        yield
    finally:
        _WITHOUT[folder] -= 1


class _SaveTrace:
    """dlt's function of that name, but for the folders above."""

    def __init__(self, save: Any) -> None:
        self.save = save

    def __call__(self, trace_dir: str, trace: Any) -> None:
        if not _WITHOUT[trace_dir]:
            self.save(trace_dir, trace)
