"""Files that are broken as a whole: the message says what, where and what was expected, and nothing is loaded."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
import zstandard
from sqlalchemy import Engine, text

from store_uptime.errors import InputFileError, InputFolderError
from store_uptime.ingest import stage_files
from support import small
from support.pipeline import CLOCK, dump, run_report, start

ROWS = 3000
NOBODY = 65534
STATUS = small.STATUS + "".join(
    f"store {number},active,2023-01-2{number % 9} 10:00:00.{number:06} UTC\n" for number in range(ROWS)
)
# What is noted of a folder before its files are read, whether they can be or not.
REPORTS = """
    select to_jsonb(report) - cast('{data_folder,unread_files,accepted_order}' as text[]) as report
    from report.report order by report_id
"""
NOISE = Random(7).randbytes(50_000)


@dataclass(frozen=True)
class Broken:
    """A file's content, and what the message must hold."""

    content: bytes
    words: tuple[str, ...]
    kind: str = "store_status"
    suffix: str = ""
    line: int | None = None
    column: str | None = None


def status(text: str, *words: str, **facts: object) -> Broken:
    return Broken(text.encode(), words, **facts)


def middle_cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


BROKEN = {
    "truncated gzip": Broken(middle_cut(gzip.compress(STATUS.encode())), ("cut short", ".gz"), suffix=".gz"),
    "gzip that lacks its last byte": Broken(gzip.compress(STATUS.encode())[:-1], ("cut short",), suffix=".gz"),
    "gzip of a few bytes": Broken(gzip.compress(STATUS.encode())[:6], (".gz",), suffix=".gz"),
    "gzip with a flipped byte": Broken(
        (lambda data: data[:-6] + bytes([data[-6] ^ 1]) + data[-5:])(gzip.compress(STATUS.encode())),
        (".gz",),
        suffix=".gz",
    ),
    "gzip with rubbish behind it": Broken(gzip.compress(STATUS.encode()) + b"rubbish", (".gz",), suffix=".gz"),
    "plain text named .gz": Broken(STATUS.encode(), (".gz",), suffix=".gz"),
    "gzip named .zst": Broken(gzip.compress(STATUS.encode()), (".zst",), suffix=".zst"),
    "gzip named .csv": Broken(gzip.compress(STATUS.encode()), ("gzip", "UTF-8")),
    "Zstandard named .csv": Broken(zstandard.compress(STATUS.encode()), ("Zstandard", "UTF-8")),
    "truncated Zstandard": Broken(
        middle_cut(zstandard.compress(STATUS.encode())), ("cut short", ".zst"), suffix=".zst"
    ),
    "empty gzip": Broken(gzip.compress(b""), ("empty",), suffix=".gz"),
    "NUL byte": status(STATUS.replace("store 2000,", "store \0 2000,"), "NUL", line=2007),
    "NUL bytes at the end": status(STATUS + "\0" * 5000, "NUL", line=ROWS + 7),
    "NUL byte in quotes": status(STATUS.replace("store 20,", '"store\n\0",'), "NUL", line=28),
    "missing column": status("store_id,timestamp_utc\n1,2023-01-22 12:09:39 UTC\n", "status", line=1, column="status"),
    "missing hours column": status(
        "store_id,start_time_local,end_time_local\n1,09:00:00,17:00:00\n",
        "dayOfWeek",
        kind="business_hours",
        line=1,
    ),
    "missing zones column": status(
        "store_id,zone\n1,UTC\n", "timezone_str", kind="store_timezones", line=1, column="timezone_str"
    ),
    "no header": status("1,active,2023-01-22 12:09:39 UTC\n", "store_id", line=1, column="store_id"),
    "colons": status(STATUS.replace(",", ":"), "store_id", line=1),
    "duplicated column": status(
        "store_id,status,timestamp_utc,status\n1,active,2023-01-22 12:09:39 UTC,active\n",
        "2 times",
        line=1,
        column="status",
    ),
    "two spellings of a column": status(
        "store_id,day,dayOfWeek,start_time_local,end_time_local\n1,1,1,09:00:00,17:00:00\n",
        "2 times",
        kind="business_hours",
        line=1,
    ),
    "a picture": Broken(b"\x89PNG\r\n\x1a\n" + NOISE, ("UTF-8",), line=1),
    "binary rows after a good header": Broken(b"store_id,status,timestamp_utc\n" + NOISE, ("UTF-8",)),
    "a spreadsheet": Broken(b"PK\x03\x04" + NOISE, ()),
    "empty": Broken(b"", ("empty", "header")),
    "BOM only": Broken(b"\xef\xbb\xbf", ("header",)),
    "one line end": Broken(b"\n", ("header",)),
    "header only": status("store_id,status,timestamp_utc\n", "no rows"),
    "header only, without line end": status("store_id,status,timestamp_utc", "no rows"),
    "header of hours only": status(small.HOURS.split("\n")[0] + "\n", "no rows", kind="business_hours"),
    "header and blank lines": status("store_id,status,timestamp_utc\n\n\r\n\n", "no rows"),
    "CR for line ends": status(STATUS.replace("\n", "\r"), "carriage return", "LF or CRLF", line=1),
    "latin-1": Broken(STATUS.replace("store 1500,", "Zürich,").encode("latin-1"), ("0xfc", "UTF-8"), line=1507),
    "UTF-8 cut in a character": Broken((STATUS + "Zürich,active,x\nZü").encode()[:-1], ("UTF-8",), line=ROWS + 8),
    "UTF-16 that is cut short": Broken(STATUS.encode("utf-16")[:-1], ("UTF-16",)),
    "UTF-16 without BOM": Broken(STATUS.encode("utf-16-le"), ("NUL",), line=1),
    "a 10 MB field": status(STATUS + "x" * 10**7 + ",active,2023-01-22 12:09:39 UTC\n", "longer", line=ROWS + 7),
    "a quoted 10 MB field": status(
        STATUS + f'"{"x" * 10**7}",active,2023-01-22 12:09:39 UTC\n', "longer", line=ROWS + 7
    ),
    "a 40 MB line without end": Broken(b"store_id,status,timestamp_utc\n" + b"x" * (40 * 10**6), ("longer",), line=2),
    "a header of 200,000 bytes": status(f"store_id,{'x' * 200_000},status,timestamp_utc\n" + STATUS, "longer", line=1),
    "quotes never closed in the header": status('store_id,status,"timestamp_utc\n', "quote", line=1),
    "a Zstandard window too wide to hold": Broken(
        zstandard.ZstdCompressor(compression_params=zstandard.ZstdCompressionParameters(window_log=30, enable_ldm=True))
        .compressobj()
        .compress(STATUS.encode() * 40),
        ("window", "128 MiB"),
        suffix=".zst",
    ),
    "a 10 MB header": Broken(b"store_id," * 10**6, (), line=1),
    "quotes never closed": status(STATUS.replace("store 2990,", '"store 2990,'), "quote", line=2997),
    "quotes never closed in a large file": status(
        STATUS.replace("store 20,", '"store 20,') + STATUS * 5, "quote", line=27
    ),
    "quotes never closed in the last row": status(
        STATUS + '"store,active,2023-01-22 12:09:39 UTC', "quote", line=ROWS + 7
    ),
    "quotes never closed in the last field": status(
        STATUS + 'store,active,"2023-01-22 12:09:39 UTC', "quote", line=ROWS + 7
    ),
}


