"""Reports: asking for one, and how it is doing."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import ValidationError

from store_uptime import tracing
from store_uptime.calendar.durations import duration_text
from store_uptime_web import airflow_client, problems, progress, queries
from store_uptime_web.downloads import files
from store_uptime_web.middleware import correlation
from store_uptime_web.models import (
    Asked,
    Canceled,
    ReportDetail,
    ReportPage,
    State,
    Status,
    Text,
    Triggered,
    instant_text,
)
from store_uptime_web.problems import Problem, from_validation, invalid
from store_uptime_web.progress import Progress
from store_uptime_web.security import Canceler, Reader, Triggerer, is_allowed

router = APIRouter(tags=["reports"])

REQUESTS = uuid5(NAMESPACE_URL, "store-uptime:idempotency-key")
CANONICAL_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
RETRY_SECONDS = "1"

STREAMS_PER_USER = 20
STREAM_SECONDS = 600
LOOK_SECONDS = 1  # at our tables
ASK_LOOKS = 3  # looks per question to Airflow
open_streams: Counter[str] = Counter()


def issued_id(report_id: Annotated[str, Path(description="As trigger_report answered it.")]) -> UUID:
    """The id of a report; what is none was never issued."""
    if not CANONICAL_UUID.fullmatch(report_id):
        raise progress.unknown_report(report_id)
    return UUID(report_id)


ReportId = Annotated[UUID, Depends(issued_id)]
Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[Text | None, Query(max_length=4000, description="`next` of the page before.")]


async def asked(request: Request, _: Triggerer) -> Asked:
    """The body, read only after the caller has shown who they are."""
    body = await request.body()
    if not body.strip():
        return Asked()
    media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Problem(415, f"The body is {media_type}; expected application/json.")
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise invalid("body", f"not JSON: {error}") from error
    try:
        return Asked.model_validate(content)
    except ValidationError as error:
        raise from_validation(list(error.errors(include_url=False, include_context=False))) from error


@router.post(
    "/trigger_report",
    status_code=202,
    response_model=Triggered,
    summary="Ask for a report",
    responses=problems.documented(401, 403, 409, 413, 415, 422, 429, 503)
    | {
        202: {
            "headers": {
                "Location": {"description": "Where the report will be.", "schema": {"type": "string"}},
                "Retry-After": {"description": "Seconds.", "schema": {"type": "string"}},
            }
        }
    },
    openapi_extra={
        "requestBody": {
            "required": False,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Asked"}}},
        }
    },
)
async def trigger_report(
    request: Request,
    user: Triggerer,
    body: Annotated[Asked, Depends(asked)],
    idempotency_key: Annotated[
        str | None,
        Header(min_length=1, max_length=255, description="The same key and body answer the same report, once started."),
    ] = None,
) -> Response:
    """Starts a run of the DAG. Its parameters are the body's fields; without a body the defaults hold."""
    conf = body.conf()
    await run_in_threadpool(expect_known_stores, body)
    report_id = uuid4() if idempotency_key is None else uuid5(REQUESTS, f"{user.get_id()}\n{idempotency_key}")
    correlation.follow(report_id)
    if idempotency_key is not None and await is_repeated(request, report_id, conf):
        return accepted(request, report_id)
    if await airflow_client.is_paused(request):
        raise Problem(409, "The DAG is paused: a report would only wait. Unpause it in Airflow first.")
    with tracing.report_span("trigger_report", report_id):
        is_first = await airflow_client.trigger(request, report_id, conf)
    if not is_first:
        await is_repeated(request, report_id, conf)  # Another request with the same key was faster.
    return accepted(request, report_id)


async def is_repeated(request: Request, report_id: UUID, conf: dict[str, Any]) -> bool:
    """Whether the report of an Idempotency-Key was asked for before; 422 if differently."""
    run = await airflow_client.read(request, str(report_id))
    if run is not None and run.conf != conf:
        raise invalid("Idempotency-Key", "was used before with another body")
    return run is not None


def expect_known_stores(body: Asked) -> None:
    """422 for a store that no loaded file names."""
    if not body.store_ids:
        return
    from store_uptime.ingest.store_keys import store_key  # loads numpy and polars, which most requests do not need

    unknown = queries.rows(
        "unknown_stores", store_ids=body.store_ids, store_keys=[store_key(store_id) for store_id in body.store_ids]
    )
    if unknown:
        errors = [
            problems.FieldError(
                field=f"store_ids.{position}", message=f"no loaded file names the store {body.store_ids[position]}"
            )
            for (position,) in unknown
        ]
        raise Problem(422, "; ".join(f"{error.field}: {error.message}" for error in errors), errors=errors)


