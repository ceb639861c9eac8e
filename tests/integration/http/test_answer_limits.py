"""Answers without end: read within bounds of bytes and of time, by a load and by the Test button."""

from __future__ import annotations

import resource

import pytest
from tests.integration.conftest import Loader
from tests.support.apis import CATALOGUE, api
from tests.support.loads import Tables

from demo_shop import DemoShop
from ecom_source.airflow.hook import EcomApiHook
from ecom_source.errors import ConnectionFieldError, RequestFailedError
from ecom_source.http.answer_limits import DEFAULTS, Bounds

SHOP = api(CATALOGUE)


def peak_megabytes() -> float:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.parametrize("kind", ["endless", "bomb"])
def test_a_body_without_end_fails_the_load_in_bounded_memory(
    shop: DemoShop, load: Loader, tables: Tables, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    load(SHOP)
    before, peak = tables.rows("ecommerce_data"), peak_megabytes()
    monkeypatch.setenv("ECOM_MAX_ANSWER_MB", "20")
    shop.reset_log()
    shop.fail(kind, skip=1)
    with pytest.raises(RequestFailedError) as error:
        load(SHOP)
    assert error.value.found == "The answer to GET /v1/resource has more than 20 MB; it was read no further."
    assert "Page size" in error.value.fix
    assert "ECOM_MAX_ANSWER_MB" in error.value.fix
    # Once: the same answer would come again.
    assert [record.fault for record in shop.requests].count(kind) == 1
    assert peak_megabytes() - peak < 60
    assert tables.rows("ecommerce_data") == before


def test_a_body_that_drips_for_ever_fails_the_load(
    shop: DemoShop, load: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECOM_MAX_ANSWER_SECONDS", "1")
    # Each byte in time for requests, whose own limit begins anew with it.
    shop.fail("drip", seconds=0.1)
    with pytest.raises(RequestFailedError) as error:
        load(SHOP)
    assert "The answer to GET /v1/resource has not ended after 1 s, with" in error.value.found
    assert "ECOM_MAX_ANSWER_SECONDS" in error.value.fix
    (record,) = shop.requests
    assert record.ended is not None


def test_the_test_button_reads_within_bounds(shop: DemoShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECOM_MAX_ANSWER_MB", "1")
    shop.fail("endless")
    passed, message = EcomApiHook().test_connection()
    assert not passed
    assert message.startswith("The answer to GET /v1/resource has more than 1 MB; it was read no further.")


def test_pages_within_bounds_are_read_over_one_connection(
    shop: DemoShop, load: Loader, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 340 rows are four pages of less than that.
    monkeypatch.setenv("ECOM_MAX_ANSWER_MB", "0.1")
    load(SHOP)
    tables.assert_equal_to(shop)


@pytest.mark.parametrize("value", ["", "0", "-1", "much", "nan"])
def test_a_bound_is_a_number_above_0(value: str) -> None:
    if not value:
        assert Bounds.of({"ECOM_MAX_ANSWER_MB": value}) == Bounds(256_000_000, 600.0)
        assert dict(DEFAULTS) == {"ECOM_MAX_ANSWER_MB": 256, "ECOM_MAX_ANSWER_SECONDS": 600}
        return
    with pytest.raises(ConnectionFieldError) as error:
        Bounds.of({"ECOM_MAX_ANSWER_MB": value})
    assert error.value.found == f"The environment variable ECOM_MAX_ANSWER_MB is {value!r}."