@pytest.fixture(scope="module")
def engines(new_engine: Callable, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Engine]]:
    """An empty database, and one that holds a good load; a broken file changes neither, so all tests share them."""
    folder = tmp_path_factory.mktemp("good")
    with new_engine() as empty, new_engine() as full:
        run_report(full, small.write(folder / "data"), folder / "reports")
        yield [empty, full]


def loaded(engine: Engine) -> dict[str, list]:
    """All rows but the notes about the folder that was read, and about files of it that can be."""
    rows = {table: rows for table, rows in dump(engine).items() if table != "core.folder_file"}
    with engine.connect() as connection:
        return rows | {"report.report": list(connection.scalars(text(REPORTS)))}


@pytest.fixture
def file_is_refused(engines: list[Engine]) -> Callable[[Path, str], InputFileError]:
    """Ingests the folder; returns the error."""

    def check(folder: Path, name: str) -> InputFileError:
        for engine in engines:
            report_id = start(engine)
            before = loaded(engine)
            with pytest.raises(InputFileError) as raised:
                stage_files.ingest(engine, report_id, folder, CLOCK)
            error = raised.value
            assert name in str(error)
            assert error.file == name
            assert "expected" in str(error)
            assert len(str(error)) < 500
            assert loaded(engine) == before
        return error

    return check


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused(file_is_refused: Callable, tmp_path: Path, name: str) -> None:
    broken = BROKEN[name]
    folder = small.write(tmp_path / "data", **{broken.kind: None})
    path = folder / (small.NAMES[broken.kind] + broken.suffix)
    path.write_bytes(broken.content)
    error = file_is_refused(folder, path.name)
    for word in broken.words:
        assert word in str(error)
    if broken.line:
        assert error.line == broken.line
        assert f"line {broken.line}" in str(error)
    if broken.column:
        assert error.column == broken.column
        assert broken.column in str(error)


