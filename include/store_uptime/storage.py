"""Folders and files on this machine or behind a URL, and atomic writing."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from errno import ENOTDIR
from os import stat_result
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, NamedTuple, Protocol, Self, cast
from uuid import uuid4

# The names of temporary files of `write_atomically`; earlier versions had no suffix.
UNFINISHED = re.compile(r"\..+\.[0-9a-f-]{32,36}(\.partial)?")
SETTLED_AFTER_NS = 2 * 10**9  # file systems keep times in steps, the longest of two seconds
# What storages have that is another when the content is: S3, Google, Azure; then times, such as of SFTP.
VERSION_FACTS = ("ETag", "etag", "md5Hash", "LastModified", "updated", "last_modified", "mtime")


class StoragePath(Protocol):
    """The interface of paths that `pathlib.Path`, `UPath` and Airflow's `ObjectStoragePath` share.

    The last two have `fs` and `path` beside it: the file system of fsspec, and the address in it.
    """

    @property
    def name(self) -> str: ...

    @property
    def stem(self) -> str: ...

    @property
    def parent(self) -> Self: ...

    def __truediv__(self, name: str) -> Self: ...

    def exists(self) -> bool: ...

    def glob(self, pattern: str) -> Iterator[Self]: ...

    def is_file(self) -> bool: ...

    def iterdir(self) -> Iterator[Self]: ...

    def mkdir(self, *, parents: bool, exist_ok: bool) -> None: ...

    def open(self, mode: str) -> BinaryIO: ...

    def read_text(self, encoding: str) -> str: ...

    def rename(self, target: Self) -> Self: ...

    def stat(self) -> stat_result: ...

    def unlink(self) -> None: ...


def is_url(address: str) -> bool:
    """Whether a folder's address is a URL such as s3://bucket/folder, not a path on this machine."""
    return "://" in address


def problem_of_output(folder: Path) -> str | None:
    """Why nothing can be written to a folder of this machine, which need not exist yet; None if it can be."""
    present = next(one for one in (folder, *folder.parents) if os.path.lexists(one))
    if not present.is_dir():
        return "is not a folder"
    try:
        with TemporaryFile(dir=present):
            return None
    except OSError:  # rights alone do not tell: root has all of them, on a read-only file system too
        return "cannot be written to"


class ListedFile(NamedTuple):
    """What the listing of a folder says of one of its files.

    `version` is a text that changes whenever the content does. On this machine: size, times of the last changes, and
    inode. Behind a URL: what the storage has for that, its ETag if there is one. None if nothing can be relied on: for
    what is no file, or has just been changed (a second change might leave all of this as it is).
    """

    version: str | None
    size_bytes: int


def list_files(folder: StoragePath | Path) -> dict[str, ListedFile]:
    """The files of a folder by name, and whatever else is in it. Raises `OSError` if the folder cannot be listed."""
    if isinstance(folder, Path):
        settled_ns = time.time_ns() - SETTLED_AFTER_NS
        with os.scandir(folder) as entries:
            return {entry.name: _local_file(entry, settled_ns) for entry in entries}
    files, address = cast("Any", folder).fs, cast("Any", folder).path
    if not files.isdir(address):
        raise NotADirectoryError(ENOTDIR, os.strerror(ENOTDIR))
    found = {info["name"].rstrip("/").rpartition("/")[2]: info for info in files.ls(address, detail=True)}
    return {name: _remote_file(info) for name, info in found.items() if name}


def _local_file(entry: os.DirEntry[str], settled_ns: int) -> ListedFile:
    try:
        status = entry.stat()
    except OSError:
        return ListedFile(None, 0)
    changed_ns = max(status.st_mtime_ns, status.st_ctime_ns)
    if not stat.S_ISREG(status.st_mode) or changed_ns > settled_ns:
        return ListedFile(None, status.st_size)
    version = f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"
    return ListedFile(version, status.st_size)


def _remote_file(info: Mapping[str, Any]) -> ListedFile:
    """From the facts that a file system of fsspec has of a file."""
    size_bytes = info.get("size") or 0
    if info.get("type") != "file":
        return ListedFile(None, size_bytes)
    changed = next((info[name] for name in VERSION_FACTS if info.get(name)), None)
    return ListedFile(None if changed is None else f"{info.get('size')} {changed}", size_bytes)


def read_together(paths: Sequence[StoragePath], max_bytes: int) -> dict[str, bytes]:
    """The contents of files of one folder behind a URL, by their addresses: read at the same time, as far as their
    storage can. Waiting for one after the other takes most of the time that many small files need.

    Files with more than `max_bytes` are left out, and so are those that cannot be read: reading them by themselves
    says why.
    """
    addresses = [cast("Any", path).path for path in paths]
    contents = cast("Any", paths[0]).fs.cat_ranges(addresses, 0, max_bytes + 1, on_error="return")
    return {
        str(path): content
        for path, content in zip(paths, contents, strict=True)
        if isinstance(content, bytes) and len(content) <= max_bytes
    }


@contextmanager
def write_atomically(target: StoragePath, *, is_only_writer: bool = False) -> Iterator[BinaryIO]:
    """A binary stream to a temporary file, which is renamed to `target` if the block succeeds and deleted if not.

    Readers see either the old file or the complete new one. With `is_only_writer` (no other process writes this file
    now, for example because the caller holds a lock) temporary files of killed processes are deleted first.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if is_only_writer:
        for unfinished in list(target.parent.glob(f".{target.name}.*")):
            unfinished.unlink()
    temporary = target.parent / f".{target.name}.{uuid4().hex}.partial"
    try:
        with temporary.open("wb") as stream:
            yield stream
        temporary.rename(target)
    except BaseException:
        if temporary.exists():
            temporary.unlink()
        raise


def write_text_atomically(target: StoragePath, text: str, *, is_only_writer: bool = False) -> None:
    """Writes `text` as UTF-8; see `write_atomically`."""
    with write_atomically(target, is_only_writer=is_only_writer) as stream:
        stream.write(text.encode())
