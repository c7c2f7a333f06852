"""Files that look unusual and are fine: each gives the same report as the plain ones."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from sqlalchemy import Engine, text

from store_uptime.ingest import file_loader, stage_files
from support import oracle, small
from support.pipeline import CLOCK, Published, dump, run_report, start


def rewritten(content: str, columns: list[int], quoting: int = csv.QUOTE_MINIMAL, extra: bool = False) -> str:
    """The same rows with the columns in another order, and perhaps one more."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=quoting)
    for row in csv.reader(io.StringIO(content)):
        writer.writerow([row[column] for column in columns] + ['some "thing", else'] * extra)
    return out.getvalue()


def all_quoted(content: str) -> str:
    return rewritten(content, range(content.split("\n")[0].count(",") + 1), csv.QUOTE_ALL)


def everywhere(change: Callable[[str], str | bytes]) -> dict[str, str | bytes]:
    return {kind: change(content) for kind, content in small.CONTENTS.items()}


def header(content: str, change: Callable[[str], str]) -> str:
    first, rest = content.split("\n", 1)
    return f"{change(first)}\n{rest}"


ODD = {
    "BOM": everywhere(lambda content: "\ufeff" + content),
    "BOM and quotes": everywhere(lambda content: "\ufeff" + all_quoted(content)),
    "CRLF": everywhere(lambda content: content.replace("\n", "\r\n")),
    "mixed line ends": everywhere(lambda content: content.replace("\n", "\r\n", 2)),
    "BOM and CRLF": everywhere(lambda content: "\ufeff" + content.replace("\n", "\r\n")),
    "no line end at the end": everywhere(lambda content: content.removesuffix("\n")),
    "CRLF, none at the end": everywhere(lambda content: content.removesuffix("\n").replace("\n", "\r\n")),
    "blank lines": everywhere(lambda content: content.replace("\n", "\n\n\r\n") + "\n\n"),
    "quotes around everything": everywhere(all_quoted),
    "quotes and CRLF": everywhere(lambda content: all_quoted(content).replace("\n", "\r\n")),
    "header in capitals, with blanks": everywhere(
        lambda content: header(content, lambda line: line.upper().replace(",", " , "))
    ),
    "columns in another order": {
        "store_status": rewritten(small.STATUS, [2, 0, 1]),
        "business_hours": rewritten(small.HOURS, [3, 1, 2, 0]),
        "store_timezones": rewritten(small.ZONES, [1, 0]),
    },
    "one more column": {
        "store_status": rewritten(small.STATUS, [0, 1, 2], extra=True),
        "business_hours": rewritten(small.HOURS, [0, 1, 2, 3], extra=True),
        "store_timezones": rewritten(small.ZONES, [0, 1], extra=True),
    },
    "other spellings": {
        "store_status": small.STATUS.replace("inactive", " InActive ").replace(",active", ",ACTIVE\t"),
        "business_hours": small.HOURS.replace("dayOfWeek", "day")
        .replace("09:00:00", "09:00")
        .replace("23:59:00", "24:00:00"),
        "store_timezones": small.ZONES,
    },
    "day_of_week": {"business_hours": small.HOURS.replace("dayOfWeek", "day_of_week")},
    "ISO 8601": {
        "store_status": small.STATUS.replace("2023-01-22 12:09:39.388884 UTC", "2023-01-22T12:09:39.388884Z")
        .replace("2023-01-23 12:09:39 UTC", "2023-01-23T17:54:39+05:45")
        .replace("2023-01-24 09:07:26.44 UTC", "2023-01-24 09:07:26.440000")
        .replace("2023-01-25 17:00:00 UTC", "2023-01-25T09:00:00.000-08:00")
    },
    "rows in another order": {
        kind: "\n".join([content.split("\n")[0], *reversed(content.split("\n")[1:])])
        for kind, content in small.CONTENTS.items()
    },
    "every row twice": everywhere(lambda content: content + content.split("\n", 1)[1]),
}  # fmt: skip


@pytest.fixture(scope="module")
def plain(new_engine: Callable, tmp_path_factory: pytest.TempPathFactory) -> Published:
    folder = tmp_path_factory.mktemp("plain")
    with new_engine() as engine:
        return run_report(engine, small.write(folder / "data"), folder / "reports")


def quarantine(engine: Engine) -> list:
    with engine.connect() as connection:
        return connection.execute(text("select * from quality.quarantined_row")).all()


