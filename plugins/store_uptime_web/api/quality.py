"""Data quality: validations of reports' input, and the rows in quarantine."""

from __future__ import annotations

import mimetypes
from datetime import datetime
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from sqlalchemy import Row

from store_uptime.errors import naming_place
from store_uptime_web import airflow_client, cursors, problems, queries
from store_uptime_web.api.reports import Cursor, Limit, ReportId
from store_uptime_web.downloads import formats, quarantine_files
from store_uptime_web.middleware.headers import DATA_DOCS_HEADERS
from store_uptime_web.problems import Problem
from store_uptime_web.progress import unknown_report
from store_uptime_web.schemas.common import Text, instant_text
from store_uptime_web.schemas.quality import QuarantinePage, ValidationDetail, ValidationPage
from store_uptime_web.security import READ, Reader, check_data_docs_token, data_docs_token

if TYPE_CHECKING:
    from store_uptime_web.airflow_client import ObjectStoragePath

router = APIRouter(tags=["data quality"], responses=problems.documented(401, 403, 422, 429, 503))

FileId = Annotated[int | None, Query(ge=1, le=2**31 - 1)]
Kind = Annotated[Text | None, Query(max_length=1000, description="Of the reason, as `quarantine` lists the kinds.")]
Reason = Annotated[Text | None, Query(max_length=1000, description="The reason itself, with the value that it quotes.")]
Search = Annotated[Text | None, Query(max_length=1000, description="Part of the row, ignoring the case of A to Z.")]


@router.get("/quality", summary="Validations of input, newest first", dependencies=[READ])
def list_validations(limit: Limit = 50, cursor: Cursor = None) -> ValidationPage:
    """One entry per report whose input was validated."""
    before = cursors.decode(cursor, str, str) if cursor is not None else [None, None]
    if cursor is not None:
        expect_position(*before)
    found = queries.rows(
        "validations", report_id=None, before_created_at=before[0], before_report_id=before[1], page_rows=limit + 1
    )
    page = found[:limit]
    last = page[-1] if len(found) > limit else None
    return ValidationPage.model_validate(
        {
            "runs": [listed_validation(row) for row in page],
            "next": cursors.encode(instant_text(last.created_at), str(last.report_id)) if last is not None else None,
        }
    )


def expect_position(created_at: str, report_id: str) -> None:
    """422 for a cursor that is not of this list: Python reads more spellings than PostgreSQL, and than we write."""
    try:
        is_ours = (instant_text(datetime.fromisoformat(created_at)), str(UUID(report_id))) == (created_at, report_id)
    except (ValueError, OverflowError) as error:
        raise cursors.unknown() from error
    if not is_ours:
        raise cursors.unknown()


def listed_validation(row: Row) -> dict[str, Any]:
    """What a list shows of a validation."""
    return {**row._asdict(), "verdict": "failed" if row.failures else "warned" if row.warnings else "passed"}


@router.get(
    "/quality/{report_id}",
    summary="The validation of one report's input",
    responses=problems.documented(404),
    dependencies=[READ],
)
def show_validation(report_id: ReportId) -> ValidationDetail:
    """Every expectation, the files, and why rows are in quarantine. 404 too if the input was not validated yet."""
    row = queries.row("validations", report_id=report_id, before_created_at=None, before_report_id=None, page_rows=1)
    if row is None:
        raise Problem(404, f"There is no validation of the input of a report {report_id}.")
    base = f"quality/{report_id}/quarantine"
    files, status_files = queries.files(report_id)
    return ValidationDetail.model_validate(
        {
            **listed_validation(row),
            "expectations_list": [
                {
                    **one._asdict(),
                    "file": {"file_id": one.file_id, "name": one.file_name, "kind": one.file_kind}
                    if one.file_id
                    else None,
                }
                for one in queries.rows("expectations", report_id=report_id)
            ],
            "files": [file._asdict() for file in files if file.is_source],
            "status_files": status_files,
            "quarantine": [
                {
                    **kind._asdict(),
                    "reason": kind.reasons[0],
                    "examples": kind.reasons,
                    "column": kind.column_name,
                    "rows": kind.row_count,
                }
                for kind in queries.rows("quarantine_kinds", report_id=report_id)
            ],
            "data_docs": "data_docs/index.html" if (data_docs_folder() / "index.html").exists() else None,
            "links": {
                "report": f"reports/{report_id}",
                "quarantine": base,
                **{name: f"{base}/download?format={name}" for name in ("csv", "xlsx", "json")},
            },
        }
    )


