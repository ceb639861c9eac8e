"""Another tool on the same rows: Meltano's REST tap and PostgreSQL target, as its users would run them.

They are installed into a virtual environment of their own below `.local/`, in the versions that are named here. They
make one table, with the nested list as JSON: less than what is compared elsewhere.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.measure import PROJECT

PACKAGES = ("tap-rest-api-msdk==1.4.2", "meltanolabs-target-postgres==0.0.16")
HOME = PROJECT / ".local" / "peers" / "meltano"


def install() -> None:
    """Once; takes a minute."""
    if not (HOME / "bin" / "target-postgres").exists():
        subprocess.run([sys.executable, "-m", "venv", HOME], check=True)
        subprocess.run([HOME / "bin" / "pip", "install", "--quiet", *PACKAGES], check=True)


def command(url: str, warehouse: str, folder: Path) -> str:
    """A line of shell that copies the shop into PostgreSQL.

    Args:
        warehouse: an Airflow Connection as JSON.
        folder: for the configuration.
    """
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
    programs = HOME / "bin" / "tap-rest-api-msdk", HOME / "bin" / "target-postgres"
    parts = [
        f"{shlex.quote(str(program))} --config {shlex.quote(str(folder / name))}.json"
        for program, name in zip(programs, ("tap", "target"), strict=True)
    ]
    return f"set -o pipefail; {' | '.join(parts)}"
