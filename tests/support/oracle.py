"""A slow and obvious implementation of the report, to compare the results of `sql/` with.

It shares no code and no method with `sql/`. It cuts the period at every instant at which anything could change, and
evaluates each piece at its first instant: the local time, whether an opening contains it, and which poll applies.
Everything is exact: datetimes have microseconds, sums are whole microseconds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, reset_tzpath

# Use the pinned tzdata package instead of the machine's zones, which change every year.
reset_tzpath(to=())
ZoneInfo.clear_cache()

DEFAULT_ZONE = "America/Chicago"
PERIODS = {"last_hour": timedelta(hours=1), "last_day": timedelta(hours=24), "last_week": timedelta(hours=168)}
MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)
HEADER = (
    "store_id,uptime_last_hour,uptime_last_day,uptime_last_week,downtime_last_hour,downtime_last_day,downtime_last_week"
)


@dataclass(frozen=True)
class Opening:
    """Open on each local date of `weekday` (0 = Monday) from `start` to `end`, both since midnight."""

    weekday: int
    start: timedelta
    end: timedelta

    @classmethod
    def read(cls, weekday: int, start: str, end: str) -> Opening:
        return cls(weekday, clock(start), end_of_day_or(clock(end)))

    @property
    def runs_into_next_date(self) -> bool:
        return self.end <= self.start

    def covers(self, wall: datetime, without: Collection[date] = ()) -> bool:
        """Whether the opening contains the local time, on the opening's own date or on the next.

        It does not start on the dates `without`.
        """
        since_midnight = timedelta(
            hours=wall.hour, minutes=wall.minute, seconds=wall.second, microseconds=wall.microsecond
        )
        is_date = wall.weekday() == self.weekday and since_midnight >= self.start and wall.date() not in without
        if is_date and (self.runs_into_next_date or since_midnight < self.end):
            return True
        is_next_date = wall.weekday() == (self.weekday + 1) % 7 and wall.date() - DAY not in without
        return is_next_date and self.runs_into_next_date and since_midnight < self.end


@dataclass(frozen=True)
class Scope:
    """Whom a row is about: the store with an id, the stores of a group (kind and name), or all stores (neither)."""

    store_id: str | None = None
    group: tuple[str, str] | None = None

    def level_for(self, store_id: str, store: Store) -> int | None:
        """1 for the store itself, 2 for a group of it, 3 for all stores; None for others."""
        if self.store_id is not None:
            return 1 if self.store_id == store_id else None
        if self.group is not None:
            return 2 if self.group in {*store.groups, ("timezone", store.zone or DEFAULT_ZONE)} else None
        return 3


@dataclass(frozen=True)
class SpecialHours:
    """An opening on one local date, from and to a time since its midnight; without times it is closed."""

    date: date
    start: timedelta | None = None
    end: timedelta | None = None

    def covers(self, wall: datetime) -> bool:
        """Whether the opening contains the local time, which may be on a later date."""
        if self.start is None or self.end is None:
            return False
        end = end_of_day_or(self.end) if self.end <= DAY else self.end
        since_midnight = wall.replace(tzinfo=None) - datetime.combine(self.date, time())
        return self.start <= since_midnight < (end if end > self.start else end + DAY)


@dataclass(frozen=True)
class PlannedDowntime:
    """Both ends are instants in UTC, or, without a zone, on the store's wall clock; without an end it goes on."""

    start: datetime
    end: datetime | None

    def ends(self, zone: str) -> tuple[datetime, datetime | None]:
        """The ends as instants."""
        start = self.start if self.start.tzinfo else min(instants_of(self.start, zone))
        end = self.end if self.end is None or self.end.tzinfo else max(instants_of(self.end, zone))
        return start, end


