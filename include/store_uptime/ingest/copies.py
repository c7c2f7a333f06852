"""What loaders copy into the tables, on one connection."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import Connection

from store_uptime.db.statements import statement
from store_uptime.ingest import copy_binary
from store_uptime.ingest.csv_reader import Unusable

INTERVAL_COPY = {"file_id": ">i4", "store_key": ">i8", "started_at": ">i8", "is_active": ">i1"}


@dataclass(frozen=True)
class Loaded:
    """What was loaded of a partition of a file."""

    file_id: int
    partition_no: int
    has_intervals: bool
    rows_read: int
    rows_quarantined: int
    rows_replaced: int
    tolerated: str  # JSON
    store_count: int
    first_polled_at: datetime | None
    last_polled_at: datetime | None


class Copies:
    """Copies rows into the tables, on psycopg2's own cursor: SQLAlchemy has no COPY."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._cursor: Any = connection.connection.cursor()

    def poll_days(self, rows: bytes) -> None:
        """Rows of core.poll_day, encoded (PollDays)."""
        copy_binary.copy_rows(self._cursor, statement("ingest/polls/copy").text, rows)

    def intervals(self, rows: np.ndarray) -> None:
        """Rows of core.staged_interval, encoded as INTERVAL_COPY."""
        copy_binary.copy_rows(self._cursor, statement("ingest/status_intervals/copy_staged").text, rows)

    def openings(self, rows: np.ndarray) -> None:
        """Rows of core.business_hours, encoded."""
        copy_binary.copy_rows(self._cursor, statement("ingest/snapshots/copy_business_hours").text, rows)

    def timezones(self, rows: bytes) -> None:
        """Rows of core.store_timezone, as text."""
        self.text("ingest/snapshots/copy_timezones", rows)

    def quarantined(self, rows: bytes) -> None:
        """Rows of quality.quarantined_row, as text (quarantined_rows)."""
        self.text("ingest/files/copy_quarantined_rows", rows)

    def named_stores(self, rows: bytes) -> None:
        """Rows of the temporary table of named stores, as text."""
        self.text("ingest/stores/copy_named", rows)

    def polled_stores(self, rows: bytes) -> None:
        """Rows of core.polled_store, as text."""
        self.text("ingest/stores/copy_polled", rows)

    def stores_of_snapshot(self, loaded: Loaded) -> None:
        """Adds the stores that a partition of a snapshot names."""
        partition = {"file_id": loaded.file_id, "partition_no": loaded.partition_no}
        self.connection.execute(statement("ingest/snapshots/add_stores"), partition)

    def finish(self, loaded: Sequence[Loaded]) -> None:
        """Partitions are loaded, with the stores that they name."""
        facts = {
            "file_ids": [one.file_id for one in loaded],
            "partition_nos": [one.partition_no for one in loaded],
            "have_intervals": [one.has_intervals for one in loaded],
            "rows_read": [one.rows_read for one in loaded],
            "rows_quarantined": [one.rows_quarantined for one in loaded],
            "rows_replaced": [one.rows_replaced for one in loaded],
            "tolerated": [one.tolerated for one in loaded],
            "store_counts": [one.store_count for one in loaded],
            "first_polled_at": [one.first_polled_at for one in loaded],
            "last_polled_at": [one.last_polled_at for one in loaded],
        }
        self.connection.execute(statement("ingest/partitions/finish"), facts)

    def text(self, name: str, rows: bytes) -> None:
        """Rows as text, by a statement."""
        self._cursor.copy_expert(statement(name).text, io.BytesIO(rows))


def quarantined_rows(file_ids: Sequence[int], rows: Sequence[Unusable]) -> bytes:
    """Rows of quality.quarantined_row as text, each with the file that it is in."""
    frame = pl.DataFrame(
        {
            "file_id": file_ids,
            "line_number": [row.line for row in rows],
            "column_name": [row.column for row in rows],
            "reason": [row.reason for row in rows],
            "raw_text": [row.raw for row in rows],
        },
        schema_overrides={"column_name": pl.String},
    )
    return text_of(frame)


def text_of(frame: pl.DataFrame) -> bytes:
    """Rows for a COPY of format csv, always quoted: an empty text is then not a null, and nothing in it is special."""
    stream = io.BytesIO()
    frame.write_csv(stream, include_header=False, quote_style="non_numeric", datetime_format="%Y-%m-%d %H:%M:%S%.6f+00")
    return stream.getvalue()


def instant_of(microseconds: Any) -> datetime | None:
    """Microseconds since 1970 as an instant in UTC; null stays null."""
    return None if microseconds is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
