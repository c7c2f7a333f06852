"""Folders filled to harm: each is refused in a line with the name, or right, in bounded memory and time."""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard
from sqlalchemy import Engine, text

from conftest import settings_for
from store_uptime.errors import InputFileError, InputFolderError, StoreUptimeError
from store_uptime.ingest import stage_files
from store_uptime.ingest.safe_open import InputAccess
from store_uptime.settings import PROJECT
from support import small
from support.pipeline import CLOCK, run_report, start

MAX_MEGABYTES, OF_A_TASK_MEGABYTES = 600, 280  # a task's process, with Airflow and Great Expectations
MIB = 1 << 20
SIZE = 64 * MIB  # of the text of a compressed file: enough to show what grows with it
HEADER = b"store_id,status,timestamp_utc\n"
GOOD = HEADER + b"a,active,2023-01-22 12:09:39 UTC\n"
HOURS_HEADER = b"store_id,day,start_time_local,end_time_local\n"
IGNORED, UNUSABLE, LONG = "have no values", "cannot be used", "is longer than"


def zst(folder: Path, name: str, head: bytes, *blocks: bytes, size: int = SIZE) -> None:
    """A file that begins with `head` and goes on with the blocks, in turns, up to `size`."""
    compressor = zstandard.ZstdCompressor().compressobj()
    with (folder / f"{name}.zst").open("wb") as file:
        file.write(compressor.compress(head))
        for _ in range(size // sum(map(len, blocks))):
            for block in blocks:
                file.write(compressor.compress(block))
        file.write(compressor.flush())


def gz(folder: Path, name: str, head: bytes, block: bytes) -> None:
    with gzip.open(folder / f"{name}.gz", "wb", compresslevel=6) as file:
        file.write(head)
        for _ in range(SIZE // len(block)):
            file.write(block)


def members(folder: Path, name: str, compress: Callable[[bytes], bytes]) -> None:
    """As `cat` makes one file of many, each a bomb."""
    bomb = compress(b"\n" * (8 * MIB))
    suffix = "gz" if compress is gzip.compress else "zst"
    (folder / f"{name}.{suffix}").write_bytes(compress(GOOD) + bomb * (SIZE // (8 * MIB)))


def many(line: bytes) -> bytes:
    return line * (MIB // len(line))


def numbered(line: bytes, count: int) -> bytes:
    return b"".join(line % number for number in range(count))


def wide(columns: int) -> Callable[[Path], None]:
    more = columns - 3
    row = b"a,active,2023-01-22 12:09:39 UTC" + b"," * more + b"\n"
    return lambda folder: zst(folder, "store_status.csv", HEADER[:-1] + b",x" * more + b"\n", many(row))


def hours(folder: Path, block: bytes) -> None:
    (folder / "store_status.csv").write_bytes(GOOD)
    zst(folder, "business_hours.csv", HOURS_HEADER, block)


# What fills the folder, and what the message must hold; None: a report is made.
BOMBS: dict[str, tuple[Callable[[Path], None], str | None]] = {
    "line ends": (lambda folder: zst(folder, "store_status.csv", GOOD, b"\n" * MIB), None),
    "line ends in gzip": (lambda folder: gz(folder, "store_status.csv", GOOD, b"\n" * MIB), None),
    "many gzip members": (lambda folder: members(folder, "store_status.csv", gzip.compress), None),
    "many Zstandard frames": (lambda folder: members(folder, "store_status.csv", zstandard.compress), None),
    "one line": (lambda folder: zst(folder, "store_status.csv", GOOD, b"x" * MIB), LONG),
    "one line, and nothing before it": (lambda folder: gz(folder, "store_status.csv", b"", b"x" * MIB), LONG),
    "one cell": (lambda folder: zst(folder, "store_status.csv", GOOD + b'"', many(b"x\n")), LONG),
    "one record of many cells": (lambda folder: zst(folder, "store_status.csv", GOOD + b'"\n', many(b'","\n')), LONG),
    "NUL bytes": (lambda folder: gz(folder, "store_status.csv", b"", bytes(MIB)), "NUL byte"),
    "10,000 columns": (wide(10_000), None),
    "60,000 columns": (wide(60_000), None),
    "100,000 columns": (wide(100_000), LONG),
    "commas": (lambda folder: zst(folder, "store_status.csv", GOOD, many(b",,\n")), IGNORED),
    "quoted blanks": (lambda folder: zst(folder, "store_status.csv", GOOD, many(b'"",,\n')), IGNORED),
    "the header again and again": (lambda folder: zst(folder, "store_status.csv", GOOD, many(HEADER)), IGNORED),
    "lines of one character": (lambda folder: zst(folder, "store_status.csv", GOOD, many(b"x\n")), UNUSABLE),
    "rows that lack all but the id": (lambda folder: zst(folder, "store_status.csv", GOOD, many(b"a,,\n")), UNUSABLE),
    "every other row unusable": (
        lambda folder: zst(folder, "store_status.csv", GOOD, many(b"a,,\na,active,20230122T12\n")),
        UNUSABLE,
    ),
    "long ids": (
        lambda folder: zst(
            folder, "store_status.csv", GOOD, numbered(b"%d" + b"x" * 120_000 + b",active,2023-01-22 12:09:39\n", 99)
        ),
        None,
    ),
    "openings of one store": (lambda folder: hours(folder, many(b"a,0,9:00,17:00\n")), "rows for a store"),
    "distinct openings of one store": (
        lambda folder: hours(folder, numbered(b"a,0,9:00:00.%06d,17:00\n", 250_000)),
        "rows for a store",
    ),
    "members that hold nothing": (
        lambda folder: (
            (folder / "store_status.csv.gz").write_bytes(gzip.compress(GOOD) + gzip.compress(b"") * 50_000) and None
        ),
        "10,000 members",
    ),
}

# Loads one folder after another, and says how: the message, how much memory it took beyond what was there, CPU time.
CHILD = """
import json, re, sys, time
from pathlib import Path
from store_uptime.db.engine import connect
from store_uptime.errors import StoreUptimeError
from store_uptime.settings import Settings
from support.pipeline import run_report

def memory(name):
    return int(re.search(name + r":\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024

for line in sys.stdin:
    home, url, folder = json.loads(line)
    settings = Settings.from_environment({"STORE_UPTIME_HOME": home, "STORE_UPTIME_DATABASE_URL": url})
    engine = connect(settings, "writer")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before, began = memory("VmRSS"), time.process_time()
    message = None
    try:
        run_report(engine, Path(folder), Path(home) / "reports")
    except StoreUptimeError as error:
        message = str(error)
    print(json.dumps([message, memory("VmHWM") - before, time.process_time() - began]), flush=True)
    engine.dispose()
"""


@pytest.fixture(scope="module")
def child() -> Iterator[subprocess.Popen]:
    paths = os.pathsep.join([str(PROJECT / "include"), str(PROJECT / "tests")])
    environment = os.environ | {"PYTHONPATH": paths, "MALLOC_ARENA_MAX": "1", "_RJEM_MALLOC_CONF": "narenas:1"}
    with subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield process
        process.stdin.close()


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_takes_little_memory_and_time(
    child: subprocess.Popen, database_url: str, tmp_path: Path, kind: str
) -> None:
    fill, words = BOMBS[kind]
    folder = tmp_path / "data"
    folder.mkdir()
    fill(folder)
    print(json.dumps([str(tmp_path), database_url, str(folder)]), file=child.stdin, flush=True)
    message, megabytes, cpu_seconds = json.loads(child.stdout.readline())
    assert megabytes < MAX_MEGABYTES - OF_A_TASK_MEGABYTES
    assert cpu_seconds < 30 + SIZE / (20 * MIB)
    if words is None:
        assert message is None
    else:
        hostile = next(path.name for path in folder.iterdir() if path.suffix != ".csv")
        assert message.startswith(hostile)
        assert words in message
        assert len(message) < 500


def test_ids_that_differ_are_limited(engine: Engine, tmp_path: Path) -> None:
    rows = "".join(f"{number},active,2023-01-22 12:09:39 UTC\n" for number in range(101))
    folder = small.write(tmp_path / "data", store_status=HEADER.decode() + rows, business_hours=None)
    with pytest.raises(InputFileError, match=r"^store_status\.csv: .* more than 100; .*STORE_UPTIME_MAX_STORES"):
        stage_files.ingest(engine, start(engine), folder, CLOCK, access=InputAccess(max_stores=100))


def test_the_size_of_a_folder_is_limited_however_it_is_stored(engine: Engine, tmp_path: Path) -> None:
    folder = small.write(tmp_path / "data", store_status=None)
    zst(folder, "store_status.csv", GOOD, many(b"a,active,2023-01-22 12:09:39 UTC\n"), size=8 * MIB)
    report_id = start(engine)
    with pytest.raises(InputFileError, match=r"^store_status\.csv\.zst: .* more than 4,194,304 bytes"):
        stage_files.ingest(engine, report_id, folder, CLOCK, access=InputAccess(max_bytes=4 * MIB))
    assert stage_files.ingest(engine, report_id, folder, CLOCK)["files_loaded"] == 3


def test_a_folder_of_too_many_files_is_refused_before_any_is_read(engine: Engine, tmp_path: Path) -> None:
    folder = small.write(tmp_path / "data")
    for number in range(1000):
        (folder / f"store_status_{number}.csv").symlink_to("/nowhere")
    access = InputAccess(max_files=1000)
    with pytest.raises(InputFolderError, match=r"data: holds 1,003 files to read; .* 1,000 .*_MAX_INPUT_FILES"):
        stage_files.ingest(engine, start(engine), folder, CLOCK, access=access)


@pytest.fixture
def in_folder(tmp_path: Path) -> Iterator[Path]:
    """The data folder as working directory: the path of a socket must be short."""
    folder = small.write(tmp_path / "data", store_status=None)
    here = Path.cwd()
    os.chdir(folder)
    yield folder
    os.chdir(here)


def bound_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path.name)


NO_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a FIFO": (os.mkfifo, "is a FIFO"),
    "a socket": (bound_socket, "is a socket"),
    "a folder": (Path.mkdir, "is a folder"),
    "a link to itself": (lambda path: path.symlink_to(path), "symbolic links"),
    "a link to a device": (lambda path: path.symlink_to("/dev/zero"), "leads out of the folder"),
    "a link to a FIFO": (
        lambda path: (os.mkfifo(path.with_name("fifo")), path.symlink_to("fifo")),
        "is a FIFO",
    ),
    "a link to a secret": (lambda path: path.symlink_to("/etc/passwd"), "leads out of the folder"),
    "a link to a folder": (lambda path: path.symlink_to("."), "is a folder"),
}


@pytest.mark.parametrize("what", NO_FILES)
def test_what_is_no_file_of_the_folder_is_named(engine: Engine, in_folder: Path, what: str) -> None:
    make, words = NO_FILES[what]
    make(in_folder / "store_status.csv")
    with pytest.raises(InputFileError, match=r"^store_status\.csv: ") as raised:
        stage_files.ingest(engine, start(engine), in_folder, CLOCK)
    assert words in str(raised.value)
    (in_folder / "store_status.csv").rename(in_folder / "any name.csv")
    small.write(in_folder)
    assert stage_files.ingest(engine, start(engine), in_folder, CLOCK)["files"] == 3, "under a name of no input"


@pytest.mark.parametrize(
    "secret",
    [
        "root:$6$salt$hash:19000:0:99999:7:::\ndaemon:*:19000:0\n",
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0\n",
        '{"password": "hunter2", "token": "s3cr3t"}\n',
        "PASSWORD=hunter2,TOKEN=s3cr3t\n",
        "s3cr3t" * 10_000 + "\n",
    ],
)
def test_the_content_of_what_is_no_csv_is_not_shown(engine: Engine, tmp_path: Path, secret: str) -> None:
    (tmp_path / "secret").write_text(secret)
    folder = small.write(tmp_path / "data", store_status=None)
    (folder / "store_status.csv").symlink_to(tmp_path / "secret")
    for follow_links in (False, True):
        with pytest.raises(InputFileError, match=r"^store_status\.csv") as raised:
            stage_files.ingest(engine, start(engine), folder, CLOCK, access=InputAccess(follow_links))
        for word in ("hunter2", "s3cr3t", "$6$", "PRIVATE", "MIIE", "daemon"):
            assert word not in str(raised.value)


def test_a_header_is_shown_cut_short_and_without_control_characters(engine: Engine, tmp_path: Path) -> None:
    header = "store_id,\x1b[2Jstate,\u202ename," + ",".join(f"column_{number}" for number in range(1000))
    folder = small.write(tmp_path / "data", store_status=f"{header}\n1,active\n")
    with pytest.raises(InputFileError, match=r"\(store_id, …, …, column_0, column_1, .*…\)") as raised:
        stage_files.ingest(engine, start(engine), folder, CLOCK)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 300


NAMES = [
    b"store_status_\n.csv",
    b"store_status_\x1b[2J\x07.csv",
    "store_status_\u202e.csv".encode(),
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_no_terminal_shows_is_one_line(engine: Engine, tmp_path: Path, name: bytes) -> None:
    folder = small.write(tmp_path / "data")
    path = folder / os.fsdecode(name)
    (folder / "store_status.csv").rename(path)
    assert run_report(engine, folder, tmp_path / "reports").figures, "such a file is read"
    with engine.connect() as connection:
        names = connection.scalars(text("select name from core.file where kind = 'store_status'")).all()
    assert all(shown.isprintable() and shown.startswith("store_status_") for shown in names)
    path.write_bytes(b"x\n")
    with pytest.raises(InputFileError, match=r"^store_status_") as raised:
        stage_files.ingest(engine, start(engine), folder, CLOCK)
    assert str(raised.value).isprintable()


def test_a_name_that_is_not_utf8_is_refused_with_it(engine: Engine, tmp_path: Path) -> None:
    folder = small.write(tmp_path / "data")
    (folder / os.fsdecode(b"store_status_\xff\n.csv")).write_text(small.STATUS)
    with pytest.raises(InputFileError, match=r"^store_status_\\xff\\n\.csv: has a name that is not UTF-8"):
        stage_files.ingest(engine, start(engine), folder, CLOCK)


def test_make_report_names_a_file_whose_name_is_not_utf8(tmp_path: Path, database_url: str) -> None:
    """Whatever the terminal's encoding is."""
    folder = small.write(tmp_path / "data")
    (folder / os.fsdecode(b"store_status_\xff\n\x1b]0;.csv")).write_bytes(b"x\n")
    settings = settings_for(tmp_path / "home", database_url)
    variables = {"STORE_UPTIME_HOME": str(settings.home), "PYTHONPATH": "include", "DATA": str(folder), "LC_ALL": "C"}
    done = subprocess.run(
        [sys.executable, "-m", "commands.report"], cwd=PROJECT, env=os.environ | variables, capture_output=True
    )
    assert done.returncode == 1
    assert done.stdout == b""
    last = done.stderr.splitlines()[-1].decode()
    assert r"store_status_\xff\n\u001b]0;.csv" in last
    assert last.isprintable()


def test_messages_are_printable_lines_whatever_they_quote() -> None:
    assert str(StoreUptimeError("a\x1b[2J\x00\x9b\u202e\ud800b")) == r"a\u001b[2J\u0000\u009b\u202e\ud800b"
    assert str(StoreUptimeError("Stores, Läden, 店")) == "Stores, Läden, 店"
    assert str(StoreUptimeError("one line\nand another\t")) == "one line\nand another\\u0009"
