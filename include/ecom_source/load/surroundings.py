"""What surrounds a load while dlt works: its Connections, its secrets, its log, dlt's settings and its work folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ecom_source.api.api_connection import ApiConnection, api_connection, secrets_in_dlt
from ecom_source.dlt_internals.columnar import columnar
from ecom_source.dlt_internals.extract_writer import checked_extract
from ecom_source.dlt_internals.path_values import encoded_paths
from ecom_source.dlt_internals.settings import tuned_dlt
from ecom_source.dlt_internals.trace_file import no_trace_file
from ecom_source.dlt_internals.value_checks import ValueChecks
from ecom_source.http.same_host import check_link
from ecom_source.load.work_folders import close_workspace, remove_dead_workspaces, remove_workspace
from ecom_source.secrets.redactor import Redactor
from ecom_source.secrets.task_logs import task_logs
from ecom_source.warehouses import Warehouse, open_warehouse
from ecom_source.warehouses.file_format import tune
from ecom_source.warehouses.table_limits import table_limits

if TYPE_CHECKING:
    from dlt.common.schema import Schema
    from dlt.pipeline.pipeline import Pipeline

SCHEMAS_FOLDER = "schemas"
Expect = Callable[[int, int, "Schema"], None]


@dataclass(frozen=True)
class Surroundings:
    """What is open around a load.

    Args:
        connection: of the shop.
        redact: hides the secrets of both Connections.
        checks: of the values on their way.
    """

    connection: ApiConnection
    warehouse: Warehouse
    redact: Redactor
    checks: ValueChecks


@contextmanager
def surroundings(
    pipeline: Pipeline, conn_ids: tuple[str, str], base_url: str, staging_layout: str, expect: Expect
) -> Iterator[Surroundings]:
    """Opens the shop's and the warehouse's Connection for `pipeline`, and leaves nothing behind.

    Args:
        conn_ids: of the API and of the warehouse.
        base_url: the shop's address by the description; that of the Connection goes first.
        staging_layout: the name of the load's own staging dataset.
        expect: is told how many rows are about to be loaded, of how many bytes, and for which tables.

    Raises:
        EcomError: whatever failed within, its text redacted.
    """
    from ecom_source.load.failures.clean_errors import raised_without_secrets

    api_conn_id, warehouse_conn_id = conn_ids
    with ExitStack() as stack:
        stack.callback(remove_workspace, pipeline)
        connection = api_connection(api_conn_id)
        url = connection.base_url or base_url
        stack.enter_context(raised_without_secrets(connection, url))
        close_workspace(pipeline)
        stack.enter_context(no_trace_file(pipeline))
        stack.enter_context(task_logs(connection.redactor))
        stack.enter_context(secrets_in_dlt(connection))
        warehouse = stack.enter_context(
            open_warehouse(warehouse_conn_id, dataset_name=pipeline.dataset_name or "", staging_layout=staging_layout)
        )
        redact = Redactor([connection.secret, *warehouse.secrets], [connection.login])
        named = f"The warehouse {warehouse.label} (Connection {warehouse_conn_id!r})"
        stack.enter_context(raised_without_secrets(connection, url, warehouse.secrets, warehouse=named))
        stack.enter_context(task_logs(redact))
        limits = table_limits(warehouse.kind.name, warehouse.kind.dlt_name)
        checks = ValueChecks(most_columns=limits.columns, texts_end=limits.texts_end, redact=redact)
        stack.enter_context(tuned_dlt())
        stack.enter_context(encoded_paths(partial(check_link, url)))
        stack.enter_context(columnar(expect, checks))
        stack.enter_context(checked_extract(checks))
        tune(warehouse.destination, warehouse.kind.tuning)
        # dlt's helper looks into the folder before it makes it anew.
        Path(pipeline.working_dir, SCHEMAS_FOLDER).mkdir(parents=True, exist_ok=True)
        remove_dead_workspaces()
        yield Surroundings(connection, warehouse, redact, checks)
