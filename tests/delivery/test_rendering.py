"""One answer in every format: the same columns and rows, names as they are, and limits that say what to do."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import polars as pl
import pypdf
import pytest
from fpdf import FPDF
from fpdf.errors import FPDFException

from store_uptime.delivery import rendering
from store_uptime.delivery.rendering import FORMAT_NAMES, TooManyRowsError, render
from store_uptime.delivery.tables import AVAILABILITY, Basis, Kind
from store_uptime.history.availability import Availability
from store_uptime.settings import PROJECT
from store_uptime_web.schemas.availability import Availability as Schema

NAMES = ["=1+1", "0042", 'say "hi", Zürich', "東京 本店", "Łódź", "مطعم"]
BASIS = Basis(
    datetime(2023, 1, 25, 18, 13, 22, tzinfo=UTC),
    12,
    {"business_hours": "ab" * 32, "store_status": "cd" * 32},
)
ROW = Availability(
    period="2023-01",
    from_date=date(2023, 1, 1),
    until_date=date(2023, 1, 31),
    is_final=True,
    scope="West",
    stores=14_000,
    open_us=9_007_199_254_740_993,
    planned_us=0,
    up_us=18_000_000,
    down_us=17_999_999,
    unknown_us=3_600_000_000,
    uptime_percent="99.99",
    uptime_percent_low="0.01",
    uptime_percent_high=None,
    outages=3,
    longest_outage_us=1,
    mttr_us=None,
    mtbf_us=5,
    opened_late_us=0,
    closed_early_us=0,
    missed_openings=1,
    target_percent=Decimal("99.900"),
    days_without_target=0,
    budget_us=7_200_000_000,
    remaining_us=-18_000_000,
    verdict="breached",
)
ROWS = [replace(ROW, scope=name, is_final=name != "0042") for name in NAMES]


def rendered(format_name: str, rows: list[Availability] = ROWS) -> bytes:
    with render(format_name, AVAILABILITY, rows, BASIS) as stream:
        return stream.read()


def test_the_columns_are_those_of_a_row_and_of_the_api() -> None:
    names = [column.name for column in AVAILABILITY.columns]
    assert names == [field.name for field in fields(Availability)] == list(Schema.model_fields)
    assert {column.name for column in AVAILABILITY.columns if column.kind is Kind.DURATION} == {
        name for name in names if name.endswith("_us")
    }


def test_csv_has_hours_and_empty_cells() -> None:
    text = rendered("csv").decode()
    assert "\r" not in text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["scope"] for row in rows] == NAMES
    assert text.splitlines()[1] == (
        "2023-01,2023-01-01,2023-01-31,true,=1+1,14000,2501999.79,0.00,0.01,0.00,1.00,99.99,0.01,,3,0.00,,0.00,"
        "0.00,0.00,1,99.900,0,2.00,-0.01,breached"
    )
    assert rows[1]["is_final"] == "false"


def test_json_keeps_microseconds_as_digits_and_percentages_as_numbers() -> None:
    answer = json.loads(rendered("json"))
    assert {name: answer[name] for name in ("as_of", "accepted_order", "next")} == {
        "as_of": "2023-01-25T18:13:22.000000Z", "accepted_order": 12, "next": None
    }  # fmt: skip
    assert [row["scope"] for row in answer["availability"]] == NAMES
    first = answer["availability"][0]
    assert list(first) == [column.name for column in AVAILABILITY.columns]
    assert (first["open_us"], first["remaining_us"], first["mttr_us"]) == ("9007199254740993", "-18000000", None)
    assert (first["uptime_percent"], first["target_percent"], first["stores"]) == (99.99, 99.9, 14_000)
    assert (first["is_final"], first["from_date"]) == (True, "2023-01-01")
    assert json.loads(rendered("json", []))["availability"] == []
    assert [Schema.model_validate(row).scope for row in answer["availability"]] == NAMES


def test_parquet_has_exact_types() -> None:
    frame = pl.read_parquet(io.BytesIO(rendered("parquet")))
    assert frame.columns == [column.name for column in AVAILABILITY.columns]
    assert frame["scope"].to_list() == NAMES
    row = frame.row(0, named=True)
    assert (row["open_us"], row["mttr_us"], row["from_date"]) == (9_007_199_254_740_993, None, date(2023, 1, 1))
    assert (row["uptime_percent"], row["target_percent"]) == (Decimal("99.99"), Decimal("99.900"))
    assert pl.read_parquet(io.BytesIO(rendered("parquet", []))).height == 0


def test_xlsx_has_names_in_text_cells() -> None:
    book = openpyxl.load_workbook(io.BytesIO(rendered("xlsx")))
    heading, *rows = book["Availability"].iter_rows()
    assert [cell.value for cell in heading] == [column.rounded_name for column in AVAILABILITY.columns]
    assert [(row[4].value, row[4].data_type) for row in rows] == [(name, "s") for name in NAMES]
    values: dict[str, Any] = {name.value: cell.value for name, cell in zip(heading, rows[0], strict=True)}
    assert (values["open_hours"], values["remaining_hours"], values["mttr_hours"]) == (2_501_999.79, -0.01, None)
    assert (values["uptime_percent"], values["target_percent"], values["stores"]) == (99.99, 99.9, 14_000)
    assert (values["is_final"], values["from_date"]) == ("true", "2023-01-01")
    assert dict(book["Basis"].iter_rows(min_row=2, values_only=True)) == {
        "as_of": "2023-01-25T18:13:22.000000Z",
        "position": "12",
        "business_hours": f"sha256 {'ab' * 32}",
        "store_status": f"sha256 {'cd' * 32}",
    }


def test_pdf_says_on_each_page_what_it_was_computed_from() -> None:
    rows = [replace(row, stores=number) for number, row in enumerate(ROWS * 25)]
    content = rendered("pdf", rows)
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]
    assert len(pages) > 1
    for page in pages:
        for fact in ("as_of 2023-01-25T18:13:22.000000Z", "position 12", "ab" * 32, "cd" * 32, "verdict"):
            assert fact in page
        assert page.startswith(f"Availability, 2023-01-01 to {max(row.until_date for row in rows)}\n")
    for name in ("=1+1", "0042", 'say "hi", Zürich', "東京 本店", "Łódź"):
        assert sum(page.count(name) for page in pages) == 25
    assert rendered("pdf", rows) == content, "equal answers are equal files"
    assert pypdf.PdfReader(io.BytesIO(rendered("pdf", []))).pages[0].extract_text().startswith("Availability\n")


def test_a_pdf_that_cannot_be_made_is_an_error_like_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deliveries know it without loading what makes PDFs."""

    def fail(_: FPDF) -> None:
        raise FPDFException("no room")

    monkeypatch.setattr(FPDF, "output", fail)
    with pytest.raises(RuntimeError, match=r"The PDF could not be made: .*no room"):
        rendered("pdf", ROWS)


def test_the_web_starts_without_what_only_some_answers_need() -> None:
    needless = {"fpdf", "fontTools", "numpy", "polars", "scipy", "apprise"}
    program = f"import sys, store_uptime_web.app; print(sorted({needless} & set(sys.modules)))"
    path = os.pathsep.join([str(PROJECT / "include"), str(PROJECT / "plugins")])
    environment = os.environ | {"PYTHONPATH": path}
    finished = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert finished.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("format_name", "limit", "message"),
    [
        ("pdf", 5_000, "pdf holds at most 5,000 rows, and these are 5,001: use xlsx, csv or parquet."),
        ("xlsx", 1_048_575, "xlsx holds at most 1,048,575 rows, and these are 1,048,576: use csv or parquet."),
    ],
)
def test_what_a_format_cannot_hold_is_refused(format_name: str, limit: int, message: str) -> None:
    assert rendering.LIMITS[format_name].rows == limit
    with pytest.raises(TooManyRowsError) as raised:
        render(format_name, AVAILABILITY, [ROW] * (limit + 1), BASIS)
    assert str(raised.value) == message
    assert set(rendering.LIMITS) < set(FORMAT_NAMES)
