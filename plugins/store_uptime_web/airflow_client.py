"""All that the plugin asks of Airflow: DAG runs, its audit log, who may do what, and its storage.

DAG runs are started, read and canceled through Airflow's public API, called inside this process with the caller's own
identity: Airflow's checks, Param validation and audit log apply as if the caller had called it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from urllib.parse import quote
from uuid import UUID

import httpx
from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.auth.tokens import get_signing_key
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from airflow.configuration import conf as configuration
from airflow.models.dag import DagModel
from airflow.models.log import Log
from airflow.utils.session import create_session
from fastapi import Request

from store_uptime.contract import DELIVERY_DAG_ID, REPORT_DAG_ID
from store_uptime.reports.request import report_id_of
from store_uptime.storage import is_url
from store_uptime_web import cursors
from store_uptime_web.problems import Problem

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

PREFIX = "/store-uptime"  # where Airflow mounts the app
ROOT_APP = "store_uptime.root_app"  # key of a request's scope: Airflow's own app
HOST_IN_PROCESS = "airflow.internal"
PAGE = 100  # Airflow's own maximum
CANCELED_BY = "Canceled by "  # how the note of a canceled DAG run begins
PAGES_SEARCHED = 10  # for a report that has no row yet
STATES = {"queued": "Queued", "running": "Running", "failed": "Failed", "success": "Complete"}
AIRFLOW_STATES = {state: airflow_state for airflow_state, state in STATES.items()}
COMMANDS = {"dag_test": "make report"}  # for a command Airflow names the function that it calls
CANCEL_PAUSES_SECONDS = (0.2, 0.5, 1, 0)
# Airflow checks tokens on the event loop with a connection of its pool (15 by default). Were all of them held by calls
# that wait for the loop, both would wait for each other until the pool times out. So few calls at a time.
calls = asyncio.Semaphore(6)

User: TypeAlias = BaseUser
CurrentUser: TypeAlias = GetUserDep  # a dependency: the identity of the request; 401 without one
Method = Literal["GET", "POST", "PUT"]


@dataclass(frozen=True)
class DagRun:
    """A DAG run as Airflow's API returns it."""

    dag_run_id: str
    report_id: UUID
    state: str
    created_at: datetime
    finished_at: datetime | None
    run_type: str
    requested_by: str | None
    conf: dict[str, Any]
    note: str | None

    @property
    def is_canceled(self) -> bool:
        """Whether it was canceled here; the scheduler can turn that into a success, as all tasks are skipped."""
        return (self.note or "").startswith(CANCELED_BY)

    @classmethod
    def from_body(cls, body: dict[str, Any]) -> DagRun:
        return cls(
            dag_run_id=body["dag_run_id"],
            report_id=report_id_of(body["dag_run_id"]),
            state=STATES[body["state"]],
            created_at=datetime.fromisoformat(body["queued_at"] or body["run_after"]),
            finished_at=datetime.fromisoformat(body["end_date"]) if body["end_date"] else None,
            run_type=body["run_type"],
            requested_by=COMMANDS.get(body["triggering_user_name"], body["triggering_user_name"]),
            conf=body["conf"] or {},
            note=body["note"],
        )


async def trigger(request: Request, report_id: UUID, conf: dict[str, Any]) -> bool:
    """Starts the DAG run of `report_id`; False if there is one already."""
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
    """Whether the DAG is paused, so that DAG runs would only wait."""
    response = await call(request, "GET", "")
    if response.status_code == 404:
        raise Problem(
            503, f"Airflow has not read the DAG {REPORT_DAG_ID} yet; try again.", headers={"Retry-After": "5"}
        )
    return expect(response)["is_paused"]


async def read(request: Request, dag_run_id: str) -> DagRun | None:
    """The DAG run, or None if Airflow has none with that id."""
    response = await call(request, "GET", f"/dagRuns/{quote(dag_run_id, safe='')}")
    return None if response.status_code == 404 else DagRun.from_body(expect(response))


async def find(request: Request, report_id: UUID) -> DagRun | None:
    """The DAG run of a report that has no row yet: requested here it has the report's id, all others are searched."""
    if dag_run := await read(request, str(report_id)):
        return dag_run
    async for dag_run in unfinished_or_failed(request):
        if dag_run.report_id == report_id:
            return dag_run
    return None


async def unfinished_or_failed(request: Request) -> AsyncIterator[DagRun]:
    """The newest DAG runs that did not succeed (the report of one that did has a row)."""
    cursor: str | None = ""
    for _ in range(PAGES_SEARCHED):
        if cursor is None:
            return
        dag_runs, cursor = await page(request, ["Queued", "Running", "Failed"], PAGE, cursor)
        for dag_run in dag_runs:
            yield dag_run


async def page(request: Request, states: list[str], limit: int, cursor: str) -> tuple[list[DagRun], str | None]:
    """DAG runs in `states` (all if empty), newest first, and the cursor of the next page."""
    if not cursors.may_be_of_airflow(cursor):
        raise cursors.unknown()
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
        raise cursors.unknown()
    body = expect(response)
    return [DagRun.from_body(each) for each in body["dag_runs"]], body["next_cursor"]


