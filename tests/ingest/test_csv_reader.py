"""Rows of a file in chunks of any size: the same as Python's `csv` reads from the whole, wherever a chunk ends."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from store_uptime.errors import InputFileError
from store_uptime.ingest import csv_reader
from store_uptime.ingest.csv_reader import CsvReader
from store_uptime.ingest.kinds import STORE_STATUS, STORE_TIMEZONES, Kind

texts = st.text(st.sampled_from('ab,"\n \ufeffé🍕'), max_size=12)
records = st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=30)


class InMemory:
    """A file with its content in memory."""

    name = "timezones.csv"

    def __init__(self, content: bytes) -> None:
        self.content = content

    def open(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self.content)


@given(records, st.integers(24, 400), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), st.booleans())
@example([("a", "b", "two\nlines" + "x" * 10), *[("a", "b", "c")] * 30], 40, csv.QUOTE_MINIMAL, False)
@example([("\ufeffa", "b", "c"), *[("\ufeffd", "e", "f")] * 30], 24, csv.QUOTE_MINIMAL, True)
def test_chunks_of_any_size(rows: list[tuple[str, str, str]], chunk_bytes: int, quoting: int, has_bom: bool) -> None:
    with_values = [any(field.strip() for field in row) for row in rows]
    assume(any(with_values))
    out = io.StringIO()
    writer = csv.writer(out, quoting=quoting, lineterminator="\n")
    writer.writerow(["note", "timezone_str", "store_id"])
    starts = []
    for row in rows:
        starts.append(out.getvalue().count("\n") + 1)
        writer.writerow(row)
    content = ("\ufeff" * has_bom + out.getvalue()).encode()

    with patch.object(csv_reader, "CHUNK_BYTES", chunk_bytes):
        reader = CsvReader(InMemory(content), STORE_TIMEZONES)
        batches = list(reader.batches())
    found = [row for batch in batches for row in batch.rows.select("line", "timezone_str", "store_id").rows()]
    expected = zip(starts, rows, with_values, strict=True)
    assert found == [(line, timezone, store_id) for line, (_, timezone, store_id), has_value in expected if has_value]
    assert [row for batch in batches for row in batch.misfits] == []
    assert reader.tolerated["rows without values"] == with_values.count(False)
    assert reader.sha256 == hashlib.sha256(content).hexdigest()


@given(st.lists(st.sampled_from(["a,b", "a,b,c", "", '"a\nb",c', '"a\n",b,c', "a\rb,c"]), min_size=1, max_size=40))
def test_lines_and_raw_text_of_misfits(records_as_text: list[str]) -> None:
    lines, expected = 2, []
    for record in records_as_text:
        if record.count(",") == 2:
            expected.append((lines, record))
        lines += record.count("\n") + 1
    content = "store_id,timezone_str\n" + "".join(f"{record}\n" for record in [*records_as_text, "a,b"])
    with patch.object(csv_reader, "CHUNK_BYTES", 24):
        batches = list(CsvReader(InMemory(content.encode()), STORE_TIMEZONES).batches())
    assert [(row.line, row.raw) for batch in batches for row in batch.misfits] == expected


def test_a_header_may_go_over_several_lines(tmp_path: Path) -> None:
    path = tmp_path / "timezones.csv"
    path.write_text('store_id,"a\nnote","timezone_str"\n1,x,UTC\n2,"y\nz",UTC\n')
    (batch,) = CsvReader(path, STORE_TIMEZONES).batches()
    assert batch.rows.rows() == [("1", "UTC", 3), ("2", "UTC", 4)]


def read(path: Path, kind: Kind = STORE_STATUS) -> tuple[list[tuple[str, ...]], dict[str, int]]:
    """The rows of a file, and what was tolerated in it."""
    reader = CsvReader(path, kind)
    rows = [row for batch in reader.batches() for row in batch.rows.select(*kind.columns).rows()]
    return rows, dict(reader.tolerated)


HEADER = "store_id,status,timestamp_utc\n"
ROW = "s,active,2023-01-25 13:00:00 UTC\n"
READ = ("s", "active", "2023-01-25 13:00:00 UTC")


@pytest.mark.parametrize(
    ("content", "tolerated"),
    [
        ((HEADER + ROW).replace(",", ";").encode(), {"columns separated by semicolons": 1}),
        ((HEADER + ROW).replace(",", "\t").encode(), {"columns separated by tabs": 1}),
        (
            ('"store_id";"status";"timestamp_utc"\r\n' + ROW.replace(",", ";")).encode(),
            {"columns separated by semicolons": 1},
        ),
        ((HEADER + ROW).encode("utf-16"), {"text in UTF-16": 1}),
        (b"\xfe\xff" + (HEADER + ROW).encode("utf-16-be"), {"text in UTF-16": 1}),
        ((HEADER + ",,\n" + ROW + ",\n" + " , ,\n" + '"","",""\n').encode(), {"rows without values": 4}),
        ((HEADER + ROW + HEADER + "\ufeff" + HEADER).encode(), {"repeated headers": 2}),
        ((HEADER + ROW + HEADER.upper()).encode(), {"repeated headers": 1}),
        ((HEADER.replace("\n", ",,\n") + ROW.replace("\n", ",,\n") + ",,,,\n").encode(), {"rows without values": 1}),
        ((HEADER + ROW).encode(), {}),
    ],
)
def test_what_tools_write_is_read_and_counted(tmp_path: Path, content: bytes, tolerated: dict[str, int]) -> None:
    path = tmp_path / "store_status.csv"
    path.write_bytes(content)
    assert read(path) == ([READ], tolerated)


def test_utf_16_that_is_cut_short_is_named(tmp_path: Path) -> None:
    path = tmp_path / "store_status.csv"
    path.write_bytes((HEADER + ROW).encode("utf-16")[:-1])
    with pytest.raises(InputFileError, match=r"store_status\.csv: is not UTF-16"):
        read(path)
