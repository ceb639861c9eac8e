"""Other tools on the same rows, as their users would run them, into PostgreSQL.

Each is installed into a virtual environment of its own below `.local/`, in the versions that are named here. They make
one table, with the nested list as JSON: less than what is compared elsewhere.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measure import PROJECT


def installed(name: str, packages: Sequence[str]) -> Path:
    """The folder of the programs of these packages, which are installed once, into an environment of their own."""
    home = PROJECT / ".local" / "peers" / name
    done = home / "installed"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run([home / "bin" / "pip", "install", "--quiet", *packages], check=True)
        done.touch()
    return home / "bin"


@dataclass(frozen=True)
class Peer:
    """Another tool.

    Args:
        folder: below `.local/peers/`.
        packages: what it is installed from.
        line: a line of shell that copies the shop into PostgreSQL: from the folder of its programs, the shop's address,
            an Airflow Connection as JSON, and a folder for its configuration.
    """

    folder: str
    packages: tuple[str, ...]
    line: Callable[[Path, str, str, Path], str]

    def command(self, url: str, warehouse: str, folder: Path) -> str:
        """The line, once the tool is installed; that takes a minute."""
        return self.line(installed(self.folder, self.packages), url, warehouse, folder)


def _meltano(programs: Path, url: str, warehouse: str, folder: Path) -> str:
    given = json.loads(warehouse)
    tap: dict[str, Any] = {
        "api_url": url,
        "params": {"api_key": "key"},
        "pagination_request_style": "simple_offset_paginator",
        "offset_records_jsonpath": "$.data",
        "pagination_response_style": "offset",
        "pagination_page_size": 100,
        "pagination_initial_offset": 0,
        "pagination_next_page_param": "offset",
        "pagination_limit_per_page_param": "limit",
        "streams": [
            {"name": "resource", "path": "/v1/resource", "primary_keys": ["id"], "records_path": "$.data[*]"},
        ],
    }
    names = {"host": "host", "port": "port", "user": "login", "password": "password", "database": "schema"}
    target = {name: given[field] for name, field in names.items()} | {"default_target_schema": "peer"}
    for name, config in (("tap", tap), ("target", target)):
        (folder / f"{name}.json").write_text(json.dumps(config))
    parts = [
        f"{shlex.quote(str(programs / program))} --config {shlex.quote(str(folder / name))}.json"
        for program, name in (("tap-rest-api-msdk", "tap"), ("target-postgres", "target"))
    ]
    return f"set -o pipefail; {' | '.join(parts)}"


def _pyairbyte(programs: Path, url: str, warehouse: str, folder: Path) -> str:
    run = [str(programs / "python"), str(PROJECT / "bench" / "pyairbyte.py"), url, warehouse]
    return f"cd {shlex.quote(str(folder))}; AIRBYTE_OFFLINE_MODE=1 DO_NOT_TRACK=1 exec {shlex.join(run)}"


PEERS: Mapping[str, Peer] = {
    "Meltano": Peer("meltano", ("tap-rest-api-msdk==1.4.2", "meltanolabs-target-postgres==0.0.16"), _meltano),
    "PyAirbyte": Peer("pyairbyte", ("airbyte==0.71.3",), _pyairbyte),
}
"""By the tool's name. Sling's package would fetch its program from elsewhere."""
