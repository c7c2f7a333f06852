"""Reports: requesting one, its progress, and canceling it."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import ValidationError
from sqlalchemy import Row
from starlette.types import Receive, Scope, Send

from store_uptime import tracing
from store_uptime.calendar.durations import duration_text
from store_uptime_web import airflow_client, problems, progress, queries
from store_uptime_web.airflow_client import User
from store_uptime_web.api import bodies
from store_uptime_web.downloads import formats, report_files
from store_uptime_web.middleware import correlation
from store_uptime_web.problems import Problem, invalid
from store_uptime_web.progress import Progress
from store_uptime_web.schemas.common import Text, instant_text
from store_uptime_web.schemas.problems import FieldError
from store_uptime_web.schemas.reports import (
    CanceledReport,
    ReportDetail,
    ReportPage,
    ReportRequest,
    ReportState,
    ReportStatus,
    TriggeredReport,
)
from store_uptime_web.security import Canceler, Reader, Triggerer

router = APIRouter(tags=["reports"])

REQUESTS = uuid5(NAMESPACE_URL, "store-uptime:idempotency-key")
CANONICAL_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
RETRY_SECONDS = "1"
SETTLE_SECONDS = 0.5

STREAMS_PER_USER = 20
STREAM_SECONDS = 600
READ_SECONDS = 1  # between two reads of our tables
READS_PER_CALL = 3  # of our tables per call of Airflow
open_streams: Counter[str] = Counter()


def issued_id(report_id: Annotated[str, Path(description="As trigger_report returned it.")]) -> UUID:
    """The id in the path; 404 unless it is a UUID in its usual form, as all of ours are."""
    if not CANONICAL_UUID.fullmatch(report_id):
        raise progress.unknown_report(report_id)
    return UUID(report_id)


ReportId = Annotated[UUID, Depends(issued_id)]
Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[Text | None, Query(max_length=4000, description="`next` of the previous page.")]


async def report_request(request: Request, _: Triggerer) -> ReportRequest:
    """The body; without one, the defaults apply."""
    return await bodies.read(request, ReportRequest)


@router.post(
    "/trigger_report",
    status_code=202,
    response_model=TriggeredReport,
    summary="Request a report",
    responses=problems.documented(401, 403, 409, 413, 415, 422, 429, 503)
    | {
        202: {
            "headers": {
                "Location": {"description": "Where the report will be.", "schema": {"type": "string"}},
                "Retry-After": {"description": "Seconds.", "schema": {"type": "string"}},
            }
        }
    },
    openapi_extra=bodies.documented(ReportRequest, is_required=False),
)
async def trigger_report(
    request: Request,
    user: Triggerer,
    body: Annotated[ReportRequest, Depends(report_request)],
    idempotency_key: Annotated[
        str | None,
        Header(min_length=1, max_length=255, description="The same key and body return the same report, once started."),
    ] = None,
) -> Response:
    """Starts a DAG run. Its parameters are the body's fields; without a body, the defaults apply."""
    conf = body.conf()
    await run_in_threadpool(expect_known_stores, body)
    report_id = uuid4() if idempotency_key is None else uuid5(REQUESTS, f"{user.get_id()}\n{idempotency_key}")
    correlation.bind_report(report_id)
    if idempotency_key is not None and await is_repeated(request, report_id, conf):
        return accepted(request, report_id)
    if await airflow_client.is_paused(request):
        raise Problem(409, "The DAG is paused, so a report would not start. Unpause it in Airflow first.")
    with tracing.report_span("trigger_report", report_id):
        is_first = await airflow_client.trigger(request, report_id, conf)
    if not is_first:
        await is_repeated(request, report_id, conf)  # Another request with the same key was faster.
    return accepted(request, report_id)


