"""A slow and obvious implementation of days, openings and outages, to compare the results of `sql/` with.

It shares no code and no method with `sql/`. It cuts a store's time at every instant at which anything could change, and
evaluates each segment at its first instant: what the store's clock shows, whether it is opening time, whether downtime
is planned, and which poll applies. Everything is exact: datetimes have microseconds, sums are whole microseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

from support import oracle
from support.history_world import DAY, ZONES, PlannedDowntime, Poll, World, zone_in

MICROSECOND = timedelta(microseconds=1)
UP, DOWN, UNKNOWN = "up", "down", "unknown"


@dataclass(frozen=True)
class Segment:
    """A span of a store's time in which nothing changes."""

    start: datetime
    end: datetime
    on: date
    is_opening: bool
    is_planned: bool
    status: str

    @property
    def is_open(self) -> bool:
        """Whether the time is accountable."""
        return self.is_opening and not self.is_planned

    @property
    def us(self) -> int:
        return (self.end - self.start) // MICROSECOND


@dataclass(frozen=True)
class Day:
    """A store's local date. `spans` is its time in UTC, that after `as_of` too; all figures are of time before it."""

    store_id: str
    local_date: date
    timezone: str
    spans: tuple[tuple[datetime, datetime], ...]
    is_final: bool
    open_us: int = 0
    planned_us: int = 0
    up_us: int = 0
    down_us: int = 0
    unknown_us: int = 0
    opened_late_us: int = 0
    closed_early_us: int = 0
    missed_openings: int = 0

    @property
    def figures(self) -> tuple[int, int, int, int, int]:
        """What is restated when it changes."""
        return self.open_us, self.planned_us, self.up_us, self.down_us, self.unknown_us


@dataclass(frozen=True)
class Outage:
    """`ended_by` is None while it is ongoing; `downtime_by_date` has the dates that have some of it."""

    store_id: str
    started_at: datetime
    ended_at: datetime
    downtime_us: int
    ended_by: str | None
    started_after: datetime | None
    ended_before: datetime | None
    started_on: date
    ended_on: date
    downtime_by_date: tuple[tuple[date, int], ...]

    @property
    def elapsed_us(self) -> int:
        return (self.ended_at - self.started_at) // MICROSECOND


@dataclass(frozen=True)
class Opening:
    """What polls prove of one stretch of opening time, at the date on which it starts."""

    on: date
    opened_late_us: int = 0
    closed_early_us: int = 0
    is_missed: bool = False


def settle(world: World) -> tuple[list[Day], list[Outage]]:
    """The days and the outages of all stores, by store and time."""
    days: list[Day] = []
    outages: list[Outage] = []
    for store_id in world.store_ids():
        store = StoreTime(world, store_id)
        days += store.days
        outages += store.outages
    return days, outages


class Clock:
    """A store's wall clock: in each zone from an instant on, in the first one since ever."""

    def __init__(self, zones: list[tuple[datetime | None, str]]) -> None:
        self.zones = zones

    @classmethod
    def of_store(cls, world: World, store_id: str) -> Clock:
        """The clock that the accepted zones files give a store.

        It changes to the zone of another file when that zone first shows 00:00 of the date from which the file holds.
        """
        valid_from = sorted({file.valid_from for file in world.files(ZONES) if file.valid_from})
        first = world.holding(ZONES, valid_from[0] - DAY if valid_from else world.as_of.date())
        zones: list[tuple[datetime | None, str]] = [(None, zone_in(first, store_id))]
        for on in valid_from:
            zone = world.zone(store_id, on)
            if zone != zones[-1][1]:
                zones.append((cls([(None, zone)]).first(midnight(on)), zone))
        return cls(zones)

    def zone(self, at: datetime) -> str:
        """The zone of an instant: the last one that has begun."""
        return [zone for since, zone in self.zones if since is None or since <= at][-1]

    def wall(self, at: datetime) -> datetime:
        """What the clock shows."""
        return at.astimezone(ZoneInfo(self.zone(at))).replace(tzinfo=None)

    def candidates(self, local: datetime) -> Iterator[datetime]:
        """Every instant at which the clock may show a local time."""
        for _, zone in self.zones:
            for fold in (0, 1):
                yield local.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)

    def changes(self, start: datetime, end: datetime) -> list[datetime]:
        """The instants from `start` to `end` at which the clock may jump."""
        found = {since for since, _ in self.zones if since}
        for _, zone in self.zones:
            found |= set(oracle.clock_changes(zone, start - DAY, end + DAY))
        return sorted(at for at in found if start <= at <= end)

    def showing(self, local: datetime) -> list[datetime]:
        """When the clock shows a local time, or where it never does, when it skips it."""
        if shown := sorted({at for at in self.candidates(local) if self.wall(at) == local}):
            return shown
        near = local.replace(tzinfo=UTC)
        return [
            at
            for at in self.changes(near - 3 * DAY, near + 3 * DAY)
            if self.wall(at - MICROSECOND) + MICROSECOND <= local < self.wall(at)
        ]

    def first(self, local: datetime) -> datetime:
        """When the clock first shows a local time; where it is skipped, the change."""
        return self.showing(local)[0]

    def last(self, local: datetime) -> datetime:
        """When the clock last shows a local time; where it is skipped, the change."""
        return self.showing(local)[-1]

    def spans(self, on: date) -> list[tuple[datetime, datetime]]:
        """The time in UTC of a local date: none if it was skipped, several if the clock came back to it."""
        start, end = (midnight(on).replace(tzinfo=UTC) + days * DAY for days in (-2, 3))
        cuts = {start, end, *self.changes(start, end)}
        cuts |= {at for local in (midnight(on), midnight(on) + DAY) for at in self.candidates(local)}
        pieces = pairwise(sorted(cut for cut in cuts if start <= cut <= end))
        return joined([piece for piece in pieces if self.wall(piece[0]).date() == on])

    def end(self, on: date) -> datetime:
        """When a local date is over for good."""
        spans = self.spans(on)
        return spans[-1][1] if spans else self.last(midnight(on))


