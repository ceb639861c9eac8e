"""All Connection types that can be a warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecom_source.errors import ConnectionFieldError
from ecom_source.warehouses.connection_fields import Fields
from ecom_source.warehouses.login_mapping import Access, Login
from ecom_source.warehouses.types import (
    amazon,
    azure,
    clickhouse,
    databricks,
    duckdb,
    files,
    google,
    mssql,
    postgres,
    snowflake,
    sqlalchemy,
)

LOGINS: Mapping[str, tuple[Login, ...]] = {
    **postgres.LOGINS,
    **duckdb.LOGINS,
    **sqlalchemy.LOGINS,
    **google.LOGINS,
    **snowflake.LOGINS,
    **databricks.LOGINS,
    **clickhouse.LOGINS,
    **mssql.LOGINS,
    **amazon.LOGINS,
    **azure.LOGINS,
    **files.LOGINS,
}
"""By Connection type: the ways to log in; the first whose `when` is given is taken, else the last."""

GENERIC = "generic"


def access_of(fields: Fields) -> Access:
    """What dlt is told for a Connection.

    The extra `destination` chooses where one type may be several (`mssql`: `synapse`), and names the destination of a
    `generic` Connection.

    Raises:
        ConnectionFieldError: a type that is no warehouse, or a field that is missing or wrong.
    """
    return login_of(fields).access(fields)


def login_of(fields: Fields) -> Login:
    """The way to log in that the Connection means."""
    wanted = fields["extra.destination"]
    logins = LOGINS.get(fields.kind, ())
    if wanted is not None:
        of_type = tuple(login for login in logins if login.destination == wanted)
        logins = of_type or LOGINS.get(wanted, ()) or (_other(fields, str(wanted)),)
    if not logins:
        raise ConnectionFieldError(
            f"The Connection {fields.conn_id!r} is of type {fields.kind!r}"
            + (" and its extra names no 'destination'." if fields.kind == GENERIC else "."),
            expected=f"one of {', '.join(sorted(LOGINS))}; or {GENERIC} with a dlt destination in the extra "
            "'destination'.",
            fix=f"set it in Admin > Connections, or delete {fields.conn_id!r} to load into the embedded DuckDB.",
        )
    return next((login for login in logins if login.meant_by(fields)), logins[-1])


def _other(fields: Fields, destination: str) -> Login:
    """A destination of dlt's that has no table here: its fields by their own names, in the extra where need be."""
    import dlt

    if not hasattr(dlt.destinations, destination):
        raise fields.wrong(
            "extra.destination", f"is {destination!r}", expected="the name of a dlt destination, such as dremio."
        )

    def credentials(fields: Fields) -> dict[str, Any] | None:
        plain = {"host": "host", "port": "port", "database": "schema", "username": "login", "password": "password"}
        found = {name: fields[path] for name, path in plain.items() if fields[path] is not None}
        return {**found, **fields.mapping("extra.credentials")} or None

    names = fields.mapping("extra.settings")
    return Login(
        destination,
        credentials=credentials,
        settings={name: f"extra.settings.{name}" for name in names},
        label="{host}",
    )
