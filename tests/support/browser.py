"""Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from local_airflow import LocalAirflow

# No sandbox: the tests run as root in CI. The others keep it from calling its maker.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 60_000
"""Milliseconds until something that has not appeared is taken for missing: machines are shared."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser; skips where there is none, except in CI.

    For fixtures of a module or longer: a single test's own temp folder has too long a path for Chromium's socket.
    """
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None and not os.environ.get("CI"):
        pytest.skip("Chromium is not installed (Debian's package chromium)")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def sign_in(page: Page, airflow: LocalAirflow) -> None:
    """Logs in through Airflow's own form."""
    page.set_default_timeout(PATIENCE)
    page.goto(airflow.url)
    page.get_by_label("Username").fill(airflow.user)
    page.get_by_label("Password").fill(airflow.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Admin")).to_be_visible()
