"""Airflow Connection -> dlt destination, open for one load."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecom_source.errors import ConnectionFieldError
from ecom_source.secrets.airflow_connection import find_connection
from ecom_source.warehouses.catalog import warehouse_of
from ecom_source.warehouses.connection_fields import Fields, spoken_parts
from ecom_source.warehouses.drivers import check_drivers
from ecom_source.warehouses.file_lock import turn_at
from ecom_source.warehouses.login_mapping import Access
from ecom_source.warehouses.table_formats import FILES
from ecom_source.warehouses.warehouse_type import Opening, WarehouseType

if TYPE_CHECKING:
    from airflow.sdk import Connection
    from dlt.common.destination import Destination

DEFAULT_CONN_ID = "ecom_warehouse"
STAGING = "extra.staging_conn_id"


@dataclass(frozen=True)
class Warehouse:
    """Where a load goes.

    Args:
        kind: of warehouse.
        destination: dlt's destination.
        label: what a person calls it, without secrets.
        secrets: what must not be seen in a log.
        files: the bucket through which it takes its rows, for those that do: dlt's `staging` destination.
        expect: to be told what is about to be loaded: rows of the resource, columns of its tables, bytes as JSON.
    """

    kind: WarehouseType
    destination: Destination[Any, Any] = field(repr=False)
    label: str
    secrets: tuple[str, ...] = field(default=(), repr=False)
    files: Destination[Any, Any] | None = field(default=None, repr=False)
    expect: Callable[[int, int, int], None] = field(default=lambda rows, columns, size: None, repr=False)


@contextmanager
def open_warehouse(conn_id: str, *, dataset_name: str, staging_layout: str) -> Iterator[Warehouse]:
    """The warehouse of Connection `conn_id`, or the embedded DuckDB where there is none.

    Args:
        dataset_name: the dataset of the load.
        staging_layout: the name of the load's own staging dataset; `%s` stands for the dataset.

    Raises:
        ConnectionFieldError: a type that is not supported, or a field that is missing or wrong.
        DriverMissingError: what the warehouse needs is not installed.
    """
    fields = Fields(_connection(conn_id))
    kind, access = warehouse_of(fields)
    check_drivers(kind.needed(access), access.label)
    files, secrets_of_files = _files(fields, kind, access)
    with ExitStack() as stack:
        if file := kind.one_writer(fields):
            stack.enter_context(turn_at(Path(file)))
        opening = stack.enter_context(kind.opened(access, dataset_name))
        destination = destination_of(kind, access, opening, {"staging_dataset_name_layout": staging_layout})
        secrets = secrets_of(fields, destination) + secrets_of_files
        yield Warehouse(kind, destination, access.label, secrets, files, opening.expect)


def destination_of(
    kind: WarehouseType, access: Access, opening: Opening | None = None, settings: Mapping[str, Any] | None = None
) -> Destination[Any, Any]:
    """dlt's destination, not yet connected to anything.

    Args:
        opening: what was opened for it; None where nothing was.
        settings: in addition to those of `kind` and `access`.

    Raises:
        ConnectionFieldError: dlt refuses what it was given; its own message is kept.
    """
    import dlt
    from dlt.common.exceptions import DltException

    opening = opening or Opening(access.credentials)
    factory: type[Destination[Any, Any]] = opening.factory or getattr(dlt.destinations, kind.dlt_name)
    destination = factory(credentials=opening.credentials, **{**kind.settings, **(settings or {}), **access.settings})
    try:
        # What is wrong shows here rather than in the midst of a load. Nothing is connected to.
        _configuration(destination)
    except (DltException, ValueError) as error:
        raise ConnectionFieldError(
            f"dlt refuses the Connection of the warehouse {access.label}: {error}",
            expected=f"the fields that docs/warehouses.md has for {kind.name}.",
            fix="Admin > Connections in the Airflow UI.",
        ) from error
    return destination


def secrets_of(fields: Fields, destination: Destination[Any, Any]) -> tuple[str, ...]:
    """What must not be seen in a log: of the Connection, and what dlt calls secret, such as a key from a file."""
    from dlt.common.configuration.specs.base_configuration import is_secret_hint

    credentials = _configuration(destination).credentials
    hints = credentials.get_resolvable_fields() if credentials else {}
    values = [credentials.get(name) for name, hint in hints.items() if is_secret_hint(hint)]
    parts = [part for value in values if isinstance(value, str) and value for part in spoken_parts(value)]
    return tuple(dict.fromkeys((*fields.secrets, *parts)))


def _configuration(destination: Destination[Any, Any]) -> Any:
    config: Any = destination.spec()
    config.dataset_name = "checked"
    return destination.configuration(config)


def _connection(conn_id: str) -> Connection:
    connection = find_connection(conn_id)
    if connection is not None:
        return connection
    if conn_id != DEFAULT_CONN_ID:
        raise ConnectionFieldError(
            f"There is no Connection {conn_id!r}.",
            expected=f"the warehouse that the DAG names; only {DEFAULT_CONN_ID!r} may be missing (embedded DuckDB).",
            fix=f"airflow connections add {conn_id} --conn-type postgres --conn-host HOST ..., or Admin > Connections.",
        )
    from airflow.sdk import Connection

    return Connection(conn_id=conn_id, conn_type="duckdb")


def _files(fields: Fields, kind: WarehouseType, access: Access) -> tuple[Destination[Any, Any] | None, tuple[str, ...]]:
    """The bucket for files on their way, and its secrets: another Connection's, or the warehouse's own."""
    conn_id = fields[STAGING]
    if kind.staging_bucket and fields[kind.staging_bucket]:
        bucket, found = FILES, fields
        through = Access(access.credentials, {"bucket_url": fields[kind.staging_bucket]}, access.label)
    elif conn_id is None:
        return None, ()
    else:
        connection = find_connection(conn_id)
        if connection is None:
            raise fields.wrong(STAGING, f"names {conn_id!r}, which there is not", expected="a Connection to a bucket.")
        found = Fields(connection)
        bucket, through = warehouse_of(found)
        if bucket.dlt_name != FILES.dlt_name:
            raise fields.wrong(
                STAGING, f"names {conn_id!r}, a {through.label}", expected="a Connection with the extra 'bucket_url'."
            )
    plain = {name: value for name, value in through.settings.items() if not name.startswith("preferred_")}
    through = replace(through, settings=plain)
    check_drivers(bucket.needed(through), through.label)
    destination = destination_of(bucket, through)
    return destination, secrets_of(found, destination)
