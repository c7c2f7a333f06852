"""Tables as PDF: landscape pages with the heading, and with what the answer was computed from, on each.

The fonts come with the packages manimgx-fonts and manimgx-fonts-cjk (Noto, SIL Open Font License), so that a page
looks the same everywhere; of most only what the table's names need is loaded.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import IO, Any

from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from store_uptime.delivery.tables import Basis, Column, Kind, Table, rounded_text
from store_uptime.errors import printable

MARGIN_MM = 8.0
MAX_TEXT_OF_POINT_MM = 10.0  # a longer name goes on in a second line
# The largest one is taken in which all columns fit beside each other; the last one at any rate.
SIZES = (("A4", 9.0), ("A4", 8.0), ("A4", 7.0), ("A3", 9.0), ("A3", 8.0), ("A3", 7.0), ("A3", 6.0))
PAPER_MM = {"A4": 297.0, "A3": 420.0}  # the longer side
TITLE_PT, SMALL_PT = 14.0, 6.0
LINE_OF_POINT_MM = 0.55
FOOT_MM = 10.0
RULE = 222  # the grey of the line below a row
FAMILY = "Noto Sans"
TEXT_KINDS = (Kind.TEXT, Kind.DATE, Kind.INSTANT, Kind.BOOLEAN)
RIGHT_TO_LEFT_AND_JOINED = 0x0590  # from here on scripts need shaping; Latin, Greek and Cyrillic do not

logging.getLogger("fpdf").setLevel(logging.ERROR)  # names characters that no font has, which show as boxes
logging.getLogger("fontTools").setLevel(logging.ERROR)


class TablePdf(FPDF):
    """A document whose pages begin with the heading and end with what the answer was computed from."""

    def __init__(self, table: Table, title: str, facts: str, notice: str = "") -> None:
        super().__init__("landscape", "mm", "A4")
        self.notice = notice
        self.size_pt = SIZES[0][1]
        self.table_columns, self.title_text, self.facts = table.columns, title, facts
        self.widths: list[float] = []
        self.set_margin(MARGIN_MM)
        self.set_auto_page_break(False)
        self.set_title(self.title_text)
        self.alias_nb_pages()

    def header(self) -> None:
        """The title, and the names of the columns in two lines at most."""
        self.set_font(FAMILY, size=TITLE_PT)
        self.cell(0, TITLE_PT * LINE_OF_POINT_MM, self.title_text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_font(FAMILY, size=self.size_pt)
        if self.notice and self.page_no() == 1:
            self.cell(0, self.line_mm, self.notice, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        top = self.get_y() + self.line_mm / 2
        for column, width in zip(self.table_columns, self.widths, strict=True):
            left = self.get_x()
            align = "L" if column.kind in TEXT_KINDS else "R"
            parts = heading(column)
            if self.get_string_width(column.rounded_name) + 2 * self.c_margin <= width:
                parts = ("", column.rounded_name)
            for line, part in enumerate(parts):
                self.set_xy(left, top + line * self.line_mm)
                self.cell(width, self.line_mm, part, align=align)
            self.set_xy(left + width, top)
        bottom = top + 2 * self.line_mm
        self.line(MARGIN_MM, bottom, MARGIN_MM + sum(self.widths), bottom)
        self.set_xy(MARGIN_MM, bottom + 0.5)

    def footer(self) -> None:
        """As of, position and hashes of the input, and the number of the page."""
        self.set_font(FAMILY, size=SMALL_PT)
        self.set_xy(MARGIN_MM, self.h - MARGIN_MM - FOOT_MM)
        text = f"{self.facts} · page {self.page_no()} of {{nb}}"
        self.multi_cell(self.epw, SMALL_PT * LINE_OF_POINT_MM, text, align="L")

    @property
    def bottom(self) -> float:
        """Where rows have to end."""
        return self.h - MARGIN_MM - FOOT_MM - 1.0

    @property
    def line_mm(self) -> float:
        """How high a line of a row is."""
        return self.size_pt * LINE_OF_POINT_MM


def write(table: Table, rows: Sequence[Any], basis: Basis, facts: Sequence[tuple[str, str]]) -> IO[bytes]:
    """The document as a temporary file, positioned at its start; equal tables are equal files."""
    kinds = [column.kind for column in table.columns]
    texts = [
        [printable(rounded_text(value, kind) or "") for value, kind in zip(table.values(row), kinds, strict=True)]
        for row in rows
    ]
    facts_text = " · ".join(f"{name} {value}" for name, value in facts)
    document = TablePdf(table, title(table, rows), facts_text, basis.notice)
    document.set_creation_date(basis.as_of)
    add_fonts(document, {character for row in texts for text in row for character in text})
    page = choose_size(document, texts)
    document.add_page(format=page)
    for row in texts:
        add_row(document, row)
    stream = tempfile.SpooledTemporaryFile(1 << 20)  # noqa: SIM115 (the caller closes it)
    stream.write(bytes(document.output()))
    stream.seek(0)
    return stream


def title(table: Table, rows: Sequence[Any]) -> str:
    """What a document is called: its table, with the dates that its rows are of."""
    name = table.name.capitalize()
    if not rows or not hasattr(rows[0], "from_date"):
        return name
    first, last = min(row.from_date for row in rows), max(row.until_date for row in rows)
    return f"{name}, {first}" if first == last else f"{name}, {first} to {last}"


def add_row(document: TablePdf, row: Sequence[str]) -> None:
    """One row, as high as its longest name needs; on a new page if this one is full."""
    cells = [list(lines(document, text, width)) for text, width in zip(row, document.widths, strict=True)]
    height = max(map(len, cells)) * document.line_mm
    if document.get_y() + height > document.bottom:
        document.add_page(same=True)
    top = document.get_y()
    for column, width, parts in zip(document.table_columns, document.widths, cells, strict=True):
        left = document.get_x()
        for number, part in enumerate(parts):
            document.set_xy(left, top + number * document.line_mm)
            document.set_text_shaping(any(ord(character) >= RIGHT_TO_LEFT_AND_JOINED for character in part))
            document.cell(width, document.line_mm, part, align="L" if column.kind in TEXT_KINDS else "R")
        document.set_xy(left + width, top)
    document.set_draw_color(RULE)
    document.line(MARGIN_MM, top + height, MARGIN_MM + sum(document.widths), top + height)
    document.set_xy(MARGIN_MM, top + height)


def lines(document: TablePdf, text: str, width: float) -> Iterator[str]:
    """`text` in lines that fit into a cell."""
    room = width - 2 * document.c_margin
    while len(text) > 1 and document.get_string_width(text) > room:
        fitting = max(1, int(len(text) * room / document.get_string_width(text)))
        while fitting > 1 and document.get_string_width(text[:fitting]) > room:
            fitting -= 1
        yield text[:fitting]
        text = text[fitting:]
    yield text


def heading(column: Column) -> tuple[str, str]:
    """The name of a column in two lines."""
    words = column.rounded_name.split("_")
    half = (len(words) + 1) // 2
    first, second = "_".join(words[:half]), "_".join(words[half:])
    return (f"{first}_", second) if second else (first, "")


def choose_size(document: TablePdf, texts: Sequence[Sequence[str]]) -> str:
    """The size of the pages; the document has that of its text, and how wide each column is."""
    for name, size_pt in SIZES:
        document.size_pt = size_pt
        document.set_font(FAMILY, size=size_pt)
        room = PAPER_MM[name] - 2 * MARGIN_MM
        document.widths = widths(document, texts)
        if sum(document.widths) <= room:
            return name
    scale = room / sum(document.widths)
    document.widths = [width * scale for width in document.widths]
    return name


def widths(document: TablePdf, texts: Sequence[Sequence[str]]) -> list[float]:
    """How wide each column wants to be: as its longest text, scopes as far as there is room."""
    padding = 2 * document.c_margin + 0.2
    found, most = [], MAX_TEXT_OF_POINT_MM * document.size_pt
    for number, column in enumerate(document.table_columns):
        longest = sorted({row[number] for row in texts}, key=len)[-5:]
        found.append(min(max(map(document.get_string_width, [*heading(column), *longest])) + padding, most))
    return found


def add_fonts(document: TablePdf, characters: set[str]) -> None:
    """The font for Latin, Greek and Cyrillic, and of the others those with a character that it does not have."""
    packages = (files("manimgx_fonts"), files("manimgx_fonts_cjk"))
    first = packages[0].joinpath("NotoSans[wght].ttf")
    document.add_font(FAMILY, fname=str(first))
    missing = {ord(character) for character in characters if not character.isspace()}
    missing -= characters_of(str(first))
    fallbacks = []
    if missing:
        others = sorted(
            (
                file
                for package in packages
                for file in package.iterdir()
                if file.name.endswith((".ttf", ".ttc")) and "Italic" not in file.name
            ),
            key=lambda file: (file.name.endswith(".ttc"), "Emoji" in file.name, file.name),
        )
        for file in others:
            has = missing & characters_of(str(file))
            if has:
                document.add_font(file.name, fname=str(file), collection_font_number=0)
                fallbacks.append(file.name)
                missing -= has
            if not missing:
                break
    document.set_fallback_fonts(fallbacks)


@cache
def characters_of(font: str) -> frozenset[int]:
    """The code points that the font in a file has."""
    with TTFont(font, fontNumber=0, lazy=True) as opened:
        return frozenset(opened.getBestCmap())
