"""Renders the rows of a table in each format, as a temporary file that is positioned at its start."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, Any, Literal, get_args

from store_uptime.delivery import spreadsheet
from store_uptime.delivery.spreadsheet import Sheet, Style
from store_uptime.delivery.tables import Basis, Kind, Table, exact_text, rounded_text
from store_uptime.errors import StoreUptimeError

FormatName = Literal["csv", "json", "parquet", "xlsx", "pdf"]
FORMAT_NAMES: tuple[FormatName, ...] = get_args(FormatName)
MEDIA_TYPES: dict[FormatName, str] = {
    "csv": "text/csv",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}

MAX_PDF_ROWS = 5_000
MAX_XLSX_ROWS = spreadsheet.MAX_ROWS - 1  # below the headings
SPOOLED_BYTES = 1 << 20

STYLES = {
    Kind.COUNT: Style.WHOLE,
    Kind.DURATION: Style.TWO_DECIMALS,
    Kind.PERCENT: Style.TWO_DECIMALS,
    Kind.TARGET: Style.THREE_DECIMALS,
    Kind.DECIMAL: Style.TWO_DECIMALS,
    Kind.NUMBER: Style.THREE_DECIMALS,
}


class TooManyRowsError(StoreUptimeError):
    """More rows than a format holds: `{format} holds at most {limit} rows, and these are {rows}: use {better}.`"""

    def __init__(self, format_name: str, limit: int, rows: int, better: str) -> None:
        self.format_name, self.limit, self.rows, self.better = format_name, limit, rows, better
        super().__init__(f"{format_name} holds at most {limit:,} rows, and these are {rows:,}: use {better}.")


@dataclass(frozen=True)
class _Limit:
    rows: int
    better: str


LIMITS: dict[FormatName, _Limit] = {
    "xlsx": _Limit(MAX_XLSX_ROWS, "csv or parquet"),
    "pdf": _Limit(MAX_PDF_ROWS, "xlsx, csv or parquet"),
}


def render(format_name: FormatName, table: Table, rows: Sequence[Any], basis: Basis) -> IO[bytes]:
    """The file; raises `TooManyRowsError` if the format cannot hold so many rows."""
    if (limit := LIMITS.get(format_name)) and len(rows) > limit.rows:
        raise TooManyRowsError(format_name, limit.rows, len(rows), limit.better)
    return RENDERERS[format_name](table, rows, basis)


def _csv_file(table: Table, rows: Iterable[Any], _: Basis) -> IO[bytes]:
    stream = tempfile.SpooledTemporaryFile(SPOOLED_BYTES)  # noqa: SIM115 (the caller closes it)
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(column.rounded_name for column in table.columns)
    kinds = [column.kind for column in table.columns]
    for row in rows:
        writer.writerow(rounded_text(value, kind) for value, kind in zip(table.values(row), kinds, strict=True))
    text.detach()
    stream.seek(0)
    return stream


def json_object(table: Table, row: Any) -> dict[str, Any]:
    """A row as JSON has it: microseconds as strings of digits, since they pass the integers that numbers keep."""
    values = zip(table.columns, table.values(row), strict=True)
    return {column.name: _json_value(value, column.kind) for column, value in values}


def _json_value(value: Any, kind: Kind) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if kind is Kind.COUNT:
        return int(value)
    if kind in (Kind.PERCENT, Kind.TARGET, Kind.DECIMAL):
        return float(Decimal(value))
    if kind is Kind.NUMBER:
        return float(exact_text(value))
    return exact_text(value)


def _json_file(table: Table, rows: Iterable[Any], basis: Basis) -> IO[bytes]:
    """As the API's pages, with all rows: one row a line."""
    stream = tempfile.SpooledTemporaryFile(SPOOLED_BYTES)  # noqa: SIM115 (the caller closes it)
    head = json.dumps({"as_of": exact_text(basis.as_of), "accepted_order": basis.accepted_order})
    stream.write(f'{head.removesuffix("}")}, "{table.name}": ['.encode())
    separator = "\n"
    for row in rows:
        stream.write(f"{separator}{json.dumps(json_object(table, row), ensure_ascii=False)}".encode())
        separator = ",\n"
    stream.write(b'\n], "next": null}\n')
    stream.seek(0)
    return stream


def _parquet_file(table: Table, rows: Iterable[Any], basis: Basis) -> IO[bytes]:
    import polars as pl

    types: dict[Kind, Any] = {
        Kind.TEXT: pl.String,
        Kind.DATE: pl.Date,
        Kind.INSTANT: pl.Datetime("us", "UTC"),
        Kind.BOOLEAN: pl.Boolean,
        Kind.COUNT: pl.Int64,
        Kind.DURATION: pl.Int64,
        Kind.PERCENT: pl.Decimal(5, 2),
        Kind.TARGET: pl.Decimal(6, 3),
        Kind.DECIMAL: pl.Decimal(18, 2),
        Kind.NUMBER: pl.Float64,
    }
    frame = pl.DataFrame(
        [_parquet_values(table, row) for row in rows],
        schema={column.name: types[column.kind] for column in table.columns},
        orient="row",
    )
    stream = tempfile.TemporaryFile()  # noqa: SIM115 (the caller closes it)
    metadata = {"as_of": exact_text(basis.as_of), "accepted_order": str(basis.accepted_order), **basis.hashes}
    frame.write_parquet(stream, metadata=metadata)
    stream.seek(0)
    return stream


def _parquet_values(table: Table, row: Any) -> list[Any]:
    numbers = (Kind.PERCENT, Kind.TARGET, Kind.DECIMAL)
    values = zip(table.columns, table.values(row), strict=True)
    return [Decimal(value) if column.kind in numbers and value is not None else value for column, value in values]


def _xlsx_file(table: Table, rows: Iterable[Any], basis: Basis) -> IO[bytes]:
    """All text is in text cells; a second sheet says what the answer was computed from."""
    kinds = [column.kind for column in table.columns]
    texts = ([rounded_text(value, kind) for value, kind in zip(table.values(row), kinds, strict=True)] for row in rows)
    columns = [
        spreadsheet.Column(
            column.rounded_name, STYLES.get(column.kind, Style.TEXT), 38 if column.name in ("scope", "store_id") else 16
        )
        for column in table.columns
    ]
    facts = [spreadsheet.Column("computed from", Style.TEXT, 24), spreadsheet.Column("value", Style.TEXT, 68)]
    return spreadsheet.write(
        Sheet(table.name.capitalize(), columns, texts), Sheet("Basis", facts, [list(fact) for fact in facts_of(basis)])
    )


def _pdf_file(table: Table, rows: Sequence[Any], basis: Basis) -> IO[bytes]:
    from fpdf.errors import FPDFException  # loads what no other format needs

    from store_uptime.delivery import pdf

    try:
        return pdf.write(table, rows, basis, facts_of(basis))
    except FPDFException as error:
        raise RuntimeError(f"The PDF could not be made: {error}") from error


def facts_of(basis: Basis) -> list[tuple[str, str]]:
    """Name and value of everything that an answer was computed from."""
    return [
        ("as_of", exact_text(basis.as_of)),
        ("position", str(basis.accepted_order)),
        *([("notice", basis.notice)] if basis.notice else []),
        *((name, f"sha256 {value}") for name, value in basis.hashes.items()),
    ]


RENDERERS: dict[FormatName, Callable[[Table, Any, Basis], IO[bytes]]] = {
    "csv": _csv_file,
    "json": _json_file,
    "parquet": _parquet_file,
    "xlsx": _xlsx_file,
    "pdf": _pdf_file,
}
