"""What the warehouse does is not laid at the shop's door."""

from __future__ import annotations

import pytest
import requests
from tests.support.failures import RefusedError, answered, coded, failure, in_step, job

from ecom_source.errors import EcomError, LoadFailedError, RowsRefusedError
from ecom_source.load.failures.clean_errors import explained


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        pytest.param(ValueError("a column of a wrong type"), LoadFailedError, "ValueError: a column", id="no step"),
        pytest.param(
            in_step("load", ValueError("deadlock")), LoadFailedError, "failed at dlt's step 'load'", id="of it"
        ),
        pytest.param(in_step("load", answered(403)), LoadFailedError, "The warehouse failed", id="its web request"),
        pytest.param(
            in_step("sync", requests.ConnectionError("bigquery")),
            LoadFailedError,
            "The warehouse failed at dlt's step 'sync'",
            id="a warehouse that cannot be reached",
        ),
        pytest.param(
            in_step("load", job(RefusedError("violates not-null"))),
            RowsRefusedError,
            "The warehouse does not take the rows at dlt's step 'load': IntegrityError: violates not-null",
            id="rows that it does not take",
        ),
        pytest.param(
            in_step("load", RefusedError("two made the same schema")),
            LoadFailedError,
            "The warehouse failed at dlt's step 'load': IntegrityError: two made",
            id="a race for a schema",
        ),
        pytest.param(
            in_step("load", coded("54011", "tables can have at most 1600 columns")),
            RowsRefusedError,
            "does not take the rows at dlt's step 'load': OperationalError: tables can have at most 1600 columns",
            id="too many columns",
        ),
        pytest.param(
            in_step("load", coded("53100", "disk full")), LoadFailedError, "OperationalError: disk full", id="its disk"
        ),
        pytest.param(
            in_step("load", job(ValueError("server closed the connection"))),
            LoadFailedError,
            "The warehouse failed at dlt's step 'load'",
            id="a job that failed",
        ),
    ],
)
def test_what_is_not_the_shops_is_not_laid_at_its_door(error: BaseException, kind: type[EcomError], says: str) -> None:
    found = explained(failure(error))
    assert type(found) is kind
    assert says in found.found
    assert "The shop" not in str(found)
