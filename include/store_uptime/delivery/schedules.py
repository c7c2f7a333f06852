"""When a subscription is due: a cron expression on the clock of an IANA zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from croniter import croniter

from store_uptime.calendar.periods import CalendarPeriod, CalendarUnit, previous_period
from store_uptime.calendar.zones import known_timezones, offset_segments, zone
from store_uptime.errors import InvalidFieldError, quoted
from store_uptime.settings import has_next


def check_schedule(cron: str, timezone: str) -> None:
    """Raises `InvalidFieldError` for what is no cron expression of five fields, or no zone."""
    if not has_next(cron):
        raise InvalidFieldError("cron", f"{quoted(cron)} is no cron expression of five fields, such as 0 7 * * 1")
    if timezone not in known_timezones():
        raise InvalidFieldError("timezone", f"{quoted(timezone)} is no IANA zone, such as America/Chicago")


def next_due(cron: str, timezone: str, after: datetime) -> datetime:
    """The first instant after `after` at which the zone's clock reads a time of the expression.

    A time that the clock reads twice counts once, the first time; one that it skips is the instant of the change.
    """
    times = croniter(cron, after.astimezone(zone(timezone)).replace(tzinfo=None, microsecond=0))
    while True:
        due_at = instant_of(times.get_next(datetime), timezone)
        if due_at > after:
            return due_at


def due_until(cron: str, timezone: str, first: datetime, clock: datetime) -> Iterator[datetime]:
    """When it was due from `first` on, which is such an instant, up to `clock`."""
    due_at = first
    while due_at <= clock:
        yield due_at
        due_at = next_due(cron, timezone, due_at)


def instant_of(wall_clock: datetime, timezone: str) -> datetime:
    """When the zone's clock reads it first; of a time that is skipped, when the clock changes."""
    local = zone(timezone)
    instant = wall_clock.replace(tzinfo=local).astimezone(UTC)
    if instant.astimezone(local).replace(tzinfo=None) == wall_clock:
        return instant
    before = wall_clock.replace(tzinfo=local, fold=1).astimezone(UTC)
    *_, (changed_at, _, _) = offset_segments(timezone, before, instant)
    return changed_at


def period_at(due_at: datetime, timezone: str, unit: CalendarUnit) -> CalendarPeriod:
    """The newest period that is over on the zone's calendar."""
    return previous_period(due_at.astimezone(zone(timezone)).date(), unit)
