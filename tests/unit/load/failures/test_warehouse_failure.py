"""What the warehouse does is not laid at the shop's door."""

from __future__ import annotations

import pytest
import requests
from tests.support.failures import RefusedError, answered, failure, in_step, job

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
            "The warehouse does not take the rows: it failed at dlt's step 'load'",
            id="rows that it does not take",
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
