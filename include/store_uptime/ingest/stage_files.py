"""`ingest`: loads the files of the data folder into PostgreSQL, typed and complete.

One loader loads all files in one transaction: if it dies, nothing of them remains. Several loaders, on as many
machines, divide the work: each takes a partition that no other has taken (a whole file, or some stores of a large one)
in a transaction of its own. A file is `loading` until all its partitions are loaded, then `staged`; no report uses it
before `validate` has accepted it. Where a loader died, another one continues. See
docs/decisions/0007-a-large-file-is-loaded-in-partitions.md.
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
from store_uptime.ingest.file_loader import CopyInto, FileLoader, FilePartition
from store_uptime.ingest.input_files import STORE_STATUS, SourceFile, read_folder
from store_uptime.ingest.store_keys import StoreKeys
from store_uptime.storage import StoragePath

LARGE_FILE_BYTES = 8 * 2**20  # about a second's work: below that, another task costs more than it saves


def ingest(
    engine: Engine,
    report_id: UUID,
    folder: StoragePath,
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
    found = read_folder(folder)
    if not any(file.kind is STORE_STATUS for file in found.files) and not has_polls(engine):
        raise InputFolderError(
            str(folder), f"holds no status file ({' or '.join(STORE_STATUS.patterns)}) and no polls are loaded yet"
        )
    with engine.begin() as connection:
        unread = {"report_id": report_id, "unread_files": found.unread}
        connection.execute(statement("report/report/note_unread_files"), unread)
    task = Ingest(engine, report_id, found.files, clock, loaders, large_file_bytes)
    if loaders == 1:
        task.load_together()
    else:
        task.load_with_others()
    return {"files": len(found.files), "files_loaded": len(task.files_loaded)} | task.counts


def has_polls(engine: Engine) -> bool:
    """Whether any status file was ever accepted."""
    with engine.connect() as connection:
        return bool(connection.scalar(statement("ingest/acceptance/has_polls")))


@dataclass
class Ingest:
    """What one loader does to load `files` for a report."""

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
            topology.run_one_at_a_time(connection)
            self._plan(connection)
            connection.execute(statement("ingest/stores/create_named"))
            # All of them before the first write: from then on the connection belongs to the thread that writes.
            partitions = [
                partition
                for partition in self._open_partitions(connection)
                if connection.execute(statement("ingest/partitions/await"), partition).first()
            ]
            months = self._months(connection)
            with Writes() as writes:
                for partition in partitions:
                    self._load(connection, writes, months.copy_into, partition)
                writes.add(months.finish)
                writes.wait()
            register_stores(connection)
            self._finish(connection)
            return True

    def _months(self, connection: Connection) -> NewMonths | SharedMonths:
        """Citus copies what is in a month that becomes a part of core.poll, so there it is one before it is filled."""
        if not topology.is_there(connection):
            return NewMonths(connection)
        connection.execute(statement("ingest/polls/lock_months"))
        return SharedMonths(self.engine)

    def load_with_others(self) -> None:
        """Partition by partition, as long as one is free; then those that other loaders have, should they die."""
        with self.engine.begin() as connection:
            self._plan(connection)
        while True:
            with self.engine.begin() as connection:
                partitions = self._open_partitions(connection)
            if not partitions:
                break
            if not any(
                self._unless_deadlocked(self._load_partition, "ingest/partitions/take", one) for one in partitions
            ):
                self._unless_deadlocked(self._load_partition, "ingest/partitions/await", partitions[0])
        with self.engine.begin() as connection:
            self._finish(connection)

    def _unless_deadlocked(self, load: Callable[..., bool], *arguments: Any) -> bool:
        """What `load` returns; False if PostgreSQL ended it in a deadlock with a loader of another DAG run.

        A DAG run with one loader waits for partitions while it holds others, so that can happen. Its transaction was
        rolled back, so it can begin again.
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
        """Records the report's files; the first loader to see a new file decides its partitions."""
        # Every loader locks in the same order, so that no two wait for each other.
        for sha256 in sorted({file.content_sha256 for file in self.files}):
            connection.execute(statement("ingest/files/lock_content"), {"content_sha256": sha256})
        for file in self.files:
            content = {"kind": file.kind.name, "content_sha256": file.content_sha256}
            file_id = connection.scalar(statement("ingest/files/find"), content)
            if file_id is None:
                facts = content | {"name": file.name, "size_bytes": file.size_bytes, "loaded_at": self.clock}
                file_id = connection.scalar(statement("ingest/files/add"), facts)
                is_large = file.kind is STORE_STATUS and file.size_bytes > self.large_file_bytes
                partitions = self.loaders if is_large else 1
                connection.execute(statement("ingest/partitions/add"), {"file_id": file_id, "partitions": partitions})
            self.source_files[file_id] = file
        connection.execute(statement("ingest/source_files/clear"), {"report_id": self.report_id})
        if self.source_files:
            connection.execute(
                statement("ingest/source_files/add"),
                [
                    {"report_id": self.report_id, "file_id": file_id, "name": file.name}
                    for file_id, file in self.source_files.items()
                ],
            )

    def _open_partitions(self, connection: Connection) -> list[dict[str, int]]:
        """The report's partitions that are not loaded: `file_id`, `partition_no`, and the `partitions` of the file."""
        found = connection.execute(statement("ingest/partitions/list_open"), {"file_ids": list(self.source_files)})
        return [dict(partition) for partition in found.mappings()]

    def _load_partition(self, take: str, partition: dict[str, int]) -> bool:
        """Loads a partition in a transaction of its own, if the statement `take` gets its lock."""
        try:
            with self.engine.begin() as connection:
                if connection.execute(statement(take), partition).first() is None:
                    return False
                topology.run_one_at_a_time(connection)
                connection.execute(statement("ingest/polls/lock_months"))
                connection.execute(statement("ingest/stores/create_named"))
                with Writes() as writes:
                    self._load(connection, writes, SharedMonths(self.engine).copy_into, partition)
                    writes.wait()
                register_stores(connection)
                stage_if_whole(connection, partition["file_id"])
                return True
        except InputFileError:
            discard_file(self.engine, partition["file_id"])
            raise

    def _load(self, connection: Connection, writes: Writes, copy_into: CopyInto, partition: dict[str, int]) -> None:
        file = self.source_files[partition["file_id"]]
        file_partition = FilePartition(partition["file_id"], partition["partition_no"], partition["partitions"])
        loader = FileLoader(connection, writes, file, file_partition, self.keys, copy_into, self.clock)
        loader.load()
        if loader.reader.sha256 != file.content_sha256:
            raise InputFileError(file.name, "changed while it was read", "a file that is complete when it appears")
        self.files_loaded.add(partition["file_id"])
        self.counts.update(rows_read=loader.rows_read, rows_quarantined=loader.rows_quarantined)

    def _finish(self, connection: Connection) -> None:
        """All partitions are loaded: stages the files whose last ones were loaded at the same time."""
        for file_id in sorted(self.source_files):
            stage_if_whole(connection, file_id)
        report = {"report_id": self.report_id}
        staged = {file.file_id for file in connection.execute(statement("ingest/source_files/list"), report)}
        for file_id, file in self.source_files.items():
            if file_id not in staged:
                raise InputFileError(file.name, "failed in another loader, see its log", "a file that can be loaded")


