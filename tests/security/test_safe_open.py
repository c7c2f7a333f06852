"""Input files that are no files, lead elsewhere, or expand to far more than they seem to be."""

from __future__ import annotations

import gzip
import hashlib
import os
import socket
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from store_uptime.errors import InputFileError
from store_uptime.ingest import safe_open
from store_uptime.ingest.safe_open import InputAccess, decompressed, open_input, shown_name
from store_uptime.settings import PROJECT

BOMB_BYTES = 2 << 30


def pieces(content: bytes, size: int = 1 << 20) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def read(path: Path, *, follow_links: bool = False) -> bytes:
    with open_input(path, follow_links=follow_links) as stream:
        return stream.read()


def refused(path: Path, *, follow_links: bool = False) -> str:
    with pytest.raises(InputFileError) as raised:
        open_input(path, follow_links=follow_links)
    return str(raised.value)


def test_regular_files_are_opened(tmp_path: Path) -> None:
    file = tmp_path / "store_status.csv"
    file.write_bytes(b"store_id\n" * 100_000)
    for follow_links in (True, False):
        assert read(file, follow_links=follow_links) == file.read_bytes()
    alias = tmp_path / "alias"
    alias.symlink_to(tmp_path)
    assert read(alias / file.name) == file.read_bytes(), "the folder itself may be a link: its owner chose it"


@pytest.mark.parametrize("follow_links", [True, False])
def test_what_never_ends_or_is_no_file_is_named(tmp_path: Path, follow_links: bool) -> None:
    fifo, folder, link, twin = (tmp_path / name for name in ("fifo.csv", "folder.csv", "link.csv", "twin.csv"))
    os.mkfifo(fifo)
    folder.mkdir()
    link.symlink_to(twin)
    twin.symlink_to(link)
    assert refused(fifo, follow_links=follow_links).startswith("fifo.csv: is a FIFO; expected a regular file")
    assert refused(folder, follow_links=follow_links).startswith("folder.csv: is a folder")
    assert "link.csv: cannot be read" in refused(link, follow_links=follow_links)
    assert "missing.csv: cannot be read" in refused(tmp_path / "missing.csv", follow_links=follow_links)
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(tmp_path)  # the path of a socket must be short
        try:
            listener.bind("socket.csv")
        finally:
            os.chdir(here)
        assert refused(tmp_path / "socket.csv", follow_links=follow_links).startswith("socket.csv: ")
    through_link = tmp_path / "zero.csv"
    through_link.symlink_to("/dev/zero")
    expected = "is a device" if follow_links else "is a link that leads out of the folder"
    assert expected in refused(through_link, follow_links=follow_links)


def test_links_stay_in_the_folder_unless_a_setting_says_otherwise(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("root:x:0:0")
    data = tmp_path / "data"
    (data / "..data").mkdir(parents=True)
    (data / "..data" / "real.csv").write_text("store_id")
    for name, target in {
        "out.csv": "../secret",
        "absolute.csv": str(secret),
        "through.csv": "..data/out.csv",
        "..data/out.csv": "../../secret",
    }.items():
        (data / name).symlink_to(target)
    for name in ("out.csv", "absolute.csv", "through.csv"):
        assert "STORE_UPTIME_FOLLOW_LINKS=yes" in refused(data / name)
        assert "root:x" not in refused(data / name)
        assert read(data / name, follow_links=True) == b"root:x:0:0"
    (data / "mounted.csv").symlink_to("..data/real.csv")  # as Kubernetes mounts files
    assert read(data / "mounted.csv") == b"store_id"


def test_what_is_exchanged_after_it_was_looked_at_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "file.csv").write_text("fine")
    (tmp_path / "link.csv").symlink_to("below/file.csv")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file.csv").write_text("secret")
    (tmp_path / "below").rename(tmp_path / "was-below")
    (tmp_path / "below").symlink_to("elsewhere")
    with pytest.raises(OSError, match=r"Not a directory|symbolic links"):
        safe_open.open_below(tmp_path, ("below", "file.csv"))


@given(st.lists(st.binary(max_size=3000), max_size=4), st.sampled_from(["gz", "zst"]), st.integers(1, 4000))
def test_members_come_out_as_they_went_in(members: list[bytes], suffix: str, size: int) -> None:
    compress = gzip.compress if suffix == "gz" else zstandard.compress
    content = b"".join(map(compress, members))
    assert b"".join(decompressed(pieces(content, size), suffix)) == b"".join(members)


