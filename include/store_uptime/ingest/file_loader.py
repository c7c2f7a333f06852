"""Loading one file, or a partition of it: typed rows to their tables, unusable ones to quarantine."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from tempfile import gettempdir
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import DTypeLike
from sqlalchemy import Connection

from store_uptime.calendar.zones import as_utc, known_timezones
from store_uptime.db.statements import statement
from store_uptime.errors import naming_place
from store_uptime.ingest import copy_binary
from store_uptime.ingest.bucket_sort import BucketSorter, is_like_neighbour
from store_uptime.ingest.concurrency import Writes, ahead, side_by_side
from store_uptime.ingest.csv_reader import Batch, Unusable, reader_of
from store_uptime.ingest.input_files import BUSINESS_HOURS, STORE_STATUS, STORE_TIMEZONES, SourceFile
from store_uptime.ingest.parsing import (
    is_closed,
    is_plain_clock_time,
    is_weekday_number,
    is_without_zone,
    is_zone_or_none,
    parse_end_time_us,
    parse_start_time_us,
    parse_timezone,
    parse_weekday,
    parsed,
    parsed_and_tolerated_timestamps,
    parsed_status,
)
from store_uptime.ingest.store_keys import LONGEST_STORE_ID_BYTES, NamedStores, StoreKeys

MAX_SORTED_ROWS = 500_000  # of a sorted batch; a few copies of it are in memory at a time
STORES_PER_COPY = 20_000
CHECKERS = 2  # threads; more would only wait for the reader, which is one
CLOCK_TOLERANCE = timedelta(hours=1)

TIMESTAMP_EXAMPLE = "a time stamp such as 2023-01-22 12:09:39.388884 UTC"
WEEKDAY_EXAMPLE = "a weekday from 0 (Monday) to 6 (Sunday) or its English name (ISO's 1 to 7: subtract 1)"
START_EXAMPLE = "a clock time such as 09:30:00, or both times blank for a closed day"
END_EXAMPLE = "a clock time such as 17:30:00, up to 48:00 (26:00 is 02:00 of the next day)"
NO_ZONE_NUMBER = -1

# Columns as they are sorted, and as they are copied.
POLL = {"store_key": "i8", "polled_at": "i8", "is_active": "?"}
POLL_COPY = {"store_key": ">i8", "polled_at": ">i8", "file_id": ">i4", "part_no": ">i2", "is_active": ">i1"}
INTERVAL_COPY = {"file_id": ">i4", "store_key": ">i8", "started_at": ">i8", "is_active": ">i1"}
OPENING = {"store_key": "i8", "weekday": "i2", "start_time_local": "i8", "end_time_local": "i8"}
OPENING_COPY: dict[str, DTypeLike] = {
    "file_id": ">i4",
    "store_key": ">i8",
    "weekday": ">i2",
    "start_time_local": ">i8",
    "end_time_local": copy_binary.INTERVAL,
}
ZONE = {"store_key": "i8", "zone_number": "i2"}

CopyInto = Callable[[date], str]  # the COPY for polls of the month that starts at a date


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
        copy_into: CopyInto,
        clock: datetime,
    ) -> None:
        self.connection, self.writes, self.copy_into, self.partition = connection, writes, copy_into, partition
        self.reader = reader_of(file)
        self.file_id = partition.file_id
        self.partition_bytes = file.size_bytes // partition.partitions
        self.latest = as_utc(clock) + CLOCK_TOLERANCE
        self.rows_read = self.rows_quarantined = self.rows_replaced = 0
        self.has_intervals = False
        self.tolerated: Counter[str] = Counter()
        # Keys of stores with rows that say *closed*, and with unusable rows.
        self.closed = [pl.Series("store_key", [], dtype=pl.Int64)]
        self.unusable = [pl.Series("store_key", [], dtype=pl.Int64)]
        self.named = NamedStores(keys)
        self.polled = pl.DataFrame(schema={"store_key": pl.Int64, "first_us": pl.Int64, "last_us": pl.Int64})
        self.cursor: Any = connection.connection.cursor()  # psycopg2's own: SQLAlchemy has no COPY

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
        if not self.partition.partition_no:
            self.tolerated.update(self.reader.tolerated)
        self.writes.add(self._copy_named_stores)
        self.writes.add(self._finish_partition)

    def _usable(self, check: Callable[[pl.DataFrame, Faults], pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """Typed rows of each batch, with `store_key`; unusable rows are copied and stores noted on the way.

        `check` types the columns of rows and notes what is unusable in them. It is called for several batches at once.
        """

        def checked(batch: Batch) -> tuple[Batch, Faults, pl.DataFrame]:
            mine, faults = self._of_partition(batch)
            return mine, faults, check(mine.rows, faults).hstack([mine.rows["store_key"]])

        batches = ahead(self.reader.batches(), self.read_ahead)
        for batch, faults, typed in side_by_side(checked, batches, self.checkers, CHECKERS):
            unusable = sorted(batch.misfits + faults.of(batch), key=lambda row: row.line)
            self.tolerated.update(faults.tolerated)
            self.rows_read += batch.rows.height + len(batch.misfits)
            self.rows_quarantined += len(unusable)
            if unusable:
                lines = pl.Series([row.line for row in unusable], dtype=pl.Int64)
                self.unusable.append(batch.rows.filter(pl.col("line").is_in(lines.implode()))["store_key"])
                quarantined = quarantined_rows(self.file_id, unusable)
                self.writes.add(self._copy_text, "ingest/files/copy_quarantined_rows", text_of(quarantined))
            yield faults.without(typed)

    def _of_partition(self, batch: Batch) -> tuple[Batch, Faults]:
        """The rows of this partition, with `store_key`, and those among them that have no usable id."""
        faults = Faults()
        rows = batch.rows.hstack([self.named.keys(batch.rows["store_id"]).alias("store_key")])
        if self.partition.partitions > 1:
            rows = rows.filter(self.partition.contains(pl.col("store_key")))
        unusable = rows["store_key"].is_null()
        if unusable.any():
            is_blank = rows["store_id"].str.len_bytes() <= LONGEST_STORE_ID_BYTES
            faults.add(rows, unusable & is_blank, "store_id", "expected an id that is not blank")
            faults.add(rows, unusable & ~is_blank, "store_id", f"expected at most {LONGEST_STORE_ID_BYTES:,} bytes")
        return replace(batch, rows=rows, misfits=[] if self.partition.partition_no else batch.misfits), faults

    def _load_polls(self) -> None:
        def check(rows: pl.DataFrame, faults: Faults) -> pl.DataFrame:
            status = parsed_status(rows["status"])
            faults.add(rows, status.is_null(), "status", "expected active or inactive")
            polled_at, tolerated = parsed_and_tolerated_timestamps(rows["timestamp_utc"])
            faults.add(rows, polled_at.is_null(), "timestamp_utc", f"expected {TIMESTAMP_EXAMPLE}")
            if tolerated:
                faults.tolerated["time stamps in other spellings"] += tolerated
            latest_us = int(self.latest.timestamp()) * 1_000_000 + self.latest.microsecond
            faults.add(
                rows, (polled_at > latest_us).fill_null(False), "timestamp_utc", "more than an hour ahead of the clock"
            )
            return pl.DataFrame({"line": rows["line"], "polled_at": polled_at, "is_active": status})

        with BucketSorter(POLL, ("store_key", "polled_at"), self.partition_bytes) as sorter:
            self._sort(sorter, check)
            self._copy_polls(sorter)

    def _load_hours(self) -> None:
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
            faults.add(rows, typed["weekday"].is_null(), "day", f"expected {WEEKDAY_EXAMPLE}")
            faults.tolerate("weekdays by name", rows["day"], is_weekday_number, typed["weekday"])
            for column, example in (("start_time_local", START_EXAMPLE), ("end_time_local", END_EXAMPLE)):
                faults.add(rows, typed[column].is_null() & ~closed, column, f"expected {example}")
                faults.tolerate("clock times in other spellings", rows[column], is_plain_clock_time, typed[column])
            return typed

        sorter = self.writes.keep(BucketSorter(OPENING, tuple(OPENING), self.partition_bytes))
        for typed in self._usable(check):
            self.closed.append(typed.filter("is_closed")["store_key"])
            sorter.add(typed.filter(~pl.col("is_closed")))
        self.writes.add(self._copy_hours, sorter)

    def _load_timezones(self) -> None:
        names = pl.Series("timezone", sorted(known_timezones()))
        numbers: dict[str | None, int] = {name: number for number, name in enumerate(names)}

        def zone_number_of(value: str) -> int | None:
            return NO_ZONE_NUMBER if is_without_zone(value) else numbers.get(parse_timezone(value))

        def check(rows: pl.DataFrame, faults: Faults) -> pl.DataFrame:
            zone_number = parsed(rows["timezone_str"], zone_number_of, pl.Int16)
            faults.add(rows, zone_number.is_null(), "timezone_str", "expected an IANA zone, as America/Denver")
            faults.tolerate("zones in other spellings", rows["timezone_str"], is_zone_or_none, zone_number)
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

    def _copy_hours(self, sorter: BucketSorter) -> None:
        for _, openings in sorter.sorted_batches():
            rows = self._standing(openings, *OPENING)
            ends = copy_binary.intervals(rows["end_time_local"])
            encoded = copy_binary.encoded(OPENING_COPY, rows, {"file_id": self.file_id, "end_time_local": ends})
            copy_binary.copy_rows(self.cursor, statement("ingest/snapshots/copy_business_hours").text, encoded)

    def _copy_timezones(self, sorter: BucketSorter, names: pl.Series) -> None:
        for _, zones in sorter.sorted_batches():
            rows = self._standing(zones, "store_key").filter(pl.col("zone_number") != NO_ZONE_NUMBER)
            copied = rows.select(pl.lit(self.file_id).alias("file_id"), "store_key", names[rows["zone_number"]])
            self._copy_text("ingest/snapshots/copy_timezones", text_of(copied))

    def _copy_polls(self, sorter: BucketSorter) -> None:
        """Copies polls in the order of the primary key, so each store's together, and finds status intervals."""
        spans = [self.polled]
        self.has_intervals = True
        batches = (
            SortedPolls.of(self.file_id, part_no, polls) for part_no, polls in sorter.sorted_batches(MAX_SORTED_ROWS)
        )
        for batch in ahead(batches, self.read_ahead):
            self.rows_replaced += batch.rows_replaced
            self.has_intervals = self.has_intervals and batch.part_no == 0
            spans.append(batch.spans)
            for month, rows in batch.months.items():
                self.writes.add(self._copy_month, month, rows)
            if self.has_intervals:
                self.writes.add(self._copy_intervals, batch.intervals)
        self.polled = pl.concat(spans).group_by("store_key").agg(pl.col("first_us").min(), pl.col("last_us").max())

    def _copy_month(self, month: date, rows: np.ndarray) -> None:
        copy_binary.copy_rows(self.cursor, self.copy_into(month), rows)

    def _copy_intervals(self, rows: np.ndarray) -> None:
        copy_binary.copy_rows(self.cursor, statement("ingest/status_intervals/copy_staged").text, rows)

    def _copy_text(self, name: str, text: bytes) -> None:
        self.cursor.copy_expert(statement(name).text, io.BytesIO(text))

    def _finish_partition(self) -> None:
        is_status = self.reader.kind is STORE_STATUS
        add_stores = statement("ingest/stores/add_polled" if is_status else "ingest/snapshots/add_stores")
        partition = {"file_id": self.file_id, "partition_no": self.partition.partition_no}
        self.connection.execute(add_stores, partition)
        facts = {
            "has_intervals": self.has_intervals,
            "rows_read": self.rows_read,
            "rows_quarantined": self.rows_quarantined,
            "rows_replaced": self.rows_replaced,
            "tolerated": json.dumps(self.tolerated),
            "store_count": self._stores_of_partition().height,
            "first_polled_at": instant_of(self.polled["first_us"].min()),
            "last_polled_at": instant_of(self.polled["last_us"].max()),
        }
        self.connection.execute(statement("ingest/partitions/finish"), partition | facts)

    def _stores_of_partition(self) -> pl.DataFrame:
        return self.named.stores().filter(self.partition.contains(pl.col("store_key")))

    def _copy_named_stores(self) -> None:
        spans = self.polled.select(
            "store_key",
            pl.from_epoch("first_us", time_unit="us").alias("first_polled_at"),
            pl.from_epoch("last_us", time_unit="us").alias("last_polled_at"),
        )
        closed, unusable = pl.concat(self.closed).unique(), pl.concat(self.unusable).unique()
        numbers = pl.lit(self.file_id).alias("file_id"), pl.lit(self.partition.partition_no).alias("partition_no")
        for stores in self._stores_of_partition().iter_slices(STORES_PER_COPY):
            named = stores.join(spans, on="store_key", how="left").with_columns(
                has_closed_rows=pl.col("store_key").is_in(closed.implode()),
                has_unusable_rows=pl.col("store_key").is_in(unusable.implode()),
            )
            self._copy_text("ingest/stores/copy_named", text_of(named.select(*numbers, pl.all())))


