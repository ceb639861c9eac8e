"""What goes wrong on the worker itself: memory, disk, and being stopped."""

from __future__ import annotations

import errno
from tempfile import gettempdir

from ecom_source.errors import WorkerError
from ecom_source.load.failures.failure import Failure

AGAIN = "then clear the task. Nothing is lost: the next attempt or run reads on from the watermark."
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def worker_failure(failure: Failure) -> WorkerError | None:
    """What the worker lacks; None where it lacks nothing."""
    where = f" at dlt's step {failure.steps[0]!r}" if failure.steps else ""
    found = (_stopped(each, where) or _no_memory(each, where) or _no_room(each, where) for each in failure.causes)
    return next((error for error in found if error is not None), None)


def _stopped(cause: BaseException, where: str) -> WorkerError | None:
    from dlt.common.exceptions import SignalReceivedException

    if not isinstance(cause, SignalReceivedException | KeyboardInterrupt):
        return None
    signal = f"signal {cause.signal_code}" if isinstance(cause, SignalReceivedException) else "an interrupt"
    return WorkerError(
        f"This load was stopped{where} by {signal}.",
        expected="a task that may run to its end.",
        fix="see who stopped it (a person who marked the task, an execution_timeout, a worker that was shut down), "
        + AGAIN,
    )


def _no_memory(cause: BaseException, where: str) -> WorkerError | None:
    # orjson says so by an error of its own.
    if not isinstance(cause, MemoryError) and "Not enough memory" not in str(cause):
        return None
    return WorkerError(
        f"This worker ran out of memory{where}.",
        expected="memory for one load, which docs/deploying.md has numbers for.",
        fix="give the worker more, let fewer tasks run on it at once, or lower parallel_pages in the DAG file, "
        + AGAIN,
    )


def _no_room(cause: BaseException, where: str) -> WorkerError | None:
    if not isinstance(cause, OSError) or cause.errno not in FULL:
        return None
    return WorkerError(
        f"The disk of this worker is full{where}: {cause.strerror}.",
        expected=f"room in {gettempdir()} for the rows of one load.",
        fix="make room there, or name another folder in the worker's TMPDIR, " + AGAIN,
    )
