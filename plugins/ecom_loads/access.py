"""Who may see what: nobody without a login, and of a DAG only who may see its runs, tasks and assets in Airflow."""

from __future__ import annotations

from typing import Annotated, Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import AssetDetails, DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep, get_user
from fastapi import Depends, HTTPException, Response, status

from ecom_loads.airflow_tables import DagModel

ENTITIES = (None, DagAccessEntity.RUN, DagAccessEntity.TASK_INSTANCE)
"""What the page shows of a DAG: itself, its runs and its task instances."""

HEADERS = {
    # Only this server's own files run and style the page; Airflow alone may frame it.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def guarded(response: Response, _user: Annotated[Any, Depends(get_user)]) -> None:
    """For every route: answers 401 without a login, and sends the security headers."""
    response.headers.update(HEADERS)


def readable_dag(dag_id: str, user: GetUserDep) -> str:
    """The DAG of the path; answers 403 where the user may not see it, whether there is such a DAG or not."""
    if not may_see(user, dag_id) or not _may_see_assets(user):
        raise HTTPException(status.HTTP_403_FORBIDDEN, "Forbidden")
    return dag_id


def readable_dags(user: GetUserDep) -> set[str]:
    """The ids of all DAGs whose loads the user may see."""
    if not _may_see_assets(user):
        raise HTTPException(status.HTTP_403_FORBIDDEN, "Forbidden")
    found = get_auth_manager().get_authorized_dag_ids(user=user, method="GET")
    return {dag_id for dag_id in found if may_see(user, dag_id)}


def may_see(user: Any, dag_id: str) -> bool:
    """Whether the user may see this DAG, its runs and its task instances."""
    manager, details = get_auth_manager(), DagDetails(id=dag_id, team_name=DagModel.get_team_name(dag_id))
    return all(
        manager.is_authorized_dag(method="GET", access_entity=entity, details=details, user=user) for entity in ENTITIES
    )


def _may_see_assets(user: Any) -> bool:
    return get_auth_manager().is_authorized_asset(method="GET", details=AssetDetails(), user=user)


ReadableDag = Annotated[str, Depends(readable_dag)]
ReadableDags = Annotated[set[str], Depends(readable_dags)]
