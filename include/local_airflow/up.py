"""`make up`: the demo shop and a whole Airflow on this machine, until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from .environment import DEMO_DAGS, USER_HOME, free_port, inherited, warehouse_file
from .instance import LocalAirflow
from .processes import ServiceError
from .shop import LocalShop

PREFERRED_PORT = 8080
TICK_SECONDS = 20


def say(text: str) -> None:
    """Print a line at once, also into a pipe."""
    print(text, flush=True)


def welcome(airflow: LocalAirflow, shop: LocalShop) -> str:
    """What a person needs to know to use it."""
    return f"""
  Airflow   {airflow.url}
  login     {airflow.user} / {airflow.password}
  shop      {shop.url} (a change every {TICK_SECONDS} s)
  DuckDB    {airflow.env["ECOM_DUCKDB_PATH"]}
  home      {airflow.home}
  logs      {airflow.logs}
  stop      Ctrl-C
"""


def serve(home: Path, port: int) -> None:
    """Run until a service ends by itself (`ServiceError`) or this process is interrupted."""
    say("Starting the demo shop and Airflow (up to a minute) …")
    with (
        LocalShop(home, "--tick-every", str(TICK_SECONDS)) as shop,
        LocalAirflow(
            home,
            more_dags=[DEMO_DAGS],
            port=port,
            connections={"ecom_api": shop.connection},
            extra_env={"ECOM_DUCKDB_PATH": str(warehouse_file(home)), **inherited()},
        ) as airflow,
    ):
        say(welcome(airflow, shop))
        try:
            while True:
                for service in (shop.service, *airflow.services.values()):
                    service.check()
                time.sleep(1)
        except KeyboardInterrupt:
            say("Stopping …")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 after Ctrl-C or SIGTERM, 1 when something did not start or ended by itself."""
    parser = argparse.ArgumentParser(prog="python -m local_airflow.up", description=__doc__)
    parser.add_argument("--port", type=int, help=f"of Airflow (default: {PREFERRED_PORT} if free, else any)")
    parser.add_argument("--home", type=Path, default=USER_HOME, help="folder for all that it keeps")
    args = parser.parse_args(arguments)
    # Both, and explicitly: a shell starts background jobs with SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        serve(args.home, args.port or free_port(PREFERRED_PORT))
    except KeyboardInterrupt:  # while starting
        pass
    except ServiceError as error:
        print(error, file=sys.stderr)
        return 1
    say("Stopped; nothing of it runs any more.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
