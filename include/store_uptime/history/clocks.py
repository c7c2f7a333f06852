"""Wall clocks of stores: a zone, or several with the dates from which on they hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from store_uptime.calendar.zones import offset_segments

# No wall-clock time is read more than two days from UTC, nor a clock's change to another zone more than two days on.
MARGIN = timedelta(days=4)


def clock_segments(clock: str, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, timedelta, str]]:
    """The segments (`utc_from`, `utc_to`, `utc_offset`, zone) of a clock that cover [`start`, `end`).

    A clock is written as in sql/history/1_clocks/stores.sql: `America/Chicago, 2023-03-01 America/Denver`. It changes
    to a zone at the instant at which that zone first reads 00:00 of the date, or, where it skips that, the next time.
    """
    parts = [part.rpartition(" ") for part in clock.split(", ")]
    zones = [zone for *_, zone in parts]
    changes = [start] + [change_to(zone, date.fromisoformat(day)) for day, _, zone in parts[1:]]
    for number, zone in enumerate(zones):
        # A change that a later one overtakes, two zones far apart on neighbouring dates, never happens.
        begin, until = max(start, changes[number]), min([end, *changes[number + 1 :]])
        if begin < until:
            for utc_from, utc_to, offset in offset_segments(zone, begin, until):
                yield utc_from, utc_to, offset, zone


def clock_binds(clocks: Iterable[str], start: datetime, end: datetime) -> dict[str, list[Any]]:
    """The segments of clocks as binds of a statement, which has a row for each; offsets are seconds."""
    segments = [
        (clock, utc_from, utc_to, offset.total_seconds())
        for clock in clocks
        for utc_from, utc_to, offset, _ in clock_segments(clock, start, end)
    ]
    names = ("clocks", "utc_from", "utc_to", "utc_offsets")
    return {name: [segment[part] for segment in segments] for part, name in enumerate(names)}


def start_of(day: date) -> datetime:
    """00:00 UTC of a date."""
    return datetime.combine(day, time(), UTC)


def change_to(zone: str, day: date) -> datetime:
    """The first instant at which `zone` reads 00:00 of `day`, or a later time."""
    midnight = start_of(day)
    for utc_from, utc_to, offset in offset_segments(zone, midnight - timedelta(days=2), midnight + timedelta(days=3)):
        if midnight - offset < utc_to:
            return max(utc_from, midnight - offset)
    raise AssertionError(f"{zone} does not reach {day}")
