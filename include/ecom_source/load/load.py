"""One load of one component, from its Connections to its report. Knows dlt, but no DAG and no task."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlt.sources.rest_api.typing import RESTAPIConfig

from ecom_source.api.api_connection import ApiConnection, api_connection, fill_auth, secrets_in_dlt
from ecom_source.api.connection_overrides import with_connection
from ecom_source.api.cursors import cursors
from ecom_source.dlt_internals.columnar import columnar
from ecom_source.dlt_internals.extract_writer import checked_extract
from ecom_source.dlt_internals.path_values import encoded_paths
from ecom_source.dlt_internals.settings import tuned_dlt
from ecom_source.dlt_internals.trace_file import no_trace_file
from ecom_source.dlt_internals.value_checks import ValueChecks
from ecom_source.http.prefetch import ReadAhead
from ecom_source.http.rate_limiter import Pace
from ecom_source.http.same_host import check_link
from ecom_source.http.session import Traffic, shop_session
from ecom_source.http.shop_clock import ShopClock
from ecom_source.http.token_answers import with_checked_tokens
from ecom_source.load.appended_rows import append_once
from ecom_source.load.build_source import Plan, Reader, build_source
from ecom_source.load.components import Component
from ecom_source.load.exact_rows import changed_values, log_values, prepare_checks
from ecom_source.load.filter_step import find_filter_step
from ecom_source.load.load_origin import Origin, origin_table
from ecom_source.load.missing_tables import make_again, missing_roots, run_for_missing
from ecom_source.load.pipeline_state import (
    closing_source,
    read_filter_steps,
    read_watermarks,
    stay_behind,
    write_watermarks,
)
from ecom_source.load.report import Report, load_ids, rows_loaded, step_seconds
from ecom_source.load.retry_policy import SCHEMA_RACE
from ecom_source.load.row_counts import (
    check_rows_loaded,
    check_rows_taken_over,
    root_tables,
    tables_that_discard,
)
from ecom_source.load.schema_changes import Columns, columns_of, log_changes, schema_changes
from ecom_source.load.staging_dataset import Staging, drop_staging
from ecom_source.load.windowed_reads import WindowedRead, windowed_reads
from ecom_source.load.work_folders import close_workspace, remove_dead_workspaces, remove_workspace
from ecom_source.options import Options
from ecom_source.paging.deduplicate import DISTINCT
from ecom_source.paging.read_tally import Reading
from ecom_source.secrets.redactor import Redactor
from ecom_source.secrets.task_logs import keep_redacting, task_logs
from ecom_source.warehouses import Warehouse, open_warehouse
from ecom_source.warehouses.file_format import tune
from ecom_source.warehouses.key_columns import change_outdated_keys
from ecom_source.warehouses.merge_check import check_keys, check_merges
from ecom_source.warehouses.table_limits import table_limits
from ecom_source.window.run_window import Run, Window

if TYPE_CHECKING:
    from dlt.common.schema import Schema
    from dlt.extract import DltResource, DltSource
    from dlt.pipeline.pipeline import Pipeline
    from requests import Session

logger = logging.getLogger(__name__)

SCHEMAS_FOLDER = "schemas"


@dataclass
class _Attempt:
    """What one attempt holds open while dlt works."""

    run: Run
    connection: ApiConnection
    warehouse: Warehouse
    redact: Redactor
    staging: Staging
    checks: ValueChecks
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


@dataclass
class Load:
    """Loads one component of an API by the run contract.

    Args:
        api: dlt's `RESTAPIConfig`, without its secrets.
        component: the resources to load.
        pipeline: dlt's pipeline, named after the component.
        api_conn_id, warehouse_conn_id: the Airflow Connections.
        options: of each resource; those of a resource that is not named are the defaults.
    """

    api: RESTAPIConfig
    component: Component
    pipeline: Pipeline
    api_conn_id: str
    warehouse_conn_id: str
    options: Mapping[str, Options] = field(default_factory=dict)
    _attempt: _Attempt | None = None

    def perform(
        self, run: Run, execute: Callable[[], Any], *, staging: Staging, origin: Origin | None = None
    ) -> Report:
        """Performs `run`: opens the shop and the warehouse, lets `execute` run the pipeline, cleans up.

        Args:
            execute: runs `self.pipeline` on `self.source`; dlt's Airflow helper, or a plain `pipeline.run`.
            staging: names the staging dataset of this attempt.
            origin: who performs it, to be found again from each row; None outside Airflow.

        Raises:
            EcomError: whatever failed, its text redacted.
        """
        from ecom_source.load.failures.clean_errors import raised_without_secrets

        # From here on: opening an embedded warehouse may mean to wait for it.
        clock = ShopClock()
        with ExitStack() as stack:
            stack.callback(remove_workspace, self.pipeline)
            connection = api_connection(self.api_conn_id)
            stack.enter_context(raised_without_secrets(connection, self.base_url(connection)))
            close_workspace(self.pipeline)
            stack.enter_context(no_trace_file(self.pipeline))
            stack.enter_context(task_logs(connection.redactor))
            stack.enter_context(secrets_in_dlt(connection))
            warehouse = stack.enter_context(
                open_warehouse(
                    self.warehouse_conn_id,
                    dataset_name=self.pipeline.dataset_name or "",
                    staging_layout=staging.layout,
                )
            )
            stack.enter_context(tuned_dlt())
            stack.enter_context(encoded_paths(partial(check_link, self.base_url(connection))))
            redact = Redactor([connection.secret, *warehouse.secrets], [connection.login])
            limits = table_limits(warehouse.kind.name, warehouse.kind.dlt_name)
            checks = ValueChecks(most_columns=limits.columns, texts_end=limits.texts_end, redact=redact)
            stack.enter_context(columnar(self._expect, checks))
            stack.enter_context(checked_extract(checks))
            tune(warehouse.destination, warehouse.kind.tuning)
            named = f"{warehouse.label} (Connection {self.warehouse_conn_id!r})"
            stack.enter_context(
                raised_without_secrets(
                    connection, self.base_url(connection), warehouse.secrets, warehouse=f"The warehouse {named}"
                )
            )
            stack.enter_context(task_logs(redact))
            self._attempt = _Attempt(
                run, connection, warehouse, redact, staging, checks, origin=origin, traffic=Traffic(clock=clock)
            )
            # dlt's helper looks into the folder before it makes it anew.
            Path(self.pipeline.working_dir, SCHEMAS_FOLDER).mkdir(parents=True, exist_ok=True)
            remove_dead_workspaces()
            try:
                for attempt in SCHEMA_RACE:
                    with attempt:
                        execute()
                change_outdated_keys(self._attempt.outdated_keys, self.pipeline)
                return self._report(self._attempt)
            finally:
                self._clean_up(self._attempt)
                self._attempt = None

    def source(self) -> list[DltSource]:
        """What dlt is to load, built inside the task: the window from the watermark in the warehouse, then the source.

        The last of the sources puts the watermark into the pipeline's state once the rows are read, so that it is part
        of the same load package: both land, or neither.
        """
        attempt = self._attempt
        if attempt is None:
            raise RuntimeError("Load.source is called by Load.perform only")
        self.pipeline.sync_destination(destination=attempt.warehouse.destination, staging=attempt.warehouse.files)
        stay_behind(self.pipeline, self.component.name)
        attempt.columns_before = columns_of(self.pipeline)
        attempt.missing = missing_roots(self.pipeline, attempt.columns_before)
        if attempt.missing:
            windowed = bool(cursors(self.api, self.component.resources))
            attempt.run = run_for_missing(attempt.run, attempt.missing.values(), windowed=windowed)
        attempt.plan = self._plan(attempt)
        for name, window in attempt.plan.windows.items():
            logger.info("%s: %s of %s to %s", name, _verb(attempt.plan), window, attempt.warehouse.label)
        _hang_up(attempt)
        most = max(self._options(name).parallel_pages for name in self.component.resources)
        pace = Pace(most)
        tuning = attempt.warehouse.kind.tuning
        attempt.session = session = shop_session(attempt.redact, attempt.traffic, pace, nul=tuning.keeps_nul)
        attempt.ahead = ReadAhead(session, pace, most)
        source, attempt.readings = self._build(attempt, attempt.plan, attempt.ahead if most > 1 else None)
        prepare_checks(attempt.checks, source, self.api, attempt.traffic.decoded)
        check_merges(source, attempt.warehouse.destination)
        attempt.outdated_keys = check_keys(source, self.pipeline, attempt.warehouse.kind, attempt.run.full_refresh)
        append_once(self.pipeline, source, attempt.plan.reads, attempt.now)
        attempt.tables = root_tables(source, attempt.readings, source.schema)
        make_again(source, attempt.tables, attempt.missing)
        also = [] if attempt.origin is None else [origin_table(attempt.origin)]
        return [source, closing_source(source, self._settle, also)]

    def _build(
        self, attempt: _Attempt, plan: Plan, ahead: ReadAhead | None = None
    ) -> tuple[DltSource, dict[str, Reading]]:
        session = attempt.session
        assert session is not None  # noqa: S101 - it is opened first
        return build_source(
            with_connection(self.api, attempt.connection),
            self.component,
            plan,
            Reader(
                lambda auth: with_checked_tokens(fill_auth(auth, attempt.connection), session, attempt.redact),
                session,
                ahead,
            ),
            self.options,
        )

    def _settle(self, state: dict[str, Any]) -> None:
        """Once all rows are read: what time it was, and up to where the tables are complete."""
        attempt = self._attempt
        assert attempt is not None  # noqa: S101 - a source is extracted within `perform`
        check_rows_taken_over(attempt.readings.values())
        clock, steps = attempt.traffic.clock, {}
        for name, read in attempt.plan.reads.items():
            clock.report(attempt.run.now, read.lag)
            read.suggest_zone(name, clock.latest)
            attempt.settled[name] = read.settle(attempt.now(), name)
            steps[name] = find_filter_step(name, read, attempt.now(), partial(self._probe, attempt, name))
        write_watermarks(state, attempt.settled, {name: step for name, step in steps.items() if step})

    def _probe(self, attempt: _Attempt, name: str, read: WindowedRead) -> DltResource:
        """One resource alone, to be read as `read` says and not to be loaded."""
        return self._build(attempt, Plan({name: read.window}, {name: read}))[0].resources[name]

    def base_url(self, connection: ApiConnection) -> str:
        """The shop's address: the Connection's, else the description's."""
        return connection.base_url or self.api["client"]["base_url"]

    def _options(self, name: str) -> Options:
        return self.options.get(name, Options())

    def _plan(self, attempt: _Attempt) -> Plan:
        reads = windowed_reads(
            self.api,
            self.component.resources,
            attempt.run,
            watermarks=read_watermarks(self.pipeline, self.component.name),
            steps=read_filter_steps(self.pipeline, self.component.name),
            options=self.options,
        )
        kind = attempt.warehouse.kind
        return Plan(
            {name: read.window for name, read in reads.items()},
            reads,
            began=attempt.run.now,
            full_refresh=attempt.run.full_refresh,
            lists_in_rows=not kind.merge_reaches_nested,
            distinct_rows=kind.tuning.distinct_rows,
        )

    def _expect(self, rows: int, size: int, schema: Schema) -> None:
        """Tells the warehouse how much is about to come, unless it has to look for rows that come twice."""
        tables = schema.data_tables(include_incomplete=True)
        if self._attempt and all(each.get("write_disposition") != "merge" or each.get(DISTINCT) for each in tables):
            self._attempt.warehouse.expect(rows, sum(len(each["columns"]) for each in tables), size)

    def _report(self, attempt: _Attempt) -> Report:
        trace = self.pipeline.last_trace
        rows = rows_loaded(trace)
        schema = self.pipeline.default_schema
        check_rows_loaded(
            attempt.readings,
            attempt.tables,
            rows,
            deleted=attempt.checks.deleted,
            discarding=tables_that_discard(schema, rows),
        )
        changes = schema_changes(attempt.columns_before, columns_of(self.pipeline))
        log_changes(changes, self.pipeline)
        log_values(attempt.checks, attempt.traffic.decoded, attempt.warehouse.label)
        return Report(
            resource=self.component.name,
            dataset=self.pipeline.dataset_name or "",
            warehouse=attempt.warehouse.label,
            readings=attempt.readings,
            windows=attempt.settled,
            rows=rows,
            load_ids=load_ids(trace),
            traffic=attempt.traffic,
            seconds=step_seconds(trace),
            schema_changes=changes,
            first=not attempt.columns_before,
            values=changed_values(attempt.checks, attempt.traffic.decoded),
        )

    def _clean_up(self, attempt: _Attempt) -> None:
        _hang_up(attempt)
        try:
            drop_staging(self.pipeline, attempt.staging, attempt.warehouse.kind.datasets)
        except Exception as error:
            # The rows are safe by now, or the true error is on its way up: leave that one to be seen.
            logger.warning("The staging dataset could not be dropped: %s", error)


def _hang_up(attempt: _Attempt) -> None:
    """Ends what an execution has open at the shop, if there was one."""
    if attempt.ahead is not None and attempt.ahead.close():
        keep_redacting(attempt.redact)
    if attempt.session is not None:
        attempt.session.close()


def _verb(plan: Plan) -> str:
    return "full refresh" if plan.full_refresh else "load"
