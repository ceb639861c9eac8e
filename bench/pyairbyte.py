"""`python bench/pyairbyte.py URL CONNECTION`, in PyAirbyte's own environment: a declarative source into PostgreSQL."""

from __future__ import annotations

import json
import sys
from typing import Any
from urllib.parse import quote

import airbyte  # type: ignore[import-not-found]
from airbyte.caches import PostgresCache  # type: ignore[import-not-found]

TYPES = {
    "integer": ("id", "stock", "weight_grams"),
    "string": ("name", "currency", "sku", "category", "brand", "description"),
    "number": ("price", "rating"),
    "boolean": ("is_active",),
    "object": ("dimensions",),
    "array": ("items",),
}
INSTANTS = ("discontinued_at", "created_at", "updated_at")


def manifest(url: str) -> dict[str, Any]:
    """The specification's source, as Airbyte describes it."""
    properties: dict[str, Any] = {name: {"type": ["null", kind]} for kind, names in TYPES.items() for name in names}
    properties |= {name: {"type": ["null", "string"], "format": "date-time"} for name in INSTANTS}

    def parameter(name: str) -> dict[str, str]:
        return {"type": "RequestOption", "inject_into": "request_parameter", "field_name": name}

    retriever = {
        "type": "SimpleRetriever",
        "requester": {
            "type": "HttpRequester",
            "url_base": url,
            "path": "/v1/resource",
            "http_method": "GET",
            "request_parameters": {"api_key": "key"},
        },
        "record_selector": {
            "type": "RecordSelector",
            "extractor": {"type": "DpathExtractor", "field_path": ["data"]},
        },
        "paginator": {
            "type": "DefaultPaginator",
            "page_size_option": parameter("limit"),
            "page_token_option": parameter("offset"),
            "pagination_strategy": {"type": "OffsetIncrement", "page_size": 100},
        },
    }
    stream = {
        "type": "DeclarativeStream",
        "name": "resource",
        "primary_key": ["id"],
        "retriever": retriever,
        "schema_loader": {"type": "InlineSchemaLoader", "schema": {"type": "object", "properties": properties}},
    }
    return {
        "version": "6.0.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": ["resource"]},
        "streams": [stream],
        "spec": {"type": "Spec", "connection_specification": {"type": "object", "properties": {}}},
    }


def main(url: str, warehouse: str) -> None:
    """Copies the shop.

    Args:
        warehouse: an Airflow Connection as JSON.
    """
    given = json.loads(warehouse)
    cache = PostgresCache(
        host=given["host"],
        port=given["port"],
        username=given["login"],
        # It puts the password into a URL as it is.
        password=quote(given["password"], safe=""),
        database=given["schema"],
        schema_name="peer",
    )
    source = airbyte.get_source("source-shop", source_manifest=manifest(url), config={}, streams=["resource"])
    source.read(cache=cache, write_strategy="merge")


if __name__ == "__main__":
    main(*sys.argv[1:])