@pytest.mark.parametrize("kind", small.NAMES)
def test_a_folder_named_like_a_file_is_refused(file_is_refused: Callable, tmp_path: Path, kind: str) -> None:
    folder = small.write(tmp_path / "data", **{kind: None})
    (folder / small.NAMES[kind]).mkdir()
    assert "is a folder" in str(file_is_refused(folder, small.NAMES[kind]))


def test_a_link_to_nowhere_is_refused(file_is_refused: Callable, tmp_path: Path) -> None:
    folder = small.write(tmp_path / "data", store_status=None)
    (folder / "store_status.csv").symlink_to(tmp_path / "gone.csv")
    assert "No such file" in str(file_is_refused(folder, "store_status.csv"))


def test_a_file_without_read_permission_is_refused(engine: Engine) -> None:
    report_id = start(engine)
    before = loaded(engine)
    with TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        folder = small.write(Path(place) / "data")
        (folder / "store_status.csv").chmod(0)
        with as_an_ordinary_user(), pytest.raises(InputFileError, match=r"^store_status\.csv: .*Permission denied"):
            stage_files.ingest(engine, report_id, folder, CLOCK)
    assert loaded(engine) == before


@contextmanager
def as_an_ordinary_user() -> Iterator[None]:
    """Root may read everything."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


def test_one_broken_file_among_many_keeps_all_out(file_is_refused: Callable, tmp_path: Path) -> None:
    folder = small.write(tmp_path / "data")
    (folder / "store_status_2.csv").write_text("store_id,status\n1,active\n")
    file_is_refused(folder, "store_status_2.csv")


def test_a_file_that_is_mended_loads(engine: Engine, tmp_path: Path) -> None:
    folder = small.write(tmp_path / "data", store_status=small.STATUS + "\0")
    with pytest.raises(InputFileError):
        run_report(engine, folder, tmp_path / "reports")
    assert run_report(engine, small.write(folder), tmp_path / "reports").figures


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda folder: folder / "nowhere", ["nowhere"]),
        (lambda folder: small.write(folder) / "store_status.csv", ["store_status.csv"]),
        (lambda folder: small.write(folder, store_status=None), ["status"]),
        (
            lambda folder: (
                [small.write(folder), (folder / "menu_hours.csv").write_text(small.HOURS + "9,0,09:00,17:00\n")]
                and folder
            ),
            ["business_hours.csv", "menu_hours.csv"],
        ),
    ],
    ids=["no folder", "a file instead", "no status file", "two hours files"],
)
def test_a_folder_that_cannot_be_used_is_refused(
    engine: Engine, tmp_path: Path, prepare: Callable[[Path], Path], words: list[str]
) -> None:
    report_id = start(engine)
    before = loaded(engine)
    with pytest.raises(InputFolderError) as raised:
        stage_files.ingest(engine, report_id, prepare(tmp_path / "data"), CLOCK)
    assert all(word in str(raised.value) for word in words)
    assert loaded(engine) == before
