"""`ingest`: brings the files of the data folder into PostgreSQL, typed and whole.

One task loads all files in one transaction: if it dies, there is nothing of them. Several tasks (`loaders`) share the
work, on as many machines: each takes what nobody else has taken, a file or a share of a large one, one transaction for
each. A file is `loading` until all its shares are there, then `staged`; no report uses it before `validate` has
accepted it. Whoever comes later goes on where a task died. See
docs/decisions/0007-a-large-file-is-loaded-in-shares-of-stores.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg2.errors import DeadlockDetected
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from store_uptime.db import topology
from store_uptime.db.statements import statement
from store_uptime.errors import InputFileError, InputFolderError
from store_uptime.ingest.concurrency import Writes
from store_uptime.ingest.csv_reader import KINDS, STORE_STATUS, InputPath, Kind, Reader, content_hash, find_files
from store_uptime.ingest.file_loader import CopyInto, Loader
from store_uptime.ingest.store_keys import StoreKeys

LARGE_FILE_BYTES = 8 * 2**20  # a second's work: below that, a task of its own costs more than it saves


def ingest(
    engine: Engine,
    report_id: UUID,
    folder: InputPath,
    clock: datetime,
    loaders: int = 1,
    large_file_bytes: int = LARGE_FILE_BYTES,
) -> dict[str, Any]:
    """Stages every file of `folder` that is not loaded yet, and notes which files the report found there.

    `clock` is the time the rows are loaded at (aware). `loaders` is how many tasks do this for the report, at the same
    time or one after the other; each returns when all files are staged, with what it has loaded itself. Raises
    `InputFolderError` or `InputFileError`; a file at fault is then as if it had never come, and with one loader so are
    all files that came with it.
    """
    found = find_files(folder)
    files = [SourceFile(kind, path, *content_hash(path)) for kind in KINDS for path in found[kind.name]]
    if not found[STORE_STATUS.name] and not has_polls(engine):
        raise InputFolderError(
            str(folder), f"holds no status file ({' or '.join(STORE_STATUS.patterns)}) and no polls are loaded yet"
        )
    task = Ingest(engine, report_id, files, clock, loaders, large_file_bytes)
    if loaders == 1:
        task.load_together()
    else:
        task.load_with_others()
    return {"files": len(files), "files_loaded": len(task.files_loaded)} | task.counts


def has_polls(engine: Engine) -> bool:
    """Whether any status file was ever accepted."""
    with engine.connect() as connection:
        return bool(connection.scalar(statement("ingest/has_polls")))


@dataclass(frozen=True)
class SourceFile:
    """A file of the data folder, and what identifies its content."""

    kind: Kind
    path: InputPath
    content_sha256: str
    size_bytes: int


@dataclass
class Ingest:
    """One task's part in loading `files` for a report."""

    engine: Engine
    report_id: UUID
    files: list[SourceFile]
    clock: datetime
    loaders: int
    large_file_bytes: int
    keys: StoreKeys = field(default_factory=StoreKeys)
    source_files: dict[int, SourceFile] = field(default_factory=dict)
    files_loaded: set[int] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=lambda: Counter(rows_read=0, rows_quarantined=0))

    def load_together(self) -> None:
        """Everything in one transaction: files are read while others are written, and months are filled faster."""
        while not self._unless_deadlocked(self._load_together):
            pass

    def _load_together(self) -> bool:
        with self.engine.begin() as connection:
            connection.execute(statement("citus/one_at_a_time"))
            self._plan(connection)
            connection.execute(statement("ingest/create_named_store"))
            shares = self._open_shares(connection)
            # All of them before the first write: from then on the connection belongs to the thread that writes.
            taken = [share for share in shares if connection.execute(statement("ingest/await_share"), share).first()]
            months = self._months(connection)
            with Writes() as writes:
                for share in taken:
                    self._load(connection, writes, months.copy_into, share)
                writes.add(months.finish)
                writes.wait()
            register_stores(connection)
            self._finish(connection)
            return True

    def _months(self, connection: Connection) -> NewMonths | CommonMonths:
        """Citus copies what is in a month that becomes a part of core.poll, so there it is one before it is filled."""
        if not topology.is_there(connection):
            return NewMonths(connection)
        connection.execute(statement("ingest/lock_poll_months"))
        return CommonMonths(self.engine)

    def load_with_others(self) -> None:
        """Share by share, as long as there is one that nobody has; then those that others have, should they die."""
        with self.engine.begin() as connection:
            self._plan(connection)
        while True:
            with self.engine.begin() as connection:
                shares = self._open_shares(connection)
            if not shares:
                break
            if not any(self._unless_deadlocked(self._load_alone, "ingest/take_share", share) for share in shares):
                self._unless_deadlocked(self._load_alone, "ingest/await_share", shares[0])
        with self.engine.begin() as connection:
            self._finish(connection)

    def _unless_deadlocked(self, load: Callable[..., bool], *arguments: Any) -> bool:
        """What `load` answers; no, if PostgreSQL ended it because it and another run's loader waited for each other.

        A run with one loader waits for shares while it has others, so that can happen. Nothing of it is there then, and
        it can begin again.
        """
        files_loaded, counts = self.files_loaded.copy(), self.counts.copy()
        try:
            return load(*arguments)
        except (OperationalError, DeadlockDetected) as error:
            if not isinstance(getattr(error, "orig", error), DeadlockDetected):
                raise
            self.files_loaded, self.counts = files_loaded, counts
            return False

    def _plan(self, connection: Connection) -> None:
        """Notes the report's files; for new ones, whoever comes first decides what their shares are."""
        # In one order for everybody, so that two runs wait for each other and never in a circle.
        for sha256 in sorted({file.content_sha256 for file in self.files}):
            connection.execute(statement("ingest/lock_content"), {"content_sha256": sha256})
        for file in self.files:
            content = {"kind": file.kind.name, "content_sha256": file.content_sha256}
            file_id = connection.scalar(statement("ingest/find_file"), content)
            if file_id is None:
                facts = content | {"name": file.path.name, "size_bytes": file.size_bytes, "loaded_at": self.clock}
                file_id = connection.scalar(statement("ingest/add_file"), facts)
                is_large = file.kind is STORE_STATUS and file.size_bytes > self.large_file_bytes
                shares = self.loaders if is_large else 1
                connection.execute(statement("ingest/add_shares"), {"file_id": file_id, "shares": shares})
            self.source_files[file_id] = file
        connection.execute(statement("ingest/clear_source_files"), {"report_id": self.report_id})
        if self.source_files:
            connection.execute(
                statement("ingest/add_source_file"),
                [
                    {"report_id": self.report_id, "file_id": file_id, "name": file.path.name}
                    for file_id, file in self.source_files.items()
                ],
            )

    def _open_shares(self, connection: Connection) -> list[dict[str, int]]:
        """The shares of the report's files that are not loaded: `file_id`, `share`, and the `shares` of the file."""
        shares = connection.execute(statement("ingest/list_open_shares"), {"file_ids": list(self.source_files)})
        return [dict(share) for share in shares.mappings()]

    def _load_alone(self, take: str, share: dict[str, int]) -> bool:
        """Loads a share in a transaction of its own, if the statement `take` gets it."""
        try:
            with self.engine.begin() as connection:
                if connection.execute(statement(take), share).first() is None:
                    return False
                connection.execute(statement("citus/one_at_a_time"))
                connection.execute(statement("ingest/lock_poll_months"))
                connection.execute(statement("ingest/create_named_store"))
                with Writes() as writes:
                    self._load(connection, writes, CommonMonths(self.engine).copy_into, share)
                    writes.wait()
                register_stores(connection)
                stage_if_whole(connection, share["file_id"])
                return True
        except InputFileError:
            give_up(self.engine, share["file_id"])
            raise

    def _load(self, connection: Connection, writes: Writes, copy_into: CopyInto, share: dict[str, int]) -> None:
        file = self.source_files[share["file_id"]]
        reader = Reader(file.path, file.kind)
        loader = Loader(connection, writes, reader, file.size_bytes, self.keys, copy_into, self.clock, **share)
        loader.load()
        if reader.sha256 != file.content_sha256:
            raise InputFileError(reader.name, "changed while it was read", "a file that is complete when it appears")
        self.files_loaded.add(share["file_id"])
        self.counts.update(rows_read=loader.rows_read, rows_quarantined=loader.rows_quarantined)

    def _finish(self, connection: Connection) -> None:
        """All shares are there: stages the files whose last ones were loaded at the same time."""
        for file_id in sorted(self.source_files):
            stage_if_whole(connection, file_id)
        report = {"report_id": self.report_id}
        there = {file.file_id for file in connection.execute(statement("ingest/list_source_files"), report)}
        for file_id, file in self.source_files.items():
            if file_id not in there:
                raise InputFileError(file.path.name, "was given up by another task", "a file that can be loaded")


