"""Rows of core.poll_day from sorted polls: the polls of a store on a UTC day, in PostgreSQL's binary COPY format."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import DTypeLike

from store_uptime.ingest import copy_binary

MAX_POLLS = 4096  # of a row
ROWS_OF_BATCH = 256  # row numbers of a store's day in one sorted batch; enough for a million polls
US_PER_DAY = 86_400_000_000
DAY_0 = np.datetime64("2000-01-01")
BOOLEAN, TIMESTAMPTZ = 16, 1184  # PostgreSQL's numbers of the types of elements

COLUMNS: dict[str, DTypeLike] = {
    "store_key": ">i8",
    "first_polled_at": ">i8",
    "last_polled_at": ">i8",
    "longest_gap_us": ">i8",
    "utc_day": ">i4",
    "file_id": ">i4",
    "row_no": ">i4",
    "polls": ">i4",
}


@dataclass(frozen=True)
class PollDays:
    """Rows of core.poll_day in the order of their key, encoded, and the months (first days) that they belong to."""

    months: list[date]
    encoded: bytes

    @classmethod
    def of(cls, file_ids: int | np.ndarray, batch_no: int, polls: pl.DataFrame) -> PollDays:
        """`polls` of one sorted batch of a file: ordered by store and instant, which no two of a store share.

        Those of several files, whose ids are then those of the polls, are ordered by store, UTC day, file and instant.
        """
        store_key, polled_at = polls["store_key"].to_numpy(), copy_binary.postgres_us(polls["polled_at"])
        is_active = polls["is_active"].to_numpy()
        utc_day = polled_at // US_PER_DAY  # since 2000, as PostgreSQL counts days too
        file_id = np.broadcast_to(file_ids, len(store_key))
        starts, number = _row_starts(store_key, utc_day, file_id)
        counts = np.diff(starts, append=len(polled_at))
        gaps = np.diff(polled_at, prepend=0)
        gaps[starts] = 0
        rows = {
            "store_key": store_key[starts],
            "first_polled_at": polled_at[starts],
            "last_polled_at": polled_at[starts + counts - 1],
            "longest_gap_us": np.maximum.reduceat(gaps, starts) if len(starts) else gaps,
            "utc_day": utc_day[starts],
            "file_id": file_id[starts],
            "row_no": batch_no * ROWS_OF_BATCH + number,
            "polls": counts,
        }
        days = DAY_0 + np.unique(rows["utc_day"])
        return cls(np.unique(days.astype("datetime64[M]")).tolist(), _encoded(rows, starts, polled_at, is_active))


def _row_starts(*keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the rows start, and the number of each one among those with the same store, day and file."""
    polls = len(keys[0])
    is_first = np.ones(polls, np.bool_)
    is_first[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    day_starts = np.flatnonzero(is_first)
    position = np.arange(polls) - np.repeat(day_starts, np.diff(day_starts, append=polls))
    starts = np.flatnonzero(position % MAX_POLLS == 0)
    return starts, position[starts] // MAX_POLLS


def _encoded(rows: dict[str, np.ndarray], starts: np.ndarray, polled_at: np.ndarray, is_active: np.ndarray) -> bytes:
    """All rows. Those with equally many polls have the same length, and are put together at once."""
    counts = rows["polls"]
    columns = [
        _octets(copy_binary.encoded_columns(COLUMNS, len(starts), rows, more_fields=2)),
        _octets(copy_binary.array_heads(counts, ">i8", TIMESTAMPTZ)),
        copy_binary.elements(polled_at, ">i8"),
        _octets(copy_binary.array_heads(counts, ">i1", BOOLEAN)),
        copy_binary.elements(is_active, ">i1"),
    ]
    pieces: list[memoryview] = [memoryview(b"")] * len(starts)
    for count in np.unique(counts):
        chosen = np.flatnonzero(counts == count)
        polls = starts[chosen, None] + np.arange(count)
        octets = [column[chosen] if column.ndim == 2 else _octets(column[polls]) for column in columns]
        block = np.concatenate(octets, axis=1)
        data, width = block.data.cast("B"), block.shape[1]
        for place, index in enumerate(chosen.tolist()):
            pieces[index] = data[place * width : (place + 1) * width]
    return b"".join(pieces)


def _octets(records: np.ndarray) -> np.ndarray:
    """The bytes of an array's rows."""
    return records.view(np.uint8).reshape(len(records), math.prod(records.shape[1:]) * records.itemsize)
