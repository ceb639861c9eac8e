"""What goes wrong on the worker itself, in one sentence a person can act on: memory, disk, and being stopped."""

from __future__ import annotations

import errno
from tempfile import gettempdir

from ecom_source.load.failures.shop_failure import chain

AGAIN = "then clear the task. Nothing is lost: the next attempt or run reads on from the watermark."
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def worker_trouble(error: BaseException) -> str | None:
    """What the worker lacks behind `error`, what is expected and how to mend it; None where it lacks nothing.

    Args:
        error: as dlt raised it, wrapped in its pipeline step.
    """
    from dlt.common.exceptions import SignalReceivedException
    from dlt.pipeline.exceptions import PipelineStepFailed

    causes = list(chain(error))
    steps = [each.step for each in causes if isinstance(each, PipelineStepFailed)]
    where = f" at dlt's step {steps[0]!r}" if steps else ""
    for cause in causes:
        if isinstance(cause, SignalReceivedException | KeyboardInterrupt):
            number = f"signal {cause.signal_code}" if isinstance(cause, SignalReceivedException) else "an interrupt"
            return (
                f"This load was stopped{where} by {number}. Expected: a task that may run to its end. To fix: see who "
                "stopped it (a person who marked the task, an execution_timeout, a worker that was shut down), " + AGAIN
            )
        # orjson says so by an error of its own.
        if isinstance(cause, MemoryError) or "Not enough memory" in str(cause):
            return (
                f"This worker ran out of memory{where}. Expected: memory for one load, which docs/deploying.md has "
                "numbers for. To fix: give the worker more, let fewer tasks run on it at once, or lower parallel_pages "
                "in the DAG file, " + AGAIN
            )
        if isinstance(cause, OSError) and cause.errno in FULL:
            return (
                f"The disk of this worker is full{where}: {cause.strerror}. Expected: room in {gettempdir()} for the "
                "rows of one load. To fix: make room there, or name another folder in the worker's TMPDIR, " + AGAIN
            )
    return None
