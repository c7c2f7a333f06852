"""`ingest`: loads the files of the data folder into PostgreSQL, typed and complete.

One loader loads all files in one transaction: if it dies, nothing of them remains. Several loaders, on as many
machines, divide the work: each takes a partition that no other has taken (a whole file, or some stores of a large one)
in a transaction of its own. A file is `loading` until all its partitions are loaded, then `staged`; no report uses it
before `validate` has accepted it. Where a loader died, another one continues. See
docs/decisions/0007-a-large-file-is-loaded-in-partitions.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg2.errors import CheckViolation, DeadlockDetected
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from store_uptime.concurrency import Writes
from store_uptime.db import topology
from store_uptime.db.statements import statement
from store_uptime.errors import InputFileError, InputFolderError
from store_uptime.ingest import small_files
from store_uptime.ingest.file_loader import FileLoader, FilePartition
from store_uptime.ingest.input_files import SourceFile, find_input
from store_uptime.ingest.kinds import STORE_STATUS
from store_uptime.ingest.safe_open import SMALL_FILE_BYTES, InputAccess
from store_uptime.ingest.scoped_files import ScopedFileLoader, is_scoped
from store_uptime.ingest.small_files import SmallFilesLoader
from store_uptime.ingest.store_keys import StoreKeys
from store_uptime.storage import StoragePath

Partition = dict[str, int]  # file_id, partition_no, and partitions: how many the file has
LARGE_FILE_BYTES = 8 * 2**20  # about a second's work: below that, another task costs more than it saves


def ingest(
    engine: Engine,
    report_id: UUID,
    folder: StoragePath,
    clock: datetime,
    loaders: int = 1,
    large_file_bytes: int = LARGE_FILE_BYTES,
    access: InputAccess | None = None,
) -> dict[str, Any]:
    """Stages every file of `folder` that is not loaded yet, and notes which ones the report brings.

    `clock` is the time the rows are loaded at (aware). `loaders` is how many tasks do this for the report, at the same
    time or one after the other; each returns when all files are staged, with what it has loaded itself. Raises
    `InputFolderError` or `InputFileError`; a file at fault is then as if it had never come, and with one loader so are
    all files that came with it.
    """
    found = find_input(engine, folder, access)
    if not found.has_status and not has_polls(engine):
        others = f"; it holds {', '.join(found.unread)}, which has another name or format" if found.unread else ""
        raise InputFolderError(
            str(folder), f"holds no status file (store_status*.csv) and no polls are loaded yet{others}"
        )
    with engine.begin() as connection:
        found_there = {"report_id": report_id, "data_folder": str(folder), "unread_files": found.unread}
        connection.execute(statement("report/report/note_folder"), found_there)
        connection.execute(statement("ingest/acceptance/pin_report"), {"report_id": report_id})
    task = Ingest(engine, report_id, found.files, clock, loaders, large_file_bytes)
    if loaders == 1:
        task.load_together()
    else:
        task.load_with_others()
    return {"files": found.count, "files_loaded": len(task.files_loaded)} | task.counts


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
    months: set[date] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=lambda: Counter(rows_read=0, rows_quarantined=0))
    reading: int | None = None  # the file that is at fault if its content is

    def load_together(self) -> None:
        """Everything in one transaction: files are read while others are written."""
        while not self._unless_overtaken(self._load_together):
            pass

    def _load_together(self) -> bool:
        with self.engine.begin() as connection:
            topology.run_one_at_a_time(connection)
            self._plan(connection)
            connection.execute(statement("ingest/stores/create_named"))
            # All of them before the first write: from then on the connection belongs to the thread that writes.
            files = {"file_ids": list(self.source_files)}
            waited_for = {tuple(row) for row in connection.execute(statement("ingest/partitions/await_all"), files)}
            partitions = [
                partition
                for partition in self._open_partitions(connection)
                if (partition["file_id"], partition["partition_no"]) in waited_for
            ]
            connection.execute(statement("ingest/polls/lock_months"))
            with Writes() as writes:
                for unit in self._units(partitions):
                    self._load(connection, writes, unit)
                writes.wait()
            register_stores(connection)
            self._finish(connection)
            return True

    def _units(self, partitions: Sequence[Partition]) -> list[list[Partition]]:
        """The partitions, those of small files in groups that are loaded together."""
        small = {
            partition["file_id"]: partition
            for partition in partitions
            if partition["partitions"] == 1 and small_files.is_small(self.source_files[partition["file_id"]])
        }
        groups = small_files.groups_of((file_id, self.source_files[file_id]) for file_id in small)
        others = [[partition] for partition in partitions if partition["file_id"] not in small]
        return [*others, *([small[file_id] for file_id in group] for group in groups)]

    def load_with_others(self) -> None:
        """Unit by unit, as long as one is free; then those that other loaders have, should they die."""
        with self.engine.begin() as connection:
            self._plan(connection)
        while True:
            with self.engine.begin() as connection:
                partitions = self._open_partitions(connection)
            if not partitions:
                break
            units = self._units(partitions)
            if not any(self._unless_overtaken(self._load_unit, "ingest/partitions/take", unit) for unit in units):
                self._unless_overtaken(self._load_unit, "ingest/partitions/await", units[0])
        with self.engine.begin() as connection:
            self._finish(connection)

    def _unless_overtaken(self, load: Callable[..., bool], *arguments: Any) -> bool:
        """What `load` returns; False if a loader at work at the same time kept it from its end: it can begin again.

        Its transaction was rolled back. PostgreSQL ends it in a deadlock with a loader of another DAG run: one that is
        alone waits for partitions while it holds others. Or the session does not know the table of a month: it made its
        list of months just while another one added that, and keeps it (`is_stale_list`), so sessions are begun anew.
        """
        files_loaded, counts = self.files_loaded.copy(), self.counts.copy()
        try:
            return load(*arguments)
        except (OperationalError, DeadlockDetected, CheckViolation) as error:
            original = getattr(error, "orig", error)
            if is_stale_list(original):
                self.engine.dispose()
            elif not isinstance(original, DeadlockDetected):
                raise
            self.files_loaded, self.counts = files_loaded, counts
            return False

    def _plan(self, connection: Connection) -> None:
        """Records the report's files; the first loader to see a new file decides its partitions."""
        contents = {
            "kinds": [file.kind.name for file in self.files],
            "content_sha256s": [file.content_sha256 for file in self.files],
        }
        connection.execute(statement("ingest/files/lock_contents"), contents)
        known = {
            (row.kind, row.content_sha256): row.file_id
            for row in connection.execute(statement("ingest/files/find"), contents)
        }
        new: dict[tuple[str, str], SourceFile] = {}  # two files with the same content are one
        for file in self.files:
            if _content(file) not in known:
                new.setdefault(_content(file), file)
        if new:
            known |= self._add(connection, list(new.values()))
        self.source_files = {known[_content(file)]: file for file in self.files}
        connection.execute(statement("ingest/source_files/clear"), {"report_id": self.report_id})
        found = {
            "report_id": self.report_id,
            "file_ids": list(self.source_files),
            "names": [file.name for file in self.source_files.values()],
        }
        connection.execute(statement("ingest/source_files/add"), found)

    def _add(self, connection: Connection, files: Sequence[SourceFile]) -> dict[tuple[str, str], int]:
        """Adds new files and their partitions; returns their ids by kind and content."""
        facts = {
            "kinds": [file.kind.name for file in files],
            "content_sha256s": [file.content_sha256 for file in files],
            "names": [file.name for file in files],
            "sizes_bytes": [file.size_bytes for file in files],
            "loaded_at": self.clock,
        }
        added = connection.execute(statement("ingest/files/add"), facts).all()
        partitions = {
            _content(file): self.loaders
            for file in files
            if file.kind is STORE_STATUS and file.size_bytes > self.large_file_bytes
        }
        division = {
            "file_ids": [row.file_id for row in added],
            "partitions": [partitions.get((row.kind, row.content_sha256), 1) for row in added],
        }
        connection.execute(statement("ingest/partitions/add"), division)
        return {(row.kind, row.content_sha256): row.file_id for row in added}

    def _open_partitions(self, connection: Connection) -> list[Partition]:
        """The report's partitions that are not loaded: `file_id`, `partition_no`, and the `partitions` of the file."""
        found = connection.execute(statement("ingest/partitions/list_open"), {"file_ids": list(self.source_files)})
        return [dict(partition) for partition in found.mappings()]

    def _load_unit(self, take: str, unit: Sequence[Partition]) -> bool:
        """Loads those partitions of a unit that the statement `take` locks, in a transaction of their own."""
        try:
            with self.engine.begin() as connection:
                taken = self._taken(connection, take, unit)
                if not taken:
                    return False
                topology.run_one_at_a_time(connection)
                connection.execute(statement("ingest/polls/lock_months"))
                connection.execute(statement("ingest/stores/create_named"))
                with Writes() as writes:
                    self._load(connection, writes, taken)
                    writes.wait()
                register_stores(connection)
                stage_if_whole(connection, [partition["file_id"] for partition in taken])
                return True
        except InputFileError:
            at_fault = [partition["file_id"] for partition in unit] if self.reading is None else [self.reading]
            for file_id in at_fault:
                discard_file(self.engine, file_id)
            raise

    def _taken(self, connection: Connection, take: str, unit: Sequence[Partition]) -> list[Partition]:
        if len(unit) == 1:
            return list(unit) if connection.execute(statement(take), unit[0]).first() else []
        file_ids = {"file_ids": [partition["file_id"] for partition in unit]}
        taken = {row.file_id for row in connection.execute(statement(f"{take}_all"), file_ids)}
        return [partition for partition in unit if partition["file_id"] in taken]

    def _load(self, connection: Connection, writes: Writes, unit: Sequence[Partition]) -> None:
        """Loads a partition, or several small files together; `reading` is the file at fault if it raises."""
        if len(unit) == 1:
            self._load_partition(connection, writes, unit[0])
            return
        files = {partition["file_id"]: self.source_files[partition["file_id"]] for partition in unit}
        loader = SmallFilesLoader(connection, writes, files, self.keys, self._create_month, self.clock)
        try:
            loader.load()
        finally:
            self.reading = loader.reading
        for loaded in loader.loaded:
            self.files_loaded.add(loaded.file_id)
            self.counts.update(rows_read=loaded.rows_read, rows_quarantined=loaded.rows_quarantined)
        for partition in unit:
            if partition["file_id"] in loader.too_large:
                self._load_partition(connection, writes, partition)

    def _load_partition(self, connection: Connection, writes: Writes, partition: Partition) -> None:
        self.reading = partition["file_id"]
        file = self.source_files[self.reading]
        file_partition = FilePartition(partition["file_id"], partition["partition_no"], partition["partitions"])
        loader = (
            ScopedFileLoader(connection, writes, file, partition["file_id"])
            if is_scoped(file)
            else FileLoader(connection, writes, file, file_partition, self.keys, self._create_month, self.clock)
        )
        together = file.paths if file.size_bytes <= SMALL_FILE_BYTES else ()
        with file.access.reading_together(together):
            loader.load()
        self.reading = None
        self.files_loaded.add(partition["file_id"])
        self.counts.update(rows_read=loader.rows_read, rows_quarantined=loader.rows_quarantined)

    def _create_month(self, month: date) -> None:
        """In a transaction of its own: the table is there for every loader before the first poll is copied."""
        if month not in self.months:
            with self.engine.begin() as connection:
                connection.execute(statement("ingest/polls/create_month"), {"month": month})
            self.months.add(month)

    def _finish(self, connection: Connection) -> None:
        """All partitions are loaded: stages the files whose last ones were loaded at the same time."""
        stage_if_whole(connection, sorted(self.source_files))
        files = {"file_ids": list(self.source_files)}
        for file_id in connection.scalars(statement("ingest/source_files/find_discarded"), files):
            name = self.source_files[file_id].name
            raise InputFileError(name, "failed in another loader, see its log", "a file that can be loaded")


def is_stale_list(error: BaseException) -> bool:
    """Whether a COPY found no table for the month of a poll: loaders create it before."""
    return isinstance(error, CheckViolation) and (error.diag.table_name, error.diag.constraint_name) == (
        "poll_day",
        None,
    )


def stage_if_whole(connection: Connection, file_ids: Sequence[int]) -> None:
    """Stages those files that are loading, if all their partitions are loaded."""
    staged = connection.scalars(statement("ingest/files/finish"), {"file_ids": list(file_ids)}).all()
    if staged:
        connection.execute(statement("ingest/partitions/clear"), {"file_ids": staged})


def _content(file: SourceFile) -> tuple[str, str]:
    return file.kind.name, file.content_sha256


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
