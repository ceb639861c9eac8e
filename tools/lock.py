"""Pin requirements.txt and requirements-dev.txt from pyproject.toml, with the hashes of all platforms.

`make lock` runs it. Versions stay as they are, unless the arguments (uv's own) say otherwise, such as
`--upgrade` or `--upgrade-package dlt`.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = ("postgres", "sqlite", "demo")
COMPILE = (
    *(str(Path(sys.executable).with_name("uv")), "pip", "compile", "pyproject.toml", "--quiet"),
    *("--python-version", "3.11", "--generate-hashes", "--no-strip-extras"),
    *("--no-emit-index-url", "--no-header"),
    *(option for extra in EXTRAS for option in ("--extra", extra)),
)
ENTRY_WITH_EXTRAS = re.compile(r"^(?P<name>[\w.-]+)\[[^]]+](?P<pin>==[^#]+?)\n(?= {4}#)", re.MULTILINE)


def without_extras_too(requirements: str) -> str:
    """Give each `name[extra]==version` entry a second one, `name==version`, with the same hashes.

    pip 23 knows the hashes of "celery[redis]" and of "celery" from an entry of that very name only, and both
    are asked for.
    """
    return ENTRY_WITH_EXTRAS.sub(lambda entry: f"{entry['name']}{entry['pin']}\n{entry[0]}", requirements)


def pin(output: Path, *options: str) -> None:
    """Run uv; what is in the file already holds the versions where they are."""
    subprocess.run([*COMPILE, *options, "--output-file", output.name], cwd=ROOT, check=True)  # noqa: S603
    output.write_text(without_extras_too(output.read_text()))


if __name__ == "__main__":
    deploy, dev = ROOT / "requirements.txt", ROOT / "requirements-dev.txt"
    pin(deploy, "--group", "deploy", *sys.argv[1:])
    # Within the versions of the first, so that the tests run what a deployment runs.
    pin(dev, "--group", "dev", "--constraints", deploy.name, *sys.argv[1:])
