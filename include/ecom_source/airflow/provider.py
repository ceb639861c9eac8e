"""What the installed package tells Airflow of itself; read by Airflow through an entry point.

Imported in every process of Airflow, so nothing heavy may be imported here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

API_CONNECTION_TYPE: Mapping[str, Any] = {
    "connection-type": "ecom_api",
    "hook-class-name": "ecom_source.airflow.hook.EcomApiHook",
    "hook-name": "E-commerce API",
    "ui-field-behaviour": {
        # Airflow 3.3.2's Test refuses a saved Connection without a port (apache/airflow#73298, fixed after it). Once
        # 3.3.2 is out of use the port can be hidden: the Base URL may hold it.
        "hidden-fields": ["schema", "extra"],
        "relabeling": {"host": "Base URL", "login": "User name or client id", "password": "API key"},
        "placeholders": {
            "host": "https://shop.example.com",
            "port": "443 (Airflow's Test button needs it)",
            "login": "only for basic and OAuth2 logins",
            "password": "the API key, token, password or client secret",
        },
    },
    "conn-fields": {
        "key_location": {
            "label": "Key location",
            "description": "Where the shop looks for the key: a query parameter, a header, a bearer token, or the "
            "password of HTTP basic. Empty: as the API description in the DAG file says.",
            "schema": {"type": ["string", "null"], "enum": ["query", "header", "bearer", "basic"]},
        },
        "key_name": {
            "label": "Key name",
            "description": "Name of the query parameter or header, such as api_key or X-API-Key. Empty: as the API "
            "description says.",
            "schema": {"type": ["string", "null"]},
        },
        "page_size": {
            "label": "Page size",
            "description": "Rows in a page, for offset paginators. Empty: as the API description says.",
            "schema": {"type": ["integer", "null"], "minimum": 1},
        },
        "test_path": {
            "label": "Test path",
            "description": "What the Test button asks for, such as /v1/orders?limit=1. Empty: the first page of "
            "/v1/resource.",
            "schema": {"type": ["string", "null"]},
        },
    },
}
"""The connection type that the API Connection has in Airflow's UI; its extra fields are read by `connections`."""


def get_provider_info() -> dict[str, Any]:
    """Give the provider info, as https://airflow.apache.org/docs/apache-airflow-providers/ describes it."""
    return {
        "package-name": "ecom-elt",
        "name": "E-commerce ELT",
        "description": "An e-commerce REST API into a warehouse, by dlt.",
        "connection-types": [dict(API_CONNECTION_TYPE)],
    }
