"""The Loads page in a real browser, inside a real Airflow: right numbers, nothing that may not be seen, no markup."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect
from tests.e2e.scene import Scene, scene
from tests.support import PROJECT
from tests.support.auth import HIDDEN, OUTSIDER, STRANGER
from tests.support.browser import chromium, sign_in
from tests.support.history import extras

from local_airflow.api import AirflowApi
from local_airflow.instance import LocalAirflow

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

MANY = 10_000
UNTIL = (datetime.now(UTC) - timedelta(minutes=2)).replace(minute=0, second=0, microsecond=0)
"""The last full hour, so that the loads of the past end there."""
EVIL = "<img src=x onerror=document.title='pwned'>"
ROUTES = (
    "/",
    "/static/main.js",
    "/charts/current.js",
    "/api/loads",
    f"/api/dags/{HIDDEN}/loads",
    f"/api/dags/{HIDDEN}/tasks/{HIDDEN}.orders/loads",
)


@pytest.fixture(scope="module")
def seen(airflow: LocalAirflow) -> LocalAirflow:
    """The Airflow, with loads of the past written into its metadata."""
    for name, number in (("one", 1), ("many", MANY)):
        airflow.api().wait_for_dag(f"seen_{name}")
        airflow.api().unpause(f"seen_{name}")
        subprocess.run(
            [
                sys.executable,
                "-m",
                "tests.support.history",
                f"seen_{name}",
                str(number),
                UNTIL.isoformat(),
                *([EVIL] if name == "one" else []),
            ],
            env=airflow.env,
            cwd=PROJECT,
            check=True,
        )
    airflow.api().wait_for_dag("seen_none")
    return airflow


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def page(seen: LocalAirflow, browser: Browser) -> Iterator[Page]:
    """Airflow in a browser, signed in; no script of any page fails."""
    errors: list[str] = []
    page = browser.new_page(viewport={"width": 1360, "height": 900})
    page.on("pageerror", lambda error: errors.append(str(error)))
    sign_in(page, seen)
    yield page
    assert errors == []


@pytest.fixture(scope="module")
def real(airflow: LocalAirflow) -> Iterator[Scene]:
    """A DAG whose runs this module triggers."""
    with scene(airflow, "seen_real", ["orders"], sizes={"orders": 120}) as real:
        real.unpause()
        yield real


def picture(page: Page, name: str) -> None:
    """A screenshot for the docs, where it is asked for."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.wait_for_timeout(500)
        page.screenshot(path=Path(PROJECT, folder, f"{name}.png"))


def frame(page: Page) -> FrameLocator:
    """The page inside Airflow's, once it is drawn."""
    inner = page.frame_locator("iframe")
    expect(inner.locator("body:not([aria-busy]) h1")).to_have_text("Loads")
    return inner


def choose_range(inner: FrameLocator | Page, name: str) -> None:
    inner.locator("#range label", has_text=re.compile(f"^{name}$")).click()
    expect(inner.locator("body:not([aria-busy])")).to_be_visible()


def tile(inner: FrameLocator | Page, label: str) -> Locator:
    return inner.locator(".tile", has_text=re.compile(label)).locator("b")


def rows_drawn(inner: FrameLocator | Page) -> Locator:
    """The bars of the uppermost chart, which plotly draws last."""
    return inner.locator(".chart .barlayer").last.locator("path")


def loads_of(airflow: LocalAirflow, dag_id: str, range_name: str = "all") -> dict[str, Any]:
    """What the page is told of the DAG's one resource."""
    return dict(
        answer(
            airflow.url,
            f"/api/dags/{dag_id}/tasks/{dag_id}.orders/loads?range={range_name}",
            token_of(airflow.url, airflow.user, airflow.password),
        ).json()
    )


def token_of(url: str, user: str, password: str) -> str:
    return str(
        requests.post(f"{url}/auth/token", json={"username": user, "password": password}, timeout=60).json()[
            "access_token"
        ]
    )


