"""What comes from elsewhere comes pinned, requirements by hash and hooks by commit, and under a licence to use it."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, distribution

import pytest
import yaml
from tests.support import PROJECT

ENTRY = re.compile(
    r"^(?P<name>[\w.-]+)(?:\[[\w, -]+])?==(?P<version>\S+)(?: ; .+?)? \\\n(?P<hashes>(?: +--hash=\S+(?: \\)?\n)+)", re.M
)
LOCKS = ("requirements.txt", "requirements-dev.txt")
ALLOWED = re.compile(
    r"MIT|BSD|Apache|Python Software Foundation|\bPSF|ISC|MPL|Mozilla|LGPL|Lesser General Public|Unlicense|"
    r"Public Domain|Artistic|Zope|ZPL|CNRI|HPND|PostgreSQL|0BSD|CC0",
    re.IGNORECASE,
)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_one_version_with_its_hashes(lock: str) -> None:
    text = (PROJECT / lock).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    entries = list(ENTRY.finditer(text))
    assert len(entries) == len(lines) > 100
    assert [
        entry["name"] for entry in entries if not re.match(r" +--hash=sha256:[0-9a-f]{64}\b", entry["hashes"])
    ] == []
    # No index, no address: where they come from is for the machine to say.
    assert "://" not in text


def test_every_hook_of_pre_commit_is_the_projects_own_or_pinned_by_commit() -> None:
    repos = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [it for it in repos if it["repo"] != "local" and not re.fullmatch(r"[0-9a-f]{40}", it["rev"])] == []


def test_what_installs_packages_checks_their_hashes() -> None:
    texts = {name: (PROJECT / name).read_text(encoding="utf-8") for name in ("Makefile", "Dockerfile", ".ci/run")}
    installs = [
        line for text in texts.values() for line in text.splitlines() if re.search(r"(PIP\)|pip) (install|sync)", line)
    ]
    assert len(installs) == 6
    # Without dependencies it is the package itself, of this checkout.
    assert [line for line in installs if "--require-hashes" not in line and "--no-deps" not in line] == []
    # Nothing is fetched and run unseen.
    assert [name for name, text in texts.items() if re.search(r"\b(curl|wget|eval)\b", text)] == []


def test_every_licence_of_a_deployment_allows_its_use() -> None:
    names = {entry["name"] for entry in ENTRY.finditer((PROJECT / "requirements.txt").read_text(encoding="utf-8"))}
    found = {name: licence(distribution(name)) for name in names}
    assert {name: text for name, text in found.items() if not ALLOWED.search(text)} == {}


def licence(of: Distribution) -> str:
    """What a distribution says of its licence, in whichever of the places for it."""
    fields = ("License-Expression", "License", "Classifier")
    given = [text for field in fields for text in of.metadata.get_all(field) or ()]
    said = [text for text in given if text and (not text.count(" :: ") or text.startswith("License"))]
    if said:
        return " ".join(said)[:500]
    files = [file for file in of.files or () if re.match(r"(LICEN[CS]E|COPYING)", file.name, re.I)]
    return files[0].read_text()[:500] if files else ""