@dataclass
class Store:
    """One store's input; `polls` has one status for each instant, after corrections.

    `special_hours` are those of the best level for each date, and `planned` all that apply.
    """

    zone: str | None = None
    openings: list[Opening] = field(default_factory=list)
    polls: dict[datetime, bool] = field(default_factory=dict)
    groups: set[tuple[str, str]] = field(default_factory=set)
    special_hours: list[SpecialHours] = field(default_factory=list)
    planned: list[PlannedDowntime] = field(default_factory=list)

    def take(
        self,
        store_id: str,
        special_hours: Iterable[tuple[Scope, SpecialHours]],
        planned: Iterable[tuple[Scope, PlannedDowntime]],
    ) -> None:
        """Keeps the rows of the optional inputs that count for the store."""
        levels = [(scope.level_for(store_id, self), row) for scope, row in special_hours]
        self.special_hours = [
            row
            for level, row in levels
            if level is not None
            and level == min(other for other, beside in levels if other is not None and beside.date == row.date)
        ]
        self.planned = [row for scope, row in planned if scope.level_for(store_id, self) is not None]


@dataclass(frozen=True)
class Figures:
    """The figures of one store in one period, in microseconds."""

    open: int = 0
    up: int = 0
    down: int = 0
    unknown: int = 0


Report = dict[str, dict[str, Figures]]


def clock(text: str) -> timedelta:
    hours, minutes, *seconds = text.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes), microseconds=int(Decimal((seconds or ["0"])[0]) * 10**6))


def end_of_day_or(end: timedelta) -> timedelta:
    """The end of an opening; 23:59 and later mean midnight."""
    return DAY if end >= timedelta(hours=23, minutes=59) else end


def report(
    stores: dict[str, Store], as_of: datetime, max_gap: timedelta | None = None, no_data: str = "unknown"
) -> Report:
    """The figures of every store and period."""
    return {store_id: figures(store, as_of, max_gap, no_data) for store_id, store in stores.items()}


def figures(store: Store, as_of: datetime, max_gap: timedelta | None, no_data: str) -> dict[str, Figures]:
    zone = store.zone or DEFAULT_ZONE
    polls = sorted(poll for poll in store.polls.items() if poll[0] <= as_of)
    first_instant = as_of - max(PERIODS.values())
    cuts = {as_of, *(as_of - length for length in PERIODS.values())}
    cuts |= set(opening_edges([*store.openings, *times_of(store.special_hours)], zone, first_instant, as_of))
    cuts |= {end for row in store.planned for end in row.ends(zone) if end is not None}
    cuts |= set(clock_changes(zone, first_instant - DAY, as_of + DAY))
    for polled_at, _ in polls:
        cuts |= {polled_at} if max_gap is None else {polled_at, polled_at + max_gap, polled_at - max_gap}
    pieces = sorted(cut for cut in cuts if first_instant <= cut <= as_of)

    sums = {period: {"open": 0, "up": 0, "down": 0, "unknown": 0} for period in PERIODS}
    for begin, end in pairwise(pieces):
        if not is_open(store, zone, begin) or is_planned(store.planned, zone, begin):
            continue
        kind = status(polls, begin, max_gap)
        if kind == "unknown" and no_data == "down":
            kind = "down"
        for period, length in PERIODS.items():
            if begin >= as_of - length:
                sums[period]["open"] += (end - begin) // MICROSECOND
                sums[period][kind] += (end - begin) // MICROSECOND
    return {period: Figures(**sums[period]) for period in PERIODS}


def is_open(store: Store, zone: str, at: datetime) -> bool:
    wall = at.astimezone(ZoneInfo(zone))
    special_dates = {row.date for row in store.special_hours}
    if any(row.covers(wall) for row in store.special_hours):
        return True
    if not store.openings:
        return wall.date() not in special_dates
    return any(opening.covers(wall, without=special_dates) for opening in store.openings)


def is_planned(planned: list[PlannedDowntime], zone: str, at: datetime) -> bool:
    for row in planned:
        start, end = row.ends(zone)
        if start <= at and (end is None or at < end):
            return True
    return False


