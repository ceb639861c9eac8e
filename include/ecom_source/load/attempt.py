"""One attempt at a load: what it holds open while dlt works, and what it reports at its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from ecom_source.http.prefetch import ReadAhead
from ecom_source.http.session import Traffic
from ecom_source.load.build_source import Plan
from ecom_source.load.exact_rows import changed_values, log_values
from ecom_source.load.load_origin import Origin
from ecom_source.load.report import Report, load_ids, rows_loaded, step_seconds
from ecom_source.load.row_counts import check_rows_loaded, tables_that_discard
from ecom_source.load.schema_changes import Columns, columns_of, log_changes, schema_changes
from ecom_source.load.staging_dataset import Staging
from ecom_source.load.surroundings import Surroundings
from ecom_source.paging.read_tally import Reading
from ecom_source.secrets.task_logs import keep_redacting
from ecom_source.window.run_window import Run, Window

if TYPE_CHECKING:
    from dlt.pipeline.pipeline import Pipeline
    from requests import Session


@dataclass
class Attempt:
    """What one attempt holds open while dlt works."""

    run: Run
    around: Surroundings
    staging: Staging
    plan: Plan = field(default_factory=Plan)
    tables: dict[str, str] = field(default_factory=dict)
    """The root table of each resource."""
    missing: dict[str, str] = field(default_factory=dict)
    """Root tables that are gone from the warehouse, or of which a nested table is."""
    settled: dict[str, Window] = field(default_factory=dict)
    readings: dict[str, Reading] = field(default_factory=dict)
    traffic: Traffic = field(default_factory=Traffic)
    session: Session | None = None
    ahead: ReadAhead | None = None
    origin: Origin | None = None
    columns_before: Columns = field(default_factory=dict)
    outdated_keys: list[str] = field(default_factory=list)

    def now(self) -> datetime:
        """The earlier of the worker's clock and the shop's, as far as the shop has told."""
        return self.traffic.clock.now(self.run.now)

    def hang_up(self) -> None:
        """Ends what an execution has open at the shop, if there was one."""
        if self.ahead is not None and self.ahead.close():
            keep_redacting(self.around.redact)
        if self.session is not None:
            self.session.close()

    def report(self, pipeline: Pipeline, resource: str) -> Report:
        """What the load did, once it has landed.

        Args:
            resource: the component's name.

        Raises:
            IncompleteReadError: it has other rows than were read.
        """
        trace = pipeline.last_trace
        rows = rows_loaded(trace)
        schema = pipeline.default_schema
        check_rows_loaded(
            self.readings,
            self.tables,
            rows,
            deleted=self.around.checks.deleted,
            discarding=tables_that_discard(schema, rows),
        )
        changes = schema_changes(self.columns_before, columns_of(pipeline))
        log_changes(changes, pipeline)
        log_values(self.around.checks, self.traffic.decoded, self.around.warehouse.label)
        return Report(
            resource=resource,
            dataset=pipeline.dataset_name or "",
            warehouse=self.around.warehouse.label,
            readings=self.readings,
            windows=self.settled,
            rows=rows,
            load_ids=load_ids(trace),
            traffic=self.traffic,
            seconds=step_seconds(trace),
            schema_changes=changes,
            first=not self.columns_before,
            values=changed_values(self.around.checks, self.traffic.decoded),
        )
