"""Folders and files on this machine or behind a URL, and atomic writing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from os import stat_result
from typing import BinaryIO, Protocol, Self
from uuid import uuid4

# The names of temporary files of `write_atomically`; earlier versions had no suffix.
UNFINISHED = re.compile(r"\..+\.[0-9a-f-]{32,36}(\.partial)?")


class StoragePath(Protocol):
    """The interface of paths that `pathlib.Path`, `UPath` and Airflow's `ObjectStoragePath` share."""

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