async def task_instances(request: Request, dag_run_id: str) -> list[dict[str, Any]]:
    """Every task instance of a DAG run as Airflow's API returns it."""
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
    """Marks a DAG run as failed, as Airflow's own button does: running tasks stop, waiting ones do not start."""
    path = f"/dagRuns/{quote(dag_run_id, safe='')}"
    for pause_seconds in CANCEL_PAUSES_SECONDS:
        response = await call(request, "PATCH", path, json={"state": "failed", "note": note})
        if not response.is_server_error and response.status_code != 409:
            break
        # Airflow's scheduler locks the same rows the other way round; PostgreSQL ends the deadlock at our cost.
        # Somebody who cancels at the same moment writes the same note.
        await asyncio.sleep(pause_seconds)
    else:
        dag_run = await read(request, dag_run_id)
        if dag_run is not None and dag_run.state == STATES["failed"]:
            raise Problem(409, "The report is already Failed.")
    expect(response)


async def scheduler_status(request: Request) -> str:
    """`healthy`, or what else Airflow reports about its scheduler."""
    response = await call(request, "GET", None, path="/api/v2/monitor/health")
    return expect(response)["scheduler"]["status"] or "not running"


def ui_path(request: Request, dag_run_id: str) -> str:
    """The path of the DAG run in Airflow's own pages."""
    return f"{root_path(request)}/dags/{REPORT_DAG_ID}/runs/{quote(dag_run_id, safe='')}"


def root_path(request: Request) -> str:
    """The path of Airflow's base_url, which precedes every path."""
    return request.scope["app_root_path"]


def base_url() -> str:
    """The public address of Airflow's pages; empty if it is not set."""
    return configuration.get("api", "base_url", fallback="")


def record_download(user: User, dag_run_id: str, what: dict[str, Any]) -> None:
    """Adds a row to Airflow's audit log: who downloaded what. (Airflow's own routes log starting and canceling.)"""
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


def record_change(user: User, event: str, what: dict[str, Any]) -> None:
    """Adds a row to Airflow's audit log: who changed which template or subscription."""
    with create_session() as session:
        session.add(
            Log(
                event=event,
                owner=user.get_name(),
                owner_display_name=user.get_name(),
                extra=json.dumps(what),
                dag_id=DELIVERY_DAG_ID,
            )
        )


def access_check(method: Method) -> Callable[[Request, User], None]:
    """A function that raises Airflow's 403 unless the user may do `method` to the DAG's runs."""
    return requires_access_dag(method, DagAccessEntity.RUN, param_dag_id=REPORT_DAG_ID)


def is_authorized(method: Method, user: User) -> bool:
    """Whether `user` may do `method` to the DAG's runs."""
    return get_auth_manager().is_authorized_dag(
        method=method,
        access_entity=DagAccessEntity.RUN,
        details=DagDetails(id=REPORT_DAG_ID, team_name=DagModel.get_team_name(REPORT_DAG_ID)),
        user=user,
    )


def signing_key() -> str:
    """The key that Airflow's API server signs with."""
    return get_signing_key("api", "secret_key")


def storage_path(address: str) -> Path | ObjectStoragePath:
    """A path on this machine, or a URL in any storage that Airflow has a provider for."""
    if not is_url(address):
        return Path(address)
    from airflow.sdk import ObjectStoragePath  # loads fsspec

    return ObjectStoragePath(address)


async def call(
    request: Request, method: str, below_dag: str | None, *, path: str = "", **options: Any
) -> httpx.Response:
    """Airflow's response to a call with the identity of `request`: `below_dag` the DAG's own path, or to `path`."""
    root = request.scope[ROOT_APP]
    path = path if below_dag is None else f"/api/v2/dags/{REPORT_DAG_ID}{below_dag}"
    identity = {name: request.headers[name] for name in ("authorization", "cookie") if name in request.headers}
    transport = httpx.ASGITransport(
        app=root, client=(request.client.host, request.client.port) if request.client else ("", 0)
    )
    # Not the host that the caller names: it can be one that is no host.
    base = f"{request.scope['scheme']}://{HOST_IN_PROCESS}{root_path(request)}"
    async with calls, httpx.AsyncClient(transport=transport, base_url=base, trust_env=False) as client:
        return await client.request(method, path, headers=identity, **options)


def expect(response: httpx.Response) -> Any:
    """The body of a successful response; 401 and 403 are passed on, anything else is a 502."""
    if response.status_code in (401, 403):
        raise Problem(response.status_code, detail(response))
    if not response.is_success:
        raise Problem(502, f"Airflow answered {response.status_code}: {detail(response)}")
    return response.json()


def detail(response: httpx.Response) -> str:
    """Airflow's own message."""
    try:
        body = response.json()
    except ValueError:
        return response.text
    found = body.get("detail", body) if isinstance(body, dict) else body
    return found if isinstance(found, str) else json.dumps(found)
