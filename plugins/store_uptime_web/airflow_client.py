"""The DAG's runs. All that this project asks of Airflow itself is in this file.

Runs are started, read and canceled through Airflow's public API, called inside this process with the caller's own
identity: Airflow's checks, Param validation and audit log hold as if the caller had called it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.models.log import Log
from airflow.utils.session import create_session
from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from store_uptime.contract import REPORT_DAG_ID
from store_uptime.reports.request import report_id_of
from store_uptime_web.problems import Problem

PREFIX = "/store-uptime"
ROOT_ALIASES = ("/trigger_report", "/get_report")
ROOT_APP = "store_uptime.root_app"
PAGE = 100  # Airflow's own maximum
PAGES_SEARCHED = 10  # for a report that has no row yet
STATES = {"queued": "Queued", "running": "Running", "failed": "Failed", "success": "Complete"}
CANCEL_PAUSES_SECONDS = (0.2, 0.5, 1, 0)
# Airflow checks tokens on the event loop with a connection of its pool (15 by default). Were all of them held by calls
# that wait for the loop, both would wait for each other until the pool gives up. So few calls at a time.
calls = asyncio.Semaphore(6)
AIRFLOW_STATES = {state: airflow_state for airflow_state, state in STATES.items()}


class RootMiddleware:
    """Around Airflow's whole server: remembers its app for calls in process, and answers our two root paths."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope[ROOT_APP] = scope["app"]
            base = scope.get("root_path", "")
            path = scope["path"].removeprefix(base)
            if path == ROOT_ALIASES[0] or path.startswith(ROOT_ALIASES[1] + "/"):
                path = PREFIX + path
            if path.startswith(PREFIX + "/"):
                # A mount's pattern ends at a line break: Airflow would answer. Only store ids have one: by query.
                scope["path"] = base + path.replace("\n", "\N{REPLACEMENT CHARACTER}")
                scope["raw_path"] = quote(scope["path"]).encode()
        await self.app(scope, receive, send)


@dataclass(frozen=True)
class Run:
    """A DAG run, as Airflow tells it."""

    dag_run_id: str
    report_id: UUID
    state: str
    created_at: datetime
    finished_at: datetime | None
    run_type: str
    requested_by: str | None
    conf: dict[str, Any]
    note: str | None

    @classmethod
    def read(cls, body: dict[str, Any]) -> Run:
        return cls(
            dag_run_id=body["dag_run_id"],
            report_id=report_id_of(body["dag_run_id"]),
            state=STATES[body["state"]],
            created_at=datetime.fromisoformat(body["queued_at"] or body["run_after"]),
            finished_at=datetime.fromisoformat(body["end_date"]) if body["end_date"] else None,
            run_type=body["run_type"],
            requested_by=body["triggering_user_name"],
            conf=body["conf"] or {},
            note=body["note"],
        )


async def trigger(request: Request, report_id: UUID, conf: dict[str, Any]) -> bool:
    """Starts the run of `report_id`; False if there is one already."""
    # Airflow calls a run with a Referer one from its UI; ours come from pages and clients alike.
    response = await call(
        request,
        "POST",
        "/dagRuns",
        json={"dag_run_id": str(report_id), "logical_date": None, "conf": conf},
    )
    if response.status_code == 409:
        return False
    if response.status_code == 404:
        raise Problem(
            503, f"Airflow has not read the DAG {REPORT_DAG_ID} yet; try again.", headers={"Retry-After": "5"}
        )
    if response.status_code == 400:
        raise Problem(409, detail(response))
    expect(response)
    return True


async def is_paused(request: Request) -> bool:
    """Whether runs would only wait."""
    response = await call(request, "GET", "")
    if response.status_code == 404:
        raise Problem(
            503, f"Airflow has not read the DAG {REPORT_DAG_ID} yet; try again.", headers={"Retry-After": "5"}
        )
    return expect(response)["is_paused"]


async def read(request: Request, dag_run_id: str) -> Run | None:
    """The run, or None if Airflow has none of that id."""
    response = await call(request, "GET", f"/dagRuns/{quote(dag_run_id, safe='')}")
    return None if response.status_code == 404 else Run.read(expect(response))


async def find(request: Request, report_id: UUID) -> Run | None:
    """The run of a report that has no row yet: one asked for here has the report's id, others are looked through."""
    if run := await read(request, str(report_id)):
        return run
    async for run in unfinished_or_failed(request):
        if run.report_id == report_id:
            return run
    return None