def stage_if_whole(connection: Connection, file_id: int) -> None:
    """Stages a file that is loading, if all its partitions are loaded."""
    if connection.execute(statement("ingest/files/finish"), {"file_id": file_id}).rowcount:
        connection.execute(statement("ingest/partitions/clear"), {"file_id": file_id})


def discard_file(engine: Engine, file_id: int) -> None:
    """Deletes what was loaded of a file that is not staged yet, once no loader is at work on it."""
    file = {"file_id": file_id}
    with engine.begin() as connection:
        topology.run_one_at_a_time(connection)
        partitions = connection.execute(statement("ingest/partitions/lock"), file).all()
        loaded = [partition for partition in partitions if partition.first_polled_at is not None]
        if loaded:
            bounds = {
                "first_polled_at": min(partition.first_polled_at for partition in loaded),
                "last_polled_at": max(partition.last_polled_at for partition in loaded),
            }
            connection.execute(statement("ingest/polls/clear"), file | bounds)
        if partitions:
            connection.execute(statement("ingest/stores/clear_polled"), {"file_ids": [file_id]})
            connection.execute(statement("ingest/status_intervals/clear_staged"), {"file_ids": [file_id]})
            connection.execute(statement("ingest/source_files/delete_file"), file)
            connection.execute(statement("ingest/files/delete"), file)


def register_stores(connection: Connection) -> None:
    """Adds the stores that the transaction's files name; raises `InputFileError` if two ids have one key."""
    connection.execute(statement("ingest/stores/add"))
    clash = connection.execute(statement("ingest/stores/find_key_clash")).first()
    if clash:
        raise InputFileError(
            "store_id", f"{clash.one!r} and {clash.other!r} have the same 64-bit key", "ids that differ in their key"
        )


class NewMonths:
    """Month tables (UTC) that one transaction fills and attaches at its end; other loaders wait for it."""

    def __init__(self, connection: Connection) -> None:
        self.connection, self.copies = connection, dict[date, str]()

    def copy_into(self, month: date) -> str:
        """The COPY for polls of the month that starts at `month`; a new table is no partition before `finish`."""
        if month not in self.copies:
            begun = self.connection.execute(statement("ingest/polls/begin_month"), {"month": month}).one()
            self.copies[month] = statement("ingest/polls/copy").text.format(table=begun.poll_table, freeze=begun.is_new)
        return self.copies[month]

    def finish(self) -> None:
        """Gives the new tables their keys and attaches them."""
        for month in sorted(self.copies):
            self.connection.execute(statement("ingest/polls/finish_month"), {"month": month})


class SharedMonths:
    """Month tables (UTC) that several transactions fill at the same time: attached before the first poll is copied."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.copies = engine, dict[date, str]()

    def copy_into(self, month: date) -> str:
        """The COPY for polls of the month that starts at `month`; its table is there for every loader then."""
        if month not in self.copies:
            with self.engine.begin() as connection:
                begun = connection.execute(statement("ingest/polls/begin_month"), {"month": month}).one()
                connection.execute(statement("ingest/polls/finish_month"), {"month": month})
            self.copies[month] = statement("ingest/polls/copy").text.format(table=begun.poll_table, freeze=False)
        return self.copies[month]

    def finish(self) -> None:
        """Nothing is left to do."""
