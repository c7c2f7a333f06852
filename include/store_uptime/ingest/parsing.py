"""What the texts of the input files mean, a column at a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from store_uptime.calendar.zones import known_timezones

EARLIEST_US = -62_104_060_800_000_000  # 0002-01-01 UTC: a report looks back a week, and no year comes before the first

# Time stamps as they usually come: 2023-01-22 12:09:39, 2023-01-22T12:09:39.388884, with " UTC", Z or nothing after it.
# They are parsed character by character, all at once. `SEPARATORS` says what stands where.
USUAL_LENGTH, LONGEST_USUAL = 19, 30
SEPARATORS = {4: b"-", 7: b"-", 10: b" T", 13: b":", 16: b":"}
DIGITS = [position for position in range(USUAL_LENGTH) if position not in SEPARATORS]
BLANK = " " * LONGEST_USUAL

# Spellings that tools write, beside the usual ones. An offset may follow a blank, and a zone's abbreviation an offset:
# UTC, GMT and Z only one of zero. What stands between the numbers of a date, a time or an offset is the same each time.
OTHER_TIMESTAMP = (
    r"^(?P<year>[0-9]{4})(?P<mark_1>[-/]?)(?P<month>[0-9]{2})(?P<mark_2>[-/]?)(?P<day>[0-9]{2})"
    r"[T ] ?(?P<hour>[0-9]{1,2})"
    r"(?:(?P<colon_1>:?)(?P<minute>[0-9]{2})(?:(?P<colon_2>:?)(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]+))?)?)?"
    r" ?(?:Z|UTC|GMT|(?P<sign>[+-])(?P<offset_hours>[0-9]{2})"
    r"(?:(?P<colon_3>:?)(?P<offset_minutes>[0-9]{2})(?:(?P<colon_4>:?)(?P<offset_seconds>[0-9]{2}))?)?"
    r"(?: ?(?P<abbreviation>Z|[A-Z]{3,5}))?)?$"
)
UTC_NAMES = ("UTC", "GMT", "Z")
OTHER_BLANKS = r"[\t-\r\x1c-\x1f[^\x00-\x7f]]|  "
ANY_BLANKS = r"[\s\x1c-\x1f]+"  # as Python's; polars does not take the last four for blanks
BLANKS = re.compile(r"[\s\u00a0\u202f]+")

# 9:00, 09:00:00.5, 9:00 AM, 0 days 09:00:00 and 1 day, 2:00:00 (as pandas and Python write spans), 26:00.
CLOCK_TIME = re.compile(
    r"(?:(?P<days>\d) DAYS?,? )?(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?"
    r"(?: ?(?P<half>[AP])\.?M\.?)?",
    re.ASCII,
)
PLAIN_CLOCK_TIME = re.compile(r"\d\d:\d\d(:\d\d(\.\d+)?)?", re.ASCII)
HOUR_US, DAY_US = 3_600_000_000, 86_400_000_000
# How tools write that there is no value.
NO_VALUE = {"", "null", "(null)", "[null]", "<null>", "none", "nan", "n/a", "#n/a", "na", "<na>", "nil", "\\n", "-"}
CLOSED = NO_VALUE | {"closed"}
DAY_NAMES = (
    ("mo", "mon", "monday"),
    ("tu", "tue", "tues", "tuesday"),
    ("we", "wed", "weds", "wednesday"),
    ("th", "thu", "thur", "thurs", "thursday"),
    ("fr", "fri", "friday"),
    ("sa", "sat", "saturday"),
    ("su", "sun", "sunday"),
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


def parsed_and_tolerated_timestamps(column: pl.Series) -> tuple[pl.Series, pl.Series]:
    """As `parsed_timestamps`, and where the text is in a spelling that only some tools write."""
    result = _usual_us(column)
    missing = result.is_null()
    for parse in (_with_offset_us, _other_us):
        if missing.any():
            result = result.scatter(missing.arg_true(), parse(column.filter(missing)))
        tolerated = missing
        missing = result.is_null()
    result = _without(result, (result < EARLIEST_US).fill_null(False))
    return result, tolerated & result.is_not_null()


def _usual_us(column: pl.Series) -> pl.Series:
    """Null where the text is not one of the usual ones."""
    padded = column.str.pad_end(LONGEST_USUAL)
    # ASCII of at most that length, and nothing else, is as many bytes now.
    padded = _without(padded, padded.str.len_bytes() != LONGEST_USUAL, BLANK)
    texts = padded.cast(pl.Binary).bin.reinterpret(dtype=pl.Array(pl.UInt8, LONGEST_USUAL)).to_numpy()
    character = np.ascontiguousarray(texts.T)  # by position, as all texts are looked at together
    digit = character - np.uint8(ord("0"))  # unsigned: what is below 0 becomes large

    def number(first: int) -> np.ndarray:
        return digit[first] * np.uint8(10) + digit[first + 1]  # of two digits; what it is of others does not matter

    is_usual = np.maximum.reduce(digit[DIGITS]) < 10
    for position, separators in SEPARATORS.items():
        is_usual &= np.logical_or.reduce([character[position] == separator for separator in separators])
    hour, minute, second, month = number(11), number(14), number(17), number(5)
    is_usual &= (hour < 24) & (minute < 60) & (second < 60) & (month >= 1) & (month <= 12)
    month_of_all = np.where(is_usual, (number(0).astype(np.int32) * 100 + number(2)) * 12 + month - 1, 0)
    month_starts, month_days = _months()
    days_before = number(8) - np.uint8(1)
    is_usual &= days_before < month_days[month_of_all]

    is_of_fraction = character[USUAL_LENGTH] == ord(".")
    end = USUAL_LENGTH + is_of_fraction.astype(np.int64)
    fraction_us = np.zeros(len(column), np.int32)
    for position in range(USUAL_LENGTH + 1, USUAL_LENGTH + 7):
        is_of_fraction = is_of_fraction & (digit[position] < 10)
        end += is_of_fraction
        fraction_us = fraction_us * 10 + digit[position] * is_of_fraction
    is_usual &= end != USUAL_LENGTH + 1

    suffix = texts.reshape(-1), np.arange(len(column)) * LONGEST_USUAL + end
    is_suffix = [
        np.logical_and.reduce([suffix[0][suffix[1] + at] == mark for at, mark in enumerate(text)])
        for text in (b"Z", b" UTC")
    ]
    is_usual &= end + is_suffix[0] + 4 * is_suffix[1] == column.str.len_bytes().to_numpy()
    seconds = (hour.astype(np.int32) * 60 + minute) * 60 + second
    instants = (month_starts[month_of_all] + days_before) * DAY_US + seconds.astype(np.int64) * 1_000_000 + fraction_us
    return _without(pl.Series(instants), pl.Series(~is_usual))


@cache
def _months() -> tuple[np.ndarray, np.ndarray]:
    """Of each month from January of year 0 to December 9999: the days since 1970 at its start, and how many it has."""
    starts = np.arange(-1970 * 12, 8030 * 12 + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return starts[:-1], np.diff(starts).astype(np.uint8)


def _without(column: pl.Series, mask: pl.Series, value: str | None = None) -> pl.Series:
    """`column` with `value` where `mask` is true, which it mostly is nowhere."""
    return column.set(mask, value) if mask.any() else column


def _with_offset_us(column: pl.Series) -> pl.Series:
    # All digits, as polars would do with fewer, and no leap second, which polls do not have.
    is_whole = column.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-5][0-9](\.[0-9]+)?[+-][0-9]")
    texts = column.set(~is_whole, None).str.replace("T", " ", literal=True)
    return texts.str.to_datetime("%Y-%m-%d %H:%M:%S%.f%:z", time_unit="us", strict=False).to_physical()


def _other_us(column: pl.Series) -> pl.Series:
    """Of the spellings that OTHER_TIMESTAMP has: they are put into the usual one, and the offset is taken away."""
    distinct = column.unique()
    if distinct.len() > column.len() // 2:  # replacing them would take longer than parsing some of them twice
        return _distinct_other_us(column)
    return replaced(column, distinct, _distinct_other_us(distinct))


def _distinct_other_us(column: pl.Series) -> pl.Series:
    texts = column.rechunk()  # polars panics where groups are extracted from texts of several files
    if column.str.contains(OTHER_BLANKS).any():
        texts = texts.str.replace_all(ANY_BLANKS, " ")
    texts = texts.str.strip_chars(" ").str.to_uppercase()
    part = {name: pl.col(name) for name in re.findall(r"\?P<(\w+)>", OTHER_TIMESTAMP)}
    offset_us = 1_000_000 * sum(
        part[name].fill_null("0").cast(pl.Int64) * seconds
        for name, seconds in (("offset_hours", 3600), ("offset_minutes", 60), ("offset_seconds", 1))
    )
    is_alike = [
        part[one] == part[other].fill_null(part[one])
        for one, other in (("mark_1", "mark_2"), ("colon_1", "colon_2"), ("colon_3", "colon_4"))
    ]
    usual = pl.format(
        "{}-{}-{} {}:{}:{}.{}",
        *(part[name] for name in ("year", "month", "day")),
        *(part[name].fill_null("00").str.zfill(2) for name in ("hour", "minute", "second")),
        part["fraction"].fill_null("0").str.slice(0, 6),
    )
    found = (
        texts.str.extract_groups(OTHER_TIMESTAMP)
        .struct.unnest()
        .select(
            text=pl.when(
                pl.all_horizontal(alike.fill_null(True) for alike in is_alike),
                (part["hour"].str.len_bytes() == 2) | (part["colon_1"] == ":").fill_null(False),
                part["offset_minutes"].fill_null("00") < "60",
                part["offset_seconds"].fill_null("00") < "60",
                offset_us < DAY_US,
                ~part["abbreviation"].is_in(UTC_NAMES).fill_null(False) | (offset_us == 0),
            ).then(usual),
            offset_us=pl.when(part["sign"] == "-").then(-offset_us).otherwise(offset_us),
        )
    )
    return _usual_us(found["text"].fill_null("")) - found["offset_us"]


def parse_weekday(value: str) -> int | None:
    """0 (Monday) to 6, from a number or an English name such as Monday, Mon or TUES.; else None."""
    text = value.strip().lower()
    if text.removesuffix(".") in WEEKDAYS:
        return WEEKDAYS[text.removesuffix(".")]
    digits = text.lstrip("0") or text[:1]  # Python does not convert thousands of digits
    return int(digits) if digits in ("0", "1", "2", "3", "4", "5", "6") else None


@dataclass
class Weekdays:
    """The `numbers` of weekdays in an hours file, the lines of a 7, and whether some weekdays are names."""

    numbers: set[int] = field(default_factory=set)
    lines_of_7: set[int] = field(default_factory=set)
    has_names: bool = False

    def add(self, lines: pl.Series, texts: pl.Series, numbers: pl.Series) -> None:
        """Notes the weekdays of some rows; safe to call from several threads."""
        self.numbers.update(numbers.drop_nulls().unique())
        self.lines_of_7.update(lines.filter(texts.str.strip_chars() == "7").head(1))
        self.has_names |= any(text.strip()[:1].isalpha() for text in texts.filter(numbers.is_not_null()).unique())

    def count_from_1(self) -> bool:
        """Whether they are ISO's, from 1 (Monday) to 7 (Sunday): each opening would count a day late."""
        return bool(self.lines_of_7) and 0 not in self.numbers

    def may_count_from_1(self) -> bool:
        """Whether they are ISO's working days, or all stores are closed on Mondays."""
        return not self.has_names and self.numbers in ({1, 2, 3, 4, 5}, {1, 2, 3, 4, 5, 6})


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
    return value.strip().lower() in NO_VALUE


# Whether a text is spelled as the documentation has it; other spellings are read too, and counted.


def is_plain_clock_time(value: str) -> bool:
    """`09:30` and `09:30:00`, up to 24:00, and the blank or `Closed` of a closed day."""
    text = value.strip()
    return (bool(PLAIN_CLOCK_TIME.fullmatch(text)) and text[:5] <= "24:00") or is_plainly_closed(value)


def is_plainly_closed(value: str) -> bool:
    """Blank or `Closed`, not NULL and the like."""
    return value.strip().lower() in ("", "closed")


def is_weekday_number(value: str) -> bool:
    """A number, not a name."""
    return value.strip().isdecimal()


def is_zone_or_none(value: str) -> bool:
    """An IANA name as it is written, or no zone."""
    return value.strip() in known_timezones() or is_without_zone(value)
