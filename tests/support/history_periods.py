"""The oracle of periods, targets and verdicts, of what is now, and of why: slow and obvious, on `history_oracle`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import groupby
from typing import Any

from support import oracle
from support.history_oracle import DOWN, UNKNOWN, UP, Outage, StoreTime, total
from support.history_world import (
    DATED_KINDS,
    DAY,
    STATUS,
    PlannedDowntime,
    Poll,
    SpecialHours,
    WeeklyOpening,
    World,
    clock_span,
)

HUNDREDTH = Decimal("0.01")
NEXT_CHANGE_WITHIN = timedelta(days=366)


@dataclass(frozen=True)
class Availability:
    """A row of `make availability`."""

    period: str
    from_date: date
    until_date: date
    is_final: bool
    scope: str
    stores: int
    open_us: int
    planned_us: int
    up_us: int
    down_us: int
    unknown_us: int
    uptime_percent: Decimal | None
    uptime_percent_low: Decimal | None
    uptime_percent_high: Decimal | None
    outages: int
    longest_outage_us: int
    mttr_us: int | None
    mtbf_us: int | None
    opened_late_us: int
    closed_early_us: int
    missed_openings: int
    target_percent: Decimal | None
    days_without_target: int
    budget_us: int | None
    remaining_us: int | None
    verdict: str | None


@dataclass(frozen=True)
class StoreDate:
    """A date that a budget rests on: its target, its open time, and what of it is over."""

    target: Decimal | None
    whole_open_us: int
    open_us: int
    down_us: int
    unknown_us: int


@dataclass(frozen=True)
class Now:
    """A row of `make now`."""

    store_id: str
    status: str
    is_open: bool
    since: datetime | None
    outage_started_at: datetime | None
    downtime_us: int
    last_poll_at: datetime | None
    next_change_at: datetime | None


@dataclass(frozen=True)
class OutageRow:
    """A row of `make outages`."""

    store_id: str
    started_at: datetime
    ended_at: datetime
    downtime_us: int
    elapsed_us: int
    ended_by: str | None
    started_after: datetime | None
    ended_before: datetime | None

    @classmethod
    def of(cls, outage: Outage) -> OutageRow:
        return cls(**{field.name: getattr(outage, field.name) for field in fields(cls)})


@dataclass(frozen=True)
class Explanation:
    """What an instant counts as, None if it is in no day, and why.

    `openings` are the rows that open it; of a closed instant the rows of special hours of its date. `poll_position` is
    the place in the log of the file that the poll is from.
    """

    counts_as: str | None
    local: datetime
    zone: str
    utc_offset: timedelta
    opening_rule: str
    openings: tuple[WeeklyOpening | SpecialHours, ...]
    planned: tuple[PlannedDowntime, ...]
    status_rule: str
    poll: Poll | None
    poll_position: int | None


class Books:
    """All stores of a world, each settled once."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.stores = {store_id: StoreTime(world, store_id) for store_id in world.store_ids()}

    def chosen(self, store_id: str | None = None, kind: str | None = None, name: str | None = None) -> list[str]:
        """The stores that a question is about."""
        return [
            id_
            for id_ in self.stores
            if store_id in (None, id_) and (kind is None or (kind, name) in self.world.groups(id_))
        ]

    def scopes(self, by: str, chosen: list[str]) -> dict[str, list[str]]:
        """The stores of each scope: each store itself, all of them, or those of the groups of a kind."""
        if by == "all":
            return {"all": chosen}
        if by == "store":
            return {store_id: [store_id] for store_id in chosen}
        members = [(name, id_) for id_ in chosen for kind, name in self.world.groups(id_) if kind == by]
        return {name: [id_ for group, id_ in members if group == name] for name, _ in members}

    def availability(
        self,
        from_date: date,
        until_date: date,
        period: str = "range",
        by: str = "store",
        **chosen: str | None,
    ) -> list[Availability]:
        """The rows of an answer, by scope in byte order, then period."""
        scopes = self.scopes(by, self.chosen(**chosen))
        rows = [
            self.row(name, start, end, scope, scopes[scope])
            for scope in sorted(scopes, key=lambda scope: scope.encode())
            for name, start, end in periods(from_date, until_date, period)
        ]
        return [row for row in rows if row is not None]

    def row(self, period: str, start: date, end: date, scope: str, store_ids: list[str]) -> Availability | None:
        """The sums over the days of the stores that have at least one between two dates; None if no store has."""
        stores = [self.stores[store_id] for store_id in store_ids]
        stores = [store for store in stores if any(start <= on <= end for on in store.dates)]
        if not stores:
            return None
        days = [day for store in stores for day in store.days if start <= day.local_date <= end]
        outages = [outage for store in stores for outage in store.outages]
        began = [outage for outage in outages if start <= outage.started_on <= end]
        repaired = [outage for outage in outages if outage.ended_by == UP and start <= outage.ended_on <= end]
        is_final = all(self.world.as_of >= store.clock.end(end) for store in stores)
        up, down, unknown, is_open = (
            sum(getattr(day, name) for day in days) for name in ("up_us", "down_us", "unknown_us", "open_us")
        )
        dates = [on for store in stores for on in self.budget_dates(store, start, end)]
        targets = {on.target for on in dates}
        promised = [on for on in dates if on.target is not None]
        budget = exact_budget(promised)
        spent = sum(on.down_us for on in promised)
        return Availability(
            period,
            start,
            end,
            is_final,
            scope,
            len(stores),
            is_open,
            sum(day.planned_us for day in days),
            up,
            down,
            unknown,
            percent(up, up + down),
            percent(up, is_open),
            percent(up + unknown, is_open),
            len(began),
            max((clipped_downtime(outage, start, end) for outage in outages), default=0),
            sum(outage.downtime_us for outage in repaired) // len(repaired) if repaired else None,
            up // len(began) if began else None,
            sum(day.opened_late_us for day in days),
            sum(day.closed_early_us for day in days),
            sum(day.missed_openings for day in days),
            targets.pop() if len(targets) == 1 else None,
            len(dates) - len(promised),
            int(budget) if promised else None,
            int(budget) - spent if promised else None,
            verdict(promised, is_final) if promised else None,
        )

    def budget_dates(self, store: StoreTime, start: date, end: date) -> list[StoreDate]:
        """The dates of a period from the store's first day on, those to come too."""
        days = {day.local_date: day for day in store.days}
        first = max(start, store.dates[0])
        dates = [first + days * DAY for days in range((end - first).days + 1)]
        whole_open_us = self.whole_open_us(store, dates)
        result = []
        for on in dates:
            day = days.get(on)
            past = (day.open_us, day.down_us, day.unknown_us) if day else (0, 0, 0)
            result.append(StoreDate(self.world.target(store.store_id, on), whole_open_us[on], *past))
        return result

    def whole_open_us(self, store: StoreTime, dates: list[date]) -> dict[date, int]:
        """The accountable time of whole dates, whether it is over or to come."""
        spans = [span for on in dates for span in store.clock.spans(on)]
        if not spans:
            return dict.fromkeys(dates, 0)
        segments = store.segments(min(start for start, _ in spans), max(end for _, end in spans))
        return {on: total(segment for segment in segments if segment.is_open and segment.on == on) for on in dates}

    def outages(self, from_date: date, until_date: date, **chosen: str | None) -> list[Outage]:
        """The outages that meet the dates on their store's calendar, whole."""
        found = []
        for store_id in self.chosen(**chosen):
            store = self.stores[store_id]
            dates = [from_date + days * DAY for days in range((until_date - from_date).days + 1)]
            spans = [span for on in dates for span in store.clock.spans(on)]
            found += [
                outage
                for outage in store.outages
                if any(start < outage.ended_at and outage.started_at < end for start, end in spans)
            ]
        return found

    def now(self, **chosen: str | None) -> list[Now]:
        """What every store is at `as_of`."""
        return [self.store_now(self.stores[store_id]) for store_id in self.chosen(**chosen)]

    def store_now(self, store: StoreTime) -> Now:
        as_of = self.world.as_of
        running = [outage for outage in store.outages if outage.ended_by is None]
        return Now(
            store.store_id,
            store.status(as_of),
            store.is_open(as_of),
            since(store),
            running[0].started_at if running else None,
            running[0].downtime_us if running else 0,
            store.polls[-1].at if store.polls else None,
            next_change(store),
        )

    def explain(self, store_id: str, at: datetime) -> Explanation:
        """What an instant of a store counts as, and why."""
        store, world = self.stores[store_id], self.world
        local = store.clock.wall(at)
        offset = oracle.offset(store.clock.zone(at), at)
        assert offset is not None
        planned = store.planned_rows(at)
        counts_as: str | None = store.status(at)
        if not store.is_opening(at):
            counts_as = "closed"
        elif planned:
            counts_as = "planned"
        if at >= world.as_of or local.date() not in store.dates:
            counts_as = None
        opening_rule, openings = opened_by(store, local)
        poll = store.poll(at)
        return Explanation(
            counts_as,
            local,
            store.clock.zone(at),
            offset,
            opening_rule,
            openings,
            tuple(planned),
            status_rule(store, at),
            poll,
            max((file.position for file in world.files(STATUS) if poll in file.rows), default=None),
        )