def stage_if_whole(connection: Connection, file_id: int) -> None:
    """Stages a file that is loading, if none of its shares is missing."""
    if connection.execute(statement("ingest/finish_file"), {"file_id": file_id}).rowcount:
        connection.execute(statement("ingest/clear_shares"), {"file_id": file_id})


def give_up(engine: Engine, file_id: int) -> None:
    """Takes back what was loaded of a file that is not staged yet, after those who are at it."""
    file = {"file_id": file_id}
    with engine.begin() as connection:
        connection.execute(statement("citus/one_at_a_time"))
        shares = connection.execute(statement("ingest/lock_shares"), file).all()
        loaded = [share for share in shares if share.first_polled_at is not None]
        if loaded:
            bounds = {
                "first_polled_at": min(share.first_polled_at for share in loaded),
                "last_polled_at": max(share.last_polled_at for share in loaded),
            }
            connection.execute(statement("ingest/clear_polls"), file | bounds)
        if shares:
            connection.execute(statement("ingest/clear_polled_stores"), {"file_ids": [file_id]})
            connection.execute(statement("ingest/clear_staged_runs"), {"file_ids": [file_id]})
            connection.execute(statement("ingest/forget_source_file"), file)
            connection.execute(statement("ingest/delete_file"), file)


def register_stores(connection: Connection) -> None:
    """Adds the stores that the transaction's files name; raises `InputFileError` if two ids have one key."""
    connection.execute(statement("ingest/add_stores"))
    clash = connection.execute(statement("ingest/find_store_key_clash")).first()
    if clash:
        raise InputFileError(
            "store_id", f"{clash.one!r} and {clash.other!r} have the same 64-bit key", "ids that differ in their key"
        )