def answer(url: str, path: str, token: str | None = None) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.get(f"{url}/ecom-loads{path}", headers=headers, timeout=60)


def passwords(airflow: LocalAirflow) -> dict[str, str]:
    return dict(json.loads((airflow.home / "passwords.json").read_text()))


# Who may see what.


@pytest.mark.parametrize("path", ROUTES)
def test_nothing_is_there_without_a_login(seen: LocalAirflow, path: str) -> None:
    assert answer(seen.url, path).status_code == 401
    assert answer(seen.url, path, "no-token").status_code in (401, 403)


def test_a_user_sees_the_dags_that_airflow_shows_him_and_no_other(seen: LocalAirflow) -> None:
    token = token_of(seen.url, STRANGER, passwords(seen)[STRANGER])
    shown = answer(seen.url, "/api/loads", token).json()["resources"]
    assert {each["dag_id"] for each in shown} >= {"seen_many", "seen_none", "ecommerce_elt"}
    assert HIDDEN not in {each["dag_id"] for each in shown}
    assert [answer(seen.url, path, token).status_code for path in ROUTES[-2:]] == [403, 403]
    assert answer(seen.url, "/api/dags/no_such_dag/tasks/x/loads", token).status_code in (403, 404)
    nobody = token_of(seen.url, OUTSIDER, passwords(seen)[OUTSIDER])
    assert [answer(seen.url, path, nobody).status_code for path in ROUTES[3:]] == [403, 403, 403]


def test_every_answer_has_the_headers_that_keep_foreign_code_out(seen: LocalAirflow) -> None:
    token = token_of(seen.url, seen.user, seen.password)
    for path in ROUTES:
        headers = answer(seen.url, path, token).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"


# What is shown.


def test_real_loads_their_hole_and_a_failure_are_seen_as_what_they_are(
    page: Page, seen: LocalAirflow, real: Scene
) -> None:
    def load(**conf: str) -> str:
        run_id = real.trigger(conf)
        return str(real.see(run_id).run["state"])

    def in_window(start: str, end: str) -> int:
        found = [row for row in real.shop.rows("orders") if start <= row["updated_at"] < end]
        return len(found) + sum(len(row["line_items"]) for row in found)

    windows = (("2025-01-01T00:00:00Z", "2025-03-01T00:00:00Z"), ("2025-05-01T00:00:00Z", "2025-08-01T00:00:00Z"))
    for start, end in windows:
        assert load(window_start=start, window_end=end) == "success"
    page.goto(f"{seen.url}/dags/seen_real")
    page.get_by_role("link", name="Loads", exact=True).click()
    inner = frame(page)
    choose_range(inner, "all")
    expect(inner.locator(".resources tbody tr")).to_have_count(1)
    expect(inner.locator(".resources td[data-title^=Complete]")).to_have_text("no watermark yet")
    expect(tile(inner, "^\\d+holes$")).to_have_text("1")
    expect(inner.locator(".holes li")).to_have_text(
        [re.compile("^Not loaded: 1 Mar 2025, 00:00 . 1 May 2025, 00:00 .61 d.$")]
    )
    expect(tile(inner, "rows loaded")).to_have_text(f"{sum(in_window(*each) for each in windows):,}")

    picture(page, "loads-hole")

    # All of it, with a new column; the hole is filled.
    real.shop.update("orders", 7, **{EVIL: "new"})
    assert load() == "success"
    real.shop.fail("status", path="/v1/orders", status=404, times=None)
    assert load() == "failed"
    page.reload()
    inner = frame(page)
    choose_range(inner, "all")
    expect(tile(inner, "^\\d+holes$")).to_have_text("0")
    expect(inner.locator(".resources .pill")).to_have_text("Failed")
    expect(inner.locator(".loads tr.failed .pill")).to_have_text(["failed"])
    expect(inner.locator(".loads tbody .pill")).to_have_text(["failed", "loaded", "loaded", "loaded"])
    expect(tile(inner, "^\\d+failed")).to_have_text("1")
    found = loads_of(seen, "seen_real")
    rows = [*(in_window(*each) for each in windows), in_window("", "9")]
    assert [(point["rows"], point["failed"]) for point in found["points"]] == [*((each, 0) for each in rows), (0, 1)]
    assert found["totals"]["requests"] == sum(record.status == 200 for record in real.shop.requests)
    (change,) = [each for each in found["changes"] if "img_src" in each.get("column", "")]
    expect(
        inner.locator("section", has_text="Schema changes").last.locator("td.code", has_text=change["column"])
    ).to_be_visible()
    expect(rows_drawn(inner)).to_have_count(3)
    picture(page, "loads-failed")

    # From the page to the run and its log, in the page around it.
    inner.locator(".loads tr.failed a").first.click()
    expect(page).to_have_url(re.compile(r"/dags/seen_real/runs/manual__[^/]+$"))
    page.go_back()
    frame(page).locator(".story").get_by_role("link", name=re.compile("^Log of")).click()
    expect(page).to_have_url(re.compile(r"/dags/seen_real/runs/manual__.+/tasks/seen_real.orders\?try_number=1"))
    expect(page.get_by_text("The shop answered 404 to GET /v1/orders").first).to_be_visible()