async def is_repeated(request: Request, report_id: UUID, conf: dict[str, Any]) -> bool:
    """Whether the report of an Idempotency-Key was requested before; 422 if with another body."""
    dag_run = await airflow_client.read(request, str(report_id))
    if dag_run is not None and dag_run.conf != conf:
        raise invalid("Idempotency-Key", "was used before with another body")
    return dag_run is not None


def expect_known_stores(body: ReportRequest) -> None:
    """422 for a store that no loaded file names."""
    if not body.store_ids:
        return
    from store_uptime.ingest.store_keys import store_key  # loads numpy and polars, which most requests do not need

    unknown = queries.rows(
        "unknown_stores", store_ids=body.store_ids, store_keys=[store_key(store_id) for store_id in body.store_ids]
    )
    if unknown:
        errors = [
            FieldError(
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
    summary="The report, or its status",
    response_model=ReportStatus,
    responses=problems.documented(401, 403, 404, 410, 429, 503) | formats.documented("csv") | formats.REDIRECTED,
)
async def get_report(request: Request, user: Reader, report_id: ReportId) -> Response:
    """The CSV once it is published. Until then its status; request it again after Retry-After seconds."""
    found = await progress.of_report(request, report_id)
    if found.published is not None:
        return await run_in_threadpool(report_files.respond, request, user, found.published, "csv")
    body = {"status": found.state, "created_at": instant_text(found.created_at)}
    if found.state == ReportState.FAILED:
        return JSONResponse({**body, "failed_task": found.failed_task, "cause": found.cause})
    return JSONResponse(body, headers={"Retry-After": RETRY_SECONDS})


@router.get("/reports", summary="Reports, newest first", responses=problems.documented(401, 403, 422, 429, 503))
async def list_reports(
    request: Request,
    user: Reader,
    state: Annotated[list[ReportState] | None, Query(description="Only these states; may be repeated.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ReportPage:
    """One entry per DAG run, without deleted reports.

    A page may be shorter than `limit`; `next` is null on the last page.
    """
    found, next_cursor = await airflow_client.page(request, [str(one) for one in state or []], limit, cursor or "")
    report_ids = [str(dag_run.report_id) for dag_run in found]
    report_rows = await run_in_threadpool(queries.rows, "reports", report_ids=report_ids)
    may = await run_in_threadpool(list_permissions, user)
    row_of = {row.report_id: row for row in report_rows}
    progresses = [Progress(row_of.get(dag_run.report_id), dag_run) for dag_run in found]
    return ReportPage.model_validate(
        {
            "reports": [
                listed_report(request, one)
                for one in progresses
                if not one.is_deleted and (not state or one.state in state)
            ],
            "next": next_cursor,
            "may": may,
        }
    )


def list_permissions(user: User) -> dict[str, bool]:
    """What `user` may do with reports."""
    return {
        "trigger": airflow_client.is_authorized("POST", user),
        "cancel": airflow_client.is_authorized("PUT", user),
    }


def listed_report(request: Request, one: Progress) -> dict[str, Any]:
    """What a list shows of a report."""
    row, dag_run = one.row, one.dag_run
    return {
        "report_id": one.report_id,
        "dag_run_id": one.dag_run_id,
        "state": one.state,
        "created_at": one.created_at,
        "finished_at": one.finished_at,
        "run_type": dag_run.run_type if dag_run else None,
        "requested_by": dag_run.requested_by if dag_run else None,
        "as_of": row.as_of if row is not None else None,
        "store_count": row.store_count if row is not None else None,
        "failed_task": one.failed_task,
        "cause": one.cause,
        "warnings": getattr(row, "warnings", None),
        "warnings_that_change_figures": getattr(row, "warnings_that_change_figures", None),
        "links": {
            "self": f"reports/{one.report_id}",
            "dag_run": airflow_client.ui_path(request, one.dag_run_id),
        },
    }


@router.get("/reports/{report_id}", summary="One report", responses=problems.documented(401, 403, 404, 410, 429, 503))
async def show_report(request: Request, user: Reader, report_id: ReportId) -> ReportDetail:
    """State, parameters, tasks, the files it was computed from, and links."""
    found = await progress.of_report(request, report_id)
    dag_run = found.dag_run or await airflow_client.read(request, found.dag_run_id)
    is_complete = found.state == ReportState.COMPLETE
    instances = [] if is_complete else await airflow_client.task_instances(request, found.dag_run_id)
    found = Progress(found.row, dag_run)
    known = await run_in_threadpool(details, found, instances)
    may = await run_in_threadpool(list_permissions, user)
    published = found.published
    base = f"reports/{report_id}"
    link = listed_report(request, found)["links"]
    return ReportDetail.model_validate(
        {
            **listed_report(request, found),
            **known,
            "parameters": parameters(found),
            "data_folder": found.row.data_folder if found.row is not None else None,
            "csv": {"bytes": published.csv_bytes, "sha256": published.csv_sha256} if published is not None else None,
            "may": {
                "cancel": found.state in (ReportState.QUEUED, ReportState.RUNNING) and may["cancel"],
                "run_again": may["trigger"] and requested(found) is not None,
            },
            "links": {
                **link,
                "get_report": f"get_report/{report_id}",
                **{
                    format_: f"{base}/download?format={format_}" if published is not None else None
                    for format_ in formats.FORMATS
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


def details(found: Progress, instances: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What is known of a report's tasks and input, as fields of `ReportDetail`; `instances` are Airflow's."""
    report_id = found.report_id
    files, status_files = queries.files(report_id)
    validation = queries.row(
        "validations", report_id=report_id, before_created_at=None, before_report_id=None, page_rows=1
    )
    return {
        "tasks": progress.tasks(found, queries.rows("finished_tasks", report_id=report_id), instances),
        "other_folders": other_folders(found.published),
        "sources": [file._asdict() for file in files if file.is_source],
        "status_files": status_files,
        "snapshots": {
            kind: next((file._asdict() for file in files if file.is_snapshot and file.kind == kind), None)
            for kind in ("business_hours", "store_timezones")
        },
        "quality": validation._asdict() if validation else None,
        "warnings": validation.warnings if validation else None,
        "warnings_that_change_figures": validation.warnings_that_change_figures if validation else None,
        "figure_warnings": [
            {**one._asdict(), "example": one.examples[0] if one.examples else None}
            for one in queries.rows("expectations", report_id=report_id)
            if one.changes_figures and not one.is_met and one.severity == "warn"
        ],
    }


def other_folders(published: Row | None) -> list[str]:
    """Data folders whose files count in a published report beside those of its own; none if that is not recorded."""
    if published is None or published.data_folder is None:
        return []
    binds = {"data_folder": published.data_folder, "accepted_order": published.accepted_order}
    return [folder for (folder,) in queries.rows("other_folders", **binds)]


def parameters(found: Progress) -> dict[str, Any]:
    """The parameters of a report: of its row, or of its DAG run as long as there is no row."""
    row = found.row
    if row is not None:
        return {
            "as_of": row.as_of_requested,
            "max_gap": duration_text(row.max_gap),
            "no_data": row.no_data,
            "store_ids": row.store_ids,
            "shards": row.shards,
            "hours_valid_from": row.hours_valid_from,
            "zones_valid_from": row.zones_valid_from,
        }
    request = requested(found) or ReportRequest()
    return request.model_dump() | {"max_gap": duration_text(request.max_gap)}


def requested(found: Progress) -> ReportRequest | None:
    """The conf of a report's DAG run; None if it cannot be read: Airflow takes more than the first task does."""
    conf = found.dag_run.conf if found.dag_run else {}
    try:
        return ReportRequest.model_validate({name: value for name, value in conf.items() if value is not None})
    except ValidationError:
        return None


@router.post(
    "/reports/{report_id}/cancel",
    status_code=202,
    summary="Cancel a report",
    responses=problems.documented(401, 403, 404, 409, 410, 429, 503),
)
async def cancel_report(request: Request, user: Canceler, report_id: ReportId) -> CanceledReport:
    """Marks its DAG run as failed, as the button in Airflow does: running tasks stop."""
    found = await progress.of_report(request, report_id)
    if found.state not in (ReportState.QUEUED, ReportState.RUNNING):
        raise Problem(409, f"The report is already {found.state}.")
    note = f"{airflow_client.CANCELED_BY}{user.get_name()}."
    await airflow_client.cancel(request, found.dag_run_id, note)
    # The scheduler may have looked at the DAG run before it was marked, and write what it saw only now.
    await asyncio.sleep(SETTLE_SECONDS)
    found = await progress.of_report(request, report_id)
    if found.published is None and found.dag_run is not None and found.dag_run.state != ReportState.FAILED:
        await airflow_client.cancel(request, found.dag_run_id, note)
    return CanceledReport(report_id=report_id)


@router.get(
    "/reports/{report_id}/events",
    summary="A report's progress, live",
    response_class=StreamingResponse,
    responses=problems.documented(401, 403, 404, 410, 429, 503)
    | {200: {"description": "Server-sent events `progress`, and `end`.", "content": {"text/event-stream": {}}}},
)
async def report_events(request: Request, user: Reader, report_id: ReportId) -> StreamingResponse:
    """`progress` whenever something changed; the last one is `end`. The stream ends by itself after ten minutes."""
    found = await progress.of_report(request, report_id)
    return CountedStream(user, events(request, found))


class CountedStream(StreamingResponse):
    """A stream of events that counts as one of its user's from now on until it ends; 429 if there are too many."""

    def __init__(self, user: User, content: AsyncIterator[str]) -> None:
        super().__init__(content, media_type="text/event-stream")
        self.user_id = user.get_id()
        if open_streams[self.user_id] >= STREAMS_PER_USER:
            raise Problem(429, f"You have {STREAMS_PER_USER} open streams; close one.", headers={"Retry-After": "10"})
        open_streams[self.user_id] += 1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            open_streams[self.user_id] -= 1
            if not open_streams[self.user_id]:
                del open_streams[self.user_id]


async def events(request: Request, found: Progress) -> AsyncIterator[str]:
    """Reads our own tables every second, and calls Airflow less often, which is busy with the report itself."""
    sent = None
    for count in range(STREAM_SECONDS // READ_SECONDS):
        if count:
            await asyncio.sleep(READ_SECONDS)
            found = await refreshed(request, found, calls_airflow=count % READS_PER_CALL == 0)
        task_rows = await run_in_threadpool(queries.rows, "finished_tasks", report_id=found.report_id)
        data = json.dumps(
            {
                "status": found.state,
                "created_at": found.created_at,
                "failed_task": found.failed_task,
                "cause": found.cause,
                "tasks": progress.tasks(found, task_rows),
            },
            default=as_json,
        )
        is_over = found.state in (ReportState.COMPLETE, ReportState.FAILED)
        if data != sent:
            yield f"event: {'end' if is_over else 'progress'}\ndata: {data}\n\n"
            sent = data
        elif count % 15 == 0:
            yield ": keep-alive\n\n"
        if is_over:
            return


async def refreshed(request: Request, found: Progress, *, calls_airflow: bool) -> Progress:
    """The progress of the report now."""
    row = await run_in_threadpool(queries.row, "report", report_id=found.report_id)
    if row is not None and row.published_at is not None:
        return Progress(row, found.dag_run)
    has_begun = found.row is None and row is not None
    is_failing = row is not None and row.failed_at is not None
    if calls_airflow or has_begun or is_failing:
        return Progress(row, await airflow_client.read(request, found.dag_run_id))
    return Progress(row, found.dag_run)


def as_json(value: object) -> str:
    """Instants in the API's one spelling."""
    if isinstance(value, datetime):
        return instant_text(value)
    raise TypeError(f"{value!r} has no JSON form")
