"""What is measured: `python -m bench.subjects NAME …` copies the shop into a warehouse, as a task of Airflow would.

Each runs in a process that was forked from one which has Airflow imported, and ends without tidying up its modules:
that is how Airflow's supervisor runs a task. `plain` and `ours` take the shop's key from an Airflow Connection; `floor`
is a script that knows the rows and does nothing that it need not.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.settings import WITHOUT

KEY = "key"
DATASET = "shop_rows"
LIMIT = 100
BATCH = 10_000
CONNECTION = "the Connection"


def spent() -> tuple[float, float, float]:
    """CPU seconds of this process so far, seconds on the clock, and the most memory so far in MB."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime, time.monotonic(), used.ru_maxrss / 1024


class Steps:
    """CPU seconds, seconds on the clock, and the most memory at its end, by step."""

    def __init__(self) -> None:
        self.last = spent()
        self.found: dict[str, tuple[float, float, float]] = {}

    def done(self, name: str) -> None:
        """What was spent since the last call belongs to `name`."""
        now = spent()
        cpu, clock, _ = self.found.get(name, (0.0, 0.0, 0.0))
        self.found[name] = cpu + now[0] - self.last[0], clock + now[1] - self.last[1], now[2]
        self.last = now


def api(url: str, *, cursor: bool = False) -> Any:
    """The specification's source: offset pages of 100, merged on `id`; with a cursor only where that is measured."""
    from ecom_source.api.ecommerce import ECOMMERCE_API

    specified: Any = ECOMMERCE_API
    (resource_,) = specified["resources"]
    dropped = () if cursor else ("incremental",)
    endpoint = {name: value for name, value in resource_["endpoint"].items() if name not in dropped}
    return {
        "client": {"base_url": url, "auth": {"type": "api_key", "name": "api_key", "location": "query"}},
        "resource_defaults": ECOMMERCE_API["resource_defaults"],
        "resources": [{**resource_, "endpoint": endpoint}],
    }


def connections(url: str, warehouse: str, folder: Path) -> None:
    """Airflow's Connections, in the environment."""
    os.environ["AIRFLOW_CONN_ECOM_API"] = json.dumps({"conn_type": "ecom_api", "host": url, "password": KEY})
    os.environ["ECOM_DUCKDB_PATH"] = str(folder / "ours.duckdb")
    if warehouse != "duckdb":
        os.environ["AIRFLOW_CONN_ECOM_WAREHOUSE"] = warehouse


def empty(url: str, warehouse: str, folder: Path, steps: Steps, arguments: argparse.Namespace) -> None:
    """A task that does nothing but ask Airflow for a Connection."""
    from airflow.sdk import Connection

    Connection.get("ecom_api")
    steps.done(CONNECTION)


def plain(url: str, warehouse: str, folder: Path, steps: Steps, arguments: argparse.Namespace) -> None:
    """dlt as it comes, in a task written by hand."""
    from airflow.sdk import Connection

    key = Connection.get("ecom_api").password
    steps.done(CONNECTION)
    import dlt
    from dlt.sources.rest_api import rest_api_source

    destination: Any = dlt.destinations.duckdb(str(folder / "plain.duckdb"))
    if warehouse != "duckdb":
        given = json.loads(warehouse)
        names = {"host": "host", "port": "port", "database": "schema", "username": "login", "password": "password"}
        destination = dlt.destinations.postgres({name: given[field] for name, field in names.items()})
    pipeline = dlt.pipeline("plain", destination=destination, dataset_name=DATASET, pipelines_dir=str(folder / "dlt"))
    config = api(url, cursor=arguments.cursor)
    config["client"]["auth"]["api_key"] = key
    steps.done("imports of dlt")
    pipeline.run(rest_api_source(config, name="plain"))
    steps.done("all else")


def ours(url: str, warehouse: str, folder: Path, steps: Steps, arguments: argparse.Namespace) -> None:
    """This package, as its task does it."""
    from airflow.sdk import Connection

    Connection.get("ecom_api")
    steps.done(CONNECTION)
    import dlt

    from ecom_source.load.components import components
    from ecom_source.load.load import Load
    from ecom_source.load.staging_dataset import Staging
    from ecom_source.options import Options
    from ecom_source.window.run_window import Run

    if arguments.without:
        WITHOUT[arguments.without]()
    steps.done("imports of dlt")
    description = api(url, cursor=arguments.cursor)
    (component,) = components(description)
    pipeline = dlt.pipeline(component.name, dataset_name=DATASET, pipelines_dir=str(folder / "dlt" / "pipelines"))
    options = {component.name: Options(parallel_pages=arguments.pages)}
    load = Load(description, component, pipeline, "ecom_api", "ecom_warehouse", options)

    def execute() -> None:
        pipeline.activate()
        pipeline.drop()
        steps.done("all else")
        source = load.source()
        steps.done("state and source")
        pipeline.extract(source)
        steps.done("extract")
        pipeline.normalize()
        steps.done("normalize")
        pipeline.load()
        steps.done("load")

    load.perform(Run("manual", now=datetime.now(UTC)), execute, staging=Staging(None, "bench"))
    steps.done("all else")


