"""The hook of the connection type "E-commerce API": what Airflow's Test button calls."""

from __future__ import annotations

from airflow.sdk import BaseHook


class EcomApiHook(BaseHook):
    """Reaches a shop through an Airflow Connection of type `ecom_api`.

    Args:
        ecom_api_conn_id: the Connection.
    """

    conn_name_attr = "ecom_api_conn_id"
    default_conn_name = "ecom_api"
    conn_type = "ecom_api"
    hook_name = "E-commerce API"

    def __init__(self, ecom_api_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.ecom_api_conn_id = ecom_api_conn_id

    def test_connection(self) -> tuple[bool, str]:
        """Make one real request: whether a load could be made, and what a person needs to know. The key is never shown.

        Airflow offers it in the Connection's form where `core.test_connection` is `Enabled`.
        """
        # In here: dlt takes most of a second to import, and Airflow imports every hook to list them.
        from ecom_source.airflow.connection_test import probe
        from ecom_source.api.api_connection import api_connection
        from ecom_source.errors import ConnectionFieldError, EcomError

        try:
            return True, probe(api_connection(self.ecom_api_conn_id))
        except ConnectionFieldError as error:
            # The form is open, and Airflow tests it under an id of its own making.
            name = f"Connection {self.ecom_api_conn_id!r}"
            found = error.found.replace(f"The {name}", "This Connection").replace(name, "this Connection")
            fix = "change it in this form and press Test again."
            return False, str(ConnectionFieldError(found, expected=error.expected, fix=fix))
        except EcomError as error:
            return False, str(error)