def periods(from_date: date, until_date: date, period: str) -> Iterator[tuple[str, date, date]]:
    """Name, first and last date of the calendar periods between two dates, cut to them."""
    dates = [from_date + days * DAY for days in range((until_date - from_date).days + 1)]
    for name, group in groupby(dates, key=lambda on: period_name(on, period)):
        own = list(group)
        yield name, own[0], own[-1]


def period_name(on: date, period: str) -> str:
    """What the period of a date is called; a week belongs to the year of its Thursday."""
    iso = on.isocalendar()
    return {
        "day": on.isoformat(),
        "week": f"{iso.year:04}-W{iso.week:02}",
        "month": f"{on:%Y-%m}",
        "quarter": f"{on.year:04}-Q{(on.month + 2) // 3}",
        "year": f"{on.year:04}",
        "range": "range",
    }[period]


def percent(part: int, whole: int) -> Decimal | None:
    """Two decimals, half away from zero; 100.00 and 0.00 only if it is exactly so, None of nothing."""
    if whole == 0:
        return None
    rounded = (Decimal(100 * part) / whole).quantize(HUNDREDTH, ROUND_HALF_UP)
    if part not in (0, whole):
        return min(max(rounded, HUNDREDTH), 100 - HUNDREDTH)
    return rounded


