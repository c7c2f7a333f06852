"""Rows of a file in blocks of any size: the same as Python's `csv` reads from the whole, wherever a block ends."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path
from unittest.mock import patch

from hypothesis import example, given
from hypothesis import strategies as st

from store_uptime.ingest import csv_reader
from store_uptime.ingest.csv_reader import CsvReader
from store_uptime.ingest.input_files import STORE_TIMEZONES

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
def test_blocks_of_any_size(rows: list[tuple[str, str, str]], chunk_bytes: int, quoting: int, has_bom: bool) -> None:
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
    assert found == [(line, timezone, store_id) for line, (_, timezone, store_id) in zip(starts, rows, strict=True)]
    assert [row for batch in batches for row in batch.misfits] == []
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