@router.get(
    "/quality/{report_id}/quarantine",
    summary="Rows of a report's files that could not be used",
    responses=problems.documented(404),
    dependencies=[READ],
)
def quarantine(
    report_id: ReportId,
    file_id: FileId = None,
    kind: Kind = None,
    reason: Reason = None,
    search: Search = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> QuarantinePage:
    """A page of the rows, in file and line order."""
    expect_report(report_id)
    filters = {
        "report_id": report_id,
        "file_id": file_id,
        "kind": kind,
        "reason": reason,
        "pattern": queries.pattern(search),
    }
    after_file_id, after_line_number = cursors.decode(cursor, int, int) if cursor is not None else (0, 0)
    if after_file_id >= 1 << 31:
        raise cursors.unknown()
    found = queries.rows(
        "quarantine",
        **filters,
        after_file_id=after_file_id,
        after_line_number=after_line_number,
        page_rows=limit + 1,
    )
    page = found[:limit]
    return QuarantinePage.model_validate(
        {
            "rows": [{**row._asdict(), "column": row.column_name} for row in page],
            "total": queries.rows("quarantine_count", **filters)[0][0],
            "next": cursors.encode(page[-1].file_id, page[-1].line_number) if len(found) > limit else None,
        }
    )


def expect_report(report_id: UUID) -> Row:
    """The report's row; 404 if there is none."""
    row = queries.row("report", report_id=report_id)
    if row is None:
        raise unknown_report(report_id)
    return row


@router.get(
    "/quality/{report_id}/quarantine/download",
    summary="The same rows as a file",
    response_class=Response,
    responses=problems.documented(404) | formats.documented("csv", "xlsx", "json"),
)
def download_quarantine(
    user: Reader,
    report_id: ReportId,
    format_: Annotated[Literal["csv", "xlsx", "json"], Query(alias="format")] = "csv",
    file_id: FileId = None,
    kind: Kind = None,
    reason: Reason = None,
    search: Search = None,
) -> Response:
    """JSON has the raw text byte for byte; in CSV a cell that a spreadsheet would calculate gets a leading '."""
    report = expect_report(report_id)
    airflow_client.record_download(user, report.dag_run_id, {"quarantine_of": str(report_id), "format": format_})
    filters = {"file_id": file_id, "kind": kind, "reason": reason, "pattern": queries.pattern(search)}
    return quarantine_files.respond(report_id, filters, format_)


def data_docs_folder() -> FilePath | ObjectStoragePath:
    """The folder that `validate` writes its pages to, on whichever machine it runs."""
    return airflow_client.storage_path(queries.settings().quality) / "data_docs"


@router.get("/data_docs/{path:path}", include_in_schema=False)
def data_docs(request: Request, user: Reader, path: str) -> RedirectResponse:
    """Redirects to the same path with a token, as the pages themselves have no session."""
    return RedirectResponse(
        f"{airflow_client.root_path(request)}{airflow_client.PREFIX}/data_docs_view/{data_docs_token(user)}/{quote(path)}"
    )


@router.get(
    "/data_docs_view/{token}/{path:path}", include_in_schema=False, dependencies=[Depends(check_data_docs_token)]
)
def data_docs_view(path: str) -> Response:
    """A file of the Data Docs."""
    folder = data_docs_folder()
    if not isinstance(folder, FilePath):
        return stored_page(folder, path)
    missing = Problem(404, "There is no such page of the Data Docs.")
    try:
        folder = folder.resolve()
        file = (folder / path.replace("\0", "\N{REPLACEMENT CHARACTER}")).resolve()
        if file.is_dir():
            file /= "index.html"
        if not file.is_relative_to(folder) or not file.is_file():
            raise missing
    except (OSError, RuntimeError, UnicodeError) as error:  # a name that is too long, a loop of links
        raise missing from error
    return FileResponse(file, headers=DATA_DOCS_HEADERS)


def stored_page(folder: ObjectStoragePath, path: str) -> Response:
    """A file of Data Docs in an object store, which has names and neither folders nor links."""
    names = [name for name in path.split("/") if name] or ["index.html"]
    media_type = mimetypes.guess_type(names[-1])[0]
    missing = Problem(404, "There is no such page of the Data Docs.")
    if media_type is None or not {".", ".."}.isdisjoint(names):
        raise missing
    try:
        with naming_place("The folder for quality results"):
            content = folder.joinpath(*names).read_bytes()
    except FileNotFoundError as error:
        raise missing from error
    return Response(content, media_type=media_type, headers=DATA_DOCS_HEADERS)
