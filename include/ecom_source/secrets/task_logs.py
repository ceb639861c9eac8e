"""A task's log: dlt's lines at their true level, and nothing that holds a secret."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dlt.common.runtime.collector import NullCollector

from ecom_source.secrets.redactor import RedactingFilter, Redactor

if TYPE_CHECKING:
    from dlt.common.pipeline import SupportsPipeline
    from dlt.pipeline.trace import PipelineTrace
    from dlt.pipeline.typing import TPipelineStep

logger = logging.getLogger(__name__)

STEPS_WITH_ROWS = ("extract", "normalize", "load")
"""dlt's steps that take time; it has `run` and `sync` besides."""


@contextmanager
def task_logs(redact: Redactor) -> Iterator[None]:
    """Redacts every record of this process for as long as the block lasts, and lets dlt's and our lines through.

    Airflow masks secrets on its way to the task log, but not in what LocalExecutor copies to the scheduler's output;
    hence the redaction at the source.
    """
    keep_secret = RedactingFilter(redact)
    factory = logging.getLogRecordFactory()

    def redacted(*args: object, **kwargs: object) -> logging.LogRecord:
        record = factory(*args, **kwargs)
        keep_secret.filter(record)
        return record

    ours = logging.getLogger("ecom_source")
    level = ours.level
    if ours.getEffectiveLevel() > logging.INFO:
        ours.setLevel(logging.INFO)
    logging.setLogRecordFactory(redacted)
    route_dlt_logs()
    try:
        yield
    finally:
        logging.setLogRecordFactory(factory)
        ours.setLevel(level)


def keep_redacting(redact: Redactor) -> None:
    """Redacts for good what urllib3 logs at level DEBUG: whole URLs, also of an answer that comes after the load."""
    logging.getLogger("urllib3.connectionpool").addFilter(RedactingFilter(redact))


def route_dlt_logs() -> None:
    """Sends dlt's lines to the task log; `RUNTIME__LOG_LEVEL` says from which level on.

    dlt writes them to stderr, which Airflow shows at level ERROR: since Airflow 3 its helper no longer finds the task's
    logger. dlt sets its logger up again at will, but keeps the handler that it finds there. This can go once
    `PipelineTasksGroup` logs through the task again.
    """
    dlt_logger = logging.getLogger("dlt")
    dlt_logger.handlers[:] = [_ToTaskLog()]
    if not any(isinstance(each, _PerPage) for each in dlt_logger.filters):
        dlt_logger.addFilter(_PerPage())


class _ToTaskLog(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        logging.getLogger().handle(record)


class StepProgress(NullCollector):
    """dlt's progress, as one line per step; what happens within a read is logged by `Reading`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._said: str | None = None

    def on_start_trace_step(self, trace: PipelineTrace, step: TPipelineStep, pipeline: SupportsPipeline) -> None:
        """Says once which of the steps with rows begins, however often it is tried."""
        if step in STEPS_WITH_ROWS and step != self._said:
            logger.info("%s: %s", self.name, step)
            self._said = step


class _PerPage(logging.Filter):
    """Leaves dlt's two lines per page to level DEBUG; the progress lines say the same in fewer."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno == logging.INFO and "rest_client" in record.pathname:
            return logging.getLogger("dlt").isEnabledFor(logging.DEBUG)
        return True
