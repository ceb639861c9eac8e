"""`make demo`: a shop, a real Airflow and two loads, from nothing to rows; the next time, only the changes."""

from __future__ import annotations

import argparse
import fcntl
import os
import shlex
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import requests

from demo_shop import ShopAdmin

from .api import DONE, ApiError
from .environment import DEMO_DAGS, HOST, PROJECT, warehouse_file
from .follow import RunFailedError, follow
from .instance import LocalAirflow
from .loads import Shown, describe
from .processes import ServiceError
from .progress import Progress
from .shop import LocalShop
from .tables import has_table, preview, render

DEMO_HOME = PROJECT / ".local" / "demo"
CATALOGUE = Shown("ecommerce_elt", "resource", "ecommerce", "ecommerce_data", "catalogue rows")
ORDERS = Shown("demo_orders", "orders", "demo", "orders", "orders")
LOADS = (CATALOGUE, ORDERS)
CHANGED, NEW = {"resource": 12, "orders": 3}, {"resource": 5, "orders": 2}
LATEST = "FROM ecommerce.ecommerce_data SELECT id, name, price, updated_at ORDER BY updated_at DESC LIMIT 9"
SERVICES = ("api-server", "scheduler", "dag-processor")


def demo(home: Path, progress: Progress) -> None:
    """Load what is new in the shop, and print it.

    Raises `RunFailedError` or `ServiceError` with the end of the log that matters.
    """
    file = warehouse_file(home)
    with ExitStack() as stack:
        stack.enter_context(_alone(home))
        again = is_loaded(file)
        shop = stack.enter_context(LocalShop(home))
        admin = ShopAdmin(shop.url, shop.key)
        rows = {each.shop: len(admin.rows(each.shop)) for each in LOADS}
        progress.say(f"The demo shop is open: {', '.join(f'{rows[each.shop]:,} {each.noun}' for each in LOADS)}")
        airflow = _airflow(home, shop, file)
        progress.say("Starting a real Airflow: its database, then its api-server, scheduler and DAG processor")
        with progress.waiting(lambda: _starting(airflow)):
            stack.enter_context(airflow)
            for each in LOADS:
                airflow.api().wait_for_dag(each.dag_id)
                _end_interrupted(airflow, each.dag_id)
        if again:
            _change(admin, progress)
        runs = {each.dag_id: _trigger(airflow, each.dag_id) for each in LOADS}
        progress.say(f"Airflow runs; triggered {' and '.join(runs)}, as its Trigger button does")
        follow(airflow, runs, progress)
        _show(airflow, admin, runs, file)
        progress.say("Stopping Airflow and the shop")
    print(f"\nAll of it took {progress.seconds:.0f} s; nothing of it runs any more.\n\n{next_steps(file)}", flush=True)


def is_loaded(file: Path) -> bool:
    """Whether a demo before has loaded the catalogue."""
    import duckdb

    if not file.exists():
        return False
    try:
        with closing(duckdb.connect(str(file), read_only=True)) as connection:
            return has_table(connection, CATALOGUE.dataset, CATALOGUE.resource)
    except duckdb.Error as error:
        raise ServiceError(f"The warehouse {file} cannot be read: {error}") from None


def next_steps(file: Path) -> str:
    """What to do now; the commands work as they stand."""
    query = f"import duckdb; duckdb.connect({str(_near(file))!r}, read_only=True).sql('{LATEST}').show()"
    # Double quotes are the easier to read; a path may hold what a shell would still see in them.
    shell = f'"{query}"' if not set(query) & set('"$`\\') else shlex.quote(query)
    return f"""The warehouse is the DuckDB file {_near(file)}. Query it:
  {_near(Path(sys.executable))} -c {shell}
What next?
  make demo   again: the shop changes, and only the changes are loaded
  make up     Airflow's own pages in your browser, and a shop that changes, until Ctrl-C
  make test   all tests
A real shop and a real warehouse, in your own Airflow:
  airflow connections add ecom_api --conn-type ecom_api --conn-host https://SHOP --conn-password API_KEY
  airflow connections add ecom_warehouse --conn-type postgres --conn-host HOST --conn-schema DATABASE \\
    --conn-login USER --conn-password PASSWORD"""


