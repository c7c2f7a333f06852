"""What the oracle of availability over time is asked about: accepted files, row by row, and an instant, `as_of`.

`World.log` is the log of acceptances. The functions of this module say what a world's files say of a store and a local
date; they read all rows each time, in the words of the specification, and know nothing of `sql/`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from support import oracle

DAY = timedelta(days=1)
END_OF_DAY = timedelta(hours=23, minutes=59)

STATUS, HOURS, ZONES = "store_status", "business_hours", "store_timezones"
GROUPS, SPECIAL, PLANNED, TARGETS = "store_groups", "special_hours", "planned_downtime", "targets"
KINDS = (STATUS, HOURS, ZONES, GROUPS, SPECIAL, PLANNED, TARGETS)
# These hold from a date on; of all other kinds the file accepted last holds, for the past too.
DATED_KINDS = (HOURS, ZONES)

Value = TypeVar("Value")


@dataclass(frozen=True)
class Scope:
    """A store, a group, or (all three None) all stores."""

    store_id: str | None = None
    kind: str | None = None
    name: str | None = None

    @property
    def is_group(self) -> bool:
        return self.kind is not None

    @property
    def is_all(self) -> bool:
        return self.store_id is None and self.kind is None


ALL_STORES = Scope()


@dataclass(frozen=True)
class Poll:
    store_id: str
    at: datetime
    is_active: bool


@dataclass(frozen=True)
class WeeklyOpening:
    """One opening on a weekday, 0 = Monday, as the file spells it; without times the store is closed."""

    store_id: str
    weekday: int
    start: str | None = None
    end: str | None = None


@dataclass(frozen=True)
class StoreZone:
    store_id: str
    zone: str | None


@dataclass(frozen=True)
class GroupMember:
    store_id: str
    kind: str
    name: str


@dataclass(frozen=True)
class SpecialHours:
    """One opening on one local date, as the file spells it; without times the scope is closed."""

    scope: Scope
    on: date
    start: str | None = None
    end: str | None = None
    reason: str = ""


@dataclass(frozen=True)
class PlannedDowntime:
    """Times are instants, or without a zone what the store's own clock shows; without an end it is open-ended."""

    scope: Scope
    starts_at: datetime
    ends_at: datetime | None
    reason: str = ""


@dataclass(frozen=True)
class Target:
    """The availability promised to a scope; without `percent` the scope has none from `valid_from` on."""

    scope: Scope
    percent: Decimal | None
    valid_from: date | None = None


@dataclass(frozen=True)
class Accepted:
    """A file's usable rows, in the order of the file. Positions count up from 1.

    `valid_from` is for hours and zones only: None means since ever, as for the first file of its kind.
    """

    position: int
    accepted_at: datetime
    kind: str
    rows: tuple[Any, ...]
    valid_from: date | None = None


