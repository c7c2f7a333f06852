"""Loading small status files together: each is read by itself, then their rows are checked, sorted and copied at once.

A file of its own costs a dozen statements, however small it is: of thousands of hourly files they would be all that the
load costs.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

import polars as pl
from sqlalchemy import Connection

from store_uptime.concurrency import Writes
from store_uptime.ingest import copy_binary
from store_uptime.ingest.bucket_sort import is_like_neighbour
from store_uptime.ingest.checks import (
    US_PER_YEAR,
    Faults,
    add_too_old,
    check_ids,
    check_number_of_stores,
    check_polls,
    latest_of,
    usable_instants,
)
from store_uptime.ingest.copies import INTERVAL_COPY, Copies, Loaded, instant_of, quarantined_rows, text_of
from store_uptime.ingest.csv_reader import Batch, CsvReader
from store_uptime.ingest.file_loader import CreateMonth
from store_uptime.ingest.input_files import SourceFile
from store_uptime.ingest.kinds import STORE_STATUS
from store_uptime.ingest.poll_days import US_PER_DAY, PollDays
from store_uptime.ingest.safe_open import SMALL_FILE_BYTES, in_groups
from store_uptime.ingest.store_keys import NamedStores, StoreKeys

MAX_BATCHES = 2  # of a file; one with more is larger than expected, and not loaded here
# Columns of the temporary table of named stores: of small files it needs the keys and ids alone, each once.
NAMED_STORE = {
    "file_id": pl.col("file_id"),
    "partition_no": pl.lit(0),
    "store_key": pl.col("store_key"),
    "store_id": pl.col("store_id"),
    "has_closed_rows": pl.lit(False),
    "has_unusable_rows": pl.lit(False),
}
LINE_BITS = 32  # of the number of a line, below the number of its batch


def is_small(file: SourceFile) -> bool:
    """Whether a file is worth loading together with others."""
    return file.kind is STORE_STATUS and file.text_bytes <= SMALL_FILE_BYTES


def groups_of(files: Iterable[tuple[int, SourceFile]]) -> Iterator[dict[int, SourceFile]]:
    """Small files by their ids, as many together as are loaded together."""
    for group in in_groups(((file_id, file), file.text_bytes) for file_id, file in files):
        yield dict(group)


class SmallFilesLoader:
    """Loads a group of small status files in its transaction, as `FileLoader` loads one.

    After `load`, `loaded` has what was loaded of each file, and `too_large` the ids of those that turned out to be
    larger than expected, and were left out. `reading` is the file that is being read.
    """

    def __init__(
        self,
        connection: Connection,
        writes: Writes,
        files: Mapping[int, SourceFile],
        keys: StoreKeys,
        create_month: CreateMonth,
        clock: datetime,
    ) -> None:
        self.copies, self.writes, self.files = Copies(connection), writes, files
        self.keys, self.create_month, self.latest_us = keys, create_month, latest_of(clock)
        self.reading: int | None = None
        self.too_large: list[int] = []
        self.loaded: list[Loaded] = []
        self._batches: list[Batch] = []
        self._file_ids: list[int] = []  # of the batches
        self._tolerated: dict[int, Counter[str]] = defaultdict(Counter)

    def load(self) -> None:
        """Raises `InputFileError`; the caller's transaction then rolls everything back."""
        access = next(iter(self.files.values())).access
        with access.reading_together([file.paths[0] for file in self.files.values()]):
            for file_id, file in self.files.items():
                self.reading = file_id
                self._read(file_id, file)
        self.reading = None
        if self._batches:
            self._load()

    def _read(self, file_id: int, file: SourceFile) -> None:
        reader, batches = CsvReader(file.paths[0], file.kind, file.access), []
        for batch in reader.batches():
            batches.append(batch)
            if len(batches) > MAX_BATCHES:
                self.too_large.append(file_id)
                return
        file.check_unchanged(reader.sha256)
        self._batches += batches
        self._file_ids += [file_id] * len(batches)
        self._tolerated[file_id].update(reader.tolerated)

    def _load(self) -> None:
        rows = self._rows()
        last = self.files[self._file_ids[-1]]
        check_number_of_stores(last.name, self.keys, last.access)
        faults = Faults()
        check_ids(rows, faults)
        typed = check_polls(rows, faults, self.latest_us).hstack([rows["store_key"], rows["file_id"]])
        newest = usable_instants(typed, self.latest_us).group_by("file_id").agg(pl.col("polled_at").max())
        span_us = last.access.max_poll_years * US_PER_YEAR
        kept_from = typed.join(newest, on="file_id", how="left", maintain_order="left")["polled_at_right"] - span_us
        add_too_old(rows, (typed["polled_at"] < kept_from).fill_null(False), faults, last.access.max_poll_years)
        for what, lines in faults.tolerated_lines.items():
            for line in lines:
                self._tolerated[self._file_ids[line >> LINE_BITS]][what] += 1
        misfits = [
            replace(misfit, line=(number << LINE_BITS) + misfit.line)
            for number, batch in enumerate(self._batches)
            for misfit in batch.misfits
        ]
        unusable = sorted(misfits + faults.of(self), key=lambda row: row.line)
        unusable_in = [self._file_ids[row.line >> LINE_BITS] for row in unusable]
        if unusable:
            in_files = [replace(row, line=row.line % (1 << LINE_BITS)) for row in unusable]
            self.writes.add(self.copies.quarantined, quarantined_rows(unusable_in, in_files))
        self._copy(rows, faults.without(typed), unusable_in)

    def _rows(self) -> pl.DataFrame:
        """The rows of all files, with `file_id`, `store_key`, and lines that are numbered through all batches."""
        rows = pl.concat(
            batch.rows.select(
                *STORE_STATUS.columns,
                line=pl.col("line") + (number << LINE_BITS),
                file_id=pl.lit(file_id, dtype=pl.Int32),
            )
            for number, (batch, file_id) in enumerate(zip(self._batches, self._file_ids, strict=True))
        )
        return rows.hstack([NamedStores(self.keys).keys(rows["store_id"]).alias("store_key")])

    def raw_of(self, line: int) -> str:
        """The raw text of a row, by its line as `_rows` numbers them."""
        return self._batches[line >> LINE_BITS].raw_of(line % (1 << LINE_BITS))

    def _copy(self, rows: pl.DataFrame, usable: pl.DataFrame, unusable_in: list[int]) -> None:
        """Copies polls, status intervals and named stores; the last usable row of an instant counts in each file."""
        instant = pl.col("polled_at")
        polls = usable.sort("file_id", "store_key", "polled_at", maintain_order=True)
        polls = polls.filter(~is_like_neighbour(-1, "file_id", "store_key", "polled_at"))
        spans = polls.group_by("file_id", "store_key").agg(first_polled_at=pl.from_epoch(instant.min(), time_unit="us"))
        by_day = polls.sort("store_key", instant.floordiv(US_PER_DAY), "file_id", "polled_at", maintain_order=True)
        days = PollDays.of(by_day["file_id"].to_numpy(), 0, by_day)
        for month in days.months:
            self.create_month(month)
        self.writes.add(self.copies.poll_days, days.encoded)
        changes = polls.filter(~is_like_neighbour(1, "file_id", "store_key", "is_active"))
        started_at = copy_binary.postgres_us(changes["polled_at"])
        self.writes.add(self.copies.intervals, copy_binary.encoded(INTERVAL_COPY, changes, {"started_at": started_at}))
        named = rows.filter(pl.col("store_key").is_not_null())
        stores = named.select("file_id", "store_key").unique().sort("store_key", "file_id")
        polled = stores.join(spans, on=["file_id", "store_key"], how="left", maintain_order="left")
        self.writes.add(self.copies.polled_stores, text_of(polled.select("file_id", "store_key", "first_polled_at")))
        distinct = named.unique(["store_key", "store_id"]).select(**NAMED_STORE)
        self.writes.add(self.copies.named_stores, text_of(distinct))
        self.loaded = self._counts(rows, usable, polls, stores, Counter(unusable_in))
        self.writes.add(self.copies.finish, self.loaded)

    def _counts(
        self,
        rows: pl.DataFrame,
        usable: pl.DataFrame,
        polls: pl.DataFrame,
        stores: pl.DataFrame,
        unusable: Counter[int],
    ) -> list[Loaded]:
        """What was loaded of each file."""
        read, in_usable, in_polls, store_count = (
            dict(frame.group_by("file_id").len().iter_rows()) for frame in (rows, usable, polls, stores)
        )
        for number, batch in enumerate(self._batches):
            read[self._file_ids[number]] = read.get(self._file_ids[number], 0) + len(batch.misfits)
        span = {
            file_id: (instant_of(first), instant_of(last))
            for file_id, first, last in polls.group_by("file_id")
            .agg(pl.col("polled_at").min().alias("first"), pl.col("polled_at").max().alias("last"))
            .iter_rows()
        }
        return [
            Loaded(
                file_id=file_id,
                partition_no=0,
                has_intervals=True,
                rows_read=read.get(file_id, 0),
                rows_quarantined=unusable[file_id],
                rows_replaced=in_usable.get(file_id, 0) - in_polls.get(file_id, 0),
                tolerated=json.dumps(self._tolerated[file_id]),
                store_count=store_count.get(file_id, 0),
                first_polled_at=span.get(file_id, (None, None))[0],
                last_polled_at=span.get(file_id, (None, None))[1],
            )
            for file_id in self.files
            if file_id not in self.too_large
        ]
