"""Quarantined rows as a file to download."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any, Literal
from uuid import UUID

from fastapi.responses import Response, StreamingResponse
from sqlalchemy import Row

from store_uptime.delivery import spreadsheet
from store_uptime.delivery.spreadsheet import Column, Sheet, Style
from store_uptime_web import queries
from store_uptime_web.downloads.formats import CSV, JSON, XLSX, attachment

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
ROWS_PER_QUERY = 5_000
HEADING = ("file", "line_number", "column", "reason", "raw_text", "kind")
WIDTHS = (30, 12, 20, 60, 80, 50)


def respond(report_id: UUID, filters: dict[str, Any], name: Literal["csv", "xlsx", "json"]) -> Response:
    """The quarantined rows of a report's files that match `filters`, in the format `name`."""
    rows = all_quarantined({"report_id": report_id, **filters})
    headers = attachment(f"quarantine-{report_id}.{name}")
    if name == "xlsx":
        texts = (cells(row) for row in rows)
        columns = [
            Column(name, Style.WHOLE if name == "line_number" else Style.TEXT, width)
            for name, width in zip(HEADING, WIDTHS, strict=True)
        ]
        stream = spreadsheet.write(Sheet("Quarantine", columns, texts))
        return StreamingResponse(queries.chunks(stream), media_type=XLSX.media_type, headers=headers)
    if name == "json":
        return StreamingResponse(json_chunks(rows), media_type=JSON.media_type, headers=headers)
    return StreamingResponse(csv_chunks(rows), media_type=CSV.media_type, headers=headers)


def cells(row: Row) -> list[str]:
    """A row as text, in the order of `HEADING`."""
    return [row.file, str(row.line_number), row.column_name or "", row.reason, row.raw_text, row.kind]


def all_quarantined(filters: dict[str, Any]) -> Iterator[Row]:
    """All rows, some thousands per query, so that no slow reader holds a transaction open."""
    position = {"after_file_id": 0, "after_line_number": 0}
    while page := queries.rows("quarantine", **filters, **position, page_rows=ROWS_PER_QUERY):
        yield from page
        position = {"after_file_id": page[-1].file_id, "after_line_number": page[-1].line_number}


def json_chunks(rows: Iterator[Row]) -> Iterator[str]:
    """One list with an object per row."""
    separator = "[\n"
    for row in rows:
        yield separator + json.dumps(
            {
                "file_id": row.file_id,
                "file": row.file,
                "line_number": row.line_number,
                "column": row.column_name,
                "reason": row.reason,
                "raw_text": row.raw_text,
                "kind": row.kind,
            }
        )
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def csv_chunks(rows: Iterator[Row]) -> Iterator[str]:
    """The CSV, some lines at a time."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADING)
    for row in rows:
        writer.writerow([f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell for cell in cells(row)])
        if text.tell() >= queries.CHUNK_BYTES:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()
