"""A short soak: twenty seconds of runs every few seconds, with a shop that changes, faults and kills from a seed."""

from __future__ import annotations

import secrets

import pytest
from tests.soak.events import SHORT
from tests.soak.soak import soaking
from tests.support.postgres import Postgres

from local_airflow.instance import LocalAirflow

pytestmark = pytest.mark.e2e

SECONDS = 20.0
INTERVAL = 5.0
EVENT_SECONDS = 2.0


def test_a_soak_ends_in_the_shops_rows_with_nothing_left_behind(
    airflow: LocalAirflow, postgres: Postgres, metadata: str
) -> None:
    # Another one each time. `make soak ARGS="--seed …"` makes the same things happen again.
    seed = secrets.randbelow(10**6)
    with soaking(airflow, postgres, metadata, INTERVAL, seed) as soak:
        soak.run(SECONDS, EVENT_SECONDS, SHORT, warm=False)
