"""The input files: where they are found, which of them belong together, and what identifies their content.

The database keeps what is known of the files of a folder (core.folder_file), so only those that are new or have changed
are read, and a folder of very many files costs little more than a small one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from store_uptime.db.statements import statement
from store_uptime.errors import InputFileError, InputFolderError, naming_place
from store_uptime.ingest.csv_reader import CsvReader, header_line
from store_uptime.ingest.kinds import (
    COMPRESSIONS,
    KINDS,
    RULES,
    STORE_STATUS,
    STORE_TIMEZONES,
    Kind,
    is_export,
    is_in_other_format,
    is_visible,
    kind_by_header,
    kind_by_name,
    shard_of,
    without_suffixes,
)
from store_uptime.ingest.safe_open import SMALL_FILE_BYTES, InputAccess, in_groups, shown_name
from store_uptime.storage import ListedFile, StoragePath, list_files

TYPICAL_RATIO = 8  # of text to its compressed size
PROBLEMS_NAMED = 10
NAME_PARTS = re.compile(r"(\D*)(\d{0,18})", re.ASCII)
# Files whose header is looked at if their name is none of an input's: Excel's *Text* and *Unicode text* end with .txt.
TABLES = tuple(f"{suffix}{compression}" for suffix in (".csv", ".txt", ".tsv") for compression in ("", *COMPRESSIONS))

Problem = InputFileError | InputFolderError


@dataclass(frozen=True)
class SourceFile:
    """A file of the data folder, or the shards of one export, what opens it, and what identifies its content.

    `content_sha256` (hex) is of the bytes as stored; of several shards it is the hash of their hashes.
    """

    kind: Kind
    paths: tuple[StoragePath, ...]
    access: InputAccess
    content_sha256: str
    size_bytes: int

    @property
    def name(self) -> str:
        """The name of the file, or of the first shard and how many there are."""
        first = shown_name(self.paths[0].name)
        return first if len(self.paths) == 1 else f"{first} (1 of {len(self.paths)} shards)"

    @property
    def text_bytes(self) -> int:
        """About how large the text is."""
        is_compressed = self.paths[0].name.lower().endswith(COMPRESSIONS)
        return self.size_bytes * (TYPICAL_RATIO if is_compressed else 1)

    def check_unchanged(self, content_sha256: str) -> None:
        """Raises `InputFileError` if what was read of the file is not what was found."""
        if content_sha256 != self.content_sha256:
            raise InputFileError(self.name, "changed while it was read", "a file that is complete when it appears")


@dataclass(frozen=True)
class InputFolder:
    """What a data folder holds.

    `files` are its snapshots, and the status files whose content no report may use yet, of each kind in natural order
    of their names. `count` is the number of all input files, `has_status` whether there are status files, and `unread`
    has the names of other files that were probably meant as input.
    """

    files: list[SourceFile]
    count: int
    has_status: bool
    unread: list[str]


@dataclass(frozen=True)
class FolderFile:
    """A row of core.folder_file: a file of a data folder, and what its content is. No `kind`: it is no input."""

    name: str
    version: str | None
    kind: str | None
    is_unread: bool
    content_sha256: str | None
    size_bytes: int | None


def find_input(engine: Engine, folder: StoragePath, access: InputAccess | None = None) -> InputFolder:
    """The input of `folder`; reads the files that are new, or have changed, and keeps what they hold in the database.

    Raises `InputFileError` for a file that cannot be read from its beginning or lacks a column, and `InputFolderError`
    when the folder cannot be listed or holds too many new files, two files of one snapshot differ, a shard of an export
    is missing, or for several problems at once: the first ones are named.
    """
    access = access or InputAccess()
    try:
        with naming_place(str(folder)):
            listed = list_files(folder)
    except OSError as error:
        raise InputFolderError(str(folder), f"cannot be listed ({error.strerror or error})") from error
    versions = {
        name: file.version and f"{RULES} {file.version}"
        for name, file in listed.items()
        if is_visible(name) and not _has_unusable_name(name)
    }
    address = {"folder": str(folder)}
    names = address | {"names": list(versions)}
    with engine.begin() as connection:
        known_by = names | {"versions": list(versions.values())}
        changed = connection.scalars(statement("ingest/catalogue/list_changed"), known_by).all()
        connection.execute(statement("ingest/catalogue/delete_gone"), names)
    tables = sum(name.lower().endswith(TABLES) for name in changed)
    if tables > access.max_files:
        problem = f"holds {tables:,} files to read; expected at most {access.max_files:,} at once"
        raise InputFolderError(str(folder), f"{problem}, or a larger STORE_UPTIME_MAX_INPUT_FILES")
    new = {name: ListedFile(versions[name], listed[name].size_bytes) for name in sorted(changed)}
    looked, problems = _look_at(folder, access, new)
    problems |= {name: _unusable_name(name, kind) for name in listed if (kind := _kind_of_unusable(name))}
    with engine.begin() as connection:
        if looked:
            connection.execute(statement("ingest/catalogue/add"), address | _columns(looked))
        rows = connection.execute(statement("ingest/catalogue/list_input"), address).all()
        summary = connection.execute(statement("ingest/catalogue/summarize"), address).one()
    known = [
        FolderFile(row.name, None, row.kind, False, row.content_sha256, row.size_bytes)
        for row in rows
        if row.name not in problems
    ]
    files = _files(folder, access, known, problems)
    return InputFolder(files, summary.files, summary.status_files > 0, [shown_name(name) for name in summary.unread])


def _look_at(
    folder: StoragePath, access: InputAccess, files: Mapping[str, ListedFile]
) -> tuple[list[FolderFile], dict[str, tuple[Kind, InputFileError]]]:
    """What files hold, and for those that cannot be read their kind and the problem, by name."""
    found: list[FolderFile] = []
    problems: dict[str, tuple[Kind, InputFileError]] = {}

    def look_at(name: str) -> None:
        path, version = folder / name, files[name].version
        kind = _kind_of(path, access)
        if kind is None:
            found.append(FolderFile(name, version, None, _is_meant_as_input(path, access), None, None))
            return
        try:
            content_sha256, size_bytes = content_hash(path, access)
            CsvReader(path, kind, access).check_header()
        except InputFileError as error:
            problems[name] = kind, error
        else:
            found.append(FolderFile(name, version, kind.name, False, content_sha256, size_bytes))

    small = [name for name in files if kind_by_name(name) and files[name].size_bytes <= SMALL_FILE_BYTES]
    for group in in_groups((name, files[name].size_bytes) for name in small):
        with access.reading_together([folder / name for name in group], keep=True):
            for name in group:
                look_at(name)
    for name in sorted(files.keys() - set(small)):
        look_at(name)
    return found, dict(sorted(problems.items()))


def _columns(files: Sequence[FolderFile]) -> dict[str, list[str | int | bool | None]]:
    """The files column by column, as `ingest/catalogue/add` takes them."""
    return {
        "names": [file.name for file in files],
        "versions": [file.version for file in files],
        "kinds": [file.kind for file in files],
        "are_unread": [file.is_unread for file in files],
        "content_sha256s": [file.content_sha256 for file in files],
        "sizes_bytes": [file.size_bytes for file in files],
    }


def _files(
    folder: StoragePath,
    access: InputAccess,
    known: Sequence[FolderFile],
    unreadable: Mapping[str, tuple[Kind, InputFileError]],
) -> list[SourceFile]:
    """The files to load; raises the problems, those of single files included."""
    problems: list[Problem] = []
    files: list[SourceFile] = []
    for kind in KINDS:
        of_kind = {file.name: file for file in known if file.kind == kind.name}
        failed = {name: error for name, (its_kind, error) in unreadable.items() if its_kind is kind}
        problems += failed.values()
        if kind is STORE_STATUS:
            files += [
                _source_file(folder, access, kind, [of_kind[name]]) for name in sorted(of_kind, key=_natural_order)
            ]
            continue
        try:
            exports = _exports(folder, sorted([*of_kind, *failed], key=_natural_order))
        except InputFolderError as error:
            problems.append(error)
            continue
        readable = [names for names in exports if not failed.keys() & set(names)]
        found = [_source_file(folder, access, kind, [of_kind[name] for name in names]) for names in readable]
        try:
            is_one = len({file.content_sha256 for file in found}) <= 1 or len(set(map(_text_sha256, found))) == 1
        except InputFileError as error:
            problems.append(error)
            continue
        if not is_one:
            names = ", ".join(file.name for file in found)
            problem = f"holds {len(found)} files for {kind.name} that differ ({names}); keep the one that is right"
            problems.append(InputFolderError(str(folder), problem))
        files += found[:1]
    if problems:
        raise problems[0] if len(problems) == 1 else _together(folder, problems)
    return files


def _text_sha256(file: SourceFile) -> str:
    """The hash of what a file says, however it is compressed: a file may lie beside its own .gz."""
    digest, stored = hashlib.sha256(), hashlib.sha256()
    for path in file.paths:
        for piece in file.access.uncompressed(path, stored):
            digest.update(piece)
    return digest.hexdigest()


def _source_file(folder: StoragePath, access: InputAccess, kind: Kind, files: Sequence[FolderFile]) -> SourceFile:
    hashes = [str(file.content_sha256) for file in files]
    content_sha256 = hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()
    paths = tuple(folder / file.name for file in files)
    return SourceFile(kind, paths, access, content_sha256, sum(file.size_bytes or 0 for file in files))


def _exports(folder: StoragePath, names: Iterable[str]) -> list[list[str]]:
    """The files of a kind, the shards of one export together; raises `InputFolderError` if one is missing."""
    exports: dict[str, list[str]] = {}
    for name in names:
        shard = shard_of(name)
        exports.setdefault(f"{shard[0]}*" if shard else name, []).append(name)
    for export, shards in exports.items():
        numbers = sorted(shard[1] for name in shards if (shard := shard_of(name)))
        if numbers and numbers != list(range(len(numbers))):
            raise InputFolderError(
                str(folder),
                f"holds shards {', '.join(map(str, numbers))} of the export {export}; "
                f"expected all from 0 to {max(numbers)}, each once",
            )
    return list(exports.values())


def _together(folder: StoragePath, problems: Sequence[Problem]) -> InputFolderError:
    texts = [problem.problem if isinstance(problem, InputFolderError) else str(problem) for problem in problems]
    shown = [f"({number}) {text.removesuffix('.')}." for number, text in enumerate(texts[:PROBLEMS_NAMED], start=1)]
    more = ["…"] if len(texts) > PROBLEMS_NAMED else []
    return InputFolderError(str(folder), " ".join([f"{len(problems)} problems:", *shown, *more]))


def _kind_of(path: StoragePath, access: InputAccess) -> Kind | None:
    """BigQuery names what it exports by the date: zones, unless the header says otherwise."""
    if is_export(path.name):
        return kind_by_header(header_line(path, access)) or STORE_TIMEZONES
    return kind_by_name(path.name)


def _is_meant_as_input(path: StoragePath, access: InputAccess) -> bool:
    """Whether a file without the name of an input was meant to be one: its header fits, or only its format does not."""
    if is_in_other_format(path.name):
        return path.is_file()
    return path.name.lower().endswith(TABLES) and kind_by_header(header_line(path, access)) is not None


def _has_unusable_name(name: str) -> bool:
    """Whether a name is no UTF-8: neither the database nor a page can hold it."""
    return not name.isascii() and any("\ud800" <= character <= "\udfff" for character in name)


def _kind_of_unusable(name: str) -> Kind | None:
    return kind_by_name(name) if _has_unusable_name(name) and is_visible(name) else None


def _unusable_name(name: str, kind: Kind) -> tuple[Kind, InputFileError]:
    return kind, InputFileError(shown_name(name), "has a name that is not UTF-8", "another name")


def _natural_order(name: str) -> list[tuple[str, int]]:
    """Sorts `x.csv` before `x (1).csv`, and `x2.csv` before `x10.csv`."""
    stem = without_suffixes(name)
    return [(text, int(number or 0)) for text, number in NAME_PARTS.findall(stem)] + [(name, 0)]


def content_hash(path: StoragePath, access: InputAccess) -> tuple[str, int]:
    """SHA-256 (hex) and size in bytes of a file as it is stored."""
    digest, size = hashlib.sha256(), 0
    for piece in access.stored(path):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size
