"""Folders and files, on this machine or behind a URL, and writing that others never see half done."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from os import stat_result
from typing import BinaryIO, Protocol, Self
from uuid import uuid4

# What `write_atomically` writes to before a file has its name; earlier versions left out the suffix.
UNFINISHED = re.compile(r"\..+\.[0-9a-f-]{32,36}(\.partial)?")


class StoragePath(Protocol):
    """What is used of a path: `pathlib.Path`, `UPath` and Airflow's `ObjectStoragePath` all fit."""

    @property
    def name(self) -> str: ...

    @property
    def stem(self) -> str: ...

    @property
    def parent(self) -> Self: ...

    def __truediv__(self, name: str) -> Self: ...

    def exists(self) -> bool: ...

    def glob(self, pattern: str) -> Iterator[Self]: ...

    def iterdir(self) -> Iterator[Self]: ...

    def mkdir(self, *, parents: bool, exist_ok: bool) -> None: ...

    def open(self, mode: str) -> BinaryIO: ...

    def read_text(self, encoding: str) -> str: ...

    def rename(self, target: Self) -> Self: ...

    def stat(self) -> stat_result: ...

    def unlink(self) -> None: ...


def is_url(address: str) -> bool:
    """Whether the address of a folder is a URL such as s3://bucket/folder, and not a path of this machine."""
    return "://" in address


@contextmanager
def write_atomically(target: StoragePath, *, is_only_writer: bool = False) -> Iterator[BinaryIO]:
    """A binary stream to a temporary name, which becomes `target` if the block succeeds and is deleted if not.

    Others see the file as it was before, or complete. With `is_only_writer` (the caller holds a lock, or nobody else
    writes this file) what killed processes left of it is deleted first.
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
