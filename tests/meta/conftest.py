"""The fixtures of the integration tests, for pages whose examples are loaded."""

from __future__ import annotations

from tests.integration.conftest import load, postgres_tables, shop, tables

__all__ = ["load", "postgres_tables", "shop", "tables"]
