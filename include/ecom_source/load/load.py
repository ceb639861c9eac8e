"""One load of one component, from its Connections to its report. Knows dlt, but no DAG and no task."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from dlt.sources.rest_api.typing import RESTAPIConfig

from ecom_source.api.api_connection import fill_auth
from ecom_source.api.connection_overrides import with_connection
from ecom_source.api.cursors import cursors
from ecom_source.http.prefetch import ReadAhead
from ecom_source.http.rate_limiter import Pace
from ecom_source.http.session import Traffic, shop_session
from ecom_source.http.shop_clock import ShopClock
from ecom_source.http.token_answers import with_checked_tokens
from ecom_source.load.appended_rows import append_once
from ecom_source.load.attempt import Attempt
from ecom_source.load.build_source import Plan, Reader, build_source
from ecom_source.load.components import Component
from ecom_source.load.exact_rows import prepare_checks
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
from ecom_source.load.report import Report
from ecom_source.load.retry_policy import SCHEMA_RACE
from ecom_source.load.row_counts import check_rows_taken_over, root_tables
from ecom_source.load.schema_changes import columns_of
from ecom_source.load.staging_dataset import Staging, drop_staging
from ecom_source.load.surroundings import surroundings
from ecom_source.load.windowed_reads import WindowedRead, windowed_reads
from ecom_source.options import Options
from ecom_source.paging.deduplicate import DISTINCT
from ecom_source.paging.read_tally import Reading
from ecom_source.warehouses.key_columns import change_outdated_keys
from ecom_source.warehouses.merge_check import check_keys, check_merges
from ecom_source.window.run_window import Run

if TYPE_CHECKING:
    from dlt.common.schema import Schema
    from dlt.extract import DltResource, DltSource
    from dlt.pipeline.pipeline import Pipeline

logger = logging.getLogger(__name__)


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
    _attempt: Attempt | None = None

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
        # From here on: opening an embedded warehouse may mean to wait for it.
        clock = ShopClock()
        conn_ids = (self.api_conn_id, self.warehouse_conn_id)
        base_url = self.api["client"]["base_url"]
        with surroundings(self.pipeline, conn_ids, base_url, staging.layout, self._expect) as around:
            attempt = self._attempt = Attempt(run, around, staging, origin=origin, traffic=Traffic(clock=clock))
            try:
                for again in SCHEMA_RACE:
                    with again:
                        execute()
                change_outdated_keys(attempt.outdated_keys, self.pipeline)
                return attempt.report(self.pipeline, self.component.name)
            finally:
                self._clean_up(attempt)
                self._attempt = None

    def source(self) -> list[DltSource]:
        """What dlt is to load, built inside the task: the window from the watermark in the warehouse, then the source.

        The last of the sources puts the watermark into the pipeline's state once the rows are read, so that it is part
        of the same load package: both land, or neither.
        """
        attempt = self._attempt
        if attempt is None:
            raise RuntimeError("Load.source is called by Load.perform only")
        around, warehouse = attempt.around, attempt.around.warehouse
        self.pipeline.sync_destination(destination=warehouse.destination, staging=warehouse.files)
        stay_behind(self.pipeline, self.component.name)
        attempt.columns_before = columns_of(self.pipeline)
        attempt.missing = missing_roots(self.pipeline, attempt.columns_before)
        if attempt.missing:
            windowed = bool(cursors(self.api, self.component.resources))
            attempt.run = run_for_missing(attempt.run, attempt.missing.values(), windowed=windowed)
        attempt.plan = self._plan(attempt)
        for name, window in attempt.plan.windows.items():
            logger.info("%s: %s of %s to %s", name, _verb(attempt.plan), window, warehouse.label)
        attempt.hang_up()
        most = max(self._options(name).parallel_pages for name in self.component.resources)
        pace = Pace(most)
        tuning = warehouse.kind.tuning
        attempt.session = session = shop_session(around.redact, attempt.traffic, pace, nul=tuning.keeps_nul)
        attempt.ahead = ReadAhead(session, pace, most)
        source, attempt.readings = self._build(attempt, attempt.plan, attempt.ahead if most > 1 else None)
        prepare_checks(around.checks, source, self.api, attempt.traffic.decoded)
        check_merges(source, warehouse.destination)
        attempt.outdated_keys = check_keys(source, self.pipeline, warehouse.kind, attempt.run.full_refresh)
        append_once(self.pipeline, source, attempt.plan.reads, attempt.now)
        attempt.tables = root_tables(source, attempt.readings, source.schema)
        make_again(source, attempt.tables, attempt.missing)
        also = [] if attempt.origin is None else [origin_table(attempt.origin)]
        return [source, closing_source(source, self._settle, also)]

    def _build(
        self, attempt: Attempt, plan: Plan, ahead: ReadAhead | None = None
    ) -> tuple[DltSource, dict[str, Reading]]:
        session = attempt.session
        assert session is not None  # noqa: S101 - it is opened first
        return build_source(
            with_connection(self.api, attempt.around.connection),
            self.component,
            plan,
            Reader(
                lambda auth: with_checked_tokens(
                    fill_auth(auth, attempt.around.connection), session, attempt.around.redact
                ),
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

    def _probe(self, attempt: Attempt, name: str, read: WindowedRead) -> DltResource:
        """One resource alone, to be read as `read` says and not to be loaded."""
        return self._build(attempt, Plan({name: read.window}, {name: read}))[0].resources[name]

    def _options(self, name: str) -> Options:
        return self.options.get(name, Options())

    def _plan(self, attempt: Attempt) -> Plan:
        reads = windowed_reads(
            self.api,
            self.component.resources,
            attempt.run,
            watermarks=read_watermarks(self.pipeline, self.component.name),
            steps=read_filter_steps(self.pipeline, self.component.name),
            options=self.options,
        )
        kind = attempt.around.warehouse.kind
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
            self._attempt.around.warehouse.expect(rows, sum(len(each["columns"]) for each in tables), size)

    def _clean_up(self, attempt: Attempt) -> None:
        attempt.hang_up()
        try:
            drop_staging(self.pipeline, attempt.staging, attempt.around.warehouse.kind.datasets)
        except Exception as error:
            # The rows are safe by now, or the true error is on its way up: leave that one to be seen.
            logger.warning("The staging dataset could not be dropped: %s", error)


def _verb(plan: Plan) -> str:
    return "full refresh" if plan.full_refresh else "load"