def quarantined_rows(file_id: int, rows: list[Unusable]) -> pl.DataFrame:
    """Rows of quality.quarantined_row."""
    return pl.DataFrame(
        {
            "file_id": [file_id] * len(rows),
            "line_number": [row.line for row in rows],
            "column_name": [row.column for row in rows],
            "reason": [row.reason for row in rows],
            "raw_text": [row.raw for row in rows],
        },
        schema_overrides={"column_name": pl.String},
    )


def text_of(frame: pl.DataFrame) -> bytes:
    """Rows for a COPY of format csv, always quoted: an empty text is then not a null, and nothing in it is special."""
    stream = io.BytesIO()
    frame.write_csv(stream, include_header=False, quote_style="non_numeric", datetime_format="%Y-%m-%d %H:%M:%S%.6f+00")
    return stream.getvalue()


def instant_of(microseconds: Any) -> datetime | None:
    """Microseconds since 1970 as an instant in UTC; null stays null."""
    return None if microseconds is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


@dataclass(frozen=True)
class SortedPolls:
    """A sorted batch of polls: the `spans` of its stores, and rows for COPY, of status `intervals` and by month."""

    part_no: int
    rows_replaced: int
    spans: pl.DataFrame
    intervals: np.ndarray
    months: dict[date, np.ndarray]

    @classmethod
    def of(cls, file_id: int, part_no: int, polls: pl.DataFrame) -> SortedPolls:
        """`polls` are in the order of store, instant and file; of two at one instant the last one counts."""
        standing = polls.filter(~is_like_neighbour(-1, "store_key", "polled_at"))
        instant = pl.col("polled_at")
        numbers = {"file_id": file_id, "part_no": part_no}
        changes = standing.filter(~is_like_neighbour(1, "store_key", "is_active"))
        months = standing.with_columns(month=pl.from_epoch("polled_at", time_unit="us").dt.truncate("1mo"))
        return cls(
            part_no=part_no,
            rows_replaced=polls.height - standing.height,
            spans=standing.group_by("store_key").agg(first_us=instant.min(), last_us=instant.max()),
            intervals=copy_binary.encoded(
                INTERVAL_COPY,
                changes,
                {"file_id": file_id, "started_at": copy_binary.postgres_us(changes["polled_at"])},
            ),
            months={
                month.date(): copy_binary.encoded(
                    POLL_COPY, rows, numbers | {"polled_at": copy_binary.postgres_us(rows["polled_at"])}
                )
                for (month,), rows in months.group_by("month", maintain_order=True)
            },
        )


