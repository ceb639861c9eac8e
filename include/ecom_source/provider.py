"""What the installed package tells Airflow of itself; read by Airflow through an entry point."""

from __future__ import annotations

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """The provider info, as https://airflow.apache.org/docs/apache-airflow-providers/ describes it."""
    return {
        "package-name": "ecom-elt",
        "name": "E-commerce ELT",
        "description": "An e-commerce REST API into a warehouse, by dlt.",
    }
