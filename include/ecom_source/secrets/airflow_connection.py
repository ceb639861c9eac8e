"""One look-up of an Airflow Connection, wherever Airflow keeps it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from ecom_source.errors import ConnectionFieldError

if TYPE_CHECKING:
    from airflow.sdk import Connection


def find_connection(conn_id: str) -> Connection | None:
    """The Connection `conn_id`, from wherever Airflow keeps it, or None where there is none."""
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        variable = f"AIRFLOW_CONN_{conn_id.upper()}"
        if os.environ.get(variable):
            # Airflow passes over what it cannot read; for a warehouse that would mean the embedded one.
            raise ConnectionFieldError(
                f"The environment variable {variable} is no Connection that Airflow can read.",
                expected="Airflow's JSON or URI form of a Connection.",
                fix="set it to one of these, or unset it.",
            ) from None
        return None


def extra_of(connection: Connection) -> dict[str, Any]:
    """The Connection's extra fields.

    Raises:
        ConnectionFieldError: its extra is no JSON object.
    """
    if not connection.extra:
        return {}
    try:
        found = json.loads(connection.extra)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        # The text itself may hold a secret.
        raise wrong_field(
            str(connection.conn_id), "extra", "a text that is no JSON object", "a JSON object, or nothing"
        )
    return found


def wrong_field(conn_id: str, name: str, found: str, expected: str) -> ConnectionFieldError:
    """The error about one field of a Connection; `found` must not show a secret."""
    return ConnectionFieldError(
        f"The Connection {conn_id!r} has {found} in its field {name!r}.",
        expected=f"{expected}.",
        fix=f"Admin > Connections in the Airflow UI, {conn_id}, field {name!r}.",
    )
