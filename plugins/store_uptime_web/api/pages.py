"""The pages in the browser: HTML that asks the JSON routes for everything it shows, and the files it is made of.

Airflow shows them in frames of its own origin (see `external_views` in store_uptime_plugin.py). Nothing is filled in
on the server, so a page holds no data that its reader may not see.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, RedirectResponse, Response

from store_uptime.contract import REPORT_DAG_ID
from store_uptime.reports.request import report_id_of
from store_uptime_web.problems import Problem
from store_uptime_web.security import READ

FOLDER = Path(__file__).resolve().parents[1] / "static"
# The lists of what can be asked for: a path from the outside is looked up here and never reaches the file system.
PAGES = {path.stem: path for path in sorted(FOLDER.glob("html/*.html")) if path.stem != "problem"}
FILES = {
    path.relative_to(FOLDER).as_posix(): path
    for path in sorted(FOLDER.rglob("*"))
    if path.is_file() and path.parent.name != "html"
}

router = APIRouter(include_in_schema=False, dependencies=[READ])


@router.get("/pages/run")
def page_of_run(request: Request, dag_id: str, dag_run_id: str) -> Response:
    """The report of a DAG run, for the tab in Airflow's page of that run; other DAGs have none."""
    if dag_id != REPORT_DAG_ID:
        return served(request, PAGES["no_report"])
    return RedirectResponse(f"report?id={report_id_of(dag_run_id)}")


@router.get("/pages/{name}")
def page(request: Request, name: str) -> Response:
    """One of `PAGES`."""
    if name not in PAGES:
        raise Problem(404, f"There is no page {name!r}; there are {', '.join(PAGES)}.")
    return served(request, PAGES[name])


@router.get("/static/{path:path}")
def static_file(request: Request, path: str) -> Response:
    """A style sheet, script, icon or vendored library."""
    if path not in FILES:
        raise Problem(404, "There is no such file.")
    return served(request, FILES[path])


def served(request: Request, path: Path) -> Response:
    """The file, or 304 where the browser already has it."""
    response = FileResponse(path, stat_result=path.stat())
    etag = response.headers["etag"]
    if request.headers.get("if-none-match", "").removeprefix("W/") == etag:
        return Response(status_code=304, headers={"etag": etag})
    return response
