"""What the texts of the input files mean, a column at a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from store_uptime.calendar.zones import as_utc, known_timezones

EARLIEST_US = -62_104_060_800_000_000  # 0002-01-01 UTC: a report looks back a week, and no year comes before the first

# Time stamps as they usually come: 2023-01-22 12:09:39, 2023-01-22T12:09:39.388884, with " UTC", Z or nothing after it.
# All of them are parsed at once, character by character; others one by one. `SEPARATORS` says what stands where.
USUAL_LENGTH, LONGEST_USUAL = 19, 30
SEPARATORS = {4: b"-", 7: b"-", 10: b" T", 13: b":", 16: b":"}
BLANK = " " * LONGEST_USUAL

# Spellings that tools write, beside the usual ones; `fromisoformat` would take more, such as 09:00:00:00. A bare offset
# may follow a blank, and UTC, GMT or Z an offset of zero.
TIMESTAMP = re.compile(
    r"(?P<date>\d{4}-?\d\d-?\d\d)[T ] ?(?P<hour>\d\d?)(?P<minutes>(?::?\d\d(?::?\d\d(?:[.,]\d+)?)?)?)"
    r" ?(?P<zone>Z|UTC|GMT|(?P<offset>[+-]\d\d(?::?\d\d(?::?\d\d)?)?)(?P<utc> ?(?:UTC|GMT|Z))?)?",
    re.ASCII,
)
ZERO_OFFSET = re.compile(r"[+-]00(:?00){0,2}")
BLANKS = re.compile(r"[\s\u00a0\u202f]+")

# 9:00, 09:00:00.5, 9:00 AM, 0 days 09:00:00 (as pandas writes spans), 26:00 (as an end).
CLOCK_TIME = re.compile(
    r"(?:(?P<days>\d) DAYS? )?(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?"
    r"(?: ?(?P<half>[AP])\.?M\.?)?",
    re.ASCII,
)
PLAIN_CLOCK_TIME = re.compile(r"\d\d:\d\d(:\d\d(\.\d+)?)?", re.ASCII)
HOUR_US, DAY_US = 3_600_000_000, 86_400_000_000
CLOSED = {"", "closed"}
NO_ZONE = {"", "null", "none", "nan", "n/a", "na", "nil", "\\n", "-"}
DAY_NAMES = (
    ("mon", "monday"),
    ("tue", "tues", "tuesday"),
    ("wed", "wednesday"),
    ("thu", "thur", "thurs", "thursday"),
    ("fri", "friday"),
    ("sat", "saturday"),
    ("sun", "sunday"),
)
WEEKDAYS = {name: number for number, names in enumerate(DAY_NAMES) for name in names}


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
    return parsed_and_tolerated_timestamps(column)[0]


def parsed_and_tolerated_timestamps(column: pl.Series) -> tuple[pl.Series, int]:
    """As `parsed_timestamps`, and how many of the values are in spellings that only some tools write."""
    result, tolerated = _usual_us(column), 0
    for parse in (_with_offset_us, _one_by_one_us):
        missing = result.is_null()
        if missing.any():
            values = parse(column.filter(missing))
            result = result.scatter(missing.arg_true(), values)
            tolerated = values.len() - values.null_count() if parse is _one_by_one_us else 0
    return _without(result, (result < EARLIEST_US).fill_null(False)), tolerated


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
    found = TIMESTAMP.fullmatch(BLANKS.sub(" ", value).strip().upper())
    if not found or (found["utc"] and not ZERO_OFFSET.fullmatch(found["offset"])):
        return None
    if len(found["hour"]) == 1 and ":" not in found["minutes"]:
        return None
    try:
        text = f"{found['date']}T{found['hour']:0>2}{found['minutes']}{found['offset'] or ''}"
        instant = as_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None
    delta = instant - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def parse_weekday(value: str) -> int | None:
    """0 (Monday) to 6, from a number or an English name such as Monday, Mon or TUES.; else None."""
    text = value.strip().lower()
    if text.removesuffix(".") in WEEKDAYS:
        return WEEKDAYS[text.removesuffix(".")]
    digits = text.lstrip("0") or text[:1]  # Python does not convert thousands of digits
    return int(digits) if digits in ("0", "1", "2", "3", "4", "5", "6") else None


def parse_start_time_us(value: str) -> int | None:
    """Microseconds since midnight of a clock time such as 09:30, 9:30:00.5 or 9:30 AM, below 24 hours; else None."""
    clock_us = _clock_us(value)
    return clock_us if clock_us is not None and clock_us < DAY_US else None


def parse_end_time_us(value: str) -> int | None:
    """As `parse_start_time_us`, up to 48:00: 24:00 is the end of the date, 26:00 is 02:00 of the next."""
    clock_us = _clock_us(value)
    return clock_us if clock_us is not None and clock_us <= 2 * DAY_US else None


def _clock_us(value: str) -> int | None:
    found = CLOCK_TIME.fullmatch(BLANKS.sub(" ", value).strip().upper())
    if not found:
        return None
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
    if found["half"]:
        if found["days"] or not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found["half"] == "P" else 0)
    if minute > 59 or second > 59 or (found["days"] and hour > 23):
        return None
    fraction_us = int(f"{found['fraction'] or '':0<6}"[:6])
    return int(found["days"] or 0) * DAY_US + hour * HOUR_US + (minute * 60 + second) * 1_000_000 + fraction_us


def is_closed(start: pl.Series, end: pl.Series) -> pl.Series:
    """Where both times of an opening are blank or `Closed`: the store has hours, and is closed then."""
    closed = [column.str.strip_chars().str.to_lowercase().is_in(list(CLOSED)) for column in (start, end)]
    return closed[0] & closed[1]


@cache
def _zones_by_spelling() -> dict[str, str]:
    """IANA names by their spelling in lower case with underscores, and those of Windows' names (from CLDR)."""
    from tzlocal.windows_tz import win_tz

    iana = {name.lower(): name for name in known_timezones()}
    windows = {name.lower().replace(" ", "_"): zone for name, zone in win_tz.items() if zone in known_timezones()}
    return windows | iana


def parse_timezone(value: str) -> str | None:
    """The IANA zone that a text names, in any case, with blanks for underscores, or as Windows calls it; else None."""
    text = BLANKS.sub("_", value.strip().strip("\u00a0"))
    return text if text in known_timezones() else _zones_by_spelling().get(text.lower())


def is_without_zone(value: str) -> bool:
    """Whether a text says that a store has no zone: blank, NULL, N/A and the like."""
    return value.strip().lower() in NO_ZONE


# Whether a text is spelled as the documentation has it; other spellings are read too, and counted.


def is_plain_clock_time(value: str) -> bool:
    """`09:30` and `09:30:00`, up to 24:00, and the blank or `Closed` of a closed day."""
    text = value.strip()
    return (bool(PLAIN_CLOCK_TIME.fullmatch(text)) and text[:5] <= "24:00") or text.lower() in CLOSED


def is_weekday_number(value: str) -> bool:
    """A number, not a name."""
    return value.strip().isdecimal()


def is_zone_or_none(value: str) -> bool:
    """An IANA name as it is written, or no zone."""
    return value.strip() in known_timezones() or is_without_zone(value)
