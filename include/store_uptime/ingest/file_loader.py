"""Loading one file, or a partition of it: typed rows to their tables, unusable ones to quarantine."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from tempfile import gettempdir
from typing import NoReturn

import numpy as np
import polars as pl
from numpy.typing import DTypeLike
from sqlalchemy import Connection

from store_uptime.calendar.zones import known_timezones
from store_uptime.concurrency import Writes, ahead, side_by_side
from store_uptime.errors import InputFileError, naming_place
from store_uptime.ingest import copy_binary
from store_uptime.ingest.bucket_sort import BucketSorter, is_like_neighbour
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
from store_uptime.ingest.csv_reader import Batch, Unusable, reader_of
from store_uptime.ingest.input_files import SourceFile
from store_uptime.ingest.kinds import BUSINESS_HOURS, STORE_STATUS, STORE_TIMEZONES
from store_uptime.ingest.parsing import (
    Weekdays,
    is_closed,
    is_plain_clock_time,
    is_plainly_closed,
    is_weekday_number,
    is_without_zone,
    is_zone_or_none,
    parse_end_time_us,
    parse_start_time_us,
    parse_timezone,
    parse_weekday,
    parsed,
)
from store_uptime.ingest.poll_days import PollDays
from store_uptime.ingest.store_keys import NamedStores, StoreKeys

MAX_SORTED_ROWS = 500_000  # of a sorted batch; a few copies of it are in memory at a time
STORES_PER_COPY = 20_000
CHECKERS = 2  # threads; more would only wait for the reader, which is one
# From so many rows on, a file that cannot lead to a report is refused while it is read.
MANY_ROWS = 200_000
ROWS_OF_A_STORE = 200  # in a snapshot

WEEKDAY_EXAMPLE = "a weekday from 0 (Monday) to 6 (Sunday) or its English name (ISO's 1 to 7: subtract 1)"
START_EXAMPLE = "a clock time such as 09:30:00, or both times blank for a closed day"
END_EXAMPLE = "a clock time such as 17:30:00, up to 48:00 (26:00 is 02:00 of the next day)"
NO_ZONE_NUMBER = -1
WEEKDAYS_WITHOUT_0 = "weekdays without a 0"  # known to sql/quality/checked_files.sql

# Columns as they are sorted, and as they are copied.
POLL = {"store_key": "i8", "polled_at": "i8", "is_active": "?"}
NO_POLLS = pl.DataFrame(schema={"store_key": pl.Int64, "first_us": pl.Int64})
OPENING = {"store_key": "i8", "weekday": "i2", "start_time_local": "i8", "end_time_local": "i8"}
OPENING_COPY: dict[str, DTypeLike] = {
    "file_id": ">i4",
    "store_key": ">i8",
    "weekday": ">i2",
    "start_time_local": ">i8",
    "end_time_local": copy_binary.INTERVAL,
}
ZONE = {"store_key": "i8", "zone_number": "i2"}

CreateMonth = Callable[[date], None]  # creates the table for the polls of the month that starts at a date


@dataclass(frozen=True)
class FilePartition:
    """A partition of a file, the stores of which are loaded in one transaction; small files have one.

    Of n partitions, number i has the stores whose key, as an unsigned number, leaves i when divided by n.
    """

    file_id: int
    partition_no: int
    partitions: int

    def contains(self, store_key: pl.Expr) -> pl.Expr:
        """Whether stores belong to the partition; rows without a usable id (a null key) belong to the first."""
        return (store_key.reinterpret(signed=False) % self.partitions).fill_null(0) == self.partition_no


class FileLoader:
    """Loads one partition of a file in its transaction: typed rows by COPY, unusable ones to quarantine, its facts.

    Whatever goes to the database goes through `writes`, so that one file is read while another is being written.
    """

    def __init__(
        self,
        connection: Connection,
        writes: Writes,
        file: SourceFile,
        partition: FilePartition,
        keys: StoreKeys,
        create_month: CreateMonth,
        clock: datetime,
    ) -> None:
        self.writes, self.create_month, self.partition = writes, create_month, partition
        self.copies = Copies(connection)
        self.reader = reader_of(file.paths, file.kind, file.access)
        self.file_id = partition.file_id
        self.partition_bytes = file.text_bytes // partition.partitions
        self.latest_us = latest_of(clock)
        self.file = file
        self.rows_read = self.rows_quarantined = self.rows_replaced = 0
        self.has_intervals = False
        self.tolerated: Counter[str] = Counter()
        # Keys of stores with rows that say *closed*, and with unusable rows.
        self.closed = [pl.Series("store_key", [], dtype=pl.Int64)]
        self.unusable = [pl.Series("store_key", [], dtype=pl.Int64)]
        self.keys, self.named = keys, NamedStores(keys)
        self.access = file.access
        self.newest_us: list[int] = []  # of each batch of a status file
        self.first_polls = FirstPolls()

    def load(self) -> None:
        """Reads the whole file. Raises `InputFileError`; the caller's transaction then rolls everything back."""
        loads: dict[str, Callable[[], None]] = {
            STORE_STATUS.name: self._load_polls,
            BUSINESS_HOURS.name: self._load_hours,
            STORE_TIMEZONES.name: self._load_timezones,
        }
        with (
            naming_place(f"The folder for temporary files ({gettempdir()})"),
            ThreadPoolExecutor(max_workers=1) as self.read_ahead,
            ThreadPoolExecutor(CHECKERS) as self.checkers,
        ):
            loads[self.reader.kind.name]()
        self.file.check_unchanged(self.reader.sha256)
        if not self.partition.partition_no:
            self.tolerated.update(self.reader.tolerated)
        self.writes.add(self._copy_named_stores)
        self.writes.add(self._finish_partition)

    def _usable(self, check: Callable[[pl.DataFrame, Faults], pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """Typed rows of each batch, with `store_key`; unusable rows are copied and stores noted on the way.

        `check` types the columns of rows and notes what is unusable in them. It is called for several batches at once.
        """

        batches = ahead(self.reader.batches(), self.read_ahead)
        checked = partial(self._checked, check)
        for batch, faults, typed in side_by_side(checked, batches, self.checkers, CHECKERS):
            unusable = sorted(batch.misfits + faults.of(batch), key=lambda row: row.line)
            self.tolerated.update(faults.tolerated)
            self.rows_read += batch.rows.height + len(batch.misfits)
            self._quarantine(batch.rows, unusable)
            yield faults.without(typed)

    def _checked(
        self, check: Callable[[pl.DataFrame, Faults], pl.DataFrame], batch: Batch
    ) -> tuple[Batch, Faults, pl.DataFrame]:
        """The rows of this partition, what is unusable in them, and their typed columns, with `store_key`.

        All rows are typed, also those of other partitions: how old a poll may be depends on the newest one of the file.
        """
        faults = Faults()
        rows = batch.rows.hstack([self.named.keys(batch.rows["store_id"]).alias("store_key")])
        check_ids(rows, faults)
        typed = check(rows, faults).hstack([rows["store_key"]])
        if self.partition.partitions > 1:
            if self.reader.kind is STORE_STATUS:
                self.newest_us += usable_instants(typed, self.latest_us)["polled_at"].top_k(1).to_list()
            is_mine = self.partition.contains(pl.col("store_key"))
            rows, typed = rows.filter(is_mine), typed.filter(is_mine)
            faults = faults.of_lines(rows["line"])
        return replace(batch, rows=rows, misfits=[] if self.partition.partition_no else batch.misfits), faults, typed

    def _quarantine(self, rows: pl.DataFrame, unusable: list[Unusable]) -> None:
        """Copies the unusable ones of `rows`, with the misfits among them, and notes their stores."""
        if unusable:
            lines = pl.Series([row.line for row in unusable], dtype=pl.Int64)
            self.unusable.append(rows.filter(pl.col("line").is_in(lines.implode()))["store_key"])
            self.rows_quarantined += len(unusable)
            self.writes.add(self.copies.quarantined, quarantined_rows([self.file_id] * len(unusable), unusable))
        self._check_limits(unusable)

    def _check_limits(self, unusable: list[Unusable]) -> None:
        """Raises `InputFileError` for a file that would take long, or much memory, and leads to no report."""
        share = self.access.max_unusable_percent
        if unusable and self.rows_quarantined > max(MANY_ROWS, self.rows_read * share / 100):
            raise InputFileError(
                self.reader.name,
                f"more than {MANY_ROWS:,} rows, and {share:g} %, cannot be used ({unusable[-1].reason})",
                "usable rows, or a larger STORE_UPTIME_MAX_UNUSABLE_PERCENT",
                line=unusable[-1].line,
            )
        if self.reader.kind is not STORE_STATUS and self.rows_read > max(MANY_ROWS, ROWS_OF_A_STORE * len(self.keys)):
            self._raise_too_many_rows()
        check_number_of_stores(self.reader.name, self.keys, self.access)

    def _load_polls(self) -> None:
        check = partial(check_polls, latest_us=self.latest_us)
        with BucketSorter(POLL, ("store_key", "polled_at"), self.partition_bytes) as sorter:
            oldest_us = self._sort_polls(sorter, check)
            kept_from_us = max(self.newest_us, default=0) - self.access.max_poll_years * US_PER_YEAR
            if oldest_us < kept_from_us:
                self._quarantine_older(kept_from_us, check)
                self._copy_polls(sorter, pl.col("polled_at") >= kept_from_us)
            else:
                self._copy_polls(sorter)

    def _sort_polls(self, sorter: BucketSorter, check: Callable[[pl.DataFrame, Faults], pl.DataFrame]) -> int:
        """Adds the usable polls to the sorter; returns the oldest instant, and notes the newest ones."""
        oldest_us = self.latest_us
        for typed in self._usable(check):
            sorter.add(typed)
            if typed.height:
                instants = typed["polled_at"].to_numpy()
                oldest_us = min(oldest_us, int(instants.min()))
                self.newest_us.append(int(instants.max()))
        return oldest_us

    def _quarantine_older(self, kept_from_us: int, check: Callable[[pl.DataFrame, Faults], pl.DataFrame]) -> None:
        """Reads the file again for the rows of polls that are older: only now it is known how old they may be."""
        reader = reader_of(self.file.paths, self.file.kind, self.access)
        for batch in reader.batches():
            mine, faults, typed = self._checked(check, batch)
            lines = faults.without(typed).filter(pl.col("polled_at") < kept_from_us)["line"]
            older = Faults()
            add_too_old(mine.rows, mine.rows["line"].is_in(lines.implode()), older, self.access.max_poll_years)
            self._quarantine(mine.rows, older.of(mine))
        self.file.check_unchanged(reader.sha256)

    def _load_hours(self) -> None:
        weekdays = Weekdays()

        def check(rows: pl.DataFrame, faults: Faults) -> pl.DataFrame:
            closed = is_closed(rows["start_time_local"], rows["end_time_local"])
            typed = pl.DataFrame(
                {
                    "line": rows["line"],
                    "is_closed": closed,
                    "weekday": parsed(rows["day"], parse_weekday, pl.Int16),
                    "start_time_local": parsed(rows["start_time_local"], parse_start_time_us, pl.Int64),
                    "end_time_local": parsed(rows["end_time_local"], parse_end_time_us, pl.Int64),
                }
            )
            weekdays.add(rows["line"], rows["day"], typed["weekday"])
            faults.add(rows, typed["weekday"].is_null(), "day", f"expected {WEEKDAY_EXAMPLE}")
            faults.tolerate_other("weekdays by name", rows, "day", is_weekday_number, typed["weekday"])
            for column, example in (("start_time_local", START_EXAMPLE), ("end_time_local", END_EXAMPLE)):
                faults.add(rows, typed[column].is_null() & ~closed, column, f"expected {example}")
                faults.tolerate_other(
                    "clock times in other spellings", rows, column, is_plain_clock_time, typed[column]
                )
                said = closed.replace(False, None)
                faults.tolerate_other("closed days in other words", rows, column, is_plainly_closed, said)
            return typed

        sorter = self.writes.keep(BucketSorter(OPENING, tuple(OPENING), self.partition_bytes))
        for typed in self._usable(check):
            self.closed.append(typed.filter("is_closed")["store_key"])
            sorter.add(typed.filter(~pl.col("is_closed")))
        if weekdays.count_from_1():
            raise InputFileError(
                self.reader.name,
                "its weekdays count from 1 to 7: this is a 7, and no row has a 0",
                "0 (Monday) to 6 (Sunday): subtract 1",
                line=min(weekdays.lines_of_7),
                column="day",
            )
        if weekdays.may_count_from_1():
            self.tolerated[WEEKDAYS_WITHOUT_0] += 1
        self.writes.add(self._copy_hours, sorter)

    def _load_timezones(self) -> None:
        names = pl.Series("timezone", sorted(known_timezones()))
        numbers: dict[str | None, int] = {name: number for number, name in enumerate(names)}

        def zone_number_of(value: str) -> int | None:
            return NO_ZONE_NUMBER if is_without_zone(value) else numbers.get(parse_timezone(value))

        def check(rows: pl.DataFrame, faults: Faults) -> pl.DataFrame:
            zone_number = parsed(rows["timezone_str"], zone_number_of, pl.Int16)
            faults.add(rows, zone_number.is_null(), "timezone_str", "expected an IANA zone, as America/Denver")
            faults.tolerate_other("zones in other spellings", rows, "timezone_str", is_zone_or_none, zone_number)
            return pl.DataFrame({"line": rows["line"], "zone_number": zone_number})

        sorter = self.writes.keep(BucketSorter(ZONE, ("store_key",), self.partition_bytes))
        self._sort(sorter, check)
        self.writes.add(self._copy_timezones, sorter, names)

    def _sort(self, sorter: BucketSorter, check: Callable[[pl.DataFrame, Faults], pl.DataFrame]) -> None:
        for typed in self._usable(check):
            sorter.add(typed)

    def _standing(self, rows: pl.DataFrame, *key: str) -> pl.DataFrame:
        """Of rows in order, the last one of each key; the others are counted as replaced."""
        standing = rows.filter(~is_like_neighbour(-1, *key))
        self.rows_replaced += rows.height - standing.height
        return standing

    def _whole_buckets(self, sorter: BucketSorter) -> Iterator[pl.DataFrame]:
        """All sorted rows; those of a store are together. Raises `InputFileError` if those are too many."""
        for batch_no, rows in sorter.sorted_batches(MAX_SORTED_ROWS):
            if batch_no:
                self._raise_too_many_rows()
            yield rows

    def _raise_too_many_rows(self) -> NoReturn:
        raise InputFileError(
            self.reader.name, f"holds more than {ROWS_OF_A_STORE} rows for a store", "each opening, or zone, once"
        )

    def _copy_hours(self, sorter: BucketSorter) -> None:
        for openings in self._whole_buckets(sorter):
            rows = self._standing(openings, *OPENING)
            ends = copy_binary.intervals(rows["end_time_local"])
            encoded = copy_binary.encoded(OPENING_COPY, rows, {"file_id": self.file_id, "end_time_local": ends})
            self.copies.openings(encoded)

    def _copy_timezones(self, sorter: BucketSorter, names: pl.Series) -> None:
        for zones in self._whole_buckets(sorter):
            rows = self._standing(zones, "store_key").filter(pl.col("zone_number") != NO_ZONE_NUMBER)
            copied = rows.select(pl.lit(self.file_id).alias("file_id"), "store_key", names[rows["zone_number"]])
            self.copies.timezones(text_of(copied))

    def _copy_polls(self, sorter: BucketSorter, are_kept: pl.Expr | None = None) -> None:
        """Copies polls in the order of the primary key, so each store's together, and finds status intervals."""
        self.has_intervals = True
        batches = (
            SortedPolls.of(self.file_id, batch_no, polls if are_kept is None else polls.filter(are_kept))
            for batch_no, polls in sorter.sorted_batches(MAX_SORTED_ROWS)
        )
        for batch in ahead(batches, self.read_ahead):
            self.rows_replaced += batch.rows_replaced
            self.has_intervals = self.has_intervals and batch.batch_no == 0
            self.first_polls.add(batch)
            for month in batch.days.months:
                self.create_month(month)
            self.writes.add(self.copies.poll_days, batch.days.encoded)
            if self.has_intervals:
                self.writes.add(self.copies.intervals, batch.intervals)

    def _finish_partition(self) -> None:
        loaded = Loaded(
            file_id=self.file_id,
            partition_no=self.partition.partition_no,
            has_intervals=self.has_intervals,
            rows_read=self.rows_read,
            rows_quarantined=self.rows_quarantined,
            rows_replaced=self.rows_replaced,
            tolerated=json.dumps(self.tolerated),
            store_count=self._stores_of_partition().height,
            first_polled_at=instant_of(self.first_polls.first_us),
            last_polled_at=instant_of(self.first_polls.last_us),
        )
        if self.reader.kind is not STORE_STATUS:
            self.copies.stores_of_snapshot(loaded)
        self.copies.finish([loaded])

    def _stores_of_partition(self) -> pl.DataFrame:
        return self.named.stores().filter(self.partition.contains(pl.col("store_key")))

    def _copy_named_stores(self) -> None:
        file_id = pl.lit(self.file_id).alias("file_id")
        stores = self._stores_of_partition()
        closed, unusable = pl.concat(self.closed).unique(), pl.concat(self.unusable).unique()
        for some in stores.iter_slices(STORES_PER_COPY):
            named = self.named.with_ids(some).select(
                file_id,
                pl.lit(self.partition.partition_no).alias("partition_no"),
                "store_key",
                "store_id",
                has_closed_rows=pl.col("store_key").is_in(closed.implode()),
                has_unusable_rows=pl.col("store_key").is_in(unusable.implode()),
            )
            self.copies.named_stores(text_of(named))
        if self.reader.kind is STORE_STATUS:
            self._copy_polled_stores(stores.select("store_key").filter(~is_like_neighbour(-1, "store_key")))

    def _copy_polled_stores(self, stores: pl.DataFrame) -> None:
        """Each key once, though two ids may have it: the search for those (find_key_clash) comes later."""
        file_id = pl.lit(self.file_id).alias("file_id")
        first_polled_at = pl.from_epoch("first_us", time_unit="us").alias("first_polled_at")
        for some in stores.iter_slices(STORES_PER_COPY):
            polled = some.join(
                self.first_polls.among(some["store_key"]), on="store_key", how="left", maintain_order="left"
            )
            self.copies.polled_stores(text_of(polled.select(file_id, "store_key", first_polled_at)))


@dataclass(frozen=True)
class SortedPolls:
    """A sorted batch of polls: the `first` poll of each store, the last of all, and rows for COPY.

    Those are of status `intervals` and of `days`.
    """

    batch_no: int
    rows_replaced: int
    first: pl.DataFrame
    last_us: int | None
    intervals: np.ndarray
    days: PollDays

    @classmethod
    def of(cls, file_id: int, batch_no: int, polls: pl.DataFrame) -> SortedPolls:
        """`polls` are in the order of store, instant and file; of two at one instant the last one counts."""
        standing = polls.filter(~is_like_neighbour(-1, "store_key", "polled_at"))
        changes = standing.filter(~is_like_neighbour(1, "store_key", "is_active"))
        is_first = ~is_like_neighbour(1, "store_key")
        return cls(
            batch_no=batch_no,
            rows_replaced=polls.height - standing.height,
            first=standing.filter(is_first).select("store_key", first_us="polled_at"),
            last_us=standing.select(pl.col("polled_at").max()).item(),
            intervals=copy_binary.encoded(
                INTERVAL_COPY,
                changes,
                {"file_id": file_id, "started_at": copy_binary.postgres_us(changes["polled_at"])},
            ),
            days=PollDays.of(file_id, batch_no, standing),
        )


class FirstPolls:
    """The first poll of each store, from sorted batches in the order of buckets, which is that of stores."""

    def __init__(self) -> None:
        self._buckets: list[pl.DataFrame] = []  # with stores
        self._last_keys: list[int] = []  # of each
        self.first_us: int | None = None  # of all polls
        self.last_us: int | None = None

    def add(self, batch: SortedPolls) -> None:
        """Adds a batch. Its stores come after those of other buckets; batches of one bucket can share some."""
        if batch.last_us is None:
            return
        first = batch.first
        if batch.batch_no and self._buckets:
            both = pl.concat([self._buckets.pop(), first])
            first = both.group_by("store_key").agg(pl.col("first_us").min()).sort("store_key")
            self._last_keys.pop()
        self._buckets.append(first)
        self._last_keys.append(first["store_key"][-1])
        of_batch = first.select(pl.col("first_us").min()).item()
        self.first_us = of_batch if self.first_us is None else min(self.first_us, of_batch)
        self.last_us = batch.last_us if self.last_us is None else max(self.last_us, batch.last_us)

    def among(self, store_keys: pl.Series) -> pl.DataFrame:
        """`store_key`, `first_us` of stores with polls, with at least those among `store_keys`, which are in order."""
        begun, last = (bisect_left(self._last_keys, key) for key in (store_keys[0], store_keys[-1]))
        return pl.concat([NO_POLLS, *self._buckets[begun : last + 1]])
