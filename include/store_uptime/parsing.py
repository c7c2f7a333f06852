"""What the texts of the input files mean, a column at a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Any

import polars as pl

from store_uptime.zones import as_utc

EARLIEST_US = -62_104_060_800_000_000  # 0002-01-01 UTC: a report looks back a week, and no year comes before the first

# Time stamps as they usually come, in two halves, which are parsed together; others are parsed one by one.
USUAL_MINUTE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}$"
USUAL_SECONDS = r"^:[0-5][0-9](?:\.[0-9]{1,6})?(?: UTC|Z)?$"


def parsed(column: pl.Series, parse: Callable[[str], Any], dtype: type[pl.DataType]) -> pl.Series:
    """`parse` of every value (None: unusable), called once per distinct value."""
    distinct = column.unique()
    values = pl.Series([parse(value) for value in distinct], dtype=dtype)
    return replaced(column, distinct, values)


def replaced(column: pl.Series, old: pl.Series, new: pl.Series) -> pl.Series:
    """`column` with each value of `old` replaced by the one of `new` beside it; all are in `old`."""
    # Without values polars leaves the type as it was.
    return column.replace_strict(old, new, return_dtype=new.dtype).cast(new.dtype)


def parsed_status(column: pl.Series) -> pl.Series:
    """True for active, false for inactive (any case, surrounding blanks ignored), null for anything else."""
    statuses = {"active": True, "inactive": False}
    return parsed(column, lambda value: statuses.get(value.strip().lower()), pl.Boolean)


def parsed_timestamps(column: pl.Series) -> pl.Series:
    """Microseconds since 1970 UTC (Int64), null where the text is no time stamp."""
    minutes, seconds = column.str.slice(0, 16), column.str.slice(16)
    is_usual = seconds.str.contains(USUAL_SECONDS)
    seconds_us = (seconds.set(~is_usual, None).str.strip_chars(": UTCZ").cast(pl.Float64) * 1_000_000).round()
    result = _minutes_us(minutes) + seconds_us.cast(pl.Int64)
    for parse in (_with_offset_us, _one_by_one_us):
        missing = result.is_null()
        if missing.any():
            result = result.scatter(missing.arg_true(), parse(column.filter(missing)))
    return result.set((result < EARLIEST_US).fill_null(False), None)


def _minutes_us(column: pl.Series) -> pl.Series:
    """Of texts such as 2023-01-22 12:09, which are few beside the polls."""
    distinct = column.unique()
    usual = distinct.set(~distinct.str.contains(USUAL_MINUTE), None).str.replace("T", " ", literal=True)
    instants = usual.str.to_datetime("%Y-%m-%d %H:%M", time_unit="us", strict=False).to_physical()
    return replaced(column, distinct, instants)


def _with_offset_us(column: pl.Series) -> pl.Series:
    texts = column.set(column.str.contains(":60", literal=True), None)  # a leap second, which polls do not have
    return texts.str.to_datetime("%Y-%m-%d %H:%M:%S%.f%:z", time_unit="us", strict=False).to_physical()


def _one_by_one_us(column: pl.Series) -> pl.Series:
    return parsed(column, _timestamp_us, pl.Int64)


def _timestamp_us(value: str) -> int | None:
    text = value.strip()
    if text[-3:].upper() == "UTC":
        text = text[:-3].rstrip()
        if text[-6:-5] in ("+", "-"):
            return None
    if not re.match(r"\d{4}-?\d\d-?\d\d[Tt ]\d\d", text):  # a date alone is no instant
        return None
    try:
        instant = as_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None
    delta = instant - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def parse_weekday(value: str) -> int | None:
    """0 (Monday) to 6, or None."""
    text = value.strip()
    return int(text) if text.isascii() and text.isdigit() and int(text) <= 6 else None


def parse_start_time_us(value: str) -> int | None:
    """Microseconds since midnight of a clock time such as 09:30 or 9:30:00.5, or None."""
    text = value.strip()
    hours, colon, rest = text.partition(":")
    if not colon or not hours.isascii() or not hours.isdigit() or len(hours) > 2:
        return None
    try:
        clock_time = time.fromisoformat(f"{hours:0>2}:{rest}")
    except ValueError:
        return None
    if clock_time.tzinfo is not None:
        return None
    seconds = (clock_time.hour * 60 + clock_time.minute) * 60 + clock_time.second
    return seconds * 1_000_000 + clock_time.microsecond


def parse_end_time_us(value: str) -> int | None:
    """As `parse_start_time_us`, and 24:00 too."""
    hours, _, rest = value.strip().partition(":")
    if hours == "24" and rest and not rest.strip("0:."):
        return 86_400_000_000
    return parse_start_time_us(value)
