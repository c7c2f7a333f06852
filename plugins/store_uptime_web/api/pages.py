"""The pages in the browser: HTML whose scripts fetch all data from the JSON routes, and the static files of the pages.

Airflow shows them in frames of its own origin (see `external_views` in store_uptime_plugin.py). The templates are
rendered without data, once in each process: a page is the same for every reader. Only whether the deployment is the
demo is filled in.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from store_uptime.contract import REPORT_DAG_ID
from store_uptime.reports.request import report_id_of
from store_uptime_web import queries
from store_uptime_web.problems import Problem
from store_uptime_web.security import READ
from store_uptime_web.templating import TEMPLATES, render

STATIC = Path(__file__).resolve().parents[1] / "static"
# All that can be requested: a name or path in a URL is looked up here and never reaches the file system.
PAGES = [path.stem for path in sorted(TEMPLATES.glob("pages/*.html"))]
FILES = {path.relative_to(STATIC).as_posix(): path for path in sorted(STATIC.rglob("*")) if path.is_file()}

router = APIRouter(include_in_schema=False, dependencies=[READ])


@router.get("/pages/run")
def page_of_run(request: Request, dag_id: str, dag_run_id: str) -> Response:
    """The report of a DAG run, for the tab in Airflow's page of that run; other DAGs have none."""
    if dag_id != REPORT_DAG_ID:
        return unless_cached(request, page_response("no_report"))
    return RedirectResponse(f"report?id={report_id_of(dag_run_id)}")


@router.get("/pages/{name}")
def page(request: Request, name: str) -> Response:
    """One of `PAGES`."""
    if name not in PAGES:
        raise Problem(404, f"There is no page {name!r}; there are {', '.join(PAGES)}.")
    return unless_cached(request, page_response(name))


@router.get("/static/{path:path}")
def static_file(request: Request, path: str) -> Response:
    """A style sheet, script, icon or vendored library."""
    if path not in FILES:
        raise Problem(404, "There is no such file.")
    return unless_cached(request, FileResponse(FILES[path], stat_result=FILES[path].stat()))


def page_response(name: str) -> Response:
    """The page of that name in `PAGES`, with an ETag that every API server gives it."""
    content = rendered(name)
    return HTMLResponse(content, headers={"etag": f'"{sha256(content).hexdigest()}"'})


@cache
def rendered(name: str) -> bytes:
    """The page as UTF-8."""
    return render(f"pages/{name}.html", page=name, is_demo=queries.settings().is_demo).encode()


def unless_cached(request: Request, response: Response) -> Response:
    """`response`, or 304 if the browser has its content already."""
    etag = response.headers["etag"]
    if request.headers.get("if-none-match", "").removeprefix("W/") == etag:
        return Response(status_code=304, headers={"etag": etag})
    return response