async def unfinished_or_failed(request: Request) -> AsyncIterator[Run]:
    """The newest runs that did not succeed (a run that did has a row)."""
    cursor: str | None = ""
    for _ in range(PAGES_SEARCHED):
        if cursor is None:
            return
        runs, cursor = await page(request, ["Queued", "Running", "Failed"], PAGE, cursor)
        for run in runs:
            yield run


async def page(request: Request, states: list[str], limit: int, cursor: str) -> tuple[list[Run], str | None]:
    """Runs in `states` (all if empty), newest first, and where the next page starts."""
    response = await call(
        request,
        "GET",
        "/dagRuns",
        params={
            "order_by": "-id",
            "limit": limit,
            "cursor": cursor,
            "state": [AIRFLOW_STATES[state] for state in states],
        },
    )
    if response.status_code == 404:
        return [], None  # The DAG has not been read yet.
    if response.status_code in (400, 422):
        raise Problem(422, "cursor: not one that this list gave out")
    body = expect(response)
    return [Run.read(run) for run in body["dag_runs"]], body["next_cursor"]


async def task_instances(request: Request, dag_run_id: str) -> list[dict[str, Any]]:
    """Every task instance of a run, as Airflow tells it."""
    found: list[dict[str, Any]] = []
    while True:
        response = await call(
            request,
            "GET",
            f"/dagRuns/{quote(dag_run_id, safe='')}/taskInstances",
            params={"limit": PAGE, "offset": len(found)},
        )
        if response.status_code == 404:
            return found
        body = expect(response)
        found += body["task_instances"]
        if not body["task_instances"] or len(found) >= body["total_entries"]:
            return found


async def cancel(request: Request, dag_run_id: str, note: str) -> None:
    """Ends a run as failed, as Airflow's own button does: running tasks are stopped, waiting ones do not start."""
    path = f"/dagRuns/{quote(dag_run_id, safe='')}"
    for pause_seconds in CANCEL_PAUSES_SECONDS:
        response = await call(request, "PATCH", path, json={"state": "failed", "note": note})
        if not response.is_server_error:
            break
        # Airflow's scheduler locks the same rows the other way round; PostgreSQL ends the deadlock at our cost.
        await asyncio.sleep(pause_seconds)
    expect(response)


async def scheduler_status(request: Request) -> str:
    """`healthy`, or what else Airflow says of its scheduler."""
    response = await call(request, "GET", None, path="/api/v2/monitor/health")
    return expect(response)["scheduler"]["status"] or "not running"


def ui_path(request: Request, dag_run_id: str) -> str:
    """Where Airflow's own pages show the run."""
    return f"{root_path(request)}/dags/{REPORT_DAG_ID}/runs/{quote(dag_run_id, safe='')}"


def root_path(request: Request) -> str:
    """What Airflow's base_url puts in front of every path."""
    return request.scope["app_root_path"]


def record_download(user: BaseUser, dag_run_id: str, what: dict[str, Any]) -> None:
    """A row in Airflow's audit log: who took what (starting and canceling get theirs from Airflow's own routes)."""
    with create_session() as session:
        session.add(
            Log(
                event="download_report",
                owner=user.get_name(),
                owner_display_name=user.get_name(),
                extra=json.dumps(what),
                dag_id=REPORT_DAG_ID,
                run_id=dag_run_id,
            )
        )


async def call(
    request: Request, method: str, below_dag: str | None, *, path: str = "", **options: Any
) -> httpx.Response:
    """Airflow's answer to the caller of `request`."""
    root = request.scope[ROOT_APP]
    path = path if below_dag is None else f"/api/v2/dags/{REPORT_DAG_ID}{below_dag}"
    identity = {name: request.headers[name] for name in ("authorization", "cookie") if name in request.headers}
    transport = httpx.ASGITransport(
        app=root, client=(request.client.host, request.client.port) if request.client else ("", 0)
    )
    base = f"{request.url.scheme}://{request.url.netloc}{root_path(request)}"
    async with calls, httpx.AsyncClient(transport=transport, base_url=base, trust_env=False) as client:
        return await client.request(method, path, headers=identity, **options)


def expect(response: httpx.Response) -> Any:
    """The body of a success; a refusal is passed on as it is."""
    if response.status_code in (401, 403):
        raise Problem(response.status_code, detail(response))
    if not response.is_success:
        raise Problem(502, f"Airflow answered {response.status_code}: {detail(response)}")
    return response.json()


def detail(response: httpx.Response) -> str:
    """Airflow's own words."""
    try:
        body = response.json()
    except ValueError:
        return response.text
    found = body.get("detail", body) if isinstance(body, dict) else body
    return found if isinstance(found, str) else json.dumps(found)
