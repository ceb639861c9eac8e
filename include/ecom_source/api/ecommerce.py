"""The API as data: dlt's own `RESTAPIConfig`, without its secrets."""

from __future__ import annotations

from dlt.sources.rest_api.typing import RESTAPIConfig

ECOMMERCE_API: RESTAPIConfig = {
    "client": {
        # An address for the eye only: the Connection's host takes its place.
        "base_url": "https://api.example.com",
        # `api_key` itself comes from the Connection, through dlt.secrets["api_key"].
        "auth": {"type": "api_key", "name": "api_key", "location": "query"},
    },
    "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
    "resources": [
        {
            "name": "ecommerce_data",
            "endpoint": {
                "path": "/v1/resource",
                "data_selector": "data",
                "paginator": {"type": "offset", "limit": 100},
                "incremental": {
                    "cursor_path": "updated_at",
                    "initial_value": "2020-01-01T00:00:00Z",
                    "start_param": "updated_since",
                    "end_param": "updated_before",
                    # Seconds before the watermark that are read again, for rows that the shop commits late.
                    "lag": 60,
                    # A row without the cursor is loaded rather than lost.
                    "on_cursor_value_missing": "include",
                },
            },
            "columns": {
                "id": {"data_type": "bigint", "nullable": False},
                "name": {"data_type": "text", "nullable": False},
                "price": {"data_type": "decimal", "precision": 18, "scale": 4, "nullable": False},
                "currency": {"data_type": "text", "nullable": True},
                "sku": {"data_type": "text", "nullable": True},
                "category": {"data_type": "text", "nullable": True},
                "brand": {"data_type": "text", "nullable": True},
                "description": {"data_type": "text", "nullable": True},
                "stock": {"data_type": "bigint", "nullable": True},
                "is_active": {"data_type": "bool", "nullable": True},
                "rating": {"data_type": "double", "nullable": True},
                "weight_grams": {"data_type": "bigint", "nullable": True},
                "discontinued_at": {"data_type": "timestamp", "nullable": True},
                "created_at": {"data_type": "timestamp", "nullable": True},
                "updated_at": {"data_type": "timestamp", "nullable": True},
            },
        },
    ],
}
"""The shop of the specification: one catalogue, read by window of `updated_at` and merged on `id`."""
