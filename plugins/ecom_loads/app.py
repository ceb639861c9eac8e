"""The page's routes. Each needs a login; those that show a DAG need the right to see it."""

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Literal

from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import Depends, FastAPI, HTTPException, Response
from fastapi.responses import FileResponse

from ecom_loads import views
from ecom_loads.access import HEADERS, ReadableDag, ReadableDags, guarded

STATIC = Path(__file__).parent / "static"
CHARTS = distribution("plotly")
"""plotly.js comes as a file of the Python package; nothing of that package is imported."""

Range = Literal["24h", "7d", "30d", "90d", "1y", "all"]

app = FastAPI(dependencies=[Depends(guarded)], openapi_url=None, docs_url=None, redoc_url=None)


@app.get("/")
def page() -> Response:
    """The page; its script asks for all else."""
    return _file(STATIC / "page.html")


@app.get("/static/{name}")
def static(name: str) -> Response:
    """A file of the page."""
    path = STATIC / name
    if path.parent != STATIC or not path.is_file():
        raise HTTPException(404)
    return _file(path)


@app.get("/charts/{version}.js")
def charts(version: str) -> Response:
    """plotly.js, under its version, so that a browser need ask for it once only; `current` leads to it."""
    if version == "current":
        return Response(status_code=307, headers={**HEADERS, "Location": f"{CHARTS.version}.js"})
    if version != CHARTS.version:
        raise HTTPException(404)
    return _file(
        Path(str(CHARTS.locate_file("plotly/package_data/plotly.min.js"))), cache="private, max-age=31536000, immutable"
    )


@app.get("/api/loads")
def loads(session: SessionDep, dag_ids: ReadableDags, range: Range = "30d") -> dict[str, Any]:
    """All resources of all DAGs that the user may see."""
    return views.overview(session, dag_ids, range)


@app.get("/api/dags/{dag_id}/loads")
def loads_of_dag(session: SessionDep, dag_id: ReadableDag, range: Range = "30d") -> dict[str, Any]:
    """All resources of one DAG."""
    return views.overview(session, [dag_id], range)


@app.get("/api/dags/{dag_id}/tasks/{task_id}/loads")
def loads_of_task(session: SessionDep, dag_id: ReadableDag, task_id: str, range: Range = "30d") -> dict[str, Any]:
    """One resource in full."""
    found = views.detail(session, dag_id, task_id, range)
    if found is None:
        raise HTTPException(404, "The DAG has no such task that loads.")
    return found


def _file(path: Path, cache: str = "no-cache") -> FileResponse:
    return FileResponse(path, headers={**HEADERS, "Cache-Control": cache})
