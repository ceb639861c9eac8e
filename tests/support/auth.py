"""Airflow's simple auth manager with one rule more, for tests of who may see what."""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

STRANGER = "stranger"
"""A user with the role `viewer`, who may see all but the DAG `HIDDEN`."""
OUTSIDER = "outsider"
"""A user with no right to anything."""
HIDDEN = "seen_one"
USERS = f"admin:admin,{STRANGER}:viewer,{OUTSIDER}:"


class OneHiddenDag(SimpleAuthManager):
    """Hides one DAG from one user."""

    def is_authorized_dag(self, *, user: Any, details: Any = None, **rest: Any) -> bool:
        """As Airflow's, but for the hidden DAG."""
        if user.get_name() == STRANGER and details is not None and details.id == HIDDEN:
            return False
        return super().is_authorized_dag(user=user, details=details, **rest)