def test_the_page_opens_from_the_navigation(page: Page, seen: LocalAirflow) -> None:
    page.goto(seen.url)
    page.get_by_role("button", name="Browse").click()
    page.get_by_role("menuitem", name="Loads").click()
    inner = frame(page)
    listed = inner.locator(".resources tbody tr")
    names = set(listed.locator("small").all_inner_texts())
    assert names >= {"ecommerce_elt", "seen_none", "seen_one", "seen_many", "seen_real"}
    inner.locator(".resources tr", has_text="seen_many").get_by_role("link").click()
    expect(inner.locator("#detail .title a")).to_have_text("seen_many")
    expect(inner.locator(".chart .main-svg").first).to_be_visible()
    expect(inner.locator("#detail .pill").first).to_have_text("Fresh")


def test_a_dag_has_its_own_tab(page: Page, seen: LocalAirflow) -> None:
    page.set_viewport_size({"width": 1500, "height": 1180})
    page.goto(f"{seen.url}/dags/seen_many/plugin/dag-loads")
    inner = frame(page)
    expect(inner.locator(".resources small")).to_have_text(["seen_many"])
    expect(inner.locator(".chart .main-svg").first).to_be_visible()
    picture(page, "loads")
    page.set_viewport_size({"width": 1360, "height": 900})


def test_no_loads_and_one(page: Page, seen: LocalAirflow) -> None:
    page.goto(f"{seen.url}/ecom-loads/?dag_id=seen_none")
    expect(page.locator("#detail")).to_contain_text("Nothing was loaded yet.")
    expect(page.locator("#detail")).to_contain_text("No loads in this range.")
    assert loads_of(seen, "seen_none")["points"] == []

    page.goto(f"{seen.url}/ecom-loads/?dag_id=seen_one")
    expect(rows_drawn(page)).to_have_count(1)
    expect(tile(page, "rows loaded")).to_have_text("144K")


def test_values_of_a_shop_are_text(page: Page, seen: LocalAirflow) -> None:
    page.goto(f"{seen.url}/ecom-loads/?dag_id=seen_one")
    expect(page.locator("td.code", has_text=EVIL).first).to_have_text(EVIL)
    expect(page.locator(".coverage figcaption b")).to_have_text(EVIL)
    assert page.locator("img").count() == 0
    assert page.title() == "Loads"


