"""What is measured: each is one process, `python -m bench.subjects NAME ...`, that copies the shop into a warehouse."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

LIMIT = 100


def api(url: str) -> Any:
    """The specification's source: offset pages of 100, merged on `id`; no cursor."""
    from ecom_source.api import ECOMMERCE_API

    (resource,) = ECOMMERCE_API["resources"]
    endpoint = {name: value for name, value in resource["endpoint"].items() if name != "incremental"}
    return {
        "client": {"base_url": url, "auth": {"type": "api_key", "name": "api_key", "location": "query"}},
        "resource_defaults": ECOMMERCE_API["resource_defaults"],
        "resources": [{**resource, "endpoint": endpoint}],
    }


def plain(url: str, warehouse: str, folder: Path, _: argparse.Namespace) -> None:
    """dlt as it comes."""
    import dlt
    from dlt.sources.rest_api import rest_api_source

    config = api(url)
    config["client"]["auth"]["api_key"] = "key"
    destination: Any = (
        dlt.destinations.postgres(warehouse)
        if warehouse.startswith("postgres")
        else dlt.destinations.duckdb(str(folder / "plain.duckdb"))
    )
    pipeline = dlt.pipeline("plain", destination=destination, dataset_name="shop", pipelines_dir=str(folder / "dlt"))
    pipeline.run(rest_api_source(config, name="plain"))


def ours(url: str, warehouse: str, folder: Path, arguments: argparse.Namespace) -> None:
    """This package, as its task does it."""
    from datetime import UTC, datetime

    import dlt

    from ecom_source.load import Load
    from ecom_source.source import components
    from ecom_source.staging import Staging
    from ecom_source.window import Run

    os.environ["AIRFLOW_CONN_ECOM_API"] = json.dumps({"conn_type": "ecom_api", "host": url, "password": "key"})
    if warehouse.startswith("postgres"):
        os.environ["AIRFLOW_CONN_ECOM_WAREHOUSE"] = warehouse
    os.environ["ECOM_DUCKDB_PATH"] = str(folder / "ours.duckdb")
    description = api(url)
    (component,) = components(description)
    pipeline = dlt.pipeline(component.name, dataset_name="shop", pipelines_dir=str(folder / "dlt" / "pipelines"))
    load = Load(description, component, pipeline, "ecom_api", "ecom_warehouse")

    def execute() -> None:
        load.pipeline.activate()
        load.pipeline.drop()
        load.pipeline.run(load.source())

    report = load.perform(Run("manual", now=datetime.now(UTC)), execute, staging=Staging(None, "bench"))
    print(report)


SUBJECTS: dict[str, Callable[[str, str, Path, argparse.Namespace], None]] = {"plain": plain, "ours": ours}

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("subject", choices=SUBJECTS)
    parser.add_argument("--url", required=True)
    parser.add_argument("--warehouse", default="duckdb")
    parser.add_argument("--folder", type=Path, required=True)
    parsed = parser.parse_args()
    SUBJECTS[parsed.subject](parsed.url, parsed.warehouse, parsed.folder, parsed)
