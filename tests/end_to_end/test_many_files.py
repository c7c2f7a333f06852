"""A folder of very many files: what is known is not read again, and a report does not list it again."""

from __future__ import annotations

import gzip
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard
from sqlalchemy import Engine, event, text

from store_uptime import storage
from store_uptime.errors import InputFileError, InputFolderError
from store_uptime.ingest import acceptance, safe_open, small_files, stage_files
from store_uptime.ingest.input_files import SourceFile, find_input
from store_uptime.ingest.kinds import STORE_STATUS
from store_uptime.ingest.safe_open import InputAccess
from store_uptime.ingest.store_keys import store_key
from store_uptime.settings import Settings
from support import small
from support.pipeline import CLOCK, dump, run_report, start

FILES = 40
HEADER = "store_id,status,timestamp_utc\n"


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files need not be two seconds old."""
    monkeypatch.setattr(storage, "SETTLED_AFTER_NS", 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Hourly files, and hours and zones."""
    data = small.write(tmp_path / "data", store_status=None)
    for number in range(FILES):
        polls = f"0042,{'in' * (number % 3 == 0)}active,2023-01-{24 + number // 24} {number % 24:02}:10:00 UTC\n"
        (data / f"store_status_{number}.csv").write_text(f"store_id,status,timestamp_utc\n{polls}")
    return data


NOTED: list[set[str]] = []  # of the test that runs: a hook stays as long as the process


def note(event_name: str, arguments: tuple[Any, ...]) -> None:
    if NOTED and event_name == "open" and isinstance(arguments[0], str | Path):
        NOTED[-1].add(Path(arguments[0]).name)


sys.addaudithook(note)


@pytest.fixture
def opened(folder: Path) -> Iterator[Callable[[], list[str]]]:
    """The names of files of the data folder that were opened since the last call."""
    names: set[str] = set()

    def since() -> list[str]:
        found = sorted(name for name in names if re.match(r"(store_|business_|notes)", name))
        names.clear()
        return found

    NOTED.append(names)
    yield since
    NOTED.remove(names)


def ingest(engine: Engine, folder: Path, loaders: int = 1) -> tuple[Any, dict[str, Any]]:
    report_id = start(engine)
    return report_id, stage_files.ingest(engine, report_id, folder, CLOCK, loaders)


def scalars(engine: Engine, query: str, **binds: Any) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.scalars(text(query), binds))


def test_files_that_are_known_are_not_read_again(
    engine: Engine, folder: Path, tmp_path: Path, opened: Callable[[], list[str]]
) -> None:
    first = run_report(engine, folder, tmp_path / "reports")
    assert len(opened()) == FILES + 2
    again = run_report(engine, folder, tmp_path / "reports")
    assert again.csv == first.csv
    assert opened() == []

    (folder / "store_status_new.csv").write_text(small.STATUS)
    (folder / "notes.csv").write_text("a,b\n")
    report_id, counts = ingest(engine, folder)
    assert opened() == ["notes.csv", "store_status_new.csv"]
    assert counts == {"files": FILES + 3, "files_loaded": 1, "rows_read": 5, "rows_quarantined": 0}
    names = scalars(engine, "select name from report.source_file where report_id = :id order by name", id=report_id)
    assert names == ["business_hours.csv", "store_status_new.csv", "store_timezones.csv"]


def test_what_changes_is_read_again(
    engine: Engine, folder: Path, tmp_path: Path, opened: Callable[[], list[str]]
) -> None:
    """Whatever of it changes; and the hash decides whether it is another content."""
    run_report(engine, folder, tmp_path / "reports")
    opened()
    touched, same_size, replaced = (folder / f"store_status_{number}.csv" for number in (1, 2, 3))
    os.utime(touched, ns=(0, 0))
    times = same_size.stat()
    same_size.write_text(same_size.read_text().replace(":10:00", ":20:00"))
    os.utime(same_size, ns=(times.st_atime_ns, times.st_mtime_ns))  # as tools that keep times do
    copy = folder / ".copy"
    copy.write_text(replaced.read_text())
    copy.rename(replaced)
    (folder / "store_status_4.csv").rename(folder / "store_status_four.csv")
    (folder / "store_status_5.csv").unlink()
    _, counts = ingest(engine, folder)
    assert opened() == ["store_status_1.csv", "store_status_2.csv", "store_status_3.csv", "store_status_four.csv"]
    assert (counts["files"], counts["files_loaded"], counts["rows_read"]) == (FILES + 1, 1, 1)
    known = scalars(engine, "select name from core.folder_file where kind = 'store_status'")
    assert len(known) == FILES - 1
    assert "store_status_four.csv" in known


