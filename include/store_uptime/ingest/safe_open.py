"""Opening and decompressing input files that anybody may have put into the folder.

Only regular files are opened, and by default none that a link leads to outside of the folder: a FIFO or a device never
ends, and a link to another file would show its content as the cause of a failure. Decompression hands on small pieces,
whatever a compressed file expands to.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeVar

import zstandard

from store_uptime.errors import InputFileError, naming_place, printable
from store_uptime.settings import MAX_INPUT_BYTES, MAX_INPUT_FILES, MAX_POLL_YEARS, MAX_STORES, Settings
from store_uptime.storage import StoragePath, read_together

PIECE_BYTES = 1 << 20
SMALL_FILE_BYTES = 1 << 18
FILES_AT_ONCE, BYTES_AT_ONCE = 500, 8 * 2**20  # of small files that are read or loaded together
KEPT_BYTES = 16 * 2**20  # of small files that were read to find out what they are, compressed, until they are loaded
GZIP_INPUT_BYTES = 1 << 17
# Zstandard has no limit on the output of a call. Four bytes of a block can stand for 128 KiB, so these for 64 MiB.
ZSTANDARD_INPUT_BYTES = 1 << 11
WIDEST_WINDOW_BYTES = 1 << 27
# A large file is refused while it is read if more of its rows are unusable: what comes later may be better.
LEAST_UNUSABLE_PERCENT = 20.0
# Members cost time even if they hold nothing.
FREE_MEMBERS, LEAST_MEMBER_BYTES = 10_000, 64

REGULAR = "a regular file"
FILE_TYPES = {
    stat.S_IFDIR: "is a folder",
    stat.S_IFIFO: "is a FIFO",
    stat.S_IFSOCK: "is a socket",
    stat.S_IFCHR: "is a device",
    stat.S_IFBLK: "is a device",
    stat.S_IFLNK: "is a link",
}
Item = TypeVar("Item")

# Without O_NONBLOCK, opening a FIFO waits for a writer; without O_NOCTTY, a terminal becomes that of this process.
FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY


def in_groups(sizes_bytes: Iterable[tuple[Item, int]]) -> Iterator[list[Item]]:
    """Small files, given with their sizes, as many together as are read or loaded together."""
    group: list[Item] = []
    total_bytes = 0
    for item, size_bytes in sizes_bytes:
        if group and (len(group) == FILES_AT_ONCE or total_bytes + size_bytes > BYTES_AT_ONCE):
            yield group
            group, total_bytes = [], 0
        group.append(item)
        total_bytes += size_bytes
    if group:
        yield group


def shown_name(name: str) -> str:
    """The name of a file in one printable line: bytes that are not UTF-8, line ends and the like as escapes."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return printable(text).replace("\n", "\\n")