def floor(url: str, warehouse: str, folder: Path, steps: Steps, arguments: argparse.Namespace) -> None:
    """Fetch, parse, bulk copy: a parent and a child table, no types but those of JSON, no merge."""
    import orjson
    import requests

    session = requests.Session()
    write, close = _duckdb_writer(folder) if warehouse == "duckdb" else _postgres_writer(json.loads(warehouse))
    parents: list[tuple[Any, ...]] = []
    children: list[tuple[Any, ...]] = []
    offset, total = 0, 1
    while offset < total:
        params: dict[str, Any] = {"api_key": KEY, "limit": LIMIT, "offset": offset}
        page = orjson.loads(session.get(f"{url}/v1/resource", params=params).content)
        total, offset = page["total"], offset + LIMIT
        for row in page["data"]:
            items, size = row.pop("items"), row.pop("dimensions")
            parents.append((*row.values(), *size.values()))
            children += [(row["id"], *item.values()) for item in items]
        if len(parents) >= BATCH or offset >= total:
            write(parents, children)
            parents.clear()
            children.clear()
    close()


PARENT = (
    "id BIGINT, name VARCHAR, price NUMERIC(18, 4), currency VARCHAR, sku VARCHAR, category VARCHAR, brand VARCHAR, "
    "description VARCHAR, stock BIGINT, is_active BOOLEAN, rating DOUBLE PRECISION, weight_grams BIGINT, "
    "discontinued_at TIMESTAMPTZ, created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ, "
    "width BIGINT, height BIGINT, unit VARCHAR"
)
CHILD = "id BIGINT, line BIGINT, sku VARCHAR, quantity BIGINT, price DOUBLE PRECISION"
Writer = tuple[Callable[[list[Any], list[Any]], None], Callable[[], None]]


def _duckdb_writer(folder: Path) -> Writer:
    import duckdb
    import pyarrow

    connection = duckdb.connect(str(folder / "floor.duckdb"))
    for name, columns in (("parent", PARENT), ("child", CHILD)):
        connection.execute(f"CREATE TABLE {name} ({columns})")

    def write(parents: list[Any], children: list[Any]) -> None:
        for name, columns, rows in (("parent", PARENT, parents), ("child", CHILD, children)):
            names = [column.split()[0] for column in columns.replace("(18, 4)", "").split(", ")]
            batch = pyarrow.table([pyarrow.array(values) for values in zip(*rows, strict=True)], names=names)
            connection.register("batch", batch)
            connection.execute(f"INSERT INTO {name} SELECT * FROM batch")
            connection.unregister("batch")

    return write, connection.close


def _postgres_writer(given: dict[str, Any]) -> Writer:
    import csv
    import io

    import psycopg2

    connection = psycopg2.connect(
        host=given["host"],
        port=given["port"],
        dbname=given["schema"],
        user=given["login"],
        password=given["password"],
    )
    cursor = connection.cursor()
    for name, columns in (("parent", PARENT), ("child", CHILD)):
        cursor.execute(f"CREATE TABLE {name} ({columns})")

    def write(parents: list[Any], children: list[Any]) -> None:
        for name, rows in (("parent", parents), ("child", children)):
            text = io.StringIO()
            csv.writer(text).writerows(rows)
            text.seek(0)
            cursor.copy_expert(f"COPY {name} FROM STDIN WITH (FORMAT csv)", text)

    def close() -> None:
        connection.commit()
        connection.close()

    return write, close


SUBJECTS: dict[str, Callable[[str, str, Path, Steps, argparse.Namespace], None]] = {
    "empty": empty,
    "plain": plain,
    "ours": ours,
    "floor": floor,
}


def as_task(perform: Callable[[Steps], None]) -> dict[str, Any]:
    """What it takes to perform something in a process forked from this one, from its beginning to its end."""
    # As Airflow's executors do before they fork.
    gc.freeze()
    reader, writer = os.pipe()
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            steps = Steps()
            perform(steps)
            os.write(writer, json.dumps(steps.found).encode())
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(writer)
    _, status, used = os.wait4(pid, 0)
    clock = time.monotonic() - began
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(os.waitstatus_to_exitcode(status))
    with os.fdopen(reader) as found:
        steps_found = json.load(found)
    return {
        "cpu": used.ru_utime + used.ru_stime,
        "clock": clock,
        "memory": used.ru_maxrss / 1024,
        "steps": steps_found,
    }


def main() -> None:
    """Runs one subject."""
    parser = argparse.ArgumentParser()
    parser.add_argument("subject", choices=SUBJECTS)
    parser.add_argument("--url", required=True)
    parser.add_argument("--warehouse", default="duckdb", help="duckdb, or a Connection to PostgreSQL as JSON")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--pages", type=int, default=10)
    parser.add_argument("--without", choices=WITHOUT, help="a setting to take away")
    parser.add_argument("--cursor", action="store_true")
    parser.add_argument("--taken", type=Path, required=True, help="where to write what it took")
    arguments = parser.parse_args()
    connections(arguments.url, arguments.warehouse, arguments.folder)
    # What the process that forks a task has imported by then.
    import airflow.sdk.execution_time.supervisor
    import airflow.sdk.execution_time.task_runner  # noqa: F401

    def perform(steps: Steps) -> None:
        SUBJECTS[arguments.subject](arguments.url, arguments.warehouse, arguments.folder, steps, arguments)

    arguments.taken.write_text(json.dumps(as_task(perform)))


if __name__ == "__main__":
    main()
