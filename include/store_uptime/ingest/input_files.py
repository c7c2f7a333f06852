"""The input files: which kinds there are, where they are found, and what identifies their content."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass
from fnmatch import fnmatchcase

from store_uptime.errors import InputFileError, InputFolderError, naming_place
from store_uptime.storage import StoragePath

COMPRESSIONS = (".gz", ".zst")
READ_BYTES = 4 * 2**20
LONGEST_HEADER_BYTES = 64 * 2**10
# BigQuery numbers the shards of an export: zones-000000000000.csv, zones-000000000001.csv.
SHARD = re.compile(r"(?P<export>(?:.*\D)?)(?P<number>\d{12})\.csv", re.ASCII)
COPY_SUFFIX = re.compile(r"(?: \(\d+\)| - copy(?: \(\d+\))?)\.csv$", re.ASCII)
NAME_PARTS = re.compile(r"(\D*)(\d{0,18})", re.ASCII)


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
    ("business_hours.csv", "store_business_hours.csv", "menu_hours.csv", "menu hours.csv", "hours.csv"),
    {
        "store_id": ("store_id",),
        "day": ("dayofweek", "day_of_week", "day"),
        "start_time_local": ("start_time_local",),
        "end_time_local": ("end_time_local",),
    },
)
STORE_TIMEZONES = Kind(
    "store_timezones",
    ("store_timezones.csv", "store_timezone.csv", "timezones.csv", "timezone.csv", "bq-results-*.csv"),
    {"store_id": ("store_id",), "timezone_str": ("timezone_str",)},
)
KINDS = (STORE_TIMEZONES, BUSINESS_HOURS, STORE_STATUS)


@dataclass(frozen=True)
class SourceFile:
    """A file of the data folder, or the shards of one export, and what identifies its content.

    `content_sha256` (hex) is of the bytes as stored; of several shards it is the hash of their hashes.
    """

    kind: Kind
    paths: tuple[StoragePath, ...]
    content_sha256: str
    size_bytes: int

    @property
    def name(self) -> str:
        """The name of the file, or of the first shard and how many there are."""
        first = self.paths[0].name
        return first if len(self.paths) == 1 else f"{first} (1 of {len(self.paths)} shards)"


@dataclass(frozen=True)
class InputFolder:
    """What a data folder holds: `files` to load, and `unread` names of others whose headers fit an input."""

    files: list[SourceFile]
    unread: list[str]


def read_folder(folder: StoragePath) -> InputFolder:
    """The input files of `folder`, of each kind in natural order of their names.

    Raises `InputFolderError` when the folder cannot be listed, when two files of one snapshot differ, or when a shard
    of an export is missing.
    """
    try:
        with naming_place(str(folder)):
            entries = sorted((path for path in folder.iterdir() if _is_visible(path.name)), key=_natural_order)
    except OSError as error:
        raise InputFolderError(str(folder), f"cannot be listed ({error.strerror or error})") from error
    named: dict[str | None, list[StoragePath]] = defaultdict(list)
    for path in entries:
        named[_kind_by_name(path.name)].append(path)
    files: list[SourceFile] = []
    for kind in KINDS:
        paths = named[kind.name]
        if kind is STORE_STATUS:
            files += [_source_file(kind, (path,)) for path in paths]
        elif paths:
            files.append(_snapshot(folder, kind, paths))
    return InputFolder(files, [path.name for path in named[None] if kind_by_header(path) is not None])


def _snapshot(folder: StoragePath, kind: Kind, paths: list[StoragePath]) -> SourceFile:
    """The one snapshot of a kind: shards of one export count as one file, equal copies as one."""
    exports: dict[str, list[StoragePath]] = {}
    for path in paths:
        shard = SHARD.fullmatch(_without_compression(path.name))
        exports.setdefault(shard["export"] if shard else path.name, []).append(path)
    files = []
    for export, shards in exports.items():
        numbers = [
            int(found["number"]) for path in shards if (found := SHARD.fullmatch(_without_compression(path.name)))
        ]
        if numbers and sorted(numbers) != list(range(len(numbers))):
            raise InputFolderError(
                str(folder),
                f"holds shards {', '.join(map(str, sorted(numbers)))} of the export {export}*; "
                f"expected all from 0 to {max(numbers)}, each once",
            )
        files.append(_source_file(kind, tuple(shards)))
    if len({file.content_sha256 for file in files}) > 1:
        names = ", ".join(file.name for file in files)
        raise InputFolderError(
            str(folder), f"holds {len(files)} files for {kind.name} that differ ({names}); keep the one that is right"
        )
    return files[0]


def _source_file(kind: Kind, paths: tuple[StoragePath, ...]) -> SourceFile:
    hashes = [content_hash(path) for path in paths]
    size_bytes = sum(size for _, size in hashes)
    if len(hashes) == 1:
        return SourceFile(kind, paths, hashes[0][0], size_bytes)
    together = hashlib.sha256("".join(sha256 for sha256, _ in hashes).encode()).hexdigest()
    return SourceFile(kind, paths, together, size_bytes)


def _is_visible(name: str) -> bool:
    """Whether a name is not of a hidden file, nor of those that macOS and Office leave beside others."""
    return not name.startswith((".", "~$"))


def _kind_by_name(name: str) -> str | None:
    """The kind whose patterns a name fits, also as a copy beside the file: `hours (1).csv`, `hours - Copy.csv`."""
    plain = COPY_SUFFIX.sub(".csv", _without_compression(name))
    return next((kind.name for kind in KINDS if any(fnmatchcase(plain, pattern) for pattern in kind.patterns)), None)


def _without_compression(name: str) -> str:
    lowered = name.lower()
    for compression in COMPRESSIONS:
        lowered = lowered.removesuffix(compression)
    return lowered


def _natural_order(path: StoragePath) -> list[tuple[str, int]]:
    """Sorts `x.csv` before `x (1).csv`, and `x2.csv` before `x10.csv`."""
    stem = _without_compression(path.name).removesuffix(".csv")
    return [(text, int(number or 0)) for text, number in NAME_PARTS.findall(stem)] + [(path.name, 0)]


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


def kind_by_header(path: StoragePath) -> Kind | None:
    """The kind of input that the first line of an uncompressed CSV file fits, if any."""
    if not path.name.lower().endswith(".csv") or not path.is_file():
        return None
    try:
        with path.open("rb") as stream:
            line = stream.read(LONGEST_HEADER_BYTES).split(b"\n")[0]
    except OSError:
        return None
    fields = {
        field.strip().strip('"').strip().lower() for field in re.split("[,;\t]", line.decode("utf-8-sig", "replace"))
    }
    for kind in KINDS:
        if all(fields & set(spellings) for spellings in kind.columns.values()):
            return kind
    return None