class NewMonths:
    """The tables of months (UTC) that a transaction fills and makes whole at its end; others wait for it."""

    def __init__(self, connection: Connection) -> None:
        self.connection, self.copies = connection, dict[date, str]()

    def copy_into(self, month: date) -> str:
        """The COPY for polls of the month that starts at `month`; a new table is no partition before `finish`."""
        if month not in self.copies:
            begun = self.connection.execute(statement("ingest/begin_poll_month"), {"month": month}).one()
            self.copies[month] = statement("ingest/copy_polls").text.format(table=begun.poll_table, freeze=begun.is_new)
        return self.copies[month]

    def finish(self) -> None:
        """Makes the new tables whole."""
        for month in sorted(self.copies):
            self.connection.execute(statement("ingest/finish_poll_month"), {"month": month})


class CommonMonths:
    """The tables of months (UTC) that several transactions fill at the same time: whole before the first poll comes."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.copies = engine, dict[date, str]()

    def copy_into(self, month: date) -> str:
        """The COPY for polls of the month that starts at `month`; its table is there for everybody then."""
        if month not in self.copies:
            with self.engine.begin() as connection:
                begun = connection.execute(statement("ingest/begin_poll_month"), {"month": month}).one()
                connection.execute(statement("ingest/finish_poll_month"), {"month": month})
            self.copies[month] = statement("ingest/copy_polls").text.format(table=begun.poll_table, freeze=False)
        return self.copies[month]

    def finish(self) -> None:
        """Nothing is left to do."""
