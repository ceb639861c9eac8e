"""API descriptions for the demo shop, beyond the one of the specification."""

from __future__ import annotations

from typing import Any

from dlt.sources.rest_api.typing import RESTAPIConfig


def api(*resources: Any, client: dict[str, Any] | None = None, defaults: dict[str, Any] | None = None) -> RESTAPIConfig:
    """A `RESTAPIConfig` for the demo shop: key by query, merge on `id`, offset pages of 100."""
    return {
        "client": {
            "base_url": "https://api.example.com",
            "auth": {"type": "api_key", "name": "api_key", "location": "query"},
            "paginator": {"type": "offset", "limit": 100},
            **(client or {}),  # type: ignore[typeddict-item]
        },
        "resource_defaults": {
            "primary_key": "id",
            "write_disposition": "merge",
            "endpoint": {"data_selector": "data"},
            **(defaults or {}),  # type: ignore[typeddict-item]
        },
        "resources": list(resources),
    }


def whole(name: str, path: str | None = None, **more: Any) -> dict[str, Any]:
    """A resource without a cursor, read whole by every run."""
    endpoint = {"path": path or f"/v1/{name}", **more.pop("endpoint", {})}
    return {"name": name, "endpoint": endpoint, **more}


def windowed(name: str, path: str | None = None, **more: Any) -> dict[str, Any]:
    """A resource loaded by window of `updated_at`."""
    incremental = {
        "cursor_path": "updated_at",
        "initial_value": "2020-01-01T00:00:00Z",
        "start_param": "updated_since",
        "end_param": "updated_before",
        **more.pop("incremental", {}),
    }
    return whole(name, path, endpoint={"incremental": incremental, **more.pop("endpoint", {})}, **more)


CATALOGUE = whole(
    "ecommerce_data", "/v1/resource", columns={"price": {"data_type": "decimal", "precision": 18, "scale": 4}}
)
"""The resource of the specification, word for word: no cursor, so every run reads it whole."""

TWO = api(windowed("orders"), windowed("ecommerce_data", "/v1/resource", columns=CATALOGUE["columns"]))
"""Two resources with a cursor, one of them with a nested list."""
