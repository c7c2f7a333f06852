"""What the texts of the input files mean, a column at a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Any

import numpy as np
import polars as pl

from store_uptime.calendar.zones import as_utc

EARLIEST_US = -62_104_060_800_000_000  # 0002-01-01 UTC: a report looks back a week, and no year comes before the first

# Time stamps as they usually come: 2023-01-22 12:09:39, 2023-01-22T12:09:39.388884, with " UTC", Z or nothing after it.
# All of them are parsed at once, character by character; others one by one. `SEPARATORS` says what stands where.
USUAL_LENGTH, LONGEST_USUAL = 19, 30
SEPARATORS = {4: b"-", 7: b"-", 10: b" T", 13: b":", 16: b":"}
BLANK = " " * LONGEST_USUAL

# What Python's `fromisoformat` is asked about: it takes more than ISO 8601 has, such as 09:00:00:00.
TIME_STAMP = re.compile(
    r"\d{4}-?\d\d-?\d\d[T ]\d\d(?::?\d\d(?::?\d\d(?:[.,]\d+)?)?)?(?:Z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)?", re.ASCII
)
CLOCK_TIME = re.compile(r"\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?", re.ASCII)


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
    is_active = column == "active"
    other = ~(is_active | (column == "inactive"))
    if other.any():
        statuses = {"active": True, "inactive": False}
        values = parsed(column.filter(other), lambda value: statuses.get(value.strip().lower()), pl.Boolean)
        is_active = is_active.scatter(other.arg_true(), values)
    return is_active


def parsed_timestamps(column: pl.Series) -> pl.Series:
    """Microseconds since 1970 UTC (Int64), null where the text is no time stamp."""
    result = _usual_us(column)
    for parse in (_with_offset_us, _one_by_one_us):
        missing = result.is_null()
        if missing.any():
            result = result.scatter(missing.arg_true(), parse(column.filter(missing)))
    return _without(result, (result < EARLIEST_US).fill_null(False))


def _usual_us(column: pl.Series) -> pl.Series:
    """Null where the text is not one of the usual ones."""
    lengths = column.str.len_bytes().to_numpy()
    padded = column.str.pad_end(LONGEST_USUAL)
    # ASCII of at most that length, and nothing else, is as many bytes now.
    padded = _without(padded, padded.str.len_bytes() != LONGEST_USUAL, BLANK)
    texts = padded.cast(pl.Binary).bin.reinterpret(dtype=pl.Array(pl.UInt8, LONGEST_USUAL)).to_numpy()
    character = np.ascontiguousarray(texts.T)  # by position, as all texts are looked at together
    digit = character - ord("0")  # unsigned: what is below 0 becomes large
    is_digit = digit < 10

    def number(first: int, last: int) -> np.ndarray:
        value = np.zeros(len(column), np.int64)
        for position in range(first, last + 1):
            value = value * 10 + digit[position]
        return value

    is_usual = np.ones(len(column), np.bool_)
    for position in range(USUAL_LENGTH):
        if position not in SEPARATORS:
            is_usual &= is_digit[position]
    for position, separators in SEPARATORS.items():
        is_usual &= np.any([character[position] == separator for separator in separators], axis=0)

    hour, minute, second = number(11, 12), number(14, 15), number(17, 18)
    is_usual &= (hour < 24) & (minute < 60) & (second < 60)
    month, day = number(5, 6), number(8, 9)
    months = np.where(is_usual, (number(0, 3) - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + np.where(is_usual, day - 1, 0)
    is_usual &= (month >= 1) & (month <= 12) & (days.astype("datetime64[M]") == months)

    is_of_fraction = character[USUAL_LENGTH] == ord(".")
    end = USUAL_LENGTH + is_of_fraction.astype(np.int64)
    fraction_us = np.zeros(len(column), np.int64)
    for position in range(USUAL_LENGTH + 1, USUAL_LENGTH + 7):
        is_of_fraction = is_of_fraction & is_digit[position]
        end += is_of_fraction
        fraction_us = fraction_us * 10 + digit[position] * is_of_fraction
    is_usual &= end != USUAL_LENGTH + 1

    suffixes = 4 * column.str.ends_with(" UTC").to_numpy() + column.str.ends_with("Z").to_numpy()
    is_usual &= end + suffixes == lengths
    seconds = (days.astype(np.int64) * 24 + hour) * 3600 + minute * 60 + second
    return _without(pl.Series(seconds * 1_000_000 + fraction_us), pl.Series(~is_usual))


def _without(column: pl.Series, mask: pl.Series, value: str | None = None) -> pl.Series:
    """`column` with `value` where `mask` is true, which it mostly is nowhere."""
    return column.set(mask, value) if mask.any() else column


def _with_offset_us(column: pl.Series) -> pl.Series:
    # All digits, as polars would do with fewer, and no leap second, which polls do not have.
    is_whole = column.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-5][0-9](\.[0-9]+)?[+-][0-9]")
    texts = column.set(~is_whole, None).str.replace("T", " ", literal=True)
    return texts.str.to_datetime("%Y-%m-%d %H:%M:%S%.f%:z", time_unit="us", strict=False).to_physical()


def _one_by_one_us(column: pl.Series) -> pl.Series:
    return parsed(column, _timestamp_us, pl.Int64)


def _timestamp_us(value: str) -> int | None:
    text = value.strip().upper()
    if text.endswith("UTC"):
        text = text[:-3].rstrip()
        if text.endswith("Z") or text[-6:-5] in ("+", "-"):
            return None
    if not TIME_STAMP.fullmatch(text):
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
    digits = text.lstrip("0") or text[:1]  # Python refuses to count thousands of them
    return int(digits) if digits in ("0", "1", "2", "3", "4", "5", "6") else None


def parse_start_time_us(value: str) -> int | None:
    """Microseconds since midnight of a clock time such as 09:30 or 9:30:00.5, or None."""
    text = value.strip()
    if not CLOCK_TIME.fullmatch(text):
        return None
    try:
        clock_time = time.fromisoformat(f"0{text}" if text[1] == ":" else text)
    except ValueError:
        return None
    seconds = (clock_time.hour * 60 + clock_time.minute) * 60 + clock_time.second
    return seconds * 1_000_000 + clock_time.microsecond


def parse_end_time_us(value: str) -> int | None:
    """As `parse_start_time_us`, and 24:00 too."""
    hours, _, rest = value.strip().partition(":")
    if hours == "24" and parse_start_time_us(f"00:{rest}") == 0:
        return 86_400_000_000
    return parse_start_time_us(value)