@dataclass
class InputAccess:
    """Opens the input files of a folder, and limits what is read of all of them together.

    Bytes count uncompressed; a file that is read again counts once.
    """

    follow_links: bool = False
    max_bytes: int = MAX_INPUT_BYTES
    max_files: int = MAX_INPUT_FILES
    max_stores: int = MAX_STORES
    max_poll_years: int = MAX_POLL_YEARS
    max_unusable_percent: float = LEAST_UNUSABLE_PERCENT
    _bytes_of: dict[str, int] = field(default_factory=dict)
    _total_bytes: int = 0
    _read: dict[str, bytes] = field(default_factory=dict)
    _kept: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> InputAccess:
        """As the deployment's settings have it."""
        return cls(
            settings.follow_links,
            settings.max_input_bytes,
            settings.max_input_files,
            settings.max_stores,
            settings.max_poll_years,
            max(settings.max_unusable_percent, LEAST_UNUSABLE_PERCENT),
        )

    @contextmanager
    def reading_together(self, paths: Sequence[StoragePath | Path], *, keep: bool = False) -> Iterator[None]:
        """Within the block, small files of one folder behind a URL are there already: they were read together.

        With `keep`, they are also there the next time, compressed, as long as that takes little memory.
        """
        kept = {address: self._kept.pop(address) for address in map(str, paths) if address in self._kept}
        unread = [path for path in paths if not isinstance(path, Path) and str(path) not in kept]
        self._read = read_together(unread, SMALL_FILE_BYTES) if unread else {}
        if keep:
            self._keep(self._read)
        self._read |= {address: zstandard.decompress(content) for address, content in kept.items()}
        try:
            yield
        finally:
            self._read = {}

    def _keep(self, contents: Mapping[str, bytes]) -> None:
        kept_bytes = sum(map(len, self._kept.values()))
        for address, content in contents.items():
            compressed = zstandard.compress(content, level=1)
            kept_bytes += len(compressed)
            if kept_bytes > KEPT_BYTES:
                break
            self._kept[address] = compressed

    def stored(self, path: StoragePath) -> Iterator[bytes]:
        """The bytes of a file as it is stored. Raises `InputFileError`."""
        yield from self._limited(self._pieces(path), path)

    def uncompressed(self, path: StoragePath, digest: hashlib._Hash) -> Iterator[bytes]:
        """The uncompressed bytes of a file; `digest` gets the stored ones. Raises `InputFileError`."""
        suffix = path.name.lower().rpartition(".")[2]

        def hashed() -> Iterator[bytes]:
            for piece in self._pieces(path):
                digest.update(piece)
                yield piece

        try:
            yield from self._limited(decompressed(hashed(), suffix), path)
        except (EOFError, zlib.error, zstandard.ZstdError) as error:
            is_too_wide = "too much memory" in str(error)
            expected = "a window of at most 128 MiB (zstd --long=27)" if is_too_wide else f"a whole .{suffix} file"
            raise InputFileError(shown_name(path.name), f"cannot be decompressed ({error})", expected) from error

    def _pieces(self, path: StoragePath) -> Iterator[bytes]:
        if (content := self._read.get(str(path))) is not None:
            yield content
            return
        with naming_input(path), open_input(path, follow_links=self.follow_links) as stream:
            while piece := stream.read(PIECE_BYTES):
                yield piece

    def _limited(self, pieces: Iterator[bytes], path: StoragePath) -> Iterator[bytes]:
        size, known = 0, str(path)
        for piece in pieces:
            size += len(piece)
            more = size - self._bytes_of.get(known, 0)
            if more > 0:
                self._bytes_of[known] = size
                self._total_bytes += more
            if self._total_bytes > self.max_bytes:
                raise InputFileError(
                    shown_name(path.name),
                    f"brings the uncompressed size of the folder's files to more than {self.max_bytes:,} bytes",
                    "smaller files, or a larger STORE_UPTIME_MAX_INPUT_BYTES",
                )
            yield piece


@contextmanager
def naming_input(path: StoragePath | Path) -> Iterator[None]:
    """Raises `InputFileError` for an `OSError`; a place that does not answer stays one."""
    try:
        with naming_place(printable(str(path))):
            yield
    except OSError as error:
        problem = f"cannot be read ({error.strerror or error})"
        raise InputFileError(shown_name(path.name), problem, "a readable file") from error


def open_input(path: StoragePath | Path, *, follow_links: bool) -> BinaryIO:
    """The file, to be read as bytes; raises `InputFileError` unless it is a regular one inside of its folder.

    With `follow_links`, a link may lead anywhere. What is behind a URL has neither links nor types.
    """
    if not isinstance(path, Path):
        return path.open("rb")
    with naming_input(path):
        try:
            descriptor = os.open(path, FLAGS)
        except OSError as error:
            if error.errno == errno.ENXIO:
                raise InputFileError(shown_name(path.name), FILE_TYPES[stat.S_IFSOCK], REGULAR) from error
            if error.errno != errno.ELOOP:
                raise
            descriptor = open_link(path, follow_links=follow_links)
    file_type = stat.S_IFMT(os.fstat(descriptor).st_mode)
    if file_type != stat.S_IFREG:
        os.close(descriptor)
        raise InputFileError(shown_name(path.name), FILE_TYPES.get(file_type, "is no regular file"), REGULAR)
    return os.fdopen(descriptor, "rb", buffering=0)


