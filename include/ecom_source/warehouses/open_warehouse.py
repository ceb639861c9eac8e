"""Airflow Connection -> dlt destination, open for one load."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecom_source.dlt_internals.duckdb_memory import Memory, within
from ecom_source.errors import ConnectionFieldError
from ecom_source.secrets.airflow_connection import find_connection
from ecom_source.warehouses.capabilities import Traits, traits_of
from ecom_source.warehouses.catalog import access_of
from ecom_source.warehouses.connection_fields import Fields, spoken_parts
from ecom_source.warehouses.drivers import check_drivers
from ecom_source.warehouses.file_lock import held_duckdb, turn_at
from ecom_source.warehouses.login_mapping import Access
from ecom_source.warehouses.table_limits import TableLimits, table_limits
from ecom_source.warehouses.types.duckdb import catalog_file

if TYPE_CHECKING:
    from airflow.sdk import Connection
    from dlt.common.destination import Destination

DEFAULT_CONN_ID = "ecom_warehouse"
STAGING = "extra.staging_conn_id"


@dataclass(frozen=True)
class Warehouse:
    """Where a load goes.

    Args:
        destination: dlt's destination.
        label: what a person calls it, without secrets.
        secrets: what must not be seen in a log.
        traits: what its abilities decide.
        limits: what a table of it takes.
        files: the bucket through which it takes its rows, for those that do: dlt's `staging` destination.
        expect: to be told what is about to be loaded: rows of the resource, columns of its tables, bytes as JSON.
    """

    destination: Destination[Any, Any] = field(repr=False)
    label: str
    secrets: tuple[str, ...] = field(default=(), repr=False)
    traits: Traits = field(default_factory=Traits)
    limits: TableLimits = field(default_factory=TableLimits)
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
    connection = _connection(conn_id)
    fields = Fields(connection)
    access = access_of(fields)
    check_drivers(access)
    traits = traits_of(_kind(access))
    settings = {"staging_dataset_name_layout": staging_layout, **traits.settings}
    files = _files(fields, access)
    with ExitStack() as stack:
        credentials = access.credentials
        factory: type[Destination[Any, Any]] | None = None
        more: dict[str, Any] = {}
        if access.destination == "duckdb":
            path = _duckdb_file(Path(credentials["database"]), dataset_name)
            config = credentials.get("global_config") or {}
            credentials = stack.enter_context(held_duckdb(path, config))
            memory = Memory(credentials, config)
            factory, more["expect"] = within(memory), memory.bound
        elif traits.one_writer and (file := _database_file(fields, access)):
            file.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(turn_at(file))
        destination = destination_of(access, credentials, settings, factory)
        secrets = secrets_of(fields, destination) + (files[1] if files else ())
        limits = table_limits(_kind(access))
        yield Warehouse(destination, access.label, secrets, traits, limits, files[0] if files else None, **more)


def destination_of(
    access: Access,
    credentials: Any,
    settings: Mapping[str, Any],
    factory: type[Destination[Any, Any]] | None = None,
) -> Destination[Any, Any]:
    """dlt's destination, not yet connected to anything.

    Args:
        credentials: those of `access`, or an open connection.
        settings: in addition to those of `access`.
        factory: dlt's own for the destination, unless given.

    Raises:
        ConnectionFieldError: dlt refuses what it was given; its own message is kept.
    """
    import dlt
    from dlt.common.exceptions import DltException

    factory = factory or getattr(dlt.destinations, access.destination)
    destination: Destination[Any, Any] = factory(credentials=credentials, **{**settings, **access.settings})
    try:
        # What is wrong shows here rather than in the midst of a load. Nothing is connected to.
        _configuration(destination)
    except (DltException, ValueError) as error:
        raise ConnectionFieldError(
            f"dlt refuses the Connection of the warehouse {access.label}: {error}",
            expected=f"the fields that docs/warehouses.md has for {access.destination}.",
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
    return destination.configuration(destination.spec()._bind_dataset_name(dataset_name="checked"))


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


def _files(fields: Fields, access: Access) -> tuple[Destination[Any, Any], tuple[str, ...]] | None:
    """The bucket for files on their way, and its secrets: another Connection's, or Athena's own."""
    own = access.destination == "athena" and fields["extra.bucket_url"]
    conn_id = fields[STAGING]
    if not own and conn_id is None:
        return None
    if own:
        settings = {"bucket_url": fields["extra.bucket_url"]}
        files, found = Access("filesystem", access.credentials, settings, access.label), fields
    else:
        connection = find_connection(conn_id)
        if connection is None:
            raise fields.wrong(STAGING, f"names {conn_id!r}, which there is not", expected="a Connection to a bucket.")
        found = Fields(connection)
        files = access_of(found)
        if files.destination != "filesystem":
            raise fields.wrong(
                STAGING, f"names {conn_id!r}, a {files.label}", expected="a Connection with the extra 'bucket_url'."
            )
    plain = {name: value for name, value in files.settings.items() if not name.startswith("preferred_")}
    files = Access(files.destination, files.credentials, plain, files.label)
    check_drivers(files)
    destination = destination_of(files, files.credentials, {})
    return destination, secrets_of(found, destination)


def _kind(access: Access) -> str:
    """The destination's name in the table of traits."""
    dialect = access.credentials.get("drivername") if isinstance(access.credentials, Mapping) else None
    return str(dialect) if access.destination == "sqlalchemy" and dialect == "sqlite" else access.destination


def _database_file(fields: Fields, access: Access) -> Path | None:
    if access.destination == "ducklake":
        found = catalog_file(fields)
        return Path(found) if found else None
    return Path(access.credentials["database"])


def _duckdb_file(path: Path, dataset_name: str) -> Path:
    if _bare(path.stem) == _bare(dataset_name):
        raise ConnectionFieldError(
            f"The DuckDB file {path} has the name of the dataset {dataset_name!r}.",
            expected="another file name: DuckDB names the catalog after the file, and cannot tell it from the dataset.",
            fix="change $ECOM_DUCKDB_PATH, the Connection's host, or `dataset_name` in the DAG file.",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _bare(name: str) -> str:
    """A name without what dlt's normalisation changes."""
    return re.sub(r"[\W_]", "", name).lower()
