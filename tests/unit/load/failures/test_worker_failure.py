"""What a worker lacks is told apart from what the shop or the warehouse does."""

from __future__ import annotations

import errno
import os

import pytest
from dlt.common.exceptions import SignalReceivedException
from tests.support.failures import failure, in_step

from ecom_source.load.failures.worker_failure import worker_failure


@pytest.mark.parametrize(
    ("cause", "says"),
    [
        (MemoryError(), "This worker ran out of memory at dlt's step 'normalize'."),
        (ValueError("Not enough memory to allocate buffer for parsing"), "This worker ran out of memory at dlt's step"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "The disk of this worker is full at dlt's step 'normalize'"),
        (OSError(errno.EFBIG, os.strerror(errno.EFBIG)), "The disk of this worker is full at dlt's step 'normalize'"),
        (SignalReceivedException(15), "This load was stopped at dlt's step 'normalize' by signal 15."),
        (KeyboardInterrupt(), "This load was stopped at dlt's step 'normalize' by an interrupt."),
    ],
)
def test_what_a_worker_lacks(cause: Exception, says: str) -> None:
    text = str(worker_failure(failure(in_step("normalize", cause))))
    assert text.startswith(says)
    assert "Expected: " in text
    assert text.endswith("Nothing is lost: the next attempt or run reads on from the watermark.")


@pytest.mark.parametrize("cause", [OSError(errno.ECONNREFUSED, "refused"), ValueError("no JSON"), TimeoutError()])
def test_what_others_do(cause: Exception) -> None:
    assert worker_failure(failure(in_step("load", cause))) is None


def test_out_of_any_step() -> None:
    assert str(worker_failure(failure(MemoryError()))).startswith("This worker ran out of memory. Expected:")
