"""docs/reliability.md is what the tests saw."""

from __future__ import annotations

import os

from tests.faults.book import HOW, PAGE, missing, page, read


def test_every_fault_was_seen_at_each_of_its_stages() -> None:
    assert missing(read()) == [], HOW


def test_the_page_says_what_was_seen() -> None:
    if os.environ.get("RELIABILITY") == "docs":
        PAGE.write_text(page(read()), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page(read()), HOW
