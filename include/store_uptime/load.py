"""`ingest`: brings the files of the data folder into PostgreSQL, typed, all of them or none.

Everything happens in one transaction: a task that dies leaves nothing, and is simply run again. What is loaded here
is `staged`; no report uses it before `validate` has accepted it.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from tempfile import gettempdir
from typing import Any
from uuid import UUID

import numpy as np
import polars as pl
from sqlalchemy import Connection, Engine

from store_uptime import binary_copy
from store_uptime.errors import InputFileError, InputFolderError, naming_full_disk
from store_uptime.files import (
    BUSINESS_HOURS,
    KINDS,
    STORE_STATUS,
    STORE_TIMEZONES,
    Batch,
    InputPath,
    Reader,
    Unusable,
    content_hash,
    find_files,
)
from store_uptime.overlap import Writes, ahead, side_by_side
from store_uptime.parsing import (
    parse_end_time_us,
    parse_start_time_us,
    parse_weekday,
    parsed,
    parsed_status,
    parsed_timestamps,
)
from store_uptime.shelf import Shelf, is_like_neighbour
from store_uptime.sql import statement
from store_uptime.zones import as_utc, known_timezones

PART_ROWS = 500_000  # a few copies of so many are in memory at a time
CHECKERS = 2  # threads: more than two cores are never busy with them, as each batch has to be read first
LONGEST_STORE_ID_BYTES = 1024
CLOCK_TOLERANCE = timedelta(hours=1)

TIMESTAMP_EXAMPLE = "a time stamp such as 2023-01-22 12:09:39.388884 UTC"

# Columns as they are shelved, in the order that the rows come back in, and as they are copied.
POLL = {"store_key": "i8", "polled_at": "i8", "line": "i8", "is_active": "?"}
POLL_COPY = {"store_key": ">i8", "polled_at": ">i8", "file_id": ">i4", "part_no": ">i2", "is_active": ">i1"}
RUN_COPY = {"file_id": ">i4", "store_key": ">i8", "started_at": ">i8", "is_active": ">i1"}
OPENING = {"store_key": "i8", "weekday": "i2", "start_time_local": "i8", "end_time_local": "i8"}
OPENING_COPY = {"file_id": ">i4"} | {name: f">{dtype}" for name, dtype in OPENING.items()}
ZONE = {"store_key": "i8", "line": "i8", "zone_number": "i2"}


def store_key(store_id: str) -> int:
    """The key of a store: the first 8 bytes of BLAKE2b of its id (UTF-8), as a signed 64-bit integer."""
    return int.from_bytes(hashlib.blake2b(store_id.encode(), digest_size=8).digest(), "big", signed=True)


def ingest(engine: Engine, report_id: UUID, folder: InputPath, clock: datetime) -> dict[str, Any]:
    """Stages every file of `folder` that is not loaded yet, and notes which files the report found there.

    `clock` is the time the rows are loaded at (aware). Raises `InputFolderError` or `InputFileError`; the database
    is then as it was before.
    """
    found = find_files(folder)
    hashed = [(kind, path, *content_hash(path)) for kind in KINDS for path in found[kind.name]]
    counts = {"files": len(hashed), "files_loaded": 0, "rows_read": 0, "rows_quarantined": 0}
    with engine.begin() as connection:
        if not found[STORE_STATUS.name] and not connection.scalar(statement("ingest/has_polls")):
            raise InputFolderError(
                str(folder), f"holds no status file ({' or '.join(STORE_STATUS.patterns)}) and no polls are loaded yet"
            )
        # In one order for everybody, so that two runs wait for each other and never in a circle.
        for sha256 in sorted({sha256 for _, _, sha256, _ in hashed}):
            connection.execute(statement("ingest/lock_content"), {"content_sha256": sha256})
        connection.execute(statement("ingest/create_named_store"))
        source_files: dict[int, str] = {}
        new_files = []
        for kind, path, sha256, size_bytes in hashed:
            content = {"kind": kind.name, "content_sha256": sha256}
            file_id = connection.scalar(statement("ingest/find_file"), content)
            if file_id is None:
                file = content | {"name": path.name, "size_bytes": size_bytes, "loaded_at": clock}
                file_id = connection.scalar(statement("ingest/add_file"), file)
                new_files.append((file_id, Reader(path, kind), sha256, size_bytes))
            source_files[file_id] = path.name
        with Writes() as writes:
            months = PollMonths(connection)
            for file_id, reader, sha256, size_bytes in new_files:
                loader = Loader(connection, writes, file_id, reader, size_bytes, months, clock)
                loader.load()
                if reader.sha256 != sha256:
                    raise InputFileError(
                        reader.name, "changed while it was read", "a file that is complete when it appears"
                    )
                counts["files_loaded"] += 1
                counts["rows_read"] += loader.rows_read
                counts["rows_quarantined"] += loader.rows_quarantined
            writes.add(months.finish)
            writes.wait()
        _register_stores(connection)
        connection.execute(statement("ingest/clear_source_files"), {"report_id": report_id})
        if source_files:
            connection.execute(
                statement("ingest/add_source_file"),
                [{"report_id": report_id, "file_id": file_id, "name": name} for file_id, name in source_files.items()],
            )
    return counts


def _register_stores(connection: Connection) -> None:
    connection.execute(statement("ingest/add_stores"))
    clash = connection.execute(statement("ingest/find_store_key_clash")).first()
    if clash:
        raise InputFileError(
            "store_id", f"{clash.one!r} and {clash.other!r} have the same 64-bit key", "ids that differ in their key"
        )


class PollMonths:
    """The tables that take this transaction's polls, one per month (UTC)."""

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


