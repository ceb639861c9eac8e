"""What a person does in Airflow's own forms, in a real browser: make and test a Connection, trigger a run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.support import PROJECT
from tests.support.browser import chromium, sign_in
from tests.support.loads import KEY

from demo_shop import DemoShop
from local_airflow import LocalAirflow

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

DAG = "ecommerce_elt"


@pytest.fixture(scope="module")
def page(airflow: LocalAirflow) -> Iterator[Page]:
    """A page of Airflow's UI, signed in."""
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 1100})
        sign_in(page, airflow)
        yield page


def picture(page: Page, name: str) -> None:
    """A screenshot for the docs, where it is asked for."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(PROJECT, folder, f"{name}.png"))


def test_a_connection_is_made_in_the_form_and_tested(page: Page, airflow: LocalAirflow, shop: DemoShop) -> None:
    page.goto(f"{airflow.url}/connections")
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
    row = page.get_by_role("row", name="my_shop")
    row.get_by_role("button", name="Test Connection").click()
    expect(page.get_by_text("Test Connection Successful")).to_be_visible()
    reached = re.escape(f"{shop.url} was reached, the key is accepted, the first page of /v1/resource was read in ")
    rows = f"25 of {len(shop.rows('resource'))} rows"
    expect(page.get_by_text(re.compile(rf"{reached}[\d,]+ ms: {rows}\."))).to_be_visible()
    picture(page, "connection-test")
    assert [each.path for each in shop.requests if each.params.get("limit") == "25"] == ["/v1/resource"]

    shop.fail("status", status=401)
    page.reload()
    row.get_by_role("button", name="Test Connection").click()
    expect(page.get_by_text("it does not accept the key.")).to_be_visible()
    assert KEY not in page.content()
    stored = airflow.api().get("/connections/my_shop")
    assert (stored["conn_type"], stored["password"]) == ("ecom_api", "***")


def test_a_run_is_triggered_in_the_form_with_a_window(page: Page, airflow: LocalAirflow, shop: DemoShop) -> None:
    api = airflow.api()
    api.wait_for_dag(DAG)
    api.unpause(DAG)
    known = {run["dag_run_id"] for run in api.get(f"/dags/{DAG}/dagRuns")["dag_runs"]}
    page.goto(f"{airflow.url}/dags/{DAG}")
    page.get_by_role("button", name="Trigger").first.click()
    form = page.get_by_role("dialog").last
    for title, says in (
        ("Window start", "Load rows changed at or after this instant."),
        ("Window end", "Load rows changed before this instant."),
        ("Full refresh", "Read everything and replace the tables."),
        ("Resources", "Load these only. Empty: all."),
    ):
        expect(form.locator("label", has_text=title)).to_be_visible()
        expect(form.get_by_text(says)).to_be_visible()
    picture(page, "trigger-form")
    # The first such field is the logical date.
    for number, day in ((1, "2024/03/01"), (2, "2024/04/01")):
        form.get_by_test_id("datetime-input").nth(number).click()
        page.get_by_placeholder("YYYY/MM/DD").fill(day)
        page.get_by_placeholder("HH:mm").fill("00:00")
        page.keyboard.press("Escape")
    with page.expect_response(lambda answer: answer.request.method == "POST" and "/dagRuns" in answer.url) as sent:
        form.get_by_role("button", name="Trigger", exact=True).click()
    assert sent.value.ok, sent.value.text()
    runs = [run for run in api.get(f"/dags/{DAG}/dagRuns")["dag_runs"] if run["dag_run_id"] not in known]
    # The schedule may have made one as well, when the DAG was unpaused.
    (run_id,) = [run["dag_run_id"] for run in runs if run["run_type"] == "manual"]
    assert airflow.wait_for_run(DAG, run_id) == "success"
    (event,) = api.get("/assets/events", source_run_id=run_id)["asset_events"]
    window = event["extra"]["windows"]["ecommerce_data"]
    assert (window["start"], window["end"]) == ("2024-03-01T00:00:00Z", "2024-04-01T00:00:00Z")
    asked = [(each.params.get("updated_since"), each.params.get("updated_before")) for each in shop.requests]
    # A second wider, for shops that start after the bound; and by a day more until the filter's step is known.
    assert {
        ("2024-02-29T23:59:59Z", "2024-04-01T00:00:01Z"),
        ("2024-02-29T23:59:59Z", "2024-04-02T00:00:00Z"),
        ("2024-02-29T23:59:59Z", "2024-04-02T00:00:01Z"),
    } & set(asked)
