"""`make soak`: a soak with an Airflow of its own. `python -m tests.soak --minutes 10 --seed 7`."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

from tests.soak.events import LONG
from tests.soak.soak import soaking
from tests.support import PROJECT
from tests.support.postgres import PASSWORD, running_postgres

from local_airflow.environment import HOST
from local_airflow.instance import LocalAirflow

INTERVAL = 5.0
EVENT_SECONDS = 4.0


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=6)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="of what happens, and when")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder, running_postgres(Path(folder, "postgres")) as postgres:
        postgres.create_database("airflow")
        home = Path(folder, "airflow")
        (home / "tmp").mkdir(parents=True)
        metadata = f"postgresql+psycopg2://postgres:{quote(PASSWORD, safe='')}@{HOST}:{postgres.port}/airflow"
        with (
            LocalAirflow(
                home,
                dags=PROJECT / "tests" / "soak" / "dags",
                metadata_url=metadata,
                extra_env={
                    "SOAK_EVERY": str(INTERVAL),
                    "TMPDIR": str(home / "tmp"),
                    "PYTHONPATH": f"{PROJECT / 'include'}:{PROJECT}",
                    "AIRFLOW__CORE__PARALLELISM": "4",
                    # A task whose scheduler died with it is found within seconds instead of minutes.
                    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
                    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
                    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "3",
                    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "15",
                    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
                },
            ) as airflow,
            soaking(airflow, postgres, "airflow", INTERVAL, args.seed) as soak,
        ):
            soak.run(args.minutes * 60, EVENT_SECONDS, LONG, warm=True)
    return 0


if __name__ == "__main__":
    os.environ.setdefault("NO_PROXY", f"{HOST},localhost")
    sys.exit(main())
