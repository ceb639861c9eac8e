"""Parts of pages that tests write: held to the page, or written into it where `DOCS=write` is set."""

from __future__ import annotations

import os
from pathlib import Path

WRITING = os.environ.get("DOCS") == "write"


def hold(page: Path, name: str, text: str) -> None:
    """Makes sure that the part `name` of a page is `text`.

    Args:
        page: has the part between `<!-- name: begin -->` and `<!-- name: end -->`.
        text: Markdown.
    """
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    before, found, rest = page.read_text(encoding="utf-8").partition(begin)
    part, closed, after = rest.partition(end)
    assert found, f"{page.name} lacks {begin}"
    assert closed, f"{page.name} lacks {end}"
    text = f"\n{text.strip()}\n\n"
    if WRITING:
        page.write_text(f"{before}{begin}{text}{end}{after}", encoding="utf-8")
    else:
        assert part == text, (
            f"If that is right: DOCS=write make test ARGS={os.environ['PYTEST_CURRENT_TEST'].split()[0]}"
        )


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines).replace("| --- ", "|---").replace("--- |", "---|")
