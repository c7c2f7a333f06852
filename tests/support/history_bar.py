"""A world of one store, a bar, for examples of availability over time that are computed by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from support.history_world import HOURS, STATUS, ZONES, Poll, Scope, StoreZone, WeeklyOpening, World

HOUR, MINUTE = 3_600_000_000, 60_000_000
BAR = Scope("bar")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


def daily(start: str, end: str, days: Iterable[int] = range(7), store_id: str = "bar") -> list[WeeklyOpening]:
    return [WeeklyOpening(store_id, weekday, start, end) for weekday in days]


def bar(as_of: str, *polls: str, zone: str = "UTC", hours: list[WeeklyOpening] | None = None, gap: int = 3) -> World:
    """A world of one store: polls such as `+2023-06-05 08:00` (active) and `-2023-06-05 09:00` (inactive)."""
    world = World(utc(as_of), max_gap=timedelta(hours=gap) if gap else None)
    world.accept(ZONES, StoreZone("bar", zone))
    if hours:
        world.accept(HOURS, *hours)
    return world.accept(STATUS, *(Poll("bar", utc(poll[1:]), poll[0] == "+") for poll in polls))


def polled(pattern: str, first: int = 8, on: str = "2023-06-05") -> list[str]:
    """A poll an hour from `first` o'clock on, as + and - say; a blank is none."""
    signs = enumerate(pattern, first)
    return [f"{sign}{on} {hour:02}:00" for hour, sign in signs if sign in "+-"]