@lru_cache(maxsize=10_000)
def instants_of(wall: datetime, zone: str) -> tuple[datetime, ...]:
    """When a wall clock reads a time: at one instant or two, or else the change that skips it."""
    readings = {wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)}
    found = tuple(at for at in readings if at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall)
    if found:
        return found
    changes = clock_changes(zone, min(readings) - 2 * DAY, max(readings) + 2 * DAY)
    return tuple(
        change
        for change in changes
        if (change - MICROSECOND).astimezone(ZoneInfo(zone)).replace(tzinfo=None) < wall
        and change.astimezone(ZoneInfo(zone)).replace(tzinfo=None) > wall
    )


def times_of(special_hours: Iterable[SpecialHours]) -> Iterable[Opening]:
    """Openings whose edges are those of special hours; midnight is among them."""
    nothing = timedelta(0)
    return [Opening(row.date.weekday(), row.start or nothing, row.end or nothing) for row in special_hours]


def status(polls: list[tuple[datetime, bool]], at: datetime, max_gap: timedelta | None) -> str:
    if not polls:
        return "unknown"
    index = bisect_right(polls, at, key=lambda poll: poll[0])
    polled_at, is_active = polls[max(index - 1, 0)]
    if max_gap is not None:
        is_covered = at < polled_at + max_gap if index else at >= polled_at - max_gap
        if not is_covered:
            return "unknown"
    return "up" if is_active else "down"


def opening_edges(openings: Iterable[Opening], zone: str, start: datetime, end: datetime) -> Iterable[datetime]:
    """Every instant at which an opening can begin or end, and some more, which do not matter."""
    clocks = {edge for opening in openings for edge in (timedelta(0), opening.start, opening.end)}
    date = start.date() - 3 * DAY
    while date <= end.date() + 3 * DAY:
        midnight = datetime.combine(date, time())
        for edge in clocks:
            for fold in (0, 1):
                yield (midnight + edge).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)
        date += DAY


def clock_changes(zone: str, start: datetime, end: datetime) -> list[datetime]:
    """The instants, to the second, at which the zone's UTC offset changes between `start` and `end`."""
    first_hour = start.replace(minute=0, second=0, microsecond=0)
    return list(clock_changes_by_hour(zone, first_hour, (end - first_hour) // timedelta(hours=1) + 1))


@lru_cache(maxsize=1000)
def clock_changes_by_hour(zone: str, start: datetime, hours: int) -> tuple[datetime, ...]:
    changes = []
    for hour in range(hours):
        before, after = start + timedelta(hours=hour), start + timedelta(hours=hour + 1)
        if offset(zone, before) == offset(zone, after):
            continue
        while after - before > timedelta(seconds=1):
            middle = before + (after - before) // timedelta(seconds=2) * timedelta(seconds=1)
            if offset(zone, middle) == offset(zone, before):
                before = middle
            else:
                after = middle
        changes.append(after)
    return tuple(changes)


def offset(zone: str, at: datetime) -> timedelta | None:
    return at.astimezone(ZoneInfo(zone)).utcoffset()


def csv(report: Report) -> bytes:
    """The content of the published CSV."""
    lines = [HEADER]
    for store_id in sorted(report, key=lambda store_id: store_id.encode()):
        periods = report[store_id]
        cells = [rounded(getattr(periods[period], kind), period) for kind in ("up", "down") for period in PERIODS]
        lines.append(",".join([quoted(store_id), *cells]))
    return "".join(line + "\n" for line in lines).encode()


def rounded(microseconds: int, period: str) -> str:
    unit = timedelta(minutes=1) if period == "last_hour" else timedelta(hours=1)
    return str((Decimal(microseconds) / (unit // MICROSECOND)).quantize(Decimal("0.01"), ROUND_HALF_UP))


def quoted(store_id: str) -> str:
    needs_quotes = any(character in store_id for character in ',"\r\n')
    return '"' + store_id.replace('"', '""') + '"' if needs_quotes else store_id
