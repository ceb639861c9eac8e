"""What Airflow is told of the page. Airflow imports this in every process, also in a worker's: it stays light."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

PREFIX = "/ecom-loads"


class LazyApp:
    """The page's ASGI app, imported at the first request: FastAPI is nothing that a scheduler or worker needs."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answers as the app does."""
        from ecom_loads.app import app

        await app(scope, receive, send)


def _page() -> str:
    """The page's address for a browser; Airflow itself may live below a path."""
    return urlsplit(conf.get("api", "base_url", fallback="/")).path.rstrip("/") + PREFIX


_LOOK = {
    "name": "Loads",
    "icon": f"{_page()}/static/icon.svg",
    "icon_dark_mode": f"{_page()}/static/icon-dark.svg",
}


class LoadsPlugin(AirflowPlugin):
    """The page in the navigation, and as a tab of each DAG."""

    name = "ecom_loads"
    fastapi_apps = [{"app": LazyApp(), "url_prefix": PREFIX, "name": "Loads"}]  # noqa: RUF012 - Airflow's own form
    external_views = [  # noqa: RUF012
        {**_LOOK, "href": f"{_page()}/", "destination": "nav", "category": "browse", "url_route": "loads"},
        # Airflow takes a route once only, whatever its destination.
        {**_LOOK, "href": f"{_page()}/?dag_id={{DAG_ID}}", "destination": "dag", "url_route": "dag-loads"},
    ]
