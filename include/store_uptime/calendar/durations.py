"""Parses and formats instants, dates and durations of settings, commands, forms and requests."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import cast

import pendulum

from store_uptime.calendar.zones import as_utc
from store_uptime.errors import SettingError

# The week before as-of, in any local time, must be within the years that Python supports.
EARLIEST, LATEST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_GAP_LIMIT = timedelta(days=3650)
DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
DATE_AND_TIME = re.compile(r"\d{4}-?(\d\d-?\d\d|W\d\d-?\d)[T ]\d\d", re.ASCII)
# pendulum counts in 32 bits, so numbers of more than nine digits are not accepted.
ISO_DURATION = re.compile(r"(?!.*\d{10})P[\d.WDTHMS]+", re.ASCII)
SHORT_DURATION = re.compile(r"(?=.)([\d.]+D)?([\d.]+H)?([\d.]+M)?([\d.]+S)?", re.ASCII)


def parse_instant(name: str, value: str | datetime) -> datetime:
    """An ISO 8601 instant in UTC; without a zone it means UTC. Raises `SettingError` with `name` for other text."""
    expected = "an instant such as 2023-01-25T18:13:22Z"
    text = str(value).strip()
    instant_text = text.upper().removesuffix(" UTC")
    if not DATE_AND_TIME.match(instant_text):
        raise SettingError(name, text, expected)
    try:
        parsed = pendulum.parse(instant_text)
        if not isinstance(parsed, pendulum.DateTime):  # an interval: two instants with a slash between them
            raise SettingError(name, text, expected)
        instant = as_utc(datetime.fromisoformat(parsed.isoformat()))
    except (ValueError, OverflowError) as error:
        raise SettingError(name, text, expected) from error
    if not EARLIEST <= instant <= LATEST:
        raise SettingError(name, text, f"{expected}, in the years {EARLIEST.year} to {LATEST.year}")
    return instant


def parse_date(name: str, value: str | date) -> date:
    """A date such as 2023-03-01. Raises `SettingError` with `name` for other text."""
    text = str(value).strip()
    try:
        parsed = date.fromisoformat(text) if DATE.fullmatch(text) else None
    except ValueError:
        parsed = None
    if parsed is None or not EARLIEST.date() <= parsed <= LATEST.date():
        raise SettingError(name, text, "a date such as 2023-03-01")
    return parsed


def instant_text(instant: datetime) -> str:
    """`instant` in UTC as ISO 8601, to the microsecond, with Z."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def microseconds_of(instant: datetime) -> int:
    """Whole microseconds from 1970-01-01T00:00:00Z to `instant`."""
    return (instant - EPOCH) // timedelta(microseconds=1)


def parse_duration(name: str, value: str) -> timedelta:
    """An ISO 8601 duration (`PT2H`) or its short form: `2h`, `90m`, `1h30m`, `45s`, `1d`; more than zero.

    Raises `SettingError` with `name` for any other text, also for years and months, which have no fixed length.
    """
    text = value.strip().upper()
    if SHORT_DURATION.fullmatch(text):
        days, day, clock = text.rpartition("D")
        text = f"P{days}{day}" + (f"T{clock}" if clock else "")
    span = timedelta(0)
    if ISO_DURATION.fullmatch(text):
        with suppress(ValueError, OverflowError):
            parsed = cast("pendulum.Duration", pendulum.parse(text))
            span = timedelta(0) if parsed.years or parsed.months else parsed.as_timedelta()
    if not timedelta(0) < span <= MAX_GAP_LIMIT:
        expected = "a duration such as 2h, 90m or PT2H, more than zero and at most ten years"
        raise SettingError(name, value, expected)
    return span


def duration_text(span: timedelta | None) -> str | None:
    """A duration as text in the largest unit that divides it: `2h`, `90m`, `45s`; with microseconds `PT0.500000S`."""
    if span is None:
        return None
    seconds = span.days * 86_400 + span.seconds
    if span.microseconds:
        return f"PT{seconds}.{span.microseconds:06d}S"
    for unit, letter in ((3600, "h"), (60, "m")):
        if seconds % unit == 0:
            return f"{seconds // unit}{letter}"
    return f"{seconds}s"