def accepted(request: Request, report_id: UUID) -> Response:
    """202."""
    return JSONResponse(
        {"report_id": str(report_id)},
        status_code=202,
        headers={
            "Location": f"{airflow_client.root_path(request)}{airflow_client.PREFIX}/get_report/{report_id}",
            "Retry-After": RETRY_SECONDS,
        },
    )


@router.get(
    "/get_report/{report_id}",
    summary="The report, or how far it is",
    response_model=Status,
    responses=problems.documented(401, 403, 404, 410, 429, 503) | files.documented("csv"),
)
async def get_report(request: Request, user: Reader, report_id: ReportId) -> Response:
    """The CSV as soon as there is one. Until then its status, to ask again after Retry-After seconds."""
    found = await progress.of_report(request, report_id)
    if found.published is not None:
        return await run_in_threadpool(files.respond, request, user, found.published, "csv")
    body = {"status": found.state, "created_at": instant_text(found.created_at)}
    if found.state == State.FAILED:
        return JSONResponse({**body, "failed_task": found.failed_task, "cause": found.cause})
    return JSONResponse(body, headers={"Retry-After": RETRY_SECONDS})


@router.get("/reports", summary="Reports, newest first", responses=problems.documented(401, 403, 422, 429, 503))
async def list_reports(
    request: Request,
    user: Reader,
    state: Annotated[list[State] | None, Query(description="Only these; may be repeated.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ReportPage:
    """One row for each run of the DAG, deleted reports left out.

    A page may be shorter than `limit`; `next` tells whether there is more.
    """
    found, next_cursor = await airflow_client.page(request, [str(one) for one in state or []], limit, cursor or "")
    report_rows = await run_in_threadpool(queries.rows, "reports", report_ids=[str(run.report_id) for run in found])
    may = await run_in_threadpool(lambda: {"trigger": is_allowed("POST", user), "cancel": is_allowed("PUT", user)})
    row_of = {row.report_id: row for row in report_rows}
    listed = [one for run in found if not (one := Progress(row_of.get(run.report_id), run)).is_deleted]
    return ReportPage.model_validate(
        {
            "reports": [report_row(request, one) for one in listed if not state or one.state in state],
            "next": next_cursor,
            "may": may,
        }
    )


def report_row(request: Request, one: Progress) -> dict[str, Any]:
    """What a list shows of a report."""
    row, run = one.row, one.run
    return {
        "report_id": one.report_id,
        "dag_run_id": one.dag_run_id,
        "state": one.state,
        "created_at": one.created_at,
        "finished_at": one.finished_at,
        "run_type": run.run_type if run else None,
        "requested_by": run.requested_by if run else None,
        "as_of": row.as_of if row is not None else None,
        "store_count": row.store_count if row is not None else None,
        "failed_task": one.failed_task,
        "cause": one.cause,
        "warnings": getattr(row, "warnings", None),
        "links": {
            "self": f"reports/{one.report_id}",
            "dag_run": airflow_client.ui_path(request, one.dag_run_id),
        },
    }


@router.get("/reports/{report_id}", summary="One report", responses=problems.documented(401, 403, 404, 410, 429, 503))
async def show_report(request: Request, user: Reader, report_id: ReportId) -> ReportDetail:
    """State, parameters, tasks, the files it rests on, and links."""
    found = await progress.of_report(request, report_id)
    run = found.run or await airflow_client.read(request, found.dag_run_id)
    instances = [] if found.state == State.COMPLETE else await airflow_client.task_instances(request, found.dag_run_id)
    found = Progress(found.row, run)
    done, rows, checks = await run_in_threadpool(about, report_id)
    may_cancel = await run_in_threadpool(is_allowed, "PUT", user)
    published = found.published
    base = f"reports/{report_id}"
    link = report_row(request, found)["links"]
    return ReportDetail.model_validate(
        {
            **report_row(request, found),
            "warnings": checks.warnings if checks else None,
            "parameters": parameters(found),
            "tasks": progress.tasks(found, done, instances),
            "sources": [file._asdict() for file in rows if file.is_source],
            "snapshots": {
                kind: next((file._asdict() for file in rows if file.is_snapshot and file.kind == kind), None)
                for kind in ("business_hours", "store_timezones")
            },
            "quality": checks._asdict() if checks else None,
            "csv": {"bytes": published.csv_bytes, "sha256": published.csv_sha256} if published is not None else None,
            "may": {"cancel": found.state in (State.QUEUED, State.RUNNING) and may_cancel},
            "links": {
                **link,
                "get_report": f"get_report/{report_id}",
                **{
                    format_: f"{base}/download?format={format_}" if published is not None else None
                    for format_ in files.FORMATS
                },
                "stores": f"{base}/stores" if published is not None else None,
                "summary": f"{base}/summary" if published is not None else None,
                "events": f"{base}/events",
                "cancel": f"{base}/cancel",
                "quality": f"quality/{report_id}",
                "quarantine": f"quality/{report_id}/quarantine",
            },
        }
    )


def about(report_id: UUID) -> tuple:
    """Task runs, files and quality of a report."""
    return (
        queries.rows("task_runs", report_id=report_id),
        queries.rows("files", report_id=report_id),
        queries.row("quality_runs", report_id=report_id, before_created_at=None, before_report_id=None, page_rows=1),
    )


def parameters(found: Progress) -> dict[str, Any]:
    """What was asked for: as the row has it, or the run as long as there is no row."""
    row = found.row
    if row is not None:
        return {
            "as_of": row.as_of_requested,
            "max_gap": duration_text(row.max_gap),
            "no_data": row.no_data,
            "store_ids": row.store_ids,
            "shards": row.shards,
        }
    conf = found.run.conf if found.run else {}
    return {
        "as_of": conf.get("as_of"),
        "max_gap": conf.get("max_gap"),
        "no_data": conf.get("no_data") or "unknown",
        "store_ids": conf.get("store_ids"),
        "shards": conf.get("shards") or 1,
    }


@router.post(
    "/reports/{report_id}/cancel",
    status_code=202,
    summary="Cancel a report",
    responses=problems.documented(401, 403, 404, 409, 410, 429, 503),
)
async def cancel_report(request: Request, user: Canceler, report_id: ReportId) -> Canceled:
    """Fails its DAG run, as the button in Airflow does: running tasks are stopped."""
    found = await progress.of_report(request, report_id)
    if found.state not in (State.QUEUED, State.RUNNING):
        raise Problem(409, f"The report is {found.state} already.")
    await airflow_client.cancel(request, found.dag_run_id, f"Canceled by {user.get_name()}.")
    return Canceled(report_id=report_id)


@router.get(
    "/reports/{report_id}/events",
    summary="A report's progress as it happens",
    response_class=StreamingResponse,
    responses=problems.documented(401, 403, 404, 410, 429, 503)
    | {200: {"description": "Server-sent events `progress`, and `end`.", "content": {"text/event-stream": {}}}},
)
async def report_events(request: Request, user: Reader, report_id: ReportId) -> StreamingResponse:
    """`progress` whenever something changed; the last one is `end`. The stream ends by itself after ten minutes."""
    found = await progress.of_report(request, report_id)
    if open_streams[user.get_id()] >= STREAMS_PER_USER:
        raise Problem(429, f"{STREAMS_PER_USER} streams are open already.", headers={"Retry-After": "10"})
    return StreamingResponse(events(request, user, found), media_type="text/event-stream")


async def events(request: Request, user: BaseUser, found: Progress) -> AsyncIterator[str]:
    """Looks at our own tables every second, and asks Airflow only now and then: it has the report to run."""
    open_streams[user.get_id()] += 1
    try:
        sent = None
        for look in range(STREAM_SECONDS // LOOK_SECONDS):
            if look:
                await asyncio.sleep(LOOK_SECONDS)
                found = await look_again(request, found, ask_airflow=look % ASK_LOOKS == 0)
            done = await run_in_threadpool(queries.rows, "task_runs", report_id=found.report_id)
            data = json.dumps(
                {
                    "status": found.state,
                    "created_at": found.created_at,
                    "failed_task": found.failed_task,
                    "cause": found.cause,
                    "tasks": progress.tasks(found, done),
                },
                default=as_json,
            )
            is_over = found.state in (State.COMPLETE, State.FAILED)
            if data != sent:
                yield f"event: {'end' if is_over else 'progress'}\ndata: {data}\n\n"
                sent = data
            elif look % 15 == 0:
                yield ": still here\n\n"
            if is_over:
                return
    finally:
        open_streams[user.get_id()] -= 1


async def look_again(request: Request, found: Progress, *, ask_airflow: bool) -> Progress:
    """The report a moment later."""
    row = await run_in_threadpool(queries.row, "report", report_id=found.report_id)
    if row is not None and row.published_at is not None:
        return Progress(row, found.run)
    has_begun = found.row is None and row is not None
    is_failing = row is not None and row.failed_at is not None
    if ask_airflow or has_begun or is_failing:
        return Progress(row, await airflow_client.read(request, found.dag_run_id))
    return Progress(row, found.run)


def as_json(value: object) -> str:
    """Instants as everywhere else."""
    if isinstance(value, datetime):
        return instant_text(value)
    raise TypeError(f"{value!r} has no JSON form")