def _airflow(home: Path, shop: LocalShop, file: Path) -> LocalAirflow:
    return LocalAirflow(
        home,
        more_dags=[DEMO_DAGS],
        connections={"ecom_api": shop.connection},
        services=SERVICES,
        extra_env={
            "ECOM_DUCKDB_PATH": str(file),
            # The demo presses Trigger; a run by the clock would come between, and change its numbers.
            "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
        },
    )


def _starting(airflow: LocalAirflow) -> str:
    started = any(service.running for service in airflow.services.values())
    return "Airflow's services are starting" if started else "Airflow's database is being prepared"


def _change(admin: ShopAdmin, progress: Progress) -> None:
    """Change a known number of rows of the shop, no row twice."""
    for name, number in CHANGED.items():
        rows = admin.rows(name)
        for row in Random(len(rows)).sample(rows, min(number, len(rows))):  # noqa: S311 (no secret)
            admin.update(name, row["id"], **_new_values(name, row))
        for _ in range(NEW[name]):
            admin.insert(name)
    told = "; ".join(f"{CHANGED[each.shop]} {each.noun} changed, {NEW[each.shop]} new" for each in LOADS)
    progress.say(f"Meanwhile in the shop: {told}")


def _new_values(name: str, row: Mapping[str, Any]) -> dict[str, Any]:
    if name == "orders":
        return {"status": "shipped" if row["status"] == "paid" else "paid"}
    return {"price": round(row["price"] + 1, 2), "stock": row["stock"] + 10}


def _end_interrupted(airflow: LocalAirflow, dag_id: str) -> None:
    """A demo that was stopped half-way has left a run open, whose task would keep this one's waiting."""
    path = f"/dags/{quote(dag_id)}/dagRuns"
    for run in airflow.api().get(path, state=["queued", "running"])["dag_runs"]:
        if run["state"] not in DONE:
            airflow.api().patch(f"{path}/{quote(run['dag_run_id'], safe='')}", {"state": "failed"})


def _trigger(airflow: LocalAirflow, dag_id: str) -> str:
    airflow.api().unpause(dag_id)
    return airflow.trigger(dag_id)


def _show(airflow: LocalAirflow, admin: ShopAdmin, runs: Mapping[str, str], file: Path) -> None:
    import duckdb

    width = shutil.get_terminal_size((110, 24)).columns
    with closing(duckdb.connect(str(file), read_only=True)) as connection:
        for each in LOADS:
            extra = _extra(airflow, each.dag_id, runs[each.dag_id])
            names = [each.resource, *(name for name in extra["rows_loaded"] if name != each.resource)]
            tables = [preview(connection, each.dataset, name, extra["load_ids"]) for name in names]
            print("", *describe(each, extra, admin.rows(each.shop), tables[0].rows), "", sep="\n")
            for table in tables:
                print(render(table, width), "", sep="\n", flush=True)


def _extra(airflow: LocalAirflow, dag_id: str, run_id: str) -> Mapping[str, Any]:
    events = airflow.api().get("/assets/events", source_dag_id=dag_id, source_run_id=run_id)["asset_events"]
    if not events:
        raise RunFailedError(f"The run {run_id} of {dag_id} succeeded, but left no asset event.")
    return dict(events[0]["extra"])


def _near(path: Path) -> Path:
    """Relative to where the user stands, if it is below; links are kept."""
    path = path.absolute()
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    home.mkdir(parents=True, exist_ok=True)
    with (home / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServiceError(f"Another demo runs in {home}: wait for its end, or take another --home.") from None
        yield


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 when all was loaded, 1 when something failed, 130 after Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m local_airflow.demo", description=__doc__)
    parser.add_argument("--home", type=Path, default=DEMO_HOME, help="folder for all that it keeps")
    home = parser.parse_args(arguments).home.absolute()
    # Both, and explicitly: a shell starts background jobs with SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    for name in ("NO_PROXY", "no_proxy"):  # no proxy stands between this machine and its shop
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), HOST)))
    progress = Progress()
    try:
        demo(home, progress)
    except KeyboardInterrupt:
        print("\nStopped; nothing of it runs any more.", flush=True)
        return 130
    except (RunFailedError, ServiceError, ApiError, TimeoutError, requests.RequestException) as error:
        print(f"\nThe demo failed after {progress.seconds:.0f} s.\n{error}", file=sys.stderr)
        print(
            f"\nLogs: {home / 'logs'} (Airflow's services and the shop: {home / 'logs' / 'services'})",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