@pytest.mark.parametrize("name", ODD)
def test_an_odd_file_gives_the_same_report(engine: Engine, tmp_path: Path, plain: Published, name: str) -> None:
    published = run_report(engine, small.write(tmp_path / "data", **ODD[name]), tmp_path / "reports")
    assert published.csv == plain.csv
    assert published.figures == plain.figures
    assert quarantine(engine) == []


@pytest.mark.parametrize(
    ("suffix", "compress"),
    [
        (".gz", gzip.compress),
        (".zst", zstandard.compress),
        (".GZ", gzip.compress),
        (".gz", lambda data: gzip.compress(data[:40]) + gzip.compress(data[40:])),
        (".zst", lambda data: zstandard.compress(data[:40]) + zstandard.compress(data[40:])),
        (".gz", lambda data: gzip.compress(data) + bytes(512)),
    ],
    ids=["gzip", "Zstandard", "capitals", "two gzip members", "two Zstandard frames", "gzip with padding"],
)
def test_a_compressed_file_gives_the_same_report(
    engine: Engine, tmp_path: Path, plain: Published, suffix: str, compress: Callable[[bytes], bytes]
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    for kind, name in small.NAMES.items():
        (folder / f"{name}{suffix}").write_bytes(compress(small.CONTENTS[kind].encode()))
    assert run_report(engine, folder, tmp_path / "reports").csv == plain.csv


@pytest.mark.parametrize(
    "names",
    [
        ("store status.csv", "menu_hours.csv", "timezones.csv"),
        ("store_status.csv", "Menu hours.csv", "bq-results-20230125-202210-1674678181880.csv"),
        ("store_status_2023.csv", "hours.csv", "store_timezones.csv"),
        ("Store_Status.CSV", "Business_Hours.csv", "Timezones.CSV.GZ"),
    ],
)
def test_a_file_may_have_any_of_its_names(
    engine: Engine, tmp_path: Path, plain: Published, names: tuple[str, str, str]
) -> None:
    folder = small.write(tmp_path / "data")
    for old, new in zip(small.NAMES.values(), names, strict=True):
        (folder / old).rename(folder / new)
        if new.lower().endswith(".gz"):
            (folder / new).write_bytes(gzip.compress((folder / new).read_bytes()))
    for other in ("README.txt", "notes.csv", ".store_status.csv.swp", "hours.csv.bak", "store_status.csv.part"):
        (folder / other).write_bytes(b"\0 nothing to read here")
    assert run_report(engine, folder, tmp_path / "reports").csv == plain.csv


def test_polls_may_come_in_many_files(engine: Engine, tmp_path: Path, plain: Published) -> None:
    top, *rows = small.STATUS.splitlines()
    folder = small.write(tmp_path / "data", store_status=None)
    for number, row in enumerate(rows):
        (folder / f"store_status_{number}.csv").write_text(f"{top}\n{row}\n")
    assert run_report(engine, folder, tmp_path / "reports").csv == plain.csv


def test_an_id_is_kept_byte_for_byte(engine: Engine, tmp_path: Path) -> None:
    ids = [
        " a",
        "a ",
        "a",
        "A",
        "a\nb",
        "a\r\nb",
        "a\rb",
        'a"b',
        "a,b",
        "\ufeffa",
        "a\u00a0",
        "é",
        "e\u0301",
        "=1+1",
        "007",
        "7",
    ]
    rows = [f"{oracle.quoted(store_id)},active,2023-01-22 12:09:39 UTC" for store_id in ids]
    content = "\n".join(["store_id,status,timestamp_utc", *rows])
    folder = small.write(tmp_path / "data", store_status=content, business_hours=None, store_timezones=None)
    published = run_report(engine, folder, tmp_path / "reports")
    assert sorted(published.figures) == sorted(ids)
    read_back = [row[0] for row in csv.reader(io.StringIO(published.csv.decode(), newline=""))]
    assert read_back == ["store_id", *sorted(ids, key=lambda store_id: store_id.encode())]


def test_an_id_keeps_its_line_ends_in_a_crlf_file(engine: Engine, tmp_path: Path) -> None:
    rest = ",active,2023-01-22 12:09:39 UTC"
    content = f'store_id,status,timestamp_utc\r\n"a\nb"{rest}\r\n"a\r\nb"{rest}\r\n'
    folder = small.write(tmp_path / "data", store_status=content, business_hours=None, store_timezones=None)
    assert sorted(run_report(engine, folder, tmp_path / "reports").figures) == ["a\nb", "a\r\nb"]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("other", ["plain", '"quoted"'])
def test_a_lone_carriage_return_is_a_character(engine: Engine, tmp_path: Path, other: str, line_end: str) -> None:
    """Whether a quote stands somewhere in the file or not."""
    rest = ",active,2023-01-22 12:09:39 UTC"
    rows = ["store_id,status,timestamp_utc", f"\ra\r\rb{rest}", f"c\r{rest}", f"d{rest}\r", f"{other}{rest}"]
    folder = small.write(
        tmp_path / "data", store_status=line_end.join([*rows, ""]), business_hours=None, store_timezones=None
    )
    published = run_report(engine, folder, tmp_path / "reports")
    assert sorted(published.figures) == sorted(["\ra\r\rb", "c\r", "d", other.strip('"')])
    assert dump(engine)["quality.quarantined_row"] == []


@pytest.mark.parametrize("is_quoted", [False, True], ids=["plain", "records that span blocks"])
def test_a_file_of_several_blocks(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_quoted: bool
) -> None:
    """It is read in blocks of a few MiB, and here copied in many parts: the last row of all still wins."""
    monkeypatch.setattr(file_loader, "MAX_SORTED_ROWS", 100)
    ids = [f"{number:06}\n{'x' * 1000}\n" if is_quoted else f"{number:06}{'x' * 1000}" for number in range(100)]
    active, inactive = (
        "".join(f"{oracle.quoted(store_id)},{word},2023-01-22 12:09:39 UTC\n" for store_id in ids)
        for word in ("active", "inactive")
    )
    times = 16 * 2**20 // len(active)
    content = "store_id,status,timestamp_utc\n" + active * times + inactive + "bad,bad,bad\n"
    folder = small.write(tmp_path / "data", store_status=content, business_hours=None, store_timezones=None)
    published = run_report(engine, folder, tmp_path / "reports")
    assert sorted(published.figures) == sorted([*ids, "bad"])
    assert {store["last_week"].up for store in published.figures.values()} == {0}
    assert [(row.line_number, row.raw_text) for row in quarantine(engine)] == [(content.count("\n"), "bad,bad,bad")]
    with engine.connect() as connection:
        parts = connection.execute(text("select count(distinct row_no) from core.poll")).scalar()
        assert parts > 1
        assert connection.execute(text("select rows_read from core.file")).scalar() == (times + 1) * 100 + 1


@pytest.mark.parametrize("loaders", [1, 3])
def test_months_of_many_centuries_are_not_many_tables(engine: Engine, tmp_path: Path, loaders: int) -> None:
    """The oldest rows come first, so that how old they may be is known at the end only; each store has one era."""
    months = [f"{year:04}-{month:02}-10 12:00:00 UTC" for year in range(100, 2024) for month in range(1, 13)]
    rows = "".join(f"store {number % 7},active,{stamp}\n" for number, stamp in enumerate(months))
    ahead = "store 0,open,2030-01-01 00:00:00 UTC\n ,active,2030-01-01 00:00:00 UTC\n"
    ahead += "store 0,active,2099-01-01 00:00:00 UTC\n"
    edge = "store 8,active,1993-12-10 00:00:00 UTC\nstore 9,active,1993-12-09 23:59:59.999999 UTC\n"
    content = "store_id,status,timestamp_utc\n" + rows + ahead + edge
    folder = small.write(tmp_path / "data", store_status=content, business_hours=None, store_timezones=None)
    report_id = start(engine)
    for _ in range(loaders):
        stage_files.ingest(engine, report_id, folder, CLOCK, loaders, 0)
    found = sorted(quarantine(engine), key=lambda row: row.line_number)
    assert len(found) == (1994 - 100) * 12 - 1 + 4
    assert found[0].line_number == 2
    assert found[0].reason == (
        "timestamp_utc is '0100-01-10 12:00:00 UTC'; more than 30 years before the newest one of the file"
    )
    assert "ahead of the clock" in found[-2].reason
    assert found[-1].raw_text.startswith("store 9,")
    with engine.connect() as connection:
        polls, months_of_polls = connection.execute(
            text("select count(*), count(distinct date_trunc('month', utc_day)) from core.poll")
        ).one()
        assert (polls, months_of_polls) == (361 + 1, 361)
        assert connection.execute(text("select sum(rows_quarantined) from core.file")).scalar() == len(found)
