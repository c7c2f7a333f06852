"""Excel workbooks, written row by row: memory stays flat, and 200,000 stores take seconds, not minutes.

All text is in text cells that Excel never reads as a formula, not even after editing (quotePrefix, Excel's own
apostrophe): the store id `=1+1` stays text, and an id of twenty digits keeps them all.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import IO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

MAX_ROWS = 1 << 20
MAX_TEXT = 32_767
CHUNK_ROWS = 1000

XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
TEXT_STYLE, NUMBER_STYLES, HEADING_STYLE = 1, {0: 2, 2: 3}, 4
STYLES = f"""{XML}<styleSheet xmlns="{MAIN}">
<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>
<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>
<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
<cellXfs count="5">
<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>
<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyNumberFormat="1"/>
<xf numFmtId="1" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>
<xf numFmtId="2" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>
<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>
</cellXfs>
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>
</styleSheet>"""

# Characters that XML cannot hold, and text that looks like an escape of them.
UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


@dataclass(frozen=True)
class Sheet:
    """A sheet: `text_columns` first, then `number_columns`, whose values come as decimal text."""

    name: str
    text_columns: Sequence[str]
    number_columns: Sequence[str]
    rows: Iterable[Sequence[str]]
    decimals: int = 0


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
    """The sheet in chunks; its heading row stays visible."""
    yield (
        f'{XML}<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<cols><col min="1" max="{len(sheet.text_columns)}" width="38" customWidth="1"/>'
        f'<col min="{len(sheet.text_columns) + 1}" max="26" width="20" customWidth="1"/></cols><sheetData>'
    )
    heading = "".join(text_cell(name, HEADING_STYLE) for name in (*sheet.text_columns, *sheet.number_columns))
    chunk = [f"<row>{heading}</row>"]
    count, style = len(sheet.text_columns), NUMBER_STYLES[sheet.decimals]
    for number, row in enumerate(sheet.rows, start=2):
        if number > MAX_ROWS:
            break
        texts = "".join([text_cell(value, TEXT_STYLE) for value in row[:count]])
        numbers = "".join([f'<c s="{style}"><v>{value}</v></c>' for value in row[count:]])
        chunk.append(f"<row>{texts}{numbers}</row>")
        if len(chunk) >= CHUNK_ROWS:
            yield "".join(chunk)
            chunk = []
    yield "".join(chunk) + "</sheetData></worksheet>"


def text_cell(value: str, style: int) -> str:
    """A cell of text."""
    shown = value if len(value) <= MAX_TEXT else value[: MAX_TEXT - 1] + "…"
    if "_x" in shown or not shown.isprintable():
        shown = UNWRITABLE.sub(lambda match: f"_x{ord(match[0]):04X}_", shown)
    return f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{escape(shown)}</t></is></c>'
