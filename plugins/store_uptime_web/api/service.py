"""The service itself: health, metrics, and this API's own description."""

from __future__ import annotations

from pathlib import Path

import httpx
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.exposition import choose_encoder
from sqlalchemy.exc import SQLAlchemyError

from store_uptime.errors import NoAnswerError, StoreUptimeError, naming_place
from store_uptime.storage import is_url, problem_of_output
from store_uptime_web import airflow_client, metrics, problems, queries
from store_uptime_web.problems import Problem
from store_uptime_web.security import PUBLIC, READ

router = APIRouter()
description = APIRouter(include_in_schema=False, dependencies=[READ])  # has no version: it describes all of them

DOCS_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Store Uptime API</title>
<link rel="stylesheet" href="static/vendor/swagger-ui/swagger-ui.css">
</head>
<body>
<main id="swagger-ui"></main>
<script src="static/vendor/swagger-ui/swagger-ui-bundle.js"></script>
<script src="docs.js"></script>
</body>
</html>
"""
DOCS_SCRIPT = """SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
});
"""


@router.get(
    "/health",
    tags=["service"],
    summary="Health of the service",
    response_class=PlainTextResponse,
    dependencies=[PUBLIC],
    responses=problems.documented(429)
    | {
        200: {"description": "One line per part, all ok."},
        503: {
            "description": "One line per part; at least one is not ok.",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
    },
)
async def health(request: Request) -> PlainTextResponse:
    """The database, the folder of the reports, and Airflow's scheduler. Needs no identity and returns no secrets."""
    parts = {
        "database": await run_in_threadpool(database_state),
        "report store": await run_in_threadpool(report_store_state),
        "scheduler": await scheduler_state(request),
    }
    lines = "".join(f"{part}: {state}\n" for part, state in parts.items())
    return PlainTextResponse(lines, status_code=200 if set(parts.values()) == {"ok"} else 503)


@router.get(
    "/metrics",
    tags=["service"],
    summary="Metrics for Prometheus",
    response_class=Response,
    dependencies=[READ],
    responses=problems.documented(401, 403, 429, 503)
    | {
        200: {
            "description": "In the format that Accept asks for: Prometheus' text or OpenMetrics.",
            "content": {
                media_type: {"schema": {"type": "string"}}
                for media_type in ("text/plain", "application/openmetrics-text")
            },
        }
    },
)
def read_metrics(request: Request) -> Response:
    """How old the newest report is, how long it took, and the quality of its input. A few small queries."""
    encode, media_type = choose_encoder(request.headers.get("accept", CONTENT_TYPE_PLAIN_0_0_4))
    return Response(encode(metrics.registry), headers={"Content-Type": media_type})


def database_state() -> str:
    """Whether the schema can be read."""
    try:
        queries.rows("ping")
    except SQLAlchemyError:
        return "does not answer"
    except StoreUptimeError:
        return "is not configured"
    return "ok"


def report_store_state() -> str:
    """Whether the reports folder exists (before the first report: could be created) and can be written to."""
    folder = queries.settings().reports
    if not is_url(folder):
        return problem_of_output(Path(folder)) or "ok"
    try:
        with naming_place("The reports folder"):
            airflow_client.storage_path(folder).exists()
    except (NoAnswerError, OSError, ValueError):
        return "does not answer"
    return "ok"


async def scheduler_state(request: Request) -> str:
    """The state of Airflow's scheduler."""
    try:
        status = await airflow_client.scheduler_status(request)
    except (Problem, httpx.HTTPError, SQLAlchemyError):
        return "unknown"
    return "ok" if status == "healthy" else status


@description.get("/docs")
def docs() -> HTMLResponse:
    """The API in Swagger UI, all of it served from here."""
    return HTMLResponse(DOCS_PAGE)


@description.get("/docs.js")
def docs_script() -> PlainTextResponse:
    """The script of that page: the Content-Security-Policy allows no inline scripts."""
    return PlainTextResponse(DOCS_SCRIPT, media_type="text/javascript")


@description.get("/openapi.json")
def openapi(request: Request) -> JSONResponse:
    """The API's description."""
    return JSONResponse(
        {**request.app.openapi(), "servers": [{"url": airflow_client.root_path(request) + airflow_client.PREFIX}]}
    )