@pytest.mark.parametrize("suffix", ["gz", "zst"])
@pytest.mark.parametrize(
    "length", [0, 1, safe_open.PIECE_BYTES - 1, safe_open.PIECE_BYTES, 5 * safe_open.PIECE_BYTES + 3]
)
def test_pieces_are_small_and_none_is_lost(suffix: str, length: int) -> None:
    text = bytes(length) + b"end"
    content = (gzip.compress if suffix == "gz" else zstandard.compress)(text)
    got = list(decompressed(pieces(content), suffix))
    assert b"".join(got) == text
    assert max(map(len, got)) <= safe_open.PIECE_BYTES


def test_zeros_after_a_gzip_are_padding_however_many() -> None:
    assert b"".join(decompressed(pieces(gzip.compress(b"a") + bytes(300_000)), "gz")) == b"a"


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_what_is_cut_short_or_damaged_is_an_error(suffix: str) -> None:
    content = (gzip.compress if suffix == "gz" else zstandard.compress)(os.urandom(300_000))
    for length in (1, 5, 1000, len(content) - 1):
        with pytest.raises(EOFError):
            list(decompressed(pieces(content[:length]), suffix))
    with pytest.raises((zlib.error, zstandard.ZstdError)):
        list(decompressed(pieces(content + b"rubbish"), suffix))


def test_a_limit_is_one_of_all_files_together(tmp_path: Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.csv.gz"
    first.write_bytes(b"abcd")
    second.write_bytes(gzip.compress(bytes(1000)))
    access = InputAccess(max_bytes=1004)
    for _ in range(2):  # what is read again counts once
        assert b"".join(access.stored(first)) == b"abcd"
        assert len(b"".join(access.uncompressed(second, hashlib.sha256()))) == 1000
    access = InputAccess(max_bytes=1003)
    list(access.stored(first))
    with pytest.raises(InputFileError, match=r"^b\.csv\.gz: .* than 1,003 bytes; .* STORE_UPTIME_MAX_INPUT_BYTES"):
        list(access.uncompressed(second, hashlib.sha256()))
    with pytest.raises(InputFileError, match=r"^a\.csv: "):
        list(InputAccess(max_bytes=3).stored(first))


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_members_that_hold_nothing_are_not_read_for_ever(suffix: str) -> None:
    compress = gzip.compress if suffix == "gz" else zstandard.compress
    with pytest.raises(EOFError, match="10,000 members"):
        list(decompressed(pieces(compress(b"") * 20_000), suffix))
    blocks = compress(b"x" * 200) * 20_000  # as bgzip writes them, but smaller
    assert sum(map(len, decompressed(pieces(blocks), suffix))) == 4_000_000


def test_names_are_shown_in_one_printable_line() -> None:
    names = {
        b"a.csv": "a.csv",
        b"\xff\n\x1b[2J.csv": r"\xff\n\u001b[2J.csv",
        "Zürich\u202e.csv".encode(): r"Zürich\u202e.csv",
    }
    assert {name: shown_name(os.fsdecode(name)) for name in names} == names


MEASURE = """
import resource, sys
from pathlib import Path
from store_uptime.ingest.safe_open import decompressed
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
content = Path(sys.argv[1]).read_bytes()
total = sum(map(len, decompressed((content[at:at + (1 << 20)] for at in range(0, len(content), 1 << 20)), sys.argv[2])))
print(total, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_a_bomb_takes_little_memory(tmp_path: Path, suffix: str) -> None:
    bomb = tmp_path / f"bomb.{suffix}"
    compressor = zlib.compressobj(9, wbits=31) if suffix == "gz" else zstandard.ZstdCompressor(level=19).compressobj()
    block = b"\n" * (1 << 20)
    bomb.write_bytes(b"".join(compressor.compress(block) for _ in range(BOMB_BYTES >> 20)) + compressor.flush())
    assert bomb.stat().st_size < BOMB_BYTES / 900
    environment = os.environ | {"PYTHONPATH": str(PROJECT / "include")}
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(bomb), suffix], env=environment, capture_output=True, text=True, check=True
    )
    total, kilobytes = map(int, done.stdout.split())
    assert total == BOMB_BYTES
    assert kilobytes < 200_000