def test_a_file_that_has_just_been_changed_is_read_again(
    engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch, opened: Callable[[], list[str]]
) -> None:
    """A second change in the same moment might leave size and times as they are."""
    monkeypatch.setattr(storage, "SETTLED_AFTER_NS", 10**12)
    ingest(engine, folder)
    opened()
    ingest(engine, folder)
    assert len(opened()) == FILES + 2


def test_a_file_that_cannot_be_read_is_looked_at_each_time(engine: Engine, folder: Path) -> None:
    broken = folder / "store_status_broken.csv"
    broken.write_text("store_id,status\n")
    for _ in range(2):
        with pytest.raises(InputFileError, match="timestamp_utc"):
            ingest(engine, folder)
    broken.write_text(small.STATUS)
    assert ingest(engine, folder)[1]["files_loaded"] == FILES + 3


def test_two_hours_files_are_found_to_differ_whichever_was_known(engine: Engine, folder: Path) -> None:
    ingest(engine, folder)
    (folder / "business_hours (1).csv").write_text(small.HOURS + "0042,5,09:00,17:00\n")
    for _ in range(2):
        with pytest.raises(InputFolderError, match=r"2 files for business_hours that differ"):
            ingest(engine, folder)
    (folder / "business_hours.csv").unlink()
    ingest(engine, folder)


def test_hours_beside_their_own_gz_are_one_snapshot(engine: Engine, folder: Path) -> None:
    """The plain file is read; one with other rows is found to differ."""
    (folder / "business_hours.csv.gz").write_bytes(gzip.compress(small.HOURS.encode()))
    (folder / "business_hours (1).csv.zst").write_bytes(zstandard.compress(small.HOURS.encode()))
    _, counts = ingest(engine, folder)
    assert (counts["files"], counts["files_loaded"]) == (FILES + 4, FILES + 2)
    assert scalars(engine, "select name from core.file where kind = 'business_hours'") == ["business_hours.csv"]
    (folder / "business_hours.csv.gz").write_bytes(gzip.compress(small.HOURS.encode() + b"0042,5,09:00,17:00\n"))
    with pytest.raises(InputFolderError, match=r"3 files for business_hours that differ"):
        ingest(engine, folder)
    (folder / "business_hours.csv.gz").write_bytes(gzip.compress(small.HOURS.encode())[:-9])
    with pytest.raises(InputFileError, match=r"^business_hours\.csv\.gz: cannot be decompressed"):
        ingest(engine, folder)


def test_a_file_that_was_rejected_or_only_staged_comes_again(engine: Engine, folder: Path) -> None:
    ingest(engine, folder)
    with engine.begin() as connection:
        connection.execute(text("update core.file set state = 'rejected', rejected_because = 'x' where file_id = 3"))
    _, counts = ingest(engine, folder)
    assert counts["files_loaded"] == 1
    report_id, counts = ingest(engine, folder)
    assert counts["files_loaded"] == 0
    query = "select count(*) from report.source_file where report_id = :id"
    assert scalars(engine, query, id=report_id) == [FILES + 2], "no report may use any of them yet"


def test_folders_are_known_by_their_path(engine: Engine, folder: Path, opened: Callable[[], list[str]]) -> None:
    ingest(engine, folder)
    moved = folder.rename(folder.with_name("moved"))
    opened()
    assert ingest(engine, moved)[1]["files_loaded"] == 0
    assert len(opened()) == FILES + 2
    assert ingest(engine, moved)[1]["files_loaded"] == 0
    assert opened() == []


def test_the_number_of_statements_does_not_grow_with_the_files(engine: Engine, folder: Path, tmp_path: Path) -> None:
    """A report with one new file among many: as many statements as with one among few."""
    few = small.write(tmp_path / "few", store_status=None)
    (few / "store_status_0.csv").write_text((folder / "store_status_0.csv").read_text())
    counts = []
    for data in (few, folder):
        run_report(engine, data, tmp_path / "reports")
        (data / "store_status_new.csv").write_text(small.STATUS.replace("0042", data.name))
        with counted(engine) as statements:
            run_report(engine, data, tmp_path / "reports")
        counts.append(len(statements))
    assert counts[0] == counts[1]


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """The statements that an engine executes within the block."""
    statements: list[str] = []

    def note_statement(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note_statement)
    yield statements
    event.remove(engine, "before_cursor_execute", note_statement)