@dataclass
class Faults:
    """The unusable rows of a batch: the first fault of each line; and how many values were `tolerated`, by what."""

    found: dict[int, tuple[str, str, str]] = field(default_factory=dict)
    tolerated: Counter[str] = field(default_factory=Counter)

    def add(self, rows: pl.DataFrame, mask: pl.Series, column: str, expected: str) -> None:
        """Notes the rows where `mask` is true, with the value that stands in `column`."""
        if mask.any():
            for line, value in rows.filter(mask).select("line", column).iter_rows():
                self.found.setdefault(line, (column, value, expected))

    def tolerate(self, what: str, texts: pl.Series, is_plain: Callable[[str], bool], values: pl.Series) -> None:
        """Counts the texts that have a value although they are not spelled as documented."""
        distinct = texts.unique()
        other = distinct.filter(pl.Series([not is_plain(text) for text in distinct], dtype=pl.Boolean))
        if other.len():
            count = int((texts.is_in(other.implode()) & values.is_not_null()).sum())
            if count:
                self.tolerated[what] += count

    def without(self, rows: pl.DataFrame) -> pl.DataFrame:
        """`rows` but for the unusable ones."""
        lines = pl.Series(list(self.found), dtype=pl.Int64)
        return rows.filter(~pl.col("line").is_in(lines.implode())) if self.found else rows

    def of(self, batch: Batch) -> list[Unusable]:
        """The faults with reason and raw text."""
        return [
            Unusable(line, column, f"{column} is {_shown(value)}; {expected}", batch.raw_of(line))
            for line, (column, value, expected) in self.found.items()
        ]


def _shown(value: str) -> str:
    return repr(value if len(value) <= 100 else value[:97] + "...")
