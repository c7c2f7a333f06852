"""Instants and durations as people write them, in files of settings, commands, forms and requests."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from store_uptime.calendar.zones import as_utc
from store_uptime.errors import SettingError

# The week before an as-of, on any wall clock, has to be within the years that Python knows.
EARLIEST, LATEST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)
MAX_GAP_LIMIT = timedelta(days=3650)
NUMBER = r"\d{1,9}(?:\.\d{1,6})?"
DURATION = re.compile(
    rf"P(?:(?P<weeks>{NUMBER})W)?(?:(?P<days>{NUMBER})D)?"
    rf"(?:T(?=\d)(?:(?P<hours>{NUMBER})H)?(?:(?P<minutes>{NUMBER})M)?(?:(?P<seconds>{NUMBER})S)?)?",
    re.ASCII,
)


def parse_instant(name: str, value: str | datetime) -> datetime:
    """An ISO 8601 instant as UTC; one without a zone means UTC. Raises `SettingError` naming `name`."""
    expected = "an instant such as 2023-01-25T18:13:22Z"
    text = str(value).strip()
    instant_text = text.upper().removesuffix(" UTC")
    if "T" not in instant_text and " " not in instant_text:
        raise SettingError(name, text, expected)
    try:
        instant = as_utc(datetime.fromisoformat(instant_text))
    except (ValueError, OverflowError) as error:
        raise SettingError(name, text, expected) from error
    if not EARLIEST <= instant <= LATEST:
        raise SettingError(name, text, f"{expected}, in the years {EARLIEST.year} to {LATEST.year}")
    return instant


def parse_duration(name: str, value: str) -> timedelta:
    """`2h`, `90m`, `1h30m`, `45s`, `1d` or ISO 8601 (`PT2H`), more than zero. Raises `SettingError` naming `name`."""
    text = value.strip().upper()
    if not text.startswith("P"):
        days, day, clock = text.rpartition("D")
        text = f"P{days}{day}" + (f"T{clock}" if clock else "")
    parts = DURATION.fullmatch(text)
    numbers = {unit: float(number) for unit, number in parts.groupdict("0").items()} if parts else {}
    try:
        span = timedelta(**numbers)
    except OverflowError:
        span = timedelta.max
    if not timedelta(0) < span <= MAX_GAP_LIMIT:
        expected = "a duration such as 2h, 90m or PT2H, more than zero and at most ten years"
        raise SettingError(name, value, expected)
    return span


def duration_text(span: timedelta | None) -> str | None:
    """`2h`, `90m`, `5400s`: the largest unit that divides it."""
    if span is None:
        return None
    seconds = span.days * 86_400 + span.seconds
    if span.microseconds:
        return f"PT{seconds}.{span.microseconds:06d}S"
    for unit, letter in ((3600, "h"), (60, "m")):
        if seconds % unit == 0:
            return f"{seconds // unit}{letter}"
    return f"{seconds}s"
