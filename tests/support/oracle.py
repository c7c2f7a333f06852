"""A slow and obvious implementation of the report, to compare the results of `sql/` with.

It shares no code and no method with `sql/`. It cuts the period at every instant at which anything could change, and
evaluates each piece at its first instant: the local time, whether an opening contains it, and which poll applies.
Everything is exact: datetimes have microseconds, sums are whole microseconds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
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

    def covers(self, wall: datetime) -> bool:
        """Whether the opening contains the local time, on the opening's own date or on the next."""
        since_midnight = timedelta(
            hours=wall.hour, minutes=wall.minute, seconds=wall.second, microseconds=wall.microsecond
        )
        if wall.weekday() == self.weekday and since_midnight >= self.start:
            return self.runs_into_next_date or since_midnight < self.end
        is_next_date = wall.weekday() == (self.weekday + 1) % 7
        return is_next_date and self.runs_into_next_date and since_midnight < self.end


@dataclass
class Store:
    """One store's input; `polls` has one status for each instant, after corrections."""

    zone: str | None = None
    openings: list[Opening] = field(default_factory=list)
    polls: dict[datetime, bool] = field(default_factory=dict)


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
    cuts |= set(opening_edges(store.openings, zone, first_instant, as_of))
    cuts |= set(clock_changes(zone, first_instant - DAY, as_of + DAY))
    for polled_at, _ in polls:
        cuts |= {polled_at} if max_gap is None else {polled_at, polled_at + max_gap, polled_at - max_gap}
    pieces = sorted(cut for cut in cuts if first_instant <= cut <= as_of)

    sums = {period: {"open": 0, "up": 0, "down": 0, "unknown": 0} for period in PERIODS}
    for begin, end in pairwise(pieces):
        if not is_open(store.openings, zone, begin):
            continue
        kind = status(polls, begin, max_gap)
        if kind == "unknown" and no_data == "down":
            kind = "down"
        for period, length in PERIODS.items():
            if begin >= as_of - length:
                sums[period]["open"] += (end - begin) // MICROSECOND
                sums[period][kind] += (end - begin) // MICROSECOND
    return {period: Figures(**sums[period]) for period in PERIODS}


def is_open(openings: list[Opening], zone: str, at: datetime) -> bool:
    wall = at.astimezone(ZoneInfo(zone))
    return not openings or any(opening.covers(wall) for opening in openings)


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