def clipped_downtime(outage: Outage, start: date, end: date) -> int:
    """An outage's downtime on the dates of a period."""
    return sum(us for on, us in outage.downtime_by_date if start <= on <= end)


def exact_budget(dates: list[StoreDate]) -> Fraction:
    """The downtime that targets allow, in microseconds."""
    return sum(
        (Fraction(100 - on.target) / 100 * on.whole_open_us for on in dates if on.target is not None), Fraction(0)
    )


def verdict(dates: list[StoreDate], is_final: bool) -> str:
    """Whether the promise of dates that all have a target was kept, or will be."""
    budget = exact_budget(dates)
    down, unknown = sum(on.down_us for on in dates), sum(on.unknown_us for on in dates)
    elapsed_open, whole_open = sum(on.open_us for on in dates), sum(on.whole_open_us for on in dates)
    if down > budget:
        return "breached"
    if is_final:
        return "met" if down + unknown <= budget else "undecided"
    # down / elapsed open time > budget / whole open time, without a division by nothing
    return "at_risk" if down * whole_open > budget * elapsed_open else "on_track"


def since(store: StoreTime) -> datetime | None:
    """From when on the store has had the status of `as_of` without a break."""
    if not store.polls:
        return None
    max_gap, last = store.world.max_gap, store.polls[-1]
    if store.status(store.world.as_of) == UNKNOWN:
        assert max_gap is not None
        return last.at + max_gap
    start = last.at
    for poll in store.polls[-2::-1]:
        is_covered = max_gap is None or poll.at + max_gap >= start
        if poll.is_active != last.is_active or not is_covered:
            break
        start = poll.at
    return start