def open_link(path: Path, *, follow_links: bool) -> int:
    """A descriptor of what a link leads to."""
    # Not Path.resolve: up to Python 3.12 it raises a RuntimeError for a loop of links.
    target = Path(os.path.realpath(path, strict=True))
    folder = target.parent if follow_links else Path(os.path.realpath(path.parent, strict=True))
    if not target.is_relative_to(folder):
        raise InputFileError(
            shown_name(path.name),
            "is a link that leads out of the folder",
            f"{REGULAR}, or STORE_UPTIME_FOLLOW_LINKS=yes",
        )
    if target == folder:
        raise InputFileError(shown_name(path.name), FILE_TYPES[stat.S_IFDIR], REGULAR)
    return open_below(folder, target.relative_to(folder).parts)


def open_below(folder: Path, parts: tuple[str, ...]) -> int:
    """A descriptor of the file, without following any link: what was resolved may have been exchanged since."""
    at = os.open(folder, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    try:
        for part in parts[:-1]:
            below = os.open(part, FLAGS | os.O_DIRECTORY, dir_fd=at)
            os.close(at)
            at = below
        return os.open(parts[-1], FLAGS, dir_fd=at)
    finally:
        os.close(at)


def decompressed(chunks: Iterator[bytes], suffix: str) -> Iterator[bytes]:
    """The bytes of a `gz` or `zst` stream of one or more members, at most `PIECE_BYTES` at once; others as they are.

    Raises `EOFError` for a stream that is cut short, and the libraries' own errors for one that is damaged.
    """
    if suffix == "gz":
        yield from _joined(_gunzipped(chunks))
    elif suffix == "zst":
        yield from _joined(_unzstandard(chunks))
    else:
        yield from chunks


class Members:
    """Counts the members of a compressed stream; raises `EOFError` when too many hold hardly anything."""

    def __init__(self) -> None:
        self.begun = self.text_bytes = 0

    def begin(self) -> None:
        self.begun += 1
        if self.begun > FREE_MEMBERS and self.text_bytes < self.begun * LEAST_MEMBER_BYTES:
            raise EOFError(f"it has more than {FREE_MEMBERS:,} members, which hold hardly anything")


def _gunzipped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    member, members = None, Members()
    is_padding = False  # gzip allows zeros after the last member
    for piece in _cut(chunks, GZIP_INPUT_BYTES):
        rest = piece
        while rest:
            if member is None:
                is_padding = is_padding and not rest.strip(b"\0")
                if is_padding:
                    break
                members.begin()
                member = zlib.decompressobj(wbits=31)
            text = member.decompress(rest, PIECE_BYTES)
            members.text_bytes += len(text)
            yield text
            while not member.eof and (member.unconsumed_tail or len(text) == PIECE_BYTES):
                text = member.decompress(member.unconsumed_tail, PIECE_BYTES)
                members.text_bytes += len(text)
                yield text
            if not member.eof:
                break
            rest, member, is_padding = member.unused_data, None, True
    if member is not None:
        raise EOFError("it ends too early: the file is cut short")


def _unzstandard(chunks: Iterator[bytes]) -> Iterator[bytes]:
    decompressor = zstandard.ZstdDecompressor(max_window_size=WIDEST_WINDOW_BYTES)
    frame, frames = None, Members()
    for piece in _cut(chunks, ZSTANDARD_INPUT_BYTES):
        rest = piece
        while rest:
            if frame is None:
                frames.begin()
                frame = decompressor.decompressobj()
            text = frame.decompress(rest)
            frames.text_bytes += len(text)
            yield text
            if not frame.eof:
                break
            rest, frame = frame.unused_data, None
    if frame is not None:
        raise EOFError("it ends too early: the file is cut short")


def _joined(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of about PIECE_BYTES, neither many small ones nor a large one."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= PIECE_BYTES:
            yield from _cut(iter([b"".join(held) if held[1:] else piece]), PIECE_BYTES)
            held, size = [], 0
    yield b"".join(held)


def _cut(chunks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """The same bytes, at most `size` at once."""
    for chunk in chunks:
        if len(chunk) <= size:
            yield chunk
        else:
            view = memoryview(chunk)
            for start in range(0, len(chunk), size):
                yield bytes(view[start : start + size])