ODD_FILES = {
    "store_status_1.csv": small.STATUS,
    "store_status_2.csv": small.STATUS.replace("0042,active", "0042,inactive"),  # corrects the one before
    "store_status_3.csv": HEADER + "a,active,2023-01-25 10:00:00 UTC\n" * 3 + "a,inactive,2023-01-25 10:00:00 UTC\n",
    "store_status_4.csv": HEADER + "a,maybe,2023-01-25 10:00:00 UTC\n,active,2023-01-25 10:00:00 UTC\nb,active,never\n"
    "c,active\n" + "a,active,2023-01-24 23:59:59.999999 UTC\n",
    "store_status_b.csv": HEADER + "a,active,2023/01/25 9:00 UTC\na,active,2023/01/25 9:00 UTC\n,active,20230125T10Z\n",
    "store_status_5.csv": (HEADER + '"a ""quoted"" id",active,"2023-01-25 9:00:00 +0000"\n').replace("\n", "\r\n"),
    "store_status_6.csv": "timestamp_utc;note;store_id;status\n2023-01-25T10:30:00+02:00;;a;ACTIVE\n;;;\n",
    "store_status_7.csv.gz": gzip.compress((HEADER + "b,inactive,2022-12-31 23:00:00 UTC\n").encode()),
    "store_status_8.csv": HEADER + "b,active,2030-01-01 00:00:00 UTC\nd,active,2039-01-01 00:00:00 UTC\n" + HEADER,
    "store_status_old.csv": HEADER
    + "a,active,1980-01-01 00:00:00 UTC\na,active,2023-01-25 00:00:00 UTC\na,up,2024-06-01 00:00:00 UTC\n"
    + "b,active,1994-01-01 00:00:00 UTC\n",
    "store_status_9.csv.zst": zstandard.compress(
        (HEADER + "".join(f"store {n},active,2023-01-20 10:00:00 UTC\n" for n in range(100_000))).encode()
    ),
}


def tables_of(engine: Engine, folder: Path, loaders: int = 1) -> dict[str, list[tuple[Any, ...]]]:
    report_id = start(engine)
    for _ in range(loaders):
        stage_files.ingest(engine, report_id, folder, CLOCK, loaders)
    staged = dump(engine)
    acceptance.accept(engine, report_id, CLOCK)
    return {f"staged {table}": rows for table, rows in staged.items() if table.startswith(("core", "quality"))} | {
        table: rows for table, rows in dump(engine).items() if table.startswith(("core", "quality"))
    }