def test_ten_thousand_loads_have_the_right_sums_and_are_quick(page: Page, seen: LocalAirflow) -> None:
    made = [extra for _, extra in extras("orders", MANY, UNTIL)]
    done = [extra for extra in made if extra]
    rows = sum(sum(extra["rows_loaded"].values()) for extra in done)
    found = loads_of(seen, "seen_many")
    assert (found["totals"]["loads"], found["totals"]["failed"]) == (len(done), MANY - len(done))
    assert len(found["points"]) <= 240
    for name, total in (("rows", rows), ("loads", len(done)), ("failed", MANY - len(done))):
        assert sum(point[name] for point in found["points"]) == total == found["totals"][name]
    assert sum(point["requests"] for point in found["points"]) == sum(extra["requests"] for extra in done)
    assert found["coverage"][0]["holes"] == []

    page.goto(f"{seen.url}/ecom-loads/?dag_id=seen_many")
    expect(page.locator(".chart .main-svg").first).to_be_visible()
    began = time.monotonic()
    choose_range(page, "all")
    expect(tile(page, "loads$")).to_have_text(f"{len(done):,}")
    print(f"\nThe page with {MANY:,} loads took {time.monotonic() - began:.1f} s.")
    expect(page.locator(".resources td.number").first).to_have_text(f"{rows:,}")


# How it is used.


def test_it_follows_airflows_theme(page: Page, seen: LocalAirflow) -> None:
    page.goto(f"{seen.url}/plugin/loads")
    inner = frame(page)
    for theme in ("light", "dark"):
        page.evaluate(f"localStorage.setItem('theme', '{theme}')")
        page.reload()
        inner = frame(page)
        expect(inner.locator("html")).to_have_attribute("data-theme", theme)
        around = page.evaluate("getComputedStyle(document.body).backgroundColor")
        expect(inner.locator("body")).to_have_css("background-color", around)
    inner.locator(".resources tr", has_text="seen_many").get_by_role("link").click()
    expect(inner.locator("body:not([aria-busy]) #detail .title a")).to_have_text("seen_many")
    expect(inner.locator(".chart .main-svg").first).to_be_visible()
    picture(page, "loads-dark")
    page.evaluate("localStorage.setItem('theme', 'light')")


def test_it_fits_a_phone(page: Page, seen: LocalAirflow) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    try:
        page.goto(f"{seen.url}/ecom-loads/?dag_id=seen_many")
        expect(page.locator(".chart .main-svg").first).to_be_visible()
        assert page.locator("html").evaluate("node => [node.scrollWidth, node.clientWidth]") == [390, 390]
        picture(page, "loads-phone")
    finally:
        page.set_viewport_size({"width": 1360, "height": 900})


def test_it_is_used_by_keyboard(page: Page, seen: LocalAirflow) -> None:
    page.goto(f"{seen.url}/ecom-loads/")
    expect(page.locator("body:not([aria-busy]) .resources")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator("#range input:focus")).to_have_value("30d")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#range input:checked")).to_have_value("90d")
    page.keyboard.press("Tab")
    expect(page.locator(".resources a.name:focus")).to_have_count(1)
    second = page.locator(".resources a.name").nth(1)
    page.keyboard.press("Tab")
    expect(second).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".resources tr[aria-current]")).to_contain_text(str(second.inner_text()))


def test_the_model_downstream_runs_after_a_load(seen: LocalAirflow) -> None:
    """The example DAG of the demo, scheduled on the asset of the orders."""
    api: AirflowApi = seen.api()
    for dag_id in ("demo_orders", "demo_sales"):
        api.wait_for_dag(dag_id)
        api.unpause(dag_id)
    assert seen.wait_for_run("demo_orders", seen.trigger("demo_orders")) == "success"
    deadline = time.monotonic() + 120
    while not (runs := api.get("/dags/demo_sales/dagRuns")["dag_runs"]) and time.monotonic() < deadline:
        time.sleep(1)
    assert seen.wait_for_run("demo_sales", runs[0]["dag_run_id"]) == "success"
    assert runs[0]["run_type"] == "asset_triggered"