def next_change(store: StoreTime) -> datetime | None:
    """When the store opens or closes next, planned downtime being closed, or None within 366 days."""
    as_of = store.world.as_of
    is_open = store.is_open(as_of)
    limit = as_of + NEXT_CHANGE_WITHIN
    cuts = sorted({cut for cut in store.cuts(as_of, limit) if as_of < cut <= limit})
    return next((cut for cut in cuts if store.is_open(cut) != is_open), None)


def opened_by(store: StoreTime, local: datetime) -> tuple[str, tuple[WeeklyOpening | SpecialHours, ...]]:
    """The rule that decides whether a local time is opening time, and its rows."""
    covering: list[WeeklyOpening | SpecialHours] = []
    is_always_open = False
    for on in (local.date() - 2 * DAY, local.date() - DAY, local.date()):
        rows = store.world.opening_rows(store.store_id, on)
        if rows is None:
            is_always_open |= on == local.date()
            continue
        for row in rows:
            if row.start is not None:
                start, end = clock_span(row)
                since_midnight = local - datetime.combine(on, datetime.min.time())
                covering += [row] if start <= since_midnight < end else []
    if covering:
        rule = "special hours" if any(isinstance(row, SpecialHours) for row in covering) else "weekly hours"
        return rule, tuple(covering)
    if is_always_open:
        return "always open", ()
    today = store.world.opening_rows(store.store_id, local.date()) or []
    special = tuple(row for row in today if isinstance(row, SpecialHours))
    return "closed by special hours" if special else "closed by weekly hours", special


def status_rule(store: StoreTime, at: datetime) -> str:
    """The rule that gives an instant its status."""
    if not store.polls:
        return "no poll"
    if store.status(at) == UNKNOWN:
        return "beyond max gap"
    return "before the first poll" if at < store.polls[0].at else "last poll"


def csv_text(kind: type, rows: Iterable[Any]) -> str:
    """Rows of one kind as CSV, with hours in place of microseconds."""
    names = [field.name for field in fields(kind)]
    lines = [[name.replace("_us", "_hours") for name in names]]
    lines += [[cell(name, getattr(row, name)) for name in names] for row in rows]
    return "".join(",".join(oracle.quoted(text) for text in line) + "\n" for line in lines)


def cell(name: str, value: Any) -> str:
    """A value as text; what is null is empty."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case int() if name.endswith("_us"):
            return hours_text(value)
        case datetime():
            return f"{value:%Y-%m-%dT%H:%M:%S.%f}Z"
        case Decimal() if name == "target_percent":
            return f"{value:.3f}"
    return str(value)


def hours_text(us: int) -> str:
    """Hours with two decimals, rounded half away from zero, and never -0.00."""
    hours = (Decimal(us) / 3_600_000_000).quantize(HUNDREDTH, ROUND_HALF_UP)
    return str(abs(hours) if hours == 0 else hours)


def report(world: World, max_gap: timedelta | None = None, no_data: str = "unknown") -> oracle.Report:
    """The figures of a report (section 4), with special hours and planned downtime.

    Hours and zones are those accepted last, whatever dates they hold from, and `max_gap` is the run's.
    """
    log = [file for file in world.log if file.kind not in DATED_KINDS]
    log += [replace(file, valid_from=None) for kind in DATED_KINDS for file in world.files(kind)[-1:]]
    seen = replace(world, log=log, max_gap=max_gap)
    return {store_id: report_figures(StoreTime(seen, store_id), no_data) for store_id in world.store_ids()}


def report_figures(store: StoreTime, no_data: str) -> dict[str, oracle.Figures]:
    """One store's open time in the last hour, day and week before `as_of`."""
    as_of = store.world.as_of
    figures = {}
    for period, length in oracle.PERIODS.items():
        segments = [segment for segment in store.segments(as_of - length, as_of) if segment.is_open]
        us = {
            status: total(segment for segment in segments if segment.status == status) for status in (UP, DOWN, UNKNOWN)
        }
        if no_data == "down":
            us[DOWN], us[UNKNOWN] = us[DOWN] + us[UNKNOWN], 0
        figures[period] = oracle.Figures(open=total(segments), up=us[UP], down=us[DOWN], unknown=us[UNKNOWN])
    return figures
