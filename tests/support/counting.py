"""A real Airflow secrets backend that writes down every look-up."""

from __future__ import annotations

import os
from pathlib import Path

from airflow.models.connection import Connection
from airflow.secrets.local_filesystem import LocalFilesystemBackend


class CountingBackend(LocalFilesystemBackend):
    """Airflow's own local-filesystem backend; appends `connection NAME` or `variable NAME` to `$LOOK_UPS`."""

    def get_connection(self, conn_id: str, team_name: str | None = None) -> Connection | None:
        """Notes the look-up, then does it."""
        _note(f"connection {conn_id}")
        return super().get_connection(conn_id)

    def get_variable(self, key: str, team_name: str | None = None) -> str | None:
        """Notes the look-up, then does it."""
        _note(f"variable {key}")
        return super().get_variable(key)


def _note(line: str) -> None:
    with Path(os.environ["LOOK_UPS"]).open("a") as file:
        file.write(f"{line}\n")
