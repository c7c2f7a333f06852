"""Loading a file of groups, special hours, planned downtime or targets: usable rows to its table, others to quarantine.

Such a file names stores by their ids and makes none: a store that only it names is in no report.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from sqlalchemy import Connection

from store_uptime.concurrency import Writes
from store_uptime.db.statements import statement
from store_uptime.ingest.checks import Faults
from store_uptime.ingest.copies import Copies, Loaded, quarantined_rows, text_of
from store_uptime.ingest.csv_reader import Batch, reader_of
from store_uptime.ingest.input_files import SourceFile
from store_uptime.ingest.kinds import OPTIONAL_KINDS, PLANNED_DOWNTIME, SPECIAL_HOURS, STORE_GROUPS, TARGETS
from store_uptime.ingest.scoped_rows import (
    Check,
    check_groups,
    check_planned_downtime,
    check_special_hours,
    check_targets,
)

SCOPE = ("store_id", "group_kind", "group_name")
LOCAL_FORMAT = "%Y-%m-%d %H:%M:%S%.6f"


@dataclass(frozen=True)
class Table:
    """How the rows of a kind are checked, and which statements copy them and settle which of them stand.

    A row of `settle` is one that stands, of groups, or else one that a later row of the same file replaces.
    """

    check: Check
    columns: Callable[[pl.DataFrame], pl.DataFrame]
    copy: str
    settle: str | None = None


def _groups(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select("line", "store_id", "kind", "name")


def _special_hours(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        "line",
        *SCOPE,
        "local_date",
        (pl.col("start_us") * 1000).cast(pl.Time),
        pl.format("{} microseconds", "end_us"),
        _reason(),
    )


def _planned_downtime(rows: pl.DataFrame) -> pl.DataFrame:
    ends = (
        column
        for end in ("starts", "ends")
        for column in (
            pl.from_epoch(f"{end}_at", time_unit="us"),
            pl.from_epoch(f"{end}_local", time_unit="us").dt.strftime(LOCAL_FORMAT),
        )
    )
    return rows.select("line", *SCOPE, *ends, _reason())


def _targets(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select("line", *SCOPE, "target_percent", "valid_from")


def _reason() -> pl.Expr:
    text = pl.col("reason").str.strip_chars()
    return pl.when(text != "").then(text).alias("reason")


TABLES = {
    STORE_GROUPS.name: Table(check_groups, _groups, "ingest/scoped/copy_groups", "ingest/scoped/add_groups"),
    SPECIAL_HOURS.name: Table(check_special_hours, _special_hours, "ingest/scoped/copy_special_hours"),
    PLANNED_DOWNTIME.name: Table(check_planned_downtime, _planned_downtime, "ingest/scoped/copy_planned_downtime"),
    TARGETS.name: Table(check_targets, _targets, "ingest/scoped/copy_targets", "ingest/scoped/delete_replaced_targets"),
}


def is_scoped(file: SourceFile) -> bool:
    """Whether a file is one that `ScopedFileLoader` loads."""
    return file.kind in OPTIONAL_KINDS


class ScopedFileLoader:
    """Loads one file in its transaction; whatever goes to the database goes through `writes`, as in `FileLoader`."""

    def __init__(self, connection: Connection, writes: Writes, file: SourceFile, file_id: int) -> None:
        self.connection, self.writes, self.file, self.file_id = connection, writes, file, file_id
        self.copies = Copies(connection)
        self.reader = reader_of(file.paths, file.kind, file.access)
        self.table = TABLES[file.kind.name]
        self.rows_read = self.rows_quarantined = 0
        self._tolerated: Counter[str] = Counter()
        self._stores = np.zeros(0, np.uint64)  # hashes of the ids

    def load(self) -> None:
        """Reads the whole file. Raises `InputFileError`; the caller's transaction then rolls everything back."""
        if self.reader.kind is STORE_GROUPS:
            self.writes.add(self.connection.execute, statement("ingest/scoped/create_groups"))
        for batch in self.reader.batches():
            self._load(batch)
        self.file.check_unchanged(self.reader.sha256)
        self._tolerated.update(self.reader.tolerated)
        self.writes.add(self._finish)

    def _load(self, batch: Batch) -> None:
        faults = Faults()
        typed = self.table.check(batch.rows, faults, self._tolerated)
        unusable = sorted(batch.misfits + faults.of(batch), key=lambda row: row.line)
        self.rows_read += batch.rows.height + len(batch.misfits)
        self.rows_quarantined += len(unusable)
        if unusable:
            self.writes.add(self.copies.quarantined, quarantined_rows([self.file_id] * len(unusable), unusable))
        usable = faults.without(typed)
        named = usable["store_id"].drop_nulls().hash().to_numpy()
        self._stores = np.union1d(self._stores, named)
        copied = self.table.columns(usable).select(pl.lit(self.file_id).alias("file_id"), pl.all())
        self.writes.add(self.copies.text, self.table.copy, text_of(copied))

    def _finish(self) -> None:
        replaced = 0
        if self.table.settle:
            settled = self.connection.execute(statement(self.table.settle), {"file_id": self.file_id}).rowcount
            kept = self.reader.kind is STORE_GROUPS
            replaced = self.rows_read - self.rows_quarantined - settled if kept else settled
        loaded = Loaded(
            file_id=self.file_id,
            partition_no=0,
            has_intervals=False,
            rows_read=self.rows_read,
            rows_quarantined=self.rows_quarantined,
            rows_replaced=replaced,
            tolerated=json.dumps(self._tolerated),
            store_count=len(self._stores),
            first_polled_at=None,
            last_polled_at=None,
        )
        self.copies.finish([loaded])
