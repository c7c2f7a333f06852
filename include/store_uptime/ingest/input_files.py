"""The input files: which kinds there are, where they are found, and what identifies their content."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fnmatch import fnmatchcase

from store_uptime.errors import InputFileError, InputFolderError, naming_place
from store_uptime.storage import StoragePath

COMPRESSIONS = (".gz", ".zst")
READ_BYTES = 4 * 2**20


@dataclass(frozen=True)
class Kind:
    """One of the three inputs: accepted file names (patterns) and accepted spellings of each column."""

    name: str
    patterns: tuple[str, ...]
    columns: dict[str, tuple[str, ...]]


STORE_STATUS = Kind(
    "store_status",
    ("store_status*.csv", "store status.csv"),
    {"store_id": ("store_id",), "status": ("status",), "timestamp_utc": ("timestamp_utc",)},
)
BUSINESS_HOURS = Kind(
    "business_hours",
    ("business_hours.csv", "menu_hours.csv", "menu hours.csv", "hours.csv"),
    {
        "store_id": ("store_id",),
        "day": ("dayofweek", "day_of_week", "day"),
        "start_time_local": ("start_time_local",),
        "end_time_local": ("end_time_local",),
    },
)
STORE_TIMEZONES = Kind(
    "store_timezones",
    ("store_timezones.csv", "timezones.csv", "bq-results-*.csv"),
    {"store_id": ("store_id",), "timezone_str": ("timezone_str",)},
)
KINDS = (STORE_TIMEZONES, BUSINESS_HOURS, STORE_STATUS)


@dataclass(frozen=True)
class SourceFile:
    """A file of the data folder, and what identifies its content."""

    kind: Kind
    path: StoragePath
    content_sha256: str
    size_bytes: int


def find_files(folder: StoragePath) -> dict[str, list[StoragePath]]:
    """The input files of `folder` by kind name, in name order; other files are left alone.

    Raises `InputFolderError` when the folder cannot be listed, or holds two files for one snapshot.
    """
    try:
        with naming_place(str(folder)):
            entries = sorted(folder.iterdir(), key=lambda path: path.name)
    except OSError as error:
        raise InputFolderError(str(folder), f"cannot be listed ({error.strerror or error})") from error
    found = {
        kind.name: [path for path in entries if any(_is_named(path.name, pattern) for pattern in kind.patterns)]
        for kind in KINDS
    }
    for kind in (BUSINESS_HOURS, STORE_TIMEZONES):
        names = [path.name for path in found[kind.name]]
        if len(names) > 1:
            raise InputFolderError(
                str(folder), f"holds {len(names)} files for {kind.name} ({', '.join(names)}); expected one"
            )
    return found


def _is_named(name: str, pattern: str) -> bool:
    lowered = name.lower()
    for compression in COMPRESSIONS:
        lowered = lowered.removesuffix(compression)
    return fnmatchcase(lowered, pattern)


def content_hash(path: StoragePath) -> tuple[str, int]:
    """SHA-256 (hex) and size in bytes of a file as it is stored."""
    digest, size = hashlib.sha256(), 0
    try:
        with naming_place(str(path)), path.open("rb") as stream:
            while chunk := stream.read(READ_BYTES):
                digest.update(chunk)
                size += len(chunk)
    except OSError as error:
        raise InputFileError(path.name, f"cannot be read ({error.strerror or error})", "a readable file") from error
    return digest.hexdigest(), size
