"""A published report as a file to download: the CSV as it was published, the other formats from the database."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from threading import Lock
from typing import IO, Any

from fastapi import Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from sqlalchemy import Row

from store_uptime.calendar.periods import PERIODS, Period
from store_uptime.delivery import spreadsheet
from store_uptime.delivery.spreadsheet import Column, Sheet, Style
from store_uptime.errors import NoAnswerError, naming_place
from store_uptime.percentages import hundredths
from store_uptime_web import airflow_client, queries
from store_uptime_web.airflow_client import User
from store_uptime_web.downloads.formats import CSV, FORMATS, JSON, XLSX, attachment, matches
from store_uptime_web.figures import MEASURES, of_period, percentages
from store_uptime_web.schemas.common import instant_text

MAX_BYTES_IN_MEMORY = 8 << 20
MAX_COMPRESSED_FILES = 16
SIGNED_SECONDS = 300
S3 = "s3://"
compressed: dict[str, bytes] = {}
compressing = Lock()


def respond(request: Request, user: User, row: Row, name: str) -> Response:
    """The published report `row` as a file, recorded in the audit log; 304 if the caller has it already."""
    format_ = FORMATS[name]
    tag = row.csv_sha256 if format_ is CSV else f"{row.csv_sha256}-{row.published_at.timestamp():.6f}-{name}"
    if matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers={"ETag": f'"{tag}"'})
    airflow_client.record_download(user, row.dag_run_id, {"report_id": str(row.report_id), "format": name})
    if format_ is CSV:
        name = f"store-uptime-{row.report_id}.csv"
        if url := signed_url(row, name):
            return RedirectResponse(url, status_code=307, headers={"Cache-Control": "no-store"})
        accepts_gzip = "gzip" in request.headers.get("accept-encoding", "")
        return csv_file(row, attachment(name, tag), accepts_gzip=accepts_gzip)
    headers = attachment(f"store-uptime-{row.report_id}.{format_.suffix}", tag)
    table = queries.copied("api/figures", row.report_id)
    if format_ is JSON:
        return StreamingResponse(json_chunks(row, table), media_type=format_.media_type, headers=headers)
    stream = (xlsx_file if format_ is XLSX else parquet_file)(row, table)
    return StreamingResponse(queries.chunks(stream), media_type=format_.media_type, headers=headers)


def signed_url(row: Row, filename: str) -> str | None:
    """A URL of the bucket for the published CSV, if the deployment allows that; None if the file is not in S3, or is
    missing or incomplete there, or the bucket does not answer: then `csv_file` knows what to do.
    """
    if not (queries.settings().signed_downloads and row.csv_path.startswith(S3)):
        return None
    with suppress(FileNotFoundError, NoAnswerError), naming_place("The reports folder"):
        path: Any = airflow_client.storage_path(row.csv_path)  # one of Airflow's, as it is a URL
        if path.stat().st_size == row.csv_bytes:
            shown = {
                "ResponseContentType": CSV.media_type,
                "ResponseContentDisposition": attachment(filename)["Content-Disposition"],
            }
            url: str = path.fs.sign(path.path, expiration=SIGNED_SECONDS, **shown)
            return url
    return None


def csv_file(row: Row, headers: dict[str, str], *, accepts_gzip: bool) -> Response:
    """The published CSV; made again from the database, byte for byte, if its file is missing or out of reach."""
    stream = published_csv(row)
    if stream is None:
        return StreamingResponse(
            queries.chunks(queries.copied("report/4_export/export", row.report_id)),
            media_type=CSV.media_type,
            headers=headers,
        )
    if row.csv_bytes <= MAX_BYTES_IN_MEMORY:
        if accepts_gzip:
            content = gzipped(stream, row.csv_sha256)
            headers = {**headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        else:
            content = stream.read()
        stream.close()
        return Response(content, media_type=CSV.media_type, headers=headers)
    return StreamingResponse(
        queries.chunks(stream), media_type=CSV.media_type, headers={**headers, "Content-Length": str(row.csv_bytes)}
    )


def gzipped(stream: IO[bytes], sha256: str) -> bytes:
    """The file, compressed once: Airflow would do it for every caller, which takes longer than all the rest."""
    with compressing:
        if sha256 not in compressed:
            while len(compressed) >= MAX_COMPRESSED_FILES:
                del compressed[next(iter(compressed))]
            compressed[sha256] = gzip.compress(stream.read(), mtime=0)
        return compressed[sha256]


def published_csv(row: Row) -> IO[bytes] | None:
    """The published CSV of a report, or None if it is missing or incomplete or its folder does not answer."""
    with suppress(FileNotFoundError, NoAnswerError):
        with naming_place("The reports folder"):
            stream = airflow_client.storage_path(row.csv_path).open("rb")
        if stream.seek(0, io.SEEK_END) == row.csv_bytes:
            stream.seek(0)
            return stream
        stream.close()
    return None


def stores(table: IO[bytes]) -> Iterator[tuple[str, str, dict[str, dict[str, int]]]]:
    """Id, time zone and exact figures of each store in the CSV of `api/figures`; closes it."""
    with io.TextIOWrapper(table, encoding="utf-8", newline="") as text:
        reader = csv.reader(text)
        next(reader)
        for store_id, timezone, *values in reader:
            by_column = iter(map(int, values))
            columns = {(measure, name): next(by_column) for measure in MEASURES for name in PERIODS}
            yield store_id, timezone, {name: {each: columns[each, name] for each in MEASURES} for name in PERIODS}


def json_chunks(row: Row, table: IO[bytes]) -> Iterator[str]:
    """One object with all stores, one per line."""
    head = {"report_id": str(row.report_id), "as_of": instant_text(row.as_of), "store_count": row.store_count}
    chunk = json.dumps(head).removesuffix("}") + ', "stores": ['
    separator = "\n"
    for store_id, timezone, exact in stores(table):
        periods = {name: of_period(exact[name], period, row.no_data) for name, period in PERIODS.items()}
        chunk += separator + json.dumps({"store_id": store_id, "timezone": timezone, **periods})
        separator = ",\n"
        if len(chunk) >= queries.CHUNK_BYTES:
            yield chunk
            chunk = ""
    yield chunk + "\n]}\n"


def parquet_file(row: Row, table: IO[bytes]) -> IO[bytes]:
    """Exact microseconds as 64-bit integers, and the rounded figures as decimals."""
    import polars as pl

    with table:
        frame = pl.read_csv(table.read(), schema_overrides={"store_id": pl.String})
    whole = {
        f"{measure}_{name}": (pl.col(f"{measure}_{name}_us") * 200 + period.unit_us) // (2 * period.unit_us)
        for measure in MEASURES
        for name, period in PERIODS.items()
    }
    decimals = pl.Decimal(18, 2)
    rounded = {name: (value.cast(decimals) / 100).cast(decimals) for name, value in whole.items()}
    stream = tempfile.TemporaryFile()  # noqa: SIM115 (the response closes it)
    frame.with_columns(**rounded).write_parquet(stream)
    stream.seek(0)
    return stream


def xlsx_file(row: Row, table: IO[bytes]) -> IO[bytes]:
    """Figures of the stores on one sheet, exact microseconds on another. Ids are text cells, never numbers."""
    with table:
        copies = [tempfile.SpooledTemporaryFile(queries.SPOOLED_BYTES) for _ in range(2)]  # noqa: SIM115 (read to their end)
        for copy in copies:
            table.seek(0)
            shutil.copyfileobj(table, copy)
            copy.seek(0)
    rounded = (
        [
            store_id,
            timezone,
            *(cell for name, period in PERIODS.items() for cell in cells(exact[name], period, row.no_data)),
        ]
        for store_id, timezone, exact in stores(copies[0])
    )
    microseconds = (
        [store_id, timezone, *(str(exact[name][each]) for name in PERIODS for each in MEASURES)]
        for store_id, timezone, exact in stores(copies[1])
    )
    of_store = [Column("store_id", Style.TEXT, 38), Column("timezone", Style.TEXT, 24)]
    figures = [
        column
        for name, period in PERIODS.items()
        for column in (
            *(Column(f"{measure}_{name} ({period.unit})", Style.TWO_DECIMALS) for measure in MEASURES),
            *(Column(f"{part}_{name} (%)", Style.PERCENT) for part in ("uptime", "coverage")),
        )
    ]
    exact_figures = [Column(f"{measure}_{name}_us", Style.WHOLE, 24) for name in PERIODS for measure in MEASURES]
    return spreadsheet.write(
        Sheet("Report", [*of_store, *figures], rounded),
        Sheet("Microseconds", [*of_store, *exact_figures], microseconds),
    )


def cells(microseconds: dict[str, int], period: Period, no_data: str) -> list[str | None]:
    """The figures of one period for a spreadsheet; percentages as fractions, which its cells show as percent."""
    texts = [hundredths(value, period.unit_us) for value in microseconds.values()]
    parts = percentages(microseconds, no_data).values()
    return [*texts, *(text and f"{Decimal(text).scaleb(-2)}" for text in parts)]