class StoreTime:
    """One store's time, as a world's files have it."""

    def __init__(self, world: World, store_id: str) -> None:
        self.world = world
        self.store_id = store_id
        self.clock = Clock.of_store(world, store_id)
        self.polls = world.polls(store_id)
        self.planned = [(row, *self.planned_span(row)) for row in world.planned_downtime(store_id)]
        self.openings_by_date: dict[date, list[tuple[datetime, datetime]]] = {}

    def planned_span(self, row: PlannedDowntime) -> tuple[datetime, datetime | None]:
        """Planned downtime in UTC: a time without a zone is what this store's clock shows."""
        starts_at, ends_at = row.starts_at, row.ends_at
        if starts_at.tzinfo is None:
            starts_at = self.clock.first(starts_at)
        if ends_at is not None and ends_at.tzinfo is None:
            ends_at = self.clock.last(ends_at)
        return starts_at, ends_at

    def openings_from(self, on: date) -> list[tuple[datetime, datetime]]:
        if on not in self.openings_by_date:
            self.openings_by_date[on] = self.world.openings_from(self.store_id, on)
        return self.openings_by_date[on]

    def is_opening(self, at: datetime) -> bool:
        """Whether the week and special hours say that the store is open; an opening may reach into two more dates."""
        wall = self.clock.wall(at)
        dates = [wall.date() - days * DAY for days in (0, 1, 2)]
        return any(start <= wall < end for on in dates for start, end in self.openings_from(on))

    def planned_rows(self, at: datetime) -> list[PlannedDowntime]:
        """The planned downtime in which an instant lies."""
        return [row for row, start, end in self.planned if start <= at and (end is None or at < end)]

    def is_open(self, at: datetime) -> bool:
        """Whether an instant is accountable."""
        return self.is_opening(at) and not self.planned_rows(at)

    def poll(self, at: datetime) -> Poll | None:
        """The poll that applies at an instant, whether or not it still counts: before the first one, that one."""
        before = [poll for poll in self.polls if poll.at <= at]
        return (before[-1:] or self.polls[:1] or [None])[0]

    def status(self, at: datetime) -> str:
        poll, max_gap = self.poll(at), self.world.max_gap
        if poll is None:
            return UNKNOWN
        if max_gap is not None and not (poll.at - max_gap <= at < poll.at + max_gap):
            return UNKNOWN
        return UP if poll.is_active else DOWN

    def cuts(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Every instant at which anything can change, and some more, which do not matter."""
        yield from (start, end, self.world.as_of)
        yield from self.clock.changes(start, end)
        for poll in self.polls:
            yield poll.at
            if self.world.max_gap is not None:
                yield from (poll.at - self.world.max_gap, poll.at + self.world.max_gap)
        for _, planned_start, planned_end in self.planned:
            yield planned_start
            if planned_end is not None:
                yield planned_end
        on = start.date() - 4 * DAY
        while on <= end.date() + 4 * DAY:
            for local in (midnight(on), *(edge for span in self.openings_from(on) for edge in span)):
                yield from self.clock.candidates(local)
            on += DAY

    def segments(self, start: datetime, end: datetime) -> list[Segment]:
        """The time from `start` to `end`, cut so that nothing changes within a segment."""
        cuts = sorted({cut for cut in self.cuts(start, end) if start <= cut <= end})
        return [
            Segment(
                begin, until, self.clock.wall(begin).date(), self.is_opening(begin), bool(self.planned_rows(begin)),
                self.status(begin),
            )
            for begin, until in pairwise(cuts)
        ]  # fmt: skip

    @cached_property
    def dates(self) -> list[date]:
        """The local dates from that of the first poll to the one that the clock shows at `as_of`, without a hole."""
        if not self.polls:
            return []
        first, last = self.clock.wall(self.polls[0].at).date(), self.clock.wall(self.world.as_of).date()
        return [first + days * DAY for days in range((last - first).days + 1)]

    @cached_property
    def past(self) -> list[Segment]:
        """All time before `as_of` that can matter, from a day before the first date on."""
        if not self.dates:
            return []
        start = min(start for on in self.dates for start, _ in self.clock.spans(on))
        return self.segments(start - DAY, self.world.as_of) if start < self.world.as_of else []

    @cached_property
    def days(self) -> list[Day]:
        openings = self.openings()
        return [self.day(on, [opening for opening in openings if opening.on == on]) for on in self.dates]

    def day(self, on: date, openings: list[Opening]) -> Day:
        own = [segment for segment in self.past if segment.on == on]
        is_open = [segment for segment in own if segment.is_open]
        return Day(
            self.store_id,
            on,
            self.world.zone(self.store_id, on),
            tuple(self.clock.spans(on)),
            is_final=self.world.as_of >= self.clock.end(on),
            open_us=total(is_open),
            planned_us=total(segment for segment in own if segment.is_opening and segment.is_planned),
            up_us=total(segment for segment in is_open if segment.status == UP),
            down_us=total(segment for segment in is_open if segment.status == DOWN),
            unknown_us=total(segment for segment in is_open if segment.status == UNKNOWN),
            opened_late_us=sum(opening.opened_late_us for opening in openings),
            closed_early_us=sum(opening.closed_early_us for opening in openings),
            missed_openings=sum(opening.is_missed for opening in openings),
        )

    def openings(self) -> list[Opening]:
        """The stretches of opening time whose start is known."""
        found = []
        for is_opening, segments in groupby(self.past, key=lambda segment: segment.is_opening):
            stretch = list(segments)
            if is_opening and stretch[0].start != self.past[0].start:
                is_running = stretch[-1].end == self.world.as_of and self.is_opening(self.world.as_of)
                found.append(judged_opening(stretch, is_running))
        return found

    @cached_property
    def outages(self) -> list[Outage]:
        """Accountable downtime within the days, in chains of stretches that belong together."""
        dates = set(self.dates)
        is_open = [segment for segment in self.past if segment.is_open and segment.on in dates]
        chains: list[list[Segment]] = []
        for segment in is_open:
            if segment.status != DOWN:
                continue
            if chains and self.belong_together(chains[-1][-1], segment, is_open):
                chains[-1].append(segment)
            else:
                chains.append([segment])
        return [self.outage(chain, is_open) for chain in chains]

    def belong_together(self, earlier: Segment, later: Segment, is_open: list[Segment]) -> bool:
        """Whether the gap between two stretches of downtime does not end an outage."""
        gap = {segment.status for segment in is_open if earlier.end <= segment.start < later.start}
        has_active_poll = any(poll.is_active for poll in self.polls if earlier.end <= poll.at < later.start)
        return UP not in gap and not (UNKNOWN in gap and has_active_poll)

    def outage(self, chain: list[Segment], is_open: list[Segment]) -> Outage:
        started_at, ended_at = chain[0].start, chain[-1].end
        after = [segment.status for segment in is_open if segment.start >= ended_at]
        active = [poll.at for poll in self.polls if poll.is_active]
        dates = sorted({segment.on for segment in chain})
        return Outage(
            self.store_id,
            started_at,
            ended_at,
            total(chain),
            ended_by=after[0] if after else None,
            started_after=max((at for at in active if at < started_at), default=None),
            ended_before=min((at for at in active if at >= ended_at), default=None),
            started_on=self.clock.wall(started_at).date(),
            ended_on=self.clock.wall(ended_at).date(),
            downtime_by_date=tuple((on, total(segment for segment in chain if segment.on == on)) for on in dates),
        )


def judged_opening(stretch: list[Segment], is_running: bool) -> Opening:
    """How late a stretch of opening time began, and how early it ended; while it runs it has no end."""
    is_open = [segment for segment in stretch if segment.is_open]
    late, early = down_from_the_first(is_open), down_from_the_first(is_open[::-1])
    on = stretch[0].on
    if is_running:
        return Opening(on, opened_late_us=0 if stretch[0].is_planned else late)
    if is_open and late == total(is_open):
        return Opening(on, is_missed=True)
    return Opening(
        on,
        opened_late_us=0 if stretch[0].is_planned else late,
        closed_early_us=0 if stretch[-1].is_planned else early,
    )


def down_from_the_first(segments: list[Segment]) -> int:
    """The time of the first segments that are down, up to one that is not."""
    us = 0
    for segment in segments:
        if segment.status != DOWN:
            break
        us += segment.us
    return us


def restatements(before: World, after: World) -> list[tuple[Day, Day | None]]:
    """The days that were final in one world, and have other figures in a later one of the same log, or are gone."""
    later = {(day.store_id, day.local_date): day for day in settle(after)[0]}
    pairs = [(day, later.get((day.store_id, day.local_date))) for day in settle(before)[0] if day.is_final]
    return [(old, new) for old, new in pairs if new is None or old.figures != new.figures]


def total(segments: Iterable[Segment]) -> int:
    return sum(segment.us for segment in segments)


def midnight(on: date) -> datetime:
    return datetime.combine(on, time())


def joined(spans: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Spans in order, those that touch as one."""
    result: list[tuple[datetime, datetime]] = []
    for start, end in spans:
        if result and result[-1][1] == start:
            result[-1] = (result[-1][0], end)
        else:
            result.append((start, end))
    return result