@pytest.mark.parametrize("loaders", [1, 2])
def test_small_files_together_are_as_each_by_itself(
    new_engine: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loaders: int
) -> None:
    """What is loaded of them, what is in quarantine, and what is counted; a file may be larger than it looked."""
    data = tmp_path / "data"
    data.mkdir()
    for name, content in ODD_FILES.items():
        (data / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with new_engine() as engine:
        together = tables_of(engine, data, loaders)
    monkeypatch.setattr(safe_open, "FILES_AT_ONCE", 1)
    with new_engine() as engine:
        assert tables_of(engine, data, loaders) == together
    assert len(together["quality.quarantined_row"]) == 8
    assert len(together["staged core.staged_interval"]) > 100_000


@pytest.mark.parametrize("loaders", [1, 2])
def test_a_broken_file_among_many_is_named(engine: Engine, folder: Path, loaders: int) -> None:
    """With one loader nothing is loaded then; with several, all but that file may be."""
    broken = folder / "store_status_30.csv"
    broken.write_bytes(b"store_id,status,timestamp_utc\n" + b"x,active,2023-01-25 10:00:00 UTC\n" * 40_000 + b"\xff\n")
    (folder / "store_status_31.csv.gz").write_bytes(
        gzip.compress(b"store_id,status,timestamp_utc\na,active,\xff\n" * 2)
    )
    with pytest.raises(InputFileError, match=r"store_status_31\.csv\.gz, line 2: byte 0xff is not UTF-8"):
        ingest(engine, folder, loaders)
    (folder / "store_status_31.csv.gz").unlink()
    with pytest.raises(InputFileError, match=r"store_status_30\.csv, line 40002: byte 0xff is not UTF-8"):
        ingest(engine, folder, loaders)
    states = scalars(engine, "select distinct name || ' ' || state from core.file where name like '%_30.csv'")
    assert states == []
    broken.unlink()
    _, counts = ingest(engine, folder, loaders)
    assert counts["files"] == FILES + 1
    assert scalars(engine, "select distinct state from core.file") == ["staged"]


@pytest.mark.parametrize("rows", [40_000, 120_000], ids=["read with the others", "too large for that"])
def test_of_a_group_of_small_files_only_the_broken_one_is_discarded(engine: Engine, folder: Path, rows: int) -> None:
    """Other loaders load the others; the broken file comes again when it is mended."""
    broken = folder / "store_status_30.csv.gz"
    polls = b"x,active,2023-01-25 10:00:00 UTC\n" * rows
    broken.write_bytes(gzip.compress(HEADER.encode() + polls + b"\xff\n"))
    report_id = start(engine)
    task = stage_files.Ingest(
        engine, report_id, find_input(engine, folder).files, CLOCK, 2, stage_files.LARGE_FILE_BYTES
    )
    with pytest.raises(InputFileError, match=rf"^store_status_30\.csv\.gz, line {rows + 2}: byte 0xff is not UTF-8"):
        task.load_with_others()
    loading = scalars(engine, "select name from core.file where kind = 'store_status' and state = 'loading'")
    assert sorted(loading) == sorted(path.name for path in folder.glob("store_status_*.csv"))
    assert scalars(engine, "select count(*) from report.source_file where report_id = :id", id=report_id) == [FILES + 2]
    broken.unlink()
    assert ingest(engine, folder, 2)[1] == {
        "files": FILES + 2, "files_loaded": FILES, "rows_read": FILES, "rows_quarantined": 0
    }  # fmt: skip


def test_two_ids_of_a_small_file_with_one_key_are_named(engine: Engine, folder: Path) -> None:
    """Finding two such ids takes years, so the keys say that they are the same."""
    (folder / "store_status_clash.csv").write_text(
        HEADER + "one,active,2023-01-25 10:00:00 UTC\nother,active,2023-01-25 10:00:00 UTC\n"
    )
    files = find_input(engine, folder).files
    task = stage_files.Ingest(engine, start(engine), files, CLOCK, 1, stage_files.LARGE_FILE_BYTES)
    numbers = task.keys.numbers(pl.Series(["one", "other"]))
    known, states = task.keys._known
    known[numbers] = store_key("one")
    task.keys._known = known, states
    with pytest.raises(InputFileError, match=r"^store_id: 'other' and 'one' have the same 64-bit key"):
        task.load_together()


@pytest.mark.parametrize("files", [1, 2])
def test_an_id_with_the_key_of_another_store_is_named(engine: Engine, folder: Path, files: int) -> None:
    """Whether or not its file is loaded with others; nothing is loaded then."""
    for path in sorted(folder.glob("store_status_*"))[files:]:
        path.unlink()
    with engine.begin() as connection:
        connection.execute(
            text("insert into core.store (store_key, store_id) values (:key, '43')"), {"key": store_key("0042")}
        )
    with pytest.raises(InputFileError, match=r"^store_id: '0042' and '43' have the same 64-bit key"):
        ingest(engine, folder)
    assert scalars(engine, "select count(*) from core.file") == [0]


def test_a_file_that_changes_while_it_is_read_is_named(engine: Engine, folder: Path) -> None:
    found = find_input(engine, folder)
    (folder / "store_status_7.csv").write_text(small.STATUS)
    task = stage_files.Ingest(engine, start(engine), found.files, CLOCK, 1, stage_files.LARGE_FILE_BYTES)
    with pytest.raises(InputFileError, match=r"^store_status_7\.csv: changed while it was read"):
        task.load_together()


def test_groups_are_bounded_by_number_and_by_size(engine: Engine, folder: Path) -> None:
    (folder / "store_status_large.csv").write_bytes(b" " * (safe_open.SMALL_FILE_BYTES + 1))
    (folder / "store_status_zipped.csv.gz").write_bytes(b" " * (safe_open.SMALL_FILE_BYTES // 8 + 1))
    files = {
        number: SourceFile(STORE_STATUS, (path,), InputAccess(), "0" * 64, path.stat().st_size)
        for number, path in enumerate(sorted(folder.glob("store_status*")))
    }
    small_ones = {number: file for number, file in files.items() if small_files.is_small(file)}
    assert len(small_ones) == FILES
    assert [len(group) for group in small_files.groups_of(small_ones.items())] == [FILES]
    many = [(number, next(iter(small_ones.values()))) for number in range(safe_open.FILES_AT_ONCE + 1)]
    assert [len(group) for group in small_files.groups_of(many)] == [safe_open.FILES_AT_ONCE, 1]
    wide = SourceFile(
        STORE_STATUS, (folder / "store_status_1.csv",), InputAccess(), "0" * 64, safe_open.BYTES_AT_ONCE // 2
    )
    assert [len(group) for group in small_files.groups_of([(1, wide), (2, wide), (3, wide)])] == [2, 1]


def test_warnings_about_earlier_files_come_again(engine: Engine, folder: Path, settings: Settings) -> None:
    (folder / "store_status_bad.csv").write_text(small.STATUS + "0042,maybe,2023-01-25 00:00:00 UTC\n")
    query = """
        select expectation || ': ' || observed_value from quality.expectation_result
        where report_id = :id and not is_met and suite = 'files' order by 1
    """
    found = []
    for day in range(2):
        report = run_report(
            engine, folder, settings.home / "reports", settings=settings, clock=CLOCK + timedelta(days=day)
        )
        found.append(scalars(engine, query, id=report.report_id))
    assert found[0][0].startswith("few_rows_of_a_small_file_are_unusable: 1 of ")
    assert [line.split(":")[0] for line in found[0]] == [line.split(":")[0] for line in found[1]]