class Loader:
    """Loads one file in its transaction: typed rows by COPY, unusable ones to quarantine, facts to core.file.

    What goes to the database goes through `writes`, so that files are read while others are still being written.
    """

    def __init__(
        self,
        connection: Connection,
        writes: Writes,
        file_id: int,
        reader: Reader,
        size_bytes: int,
        months: PollMonths,
        clock: datetime,
    ) -> None:
        self.connection, self.writes, self.file_id, self.months = connection, writes, file_id, months
        self.reader, self.size_bytes = reader, size_bytes
        self.latest = as_utc(clock) + CLOCK_TOLERANCE
        self.rows_read = self.rows_quarantined = self.rows_replaced = 0
        self.stores = pl.DataFrame(schema={"store_id": pl.String, "store_key": pl.Int64})
        self.polled = pl.DataFrame(schema={"store_key": pl.Int64, "first_us": pl.Int64, "last_us": pl.Int64})
        self.cursor: Any = connection.connection.cursor()  # psycopg2's own: SQLAlchemy has no COPY

    def load(self) -> None:
        """Reads the whole file; raises `InputFileError` (the caller's transaction then takes everything back)."""
        loads: dict[str, Callable[[], None]] = {
            STORE_STATUS.name: self._load_polls,
            BUSINESS_HOURS.name: self._load_hours,
            STORE_TIMEZONES.name: self._load_timezones,
        }
        with (
            naming_full_disk(f"The folder for temporary files ({gettempdir()})"),
            ThreadPoolExecutor(max_workers=1) as self.read_ahead,
            ThreadPoolExecutor(CHECKERS) as self.checkers,
        ):
            loads[self.reader.kind.name]()
        self.writes.add(self._copy_named_stores)
        self.writes.add(self._finish_file)

    def _usable(self, check: Callable[[pl.DataFrame, Faults], pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """Typed rows of each batch, with `store_key`; unusable rows are copied and stores noted on the way.

        `check` types the columns of rows and notes what is unusable in them. It is called for several batches at once.
        """

        def checked(batch: Batch) -> tuple[Batch, pl.DataFrame, Faults]:
            faults = Faults()
            return batch, check(batch.rows, faults), faults

        batches = ahead(self.reader.batches(), self.read_ahead)
        for batch, typed, faults in side_by_side(checked, batches, self.checkers, CHECKERS):
            keys = self._keys_of(batch.rows, faults)
            unusable = sorted(batch.misfits + faults.of(batch), key=lambda row: row.line)
            self.rows_read += batch.rows.height + len(batch.misfits)
            self.rows_quarantined += len(unusable)
            if unusable:
                self.writes.add(self._copy_quarantined, unusable)
            yield faults.without(typed.with_columns(keys.alias("store_key")))

    def _keys_of(self, rows: pl.DataFrame, faults: Faults) -> pl.Series:
        """The keys of the rows' stores, null where an id is unusable; ids are hashed when they first come."""
        store_ids = rows["store_id"]
        keys = self._known_keys(store_ids)
        if keys.null_count():
            new = [store_id for store_id in store_ids.filter(keys.is_null()).unique() if is_store_id(store_id)]
            added = {"store_id": new, "store_key": [store_key(store_id) for store_id in new]}
            self.stores.vstack(pl.DataFrame(added, schema=self.stores.schema), in_place=True)
            keys = self._known_keys(store_ids)
        unusable = keys.is_null()
        if unusable.any():
            is_blank = store_ids.str.strip_chars() == ""
            faults.add(rows, unusable & is_blank, "store_id", "expected an id that is not blank")
            faults.add(rows, unusable & ~is_blank, "store_id", f"expected at most {LONGEST_STORE_ID_BYTES:,} bytes")
        return keys

    def _known_keys(self, store_ids: pl.Series) -> pl.Series:
        known = self.stores
        return store_ids.replace_strict(known["store_id"], known["store_key"], default=None, return_dtype=pl.Int64)

    def _load_polls(self) -> None:
        def check(rows: pl.DataFrame, faults: Faults) -> pl.DataFrame:
            status = parsed_status(rows["status"])
            faults.add(rows, status.is_null(), "status", "expected active or inactive")
            polled_at = parsed_timestamps(rows["timestamp_utc"])
            faults.add(rows, polled_at.is_null(), "timestamp_utc", f"expected {TIMESTAMP_EXAMPLE}")
            latest_us = int(self.latest.timestamp()) * 1_000_000 + self.latest.microsecond
            faults.add(
                rows, (polled_at > latest_us).fill_null(False), "timestamp_utc", "more than an hour ahead of the clock"
            )
            return rows.select("line").with_columns(polled_at=polled_at, is_active=status)

        with Shelf(POLL, self.size_bytes) as shelf:
            self._shelve(shelf, check)
            self._copy_polls(shelf)

    def _load_hours(self) -> None:
        def check(rows: pl.DataFrame, faults: Faults) -> pl.DataFrame:
            typed = rows.with_columns(
                weekday=parsed(rows["day"], parse_weekday, pl.Int16),
                start_time_local=parsed(rows["start_time_local"], parse_start_time_us, pl.Int64),
                end_time_local=parsed(rows["end_time_local"], parse_end_time_us, pl.Int64),
            )
            faults.add(rows, typed["weekday"].is_null(), "day", "expected a weekday from 0 (Monday) to 6 (Sunday)")
            for column in ("start_time_local", "end_time_local"):
                faults.add(rows, typed[column].is_null(), column, "expected a clock time such as 09:30:00")
            return typed

        with Shelf(OPENING, self.size_bytes) as shelf:
            self._shelve(shelf, check)
            for _, openings in ahead(shelf.parts(), self.read_ahead):
                rows = self._standing(openings, *OPENING)
                self.writes.add(self._copy_openings, binary_copy.encoded(OPENING_COPY, rows, {"file_id": self.file_id}))

    def _load_timezones(self) -> None:
        names = sorted(known_timezones())
        numbers = {name: number for number, name in enumerate(names)}

        def check(rows: pl.DataFrame, faults: Faults) -> pl.DataFrame:
            zone_number = parsed(rows["timezone_str"], lambda value: numbers.get(value.strip()), pl.Int16)
            faults.add(rows, zone_number.is_null(), "timezone_str", "expected an IANA zone, as America/Denver")
            return rows.select("line").with_columns(zone_number=zone_number)

        with Shelf(ZONE, self.size_bytes) as shelf:
            self._shelve(shelf, check)
            for _, zones in ahead(shelf.parts(), self.read_ahead):
                rows = self._standing(zones, "store_key")
                timezone = pl.Series("timezone", names)[rows["zone_number"]]
                copied = rows.select(pl.lit(self.file_id).alias("file_id"), "store_key", timezone)
                self.writes.add(self._copy_frame, "ingest/copy_store_timezones", copied)

    def _shelve(self, shelf: Shelf, check: Callable[[pl.DataFrame, Faults], pl.DataFrame]) -> None:
        for typed in self._usable(check):
            shelf.put(typed)

    def _standing(self, rows: pl.DataFrame, *key: str) -> pl.DataFrame:
        """Of rows in order, the last one of each key; the others are counted as replaced."""
        standing = rows.filter(~is_like_neighbour(-1, *key))
        self.rows_replaced += rows.height - standing.height
        return standing

    def _copy_openings(self, rows: np.ndarray) -> None:
        binary_copy.copy_rows(self.cursor, statement("ingest/copy_business_hours").text, rows)

    def _copy_polls(self, shelf: Shelf) -> None:
        """Polls in the order of the primary key, each store's together: the runs of equal status show on the way."""
        spans, runs = [self.polled], []
        has_runs = True
        parts = (Part.of(self.file_id, part_no, polls) for part_no, polls in shelf.parts(PART_ROWS))
        for part in ahead(parts, self.read_ahead):
            self.rows_replaced += part.rows_replaced
            has_runs = has_runs and part.part_no == 0
            spans.append(part.spans)
            if has_runs:
                runs.append(part.runs)
            for month, rows in part.months.items():
                self.writes.add(self._copy_month, month, rows)
        self.polled = pl.concat(spans).group_by("store_key").agg(pl.col("first_us").min(), pl.col("last_us").max())
        if has_runs and runs:
            self.writes.add(self._copy_runs, pl.concat(runs))

    def _copy_month(self, month: date, rows: np.ndarray) -> None:
        binary_copy.copy_rows(self.cursor, self.months.copy_into(month), rows)

    def _copy_runs(self, rows: pl.DataFrame) -> None:
        values = {"file_id": self.file_id, "started_at": binary_copy.postgres_us(rows["polled_at"])}
        encoded = binary_copy.encoded(RUN_COPY, rows, values)
        binary_copy.copy_rows(self.cursor, statement("ingest/copy_staged_runs").text, encoded)
        self.connection.execute(statement("ingest/mark_runs"), {"file_id": self.file_id})

    def _copy_frame(self, name: str, frame: pl.DataFrame) -> None:
        # Always quoted: an empty text is then not a null, and nothing in it is special.
        stream = io.BytesIO()
        frame.write_csv(
            stream, include_header=False, quote_style="non_numeric", datetime_format="%Y-%m-%d %H:%M:%S%.6f+00"
        )
        stream.seek(0)
        self.cursor.copy_expert(statement(name).text, stream)

    def _copy_quarantined(self, rows: list[Unusable]) -> None:
        frame = pl.DataFrame(
            {
                "file_id": [self.file_id] * len(rows),
                "line_number": [row.line for row in rows],
                "column_name": [row.column for row in rows],
                "reason": [row.reason for row in rows],
                "raw_text": [row.raw for row in rows],
            },
            schema_overrides={"column_name": pl.String},
        )
        self._copy_frame("ingest/copy_quarantined_rows", frame)

    def _finish_file(self) -> None:
        is_status = self.reader.kind is STORE_STATUS
        add_stores = statement(f"ingest/add_{'polled' if is_status else 'snapshot'}_stores")
        self.connection.execute(add_stores, {"file_id": self.file_id})
        first_us, last_us = self.polled["first_us"].min(), self.polled["last_us"].max()
        facts = {
            "file_id": self.file_id,
            "rows_read": self.rows_read,
            "rows_quarantined": self.rows_quarantined,
            "rows_replaced": self.rows_replaced,
            "store_count": self.stores["store_key"].n_unique(),
            "first_polled_at": instant_of(first_us),
            "last_polled_at": instant_of(last_us),
        }
        self.connection.execute(statement("ingest/finish_file"), facts)

    def _copy_named_stores(self) -> None:
        spans = self.polled.select(
            "store_key",
            pl.from_epoch("first_us", time_unit="us").alias("first_polled_at"),
            pl.from_epoch("last_us", time_unit="us").alias("last_polled_at"),
        )
        stores = self.stores.select("store_key", "store_id").join(spans, on="store_key", how="left")
        self._copy_frame("ingest/copy_named_stores", stores.select(pl.lit(self.file_id).alias("file_id"), pl.all()))


def instant_of(microseconds: Any) -> datetime | None:
    """Microseconds since 1970 as an instant in UTC; null stays null."""
    return None if microseconds is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


@dataclass(frozen=True)
class Part:
    """Polls of some stores: `runs` of equal status, `spans` of time by store, and rows for COPY by month."""

    part_no: int
    rows_replaced: int
    spans: pl.DataFrame
    runs: pl.DataFrame
    months: dict[date, np.ndarray]

    @classmethod
    def of(cls, file_id: int, part_no: int, polls: pl.DataFrame) -> Part:
        """`polls` are in the order of store, instant and line; of two at one instant the last one counts."""
        standing = polls.filter(~is_like_neighbour(-1, "store_key", "polled_at"))
        instant = pl.col("polled_at")
        numbers = {"file_id": file_id, "part_no": part_no}
        months = standing.with_columns(month=pl.from_epoch("polled_at", time_unit="us").dt.truncate("1mo"))
        return cls(
            part_no=part_no,
            rows_replaced=polls.height - standing.height,
            spans=standing.group_by("store_key").agg(first_us=instant.min(), last_us=instant.max()),
            runs=standing.filter(~is_like_neighbour(1, "store_key", "is_active")),
            months={
                month.date(): binary_copy.encoded(
                    POLL_COPY, rows, numbers | {"polled_at": binary_copy.postgres_us(rows["polled_at"])}
                )
                for (month,), rows in months.group_by("month", maintain_order=True)
            },
        )


@dataclass
class Faults:
    """The unusable rows of a batch: the first fault of each line."""

    found: dict[int, tuple[str, str, str]] = field(default_factory=dict)

    def add(self, rows: pl.DataFrame, mask: pl.Series, column: str, expected: str) -> None:
        """Notes the rows where `mask` is true, with the value that stands in `column`."""
        if mask.any():
            for line, value in rows.filter(mask).select("line", column).iter_rows():
                self.found.setdefault(line, (column, value, expected))

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


def is_store_id(store_id: str) -> bool:
    """Whether a text can be an id: not blank, and not too long for an index."""
    return bool(store_id.strip()) and len(store_id.encode()) <= LONGEST_STORE_ID_BYTES