@dataclass
class World:
    """The log of acceptances up to `position` (None: all of it), seen from `as_of`."""

    as_of: datetime
    log: list[Accepted] = field(default_factory=list)
    max_gap: timedelta | None = timedelta(hours=3)
    position: int | None = None

    def accept(
        self, kind: str, *rows: Any, valid_from: date | None = None, accepted_at: datetime | None = None
    ) -> World:
        """Adds a file to the log, and returns the world.

        Unless the run says otherwise, a second hours or zones file holds from the UTC date of its acceptance.
        """
        accepted_at = accepted_at or self.as_of
        if kind in DATED_KINDS:
            is_first = not any(file.kind == kind for file in self.log)
            valid_from = None if is_first else valid_from or accepted_at.date()
        self.log.append(Accepted(len(self.log) + 1, accepted_at, kind, rows, valid_from))
        return self

    def at(self, position: int, as_of: datetime) -> World:
        """The same world as it was seen at another position, from another instant."""
        return replace(self, position=position, as_of=as_of)

    def files(self, kind: str) -> list[Accepted]:
        """The accepted files of a kind, the newest one last."""
        is_seen = [self.position is None or file.position <= self.position for file in self.log]
        return [file for file, seen in zip(self.log, is_seen, strict=True) if seen and file.kind == kind]

    def newest(self, kind: str) -> tuple[Any, ...]:
        """The rows of the newest accepted file of a kind."""
        files = self.files(kind)
        return files[-1].rows if files else ()

    def holding(self, kind: str, on: date) -> tuple[Any, ...]:
        """The rows of the hours or zones file that holds for a local date."""
        files = [file for file in self.files(kind) if file.valid_from is None or file.valid_from <= on]
        return files[-1].rows if files else ()

    def store_ids(self) -> list[str]:
        """The stores of reports: those that the newest hours or zones file, or any accepted polls name."""
        rows = [*self.newest(HOURS), *self.newest(ZONES)]
        rows += [row for file in self.files(STATUS) for row in file.rows]
        return sorted({row.store_id for row in rows}, key=lambda store_id: store_id.encode())

    def polls(self, store_id: str) -> list[Poll]:
        """A store's polls up to `as_of` by time; of two of one instant the later one in the log counts."""
        by_instant: dict[datetime, Poll] = {}
        for file in self.files(STATUS):
            for poll in file.rows:
                if poll.store_id == store_id and poll.at <= self.as_of:
                    by_instant[poll.at] = poll
        return [by_instant[at] for at in sorted(by_instant)]

    def poll_instants(self) -> set[datetime]:
        """The instants of the polls of all stores, after `as_of` too."""
        return {poll.at for file in self.files(STATUS) for poll in file.rows}

    def zone(self, store_id: str, on: date) -> str:
        """The store's zone by the file that holds for a date."""
        return zone_in(self.holding(ZONES, on), store_id)

    def groups(self, store_id: str) -> set[tuple[str, str]]:
        """Kind and name of the store's groups; its zone by the newest file is one."""
        named = {(row.kind, row.name) for row in self.newest(GROUPS) if row.store_id == store_id}
        return named | {("timezone", zone_in(self.newest(ZONES), store_id))}

    def is_within(self, store_id: str, scope: Scope) -> bool:
        """Whether the scope contains the store."""
        if scope.is_group:
            return (scope.kind, scope.name) in self.groups(store_id)
        return scope.is_all or scope.store_id == store_id

    def planned_downtime(self, store_id: str) -> list[PlannedDowntime]:
        """The rows of planned downtime whose scope contains the store."""
        return [row for row in self.newest(PLANNED) if self.is_within(store_id, row.scope)]

    def opening_rows(self, store_id: str, on: date) -> list[WeeklyOpening] | list[SpecialHours] | None:
        """The rows that say what begins on a date; None where no row does, and the store is always open."""
        special = [row for row in self.newest(SPECIAL) if row.on == on and self.is_within(store_id, row.scope)]
        levels: list[Callable[[Scope], bool]] = [
            lambda scope: scope.store_id is not None,
            lambda scope: scope.is_group,
            lambda scope: scope.is_all,
        ]
        for is_of_level in levels:
            if rows := [row for row in special if is_of_level(row.scope)]:
                return rows
        weekly = [row for row in self.holding(HOURS, on) if row.store_id == store_id]
        return [row for row in weekly if row.weekday == on.weekday()] if weekly else None

    def openings_from(self, store_id: str, on: date) -> list[tuple[datetime, datetime]]:
        """The openings that begin on a date, as the store's clock shows their start and end."""
        rows = self.opening_rows(store_id, on)
        midnight = datetime.combine(on, time())
        if rows is None:
            return [(midnight, midnight + DAY)]
        spans = [clock_span(row) for row in rows if row.start is not None]
        return [(midnight + start, midnight + end) for start, end in spans]

    def target(self, store_id: str, on: date) -> Decimal | None:
        """The target of a store and local date: the store's own, else the highest of its groups, else that of all."""
        rows = [row for row in self.newest(TARGETS) if row.valid_from is None or row.valid_from <= on]
        groups = [Scope(kind=kind, name=name) for kind, name in self.groups(store_id)]
        for scopes in ([Scope(store_id)], groups, [ALL_STORES]):
            promised = [target_of_scope(rows, scope) for scope in scopes]
            if found := [percent for percent in promised if percent is not None]:
                return max(found)
        return None


def zone_in(rows: Iterable[StoreZone], store_id: str) -> str:
    """The zone of a store by the rows of a zones file; the last row of a store counts."""
    zones = [row.zone for row in rows if row.store_id == store_id]
    return (zones[-1] if zones else None) or oracle.DEFAULT_ZONE


def target_of_scope(rows: Iterable[Target], scope: Scope) -> Decimal | None:
    """What the latest `valid_from` of one scope promises; of two rows with the same one the last counts."""
    own = [row for row in rows if row.scope == scope]
    latest = max((row.valid_from or date.min for row in own), default=None)
    return [row.percent for row in own if (row.valid_from or date.min) == latest][-1] if own else None


def clock_span(row: WeeklyOpening | SpecialHours) -> tuple[timedelta, timedelta]:
    """Start and end of a row that opens, both since midnight of the date on which it begins."""
    assert row.start is not None
    assert row.end is not None
    start, end = oracle.clock(row.start), oracle.clock(row.end)
    if END_OF_DAY <= end <= DAY:
        return start, DAY
    return start, end if end > start else end + DAY
