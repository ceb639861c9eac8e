"""A person makes an E-commerce API Connection in Airflow's form and presses Test."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.support import PROJECT
from tests.support.browser import chromium, sign_in

from demo_shop import DemoShop
from local_airflow import LocalAirflow

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

KEY = "form-key-4711"


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAirflow]:
    """The api-server alone: forms need no more."""
    with LocalAirflow(tmp_path_factory.mktemp("form"), services=("api-server",)) as airflow:
        yield airflow


@pytest.fixture(scope="module")
def page(airflow: LocalAirflow) -> Iterator[Page]:
    """The list of Connections, signed in."""
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        sign_in(page, airflow)
        page.goto(f"{airflow.url}/connections")
        yield page


def picture(page: Page, name: str) -> None:
    """A screenshot for the docs, where it is asked for."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(PROJECT, folder, f"{name}.png"))


def test_a_connection_is_made_in_the_form_and_tested(page: Page, airflow: LocalAirflow) -> None:
    with DemoShop(api_key=KEY, sizes={"resource": 340}) as shop:
        page.get_by_role("button", name="Add Connection").click()
        form = page.get_by_role("dialog")
        form.get_by_label("Connection ID").fill("my_shop")
        form.get_by_role("combobox").fill("E-commerce")
        page.keyboard.press("Enter")
        for label in ("Base URL", "User name or client id", "API key"):
            expect(form.get_by_text(label, exact=True)).to_be_visible()
        assert form.locator("input[name=host]").get_attribute("placeholder") == "https://shop.example.com"
        form.locator("input[name=host]").fill(shop.url)
        form.locator("input[name=port]").fill(shop.url.rpartition(":")[2])
        form.locator("input[name=password]").fill(KEY)
        form.get_by_role("button", name="Extra Fields", exact=True).click()
        for label in ("Key location", "Key name", "Page size", "Test path"):
            expect(form.get_by_text(label, exact=True)).to_be_visible()
        form.locator("input[name=element_page_size]").fill("25")
        picture(page, "connection-form")
        form.get_by_role("button", name="Save").click()
        page.get_by_role("button", name="Test Connection").click()
        expect(page.get_by_text("Test Connection Successful")).to_be_visible()
        expect(
            page.get_by_text(
                re.compile(
                    re.escape(
                        f"{shop.url} was reached, the key is accepted, the first page of /v1/resource was read in "
                    )
                    + r"[\d,]+ ms: 25 of 340 rows\."
                )
            )
        ).to_be_visible()
        picture(page, "connection-test")
        assert [(each.path, each.params["limit"]) for each in shop.requests] == [("/v1/resource", "25")]

        shop.access.api_key = "another"
        page.reload()
        page.get_by_role("button", name="Test Connection").click()
        expect(page.get_by_text("but it does not accept the key: 401 at /v1/resource")).to_be_visible()
        assert KEY not in page.content()
    stored = airflow.api().get("/connections/my_shop")
    assert (stored["conn_type"], stored["password"]) == ("ecom_api", "***")
    assert KEY not in "".join(path.read_text(errors="replace") for path in airflow.logs.glob("*.log"))
