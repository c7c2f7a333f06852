"""Excel workbooks, written row by row: memory stays flat, and 200,000 stores take seconds, not minutes.

All text is in text cells that Excel never reads as a formula, not even after editing (quotePrefix, Excel's own
apostrophe): the store id `=1+1` stays text, and an id of twenty digits keeps them all.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice
from typing import IO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

MAX_ROWS = 1 << 20
MAX_TEXT = 32_767
CHUNK_ROWS = 1000
HEADING_POINTS = 32  # two lines

XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
STYLES = f"""{XML}<styleSheet xmlns="{MAIN}">
<numFmts count="1"><numFmt numFmtId="164" formatCode="0.000"/></numFmts>
<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>
<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>
<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
<cellXfs count="7">
<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>
<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyNumberFormat="1"/>
<xf numFmtId="1" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>
<xf numFmtId="2" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>
<xf numFmtId="10" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>
<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1" applyAlignment="1">
<alignment vertical="top" wrapText="1"/></xf>
<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>
</cellXfs>
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>
</styleSheet>"""

# Characters that XML cannot hold, and text that looks like an escape of them.
UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


class Style(IntEnum):
    """How the cells of a column look: the number of their format in `STYLES`."""

    TEXT = 1
    WHOLE = 2
    TWO_DECIMALS = 3
    PERCENT = 4
    HEADING = 5
    THREE_DECIMALS = 6


NUMBERS = {Style.WHOLE, Style.TWO_DECIMALS, Style.PERCENT, Style.THREE_DECIMALS}


@dataclass(frozen=True)
class Column:
    """A column, as wide as so many characters."""

    heading: str
    style: Style
    width: int = 20


@dataclass(frozen=True)
class Sheet:
    """A sheet. A row has text and numbers as decimal text (percentages as fractions of 1); None is no value."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[str | None]]


def write(*sheets: Sheet) -> IO[bytes]:
    """The workbook as a temporary file, positioned at its start."""
    stream = tempfile.TemporaryFile()  # noqa: SIM115 (the response closes it)
    with ZipFile(stream, "w") as archive:
        for name, content in package_files(sheets):
            archive.writestr(entry(name), content)
        for number, sheet in enumerate(sheets, start=1):
            with archive.open(entry(f"xl/worksheets/sheet{number}.xml"), "w", force_zip64=True) as stream_of_sheet:
                for chunk in sheet_xml(sheet):
                    stream_of_sheet.write(chunk.encode())
    stream.seek(0)
    return stream


def entry(name: str) -> ZipInfo:
    """A compressed entry without a date, so that equal workbooks are equal files."""
    info = ZipInfo(name)
    info.compress_type, info._compresslevel = ZIP_DEFLATED, 1  # type: ignore[attr-defined]
    return info


def package_files(sheets: Sequence[Sheet]) -> list[tuple[str, str]]:
    """Name and content of the files of a workbook that are not sheets."""
    numbers = range(1, len(sheets) + 1)
    types = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{SHEET_TYPE}.worksheet+xml"/>' for n in numbers
    )
    names = "".join(f'<sheet name="{sheets[n - 1].name}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    return [
        (
            "[Content_Types].xml",
            f'{XML}<Types xmlns="{PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{SHEET_TYPE}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{SHEET_TYPE}.styles+xml"/>{types}</Types>',
        ),
        (
            "_rels/.rels",
            f'{XML}<Relationships xmlns="{PACKAGE}/relationships">'
            f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        ),
        (
            "xl/workbook.xml",
            f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{names}</sheets></workbook>',
        ),
        (
            "xl/_rels/workbook.xml.rels",
            f'{XML}<Relationships xmlns="{PACKAGE}/relationships">{links}'
            f'<Relationship Id="rId0" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>',
        ),
        ("xl/styles.xml", STYLES),
    ]


def sheet_xml(sheet: Sheet) -> Iterable[str]:
    """The sheet in chunks; its heading row stays visible, and filters the others."""
    columns = "".join(
        f'<col min="{number}" max="{number}" width="{column.width}" customWidth="1"/>'
        for number, column in enumerate(sheet.columns, start=1)
    )
    yield (
        f'{XML}<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f"<cols>{columns}</cols><sheetData>"
    )
    heading = "".join(map(cell_writer(Style.HEADING), (column.heading for column in sheet.columns)))
    chunk = [f'<row ht="{HEADING_POINTS}" customHeight="1">{heading}</row>']
    writers = [cell_writer(column.style) for column in sheet.columns]
    rows = 1
    for row in islice(sheet.rows, MAX_ROWS - 1):
        rows += 1
        cells = "".join([writer(value) for writer, value in zip(writers, row, strict=True)])
        chunk.append(f"<row>{cells}</row>")
        if len(chunk) >= CHUNK_ROWS:
            yield "".join(chunk)
            chunk = []
    last = f"{column_letters(len(sheet.columns))}{rows}"
    yield "".join(chunk) + f'</sheetData><autoFilter ref="A1:{last}"/></worksheet>'


def column_letters(number: int) -> str:
    """The name of a column: A is 1, Z is 26, AA is 27."""
    letters = ""
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def cell_writer(style: Style) -> Callable[[str | None], str]:
    """A function from the value of a cell to the cell."""
    start = f'<c s="{style:d}"'

    def write_number(value: str | None) -> str:
        return "<c/>" if value is None else f"{start}><v>{value}</v></c>"

    def write_text(value: str | None) -> str:
        return "<c/>" if value is None else f"{start} {text(value)}</c>"

    return write_number if style in NUMBERS else write_text


def text(value: str) -> str:
    """The rest of a cell of text, which is cut where Excel would refuse it."""
    shown = value if len(value) <= MAX_TEXT else value[: MAX_TEXT - 1] + "…"
    if "_x" in shown or not shown.isprintable():
        shown = UNWRITABLE.sub(lambda match: f"_x{ord(match[0]):04X}_", shown)
    return f't="inlineStr"><is><t xml:space="preserve">{escape(shown)}</t></is>'
