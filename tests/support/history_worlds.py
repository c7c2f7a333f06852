"""Random stories of a deployment: nights with input files, and their meaning for the oracle of availability over time.

Errors in the arithmetic show at edges, so most instants are at, just before or just after one: an opening in local
time, midnight, a clock change, or the time that another poll covers. A story is told night by night as folders of CSV
files; `Story.world` is what the oracle has to know after some of the nights.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import strategies as st

from support import oracle, worlds
from support.history_oracle import Clock, midnight
from support.history_world import (
    ALL_STORES,
    DATED_KINDS,
    DAY,
    GROUPS,
    HOURS,
    PLANNED,
    SPECIAL,
    STATUS,
    TARGETS,
    ZONES,
    GroupMember,
    PlannedDowntime,
    Poll,
    Scope,
    SpecialHours,
    StoreZone,
    Target,
    WeeklyOpening,
    World,
)

HOUR, MICROSECOND = timedelta(hours=1), timedelta(microseconds=1)

# (zone, an instant near a clock change, the end of a year, or another special case)
MOMENTS = [
    *worlds.MOMENTS,
    ("America/St_Johns", datetime(2010, 11, 7, 2, 31, tzinfo=UTC)),  # back at 00:01
    ("America/St_Johns", datetime(2010, 3, 14, 3, 31, tzinfo=UTC)),  # forward at 00:01
    ("Pacific/Auckland", datetime(2021, 1, 3, 11, tzinfo=UTC)),  # the end of 2020-W53
    ("Europe/Berlin", datetime(2024, 12, 29, 23, tzinfo=UTC)),  # 2025-W01 begins in 2024
    ("America/New_York", datetime(2023, 4, 1, 4, tzinfo=UTC)),  # a quarter begins
]
GAPS = [
    timedelta(hours=3), timedelta(hours=3), timedelta(minutes=90), timedelta(minutes=30), timedelta(hours=25), None,
    timedelta(microseconds=1),
]  # fmt: skip
STORE_IDS = [
    "0042", "42", "a,b", 'say "hi"', "Zürich", " lead", "tail ", "-0", "=1+1", "9007199254740993", "é", "A", "a",
]  # fmt: skip
GROUP_NAMES = [("region", "West"), ("region", "East"), ("brand", "Pizza Co"), ("brand", "=1+1"), ("owner", "Öz, & Co")]
OPENINGS = [
    ("09:00", "17:00"), ("20:00", "02:00"), ("00:00", "02:00"), ("00:00", "24:00"), ("22:00", "22:00"),
    ("18:00", "26:00"), ("23:00", "23:59"), ("01:30", "02:30"), ("02:00", "03:00"), ("00:00", "00:01"),
    ("12:00", "11:59:59"), ("10:00", "48:00"), ("23:59", "23:59"), ("11:59:59", "12:00"),
]  # fmt: skip
PERCENTS = [Decimal("99.9"), Decimal("99"), Decimal("95.125"), Decimal("50"), Decimal("0.001"), Decimal("99.999")]
COLUMNS = {
    STATUS: ("store_id", "status", "timestamp_utc"),
    HOURS: ("store_id", "day", "start_time_local", "end_time_local"),
    ZONES: ("store_id", "timezone_str"),
    GROUPS: ("store_id", "kind", "name"),
    SPECIAL: ("store_id", "kind", "name", "date", "start_time_local", "end_time_local", "reason"),
    PLANNED: ("store_id", "kind", "name", "starts_at", "ends_at", "reason"),
    TARGETS: ("store_id", "kind", "name", "target_percent", "valid_from"),
}


@dataclass(frozen=True)
class File:
    """A file of a night; `valid_from` is what the run says of an hours or zones file, or None."""

    kind: str
    rows: tuple[Any, ...]
    valid_from: date | None = None

    def content(self) -> bytes:
        """The file as CSV: the same rows are the same bytes."""
        lines = [COLUMNS[self.kind], *(cells(row) for row in self.rows)]
        return "".join(",".join(oracle.quoted(cell) for cell in line) + "\n" for line in lines).encode()


@dataclass(frozen=True)
class Night:
    """New files, accepted at `clock`, and a report of all stores, by default as of the newest poll."""

    clock: datetime
    files: tuple[File, ...]
    as_of: datetime | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """What the run is asked for."""
        dates = {file.kind: file.valid_from for file in self.files}
        return {
            "as_of": self.as_of,
            "hours_valid_from": dates.get(HOURS),
            "zones_valid_from": dates.get(ZONES),
        }

    def write(self, folder: Path) -> Path:
        """Makes the folder hold the files of this night only; files of one kind are in the order of their names."""
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        for number, file in enumerate(self.files):
            name = f"{file.kind}_{number}" if file.kind == STATUS else file.kind
            (folder / f"{name}.csv").write_bytes(file.content())
        return folder


@dataclass(frozen=True)
class Story:
    """Nights one after the other, and the setting that all days rest on."""

    nights: tuple[Night, ...]
    max_gap: timedelta | None

    def world(self, nights: int | None = None) -> World:
        """What is known after the first `nights` (None: all of them).

        It is seen from the largest `as_of` of all reports, not from that of the last one.
        """
        world = World(datetime.min.replace(tzinfo=UTC), max_gap=self.max_gap)
        for night in self.nights[:nights]:
            for file in night.files:
                world.accept(file.kind, *file.rows, valid_from=file.valid_from, accepted_at=night.clock)
            world.as_of = max(world.as_of, night.as_of or max(world.poll_instants()))
        return world

    def dates(self) -> tuple[date, date]:
        """The first and the last UTC date of polls."""
        instants = self.world().poll_instants()
        return min(instants).date(), max(instants).date()

    def with_polls_later(self, random: Random) -> Story:
        """The same story, in which files of polls may arrive nights later.

        The world at the end is the same if no two files say different things of one poll, and its `as_of` is kept.
        """
        as_of = self.world().as_of
        nights = [replace(night, files=(), as_of=as_of) for night in self.nights]
        first = next(file for file in self.nights[0].files if file.kind == STATUS)
        for number, night in enumerate(self.nights):
            for file in night.files:
                must_stay = file.kind != STATUS or file is first
                later = number if must_stay else random.randrange(number, len(nights))
                nights[later] = replace(nights[later], files=(*nights[later].files, file))
        later_story = replace(self, nights=tuple(nights))
        worlds = [later_story.world(number) for number in range(1, len(nights) + 1)]
        if any(min(world.poll_instants()) > as_of for world in worlds):
            return self  # a report from before every poll fails
        in_time = [
            replace(night, as_of=min(as_of, max(world.poll_instants())))
            for night, world in zip(nights, worlds, strict=True)
        ]
        return replace(self, nights=tuple(in_time))


def cells(row: Any) -> tuple[str, ...]:
    """A row as it is in its file."""
    match row:
        case Poll():
            return row.store_id, "active" if row.is_active else "inactive", f"{row.at:%Y-%m-%d %H:%M:%S.%f} UTC"
        case WeeklyOpening():
            return row.store_id, str(row.weekday), row.start or "", row.end or ""
        case StoreZone():
            return row.store_id, row.zone or ""
        case GroupMember():
            return row.store_id, row.kind, row.name
        case SpecialHours():
            return *scope_cells(row.scope), str(row.on), row.start or "", row.end or "", row.reason
        case PlannedDowntime():
            return *scope_cells(row.scope), spelled(row.starts_at), spelled(row.ends_at), row.reason
        case Target():
            return *scope_cells(row.scope), str(row.percent or ""), str(row.valid_from or "")
    raise TypeError(row)


def read(kind: str, text: str) -> tuple[Any, ...]:
    """The rows of a CSV file with the columns that `cells` writes, some of which may be missing."""
    return tuple(row_of(kind, line) for line in csv.DictReader(io.StringIO(text, newline="")))


def row_of(kind: str, line: dict[str, str]) -> Any:
    """A line of a file; what is blank is None."""
    value = {name: text or None for name, text in line.items()}
    id_, start, end = line.get("store_id", ""), value.get("start_time_local"), value.get("end_time_local")
    scope = ALL_STORES if id_ == "*" else Scope(id_ or None, value.get("kind"), value.get("name"))
    match kind:
        case "store_status":
            at = datetime.fromisoformat(line["timestamp_utc"].removesuffix(" UTC")).replace(tzinfo=UTC)
            return Poll(id_, at, line["status"] == "active")
        case "business_hours":
            return WeeklyOpening(id_, int(line["day"]), start, end)
        case "store_timezones":
            return StoreZone(id_, value["timezone_str"])
        case "store_groups":
            return GroupMember(id_, line["kind"], line["name"])
        case "special_hours":
            return SpecialHours(scope, date.fromisoformat(line["date"]), start, end, line.get("reason", ""))
        case "planned_downtime":
            starts_at, ends_at = as_spelled(line["starts_at"]), value["ends_at"]
            return PlannedDowntime(scope, starts_at, as_spelled(ends_at) if ends_at else None, line.get("reason", ""))
        case "targets":
            percent, valid_from = value["target_percent"], value.get("valid_from")
            since = date.fromisoformat(valid_from) if valid_from else None
            return Target(scope, Decimal(percent) if percent else None, since)
    raise ValueError(kind)


def as_spelled(text: str) -> datetime:
    """An instant, or a local time where the text has neither `UTC` nor an offset."""
    return datetime.fromisoformat(text.replace(" UTC", "+00:00"))


def scope_cells(scope: Scope) -> tuple[str, str, str]:
    return ("*" if scope.is_all else scope.store_id or "", scope.kind or "", scope.name or "")


def spelled(at: datetime | None) -> str:
    """An instant with its offset, or a local time without one."""
    return "" if at is None else at.isoformat(sep=" ")


@st.composite
def stories(draw: st.DrawFn, has_corrections: bool = True) -> Story:
    """A story of one to four nights and up to five stores, near one of the `MOMENTS`."""
    return story(
        draw(st.integers(0, 2**32)),
        draw(st.sampled_from(MOMENTS)),
        draw(st.sampled_from(GAPS)),
        nights=draw(st.integers(1, 4)),
        stores=draw(st.integers(1, 5)),
        has_corrections=has_corrections,
    )


@st.composite
def ranges(draw: st.DrawFn, story: Story) -> tuple[date, date]:
    """FROM and UNTIL of a question: most within the days, some before and after."""
    first, last = story.dates()
    start = first + draw(st.integers(-3, (last - first).days + 2)) * DAY
    return start, start + draw(st.sampled_from([0, 1, 3, 6, 13, 40])) * DAY


def story(
    seed: int,
    moment: tuple[str, datetime],
    max_gap: timedelta | None,
    nights: int = 3,
    stores: int = 3,
    has_corrections: bool = True,
) -> Story:
    """The story of a seed."""
    teller = Teller(Random(seed), moment, max_gap, stores, has_corrections)
    return Story(tuple(teller.night(number, nights) for number in range(nights)), max_gap)


@dataclass
class Teller:
    """Invents a story's nights, one after the other."""

    random: Random
    moment: tuple[str, datetime]
    max_gap: timedelta | None
    stores: int
    has_corrections: bool
    clock: datetime = field(init=False)
    ids: list[str] = field(init=False)
    polls: dict[tuple[str, datetime], bool] = field(default_factory=dict)
    rows: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    valid_from: dict[str, date | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = self.moment[1] - timedelta(hours=self.random.randrange(6, 60))
        self.ids = self.random.sample(STORE_IDS, self.stores)

    def night(self, number: int, nights: int) -> Night:
        """The files of the next night, and the instant that its report looks back from."""
        random = self.random
        begin = self.clock
        self.clock += timedelta(hours=random.choice([6, 24, 24, 30, 60]), minutes=random.randrange(60))
        is_first, is_last = number == 0, number == nights - 1
        # Most kinds are there from the first night on, change once or twice, and may be missing altogether.
        likely = 0.75 if is_first else 0.35
        kinds = [kind for kind in (ZONES, HOURS, GROUPS, SPECIAL, PLANNED, TARGETS) if random.random() < likely]
        files = [file for kind in kinds if (file := self.file(kind))]
        times = random.choice([1, 1, 2]) if is_first or random.random() < 0.9 else 0
        files += [File(STATUS, polls) for _ in range(times) if (polls := self.new_polls(begin))]
        if not self.polls:
            self.polls[self.ids[0], begin] = True
            files.append(File(STATUS, (Poll(self.ids[0], begin, is_active=True),)))
        has_as_of = random.random() < (0.5 if is_last else 0.2)
        return Night(self.clock, tuple(files), self.some_as_of() if has_as_of else None)

    def file(self, kind: str) -> File | None:
        """A file of a kind, or None where it would be the one that was accepted last."""
        invent = {
            ZONES: self.zones,
            HOURS: self.hours,
            GROUPS: self.members,
            SPECIAL: self.special_hours,
            PLANNED: self.planned_downtime,
            TARGETS: self.targets,
        }[kind]
        before, valid_from = self.rows.get(kind), None
        is_again = before is not None and self.random.random() < 0.1
        rows = before if before is not None and is_again else tuple(invent())
        if kind in DATED_KINDS and not rows:
            return None
        if kind in DATED_KINDS and before is not None and (is_again or self.random.random() < 0.6):
            valid_from = self.clock.date() - self.random.randrange(6) * DAY
        # The first file of a kind holds since ever, so that a date makes no other file of the same rows.
        if rows == before and (valid_from in (None, self.valid_from[kind]) or self.valid_from[kind] is None):
            return None
        self.rows[kind] = rows
        self.valid_from[kind] = valid_from or (None if before is None else self.clock.date())
        return File(kind, rows, valid_from)

    def zones(self) -> list[StoreZone]:
        zones = [self.moment[0]] * 4 + [self.random.choice(worlds.ZONES), ""]
        named = [store_id for store_id in self.ids if self.random.random() < 0.9]
        return [StoreZone(store_id, self.random.choice(zones) or None) for store_id in named]

    def hours(self) -> list[WeeklyOpening]:
        rows = []
        for store_id in self.ids:
            openings = [self.opening() for _ in range(self.random.choice([0, 1, 1, 2, 3]))]
            for start, end in openings:
                days = range(7) if self.random.random() < 0.7 else self.random.sample(range(7), 3)
                rows += [WeeklyOpening(store_id, weekday, start, end) for weekday in days]
            if self.random.random() < 0.1:
                rows.append(WeeklyOpening(store_id, self.random.randrange(7)))
        return rows

    def opening(self) -> tuple[str, str]:
        if self.random.random() < 0.7:
            return self.random.choice(OPENINGS)
        start, end = (self.random.randrange(24 * 60) for _ in range(2))
        return f"{start // 60:02}:{start % 60:02}", f"{end // 60:02}:{end % 60:02}"

    def members(self) -> list[GroupMember]:
        found = [(store_id, *name) for store_id in [*self.ids, "nobody"] for name in GROUP_NAMES]
        return [GroupMember(*member) for member in found if self.random.random() < 0.4]

    def scope(self) -> Scope:
        match self.random.randrange(6):
            case 0:
                return ALL_STORES
            case 1 | 2:
                kind, name = self.random.choice(GROUP_NAMES)
                return Scope(kind=kind, name=name)
            case 3:
                zones = [self.moment[0], oracle.DEFAULT_ZONE, "Europe/Berlin"]
                return Scope(kind="timezone", name=self.random.choice(zones))
        return Scope(self.random.choice([*self.ids, *self.ids, "nobody"]))

    def some_date(self) -> date:
        near = self.random.choice([self.moment[1], self.moment[1], self.clock])
        return near.date() + self.random.randrange(-3, 3) * DAY

    def special_hours(self) -> list[SpecialHours]:
        rows = []
        for _ in range(self.random.randrange(6)):
            times = self.opening() if self.random.random() < 0.75 else (None, None)
            rows.append(SpecialHours(self.scope(), self.some_date(), *times))
        return rows

    def planned_downtime(self) -> list[PlannedDowntime]:
        rows = []
        for _ in range(self.random.randrange(4)):
            starts_at = self.some_instant()
            ends_at = starts_at + timedelta(minutes=self.random.choice([30, 60, 90, 600, 3000]))
            is_local = [self.random.random() < 0.5 for _ in range(2)]
            starts_at, ends_at = (
                self.some_wall(at) if is_local else at
                for at, is_local in zip((starts_at, ends_at), is_local, strict=True)
            )
            if self.random.random() < 0.1:
                ends_at = None
            elif is_local[0] == is_local[1] and ends_at <= starts_at:
                continue  # quarantined
            rows.append(PlannedDowntime(self.scope(), starts_at, ends_at, "maintenance"))
        return rows

    def some_wall(self, at: datetime) -> datetime:
        """A local time near an instant: what a clock shows then, or near the moment one that is skipped or repeated."""
        wall = Clock([(None, self.moment[0])]).wall(at)
        if abs(at - self.moment[1]) < 3 * HOUR:
            wall += self.random.choice([timedelta(0), timedelta(minutes=30), -timedelta(minutes=30), HOUR, -HOUR])
        return wall

    def targets(self) -> list[Target]:
        rows = []
        for _ in range(self.random.randrange(7)):
            percent = None if self.random.random() < 0.15 else self.random.choice(PERCENTS)
            valid_from = None if self.random.random() < 0.5 else self.some_date()
            rows.append(Target(self.scope(), percent, valid_from))
        return rows

    def new_polls(self, begin: datetime) -> tuple[Poll, ...]:
        """Polls of some stores since the last night, late ones, and corrections of earlier ones."""
        found: dict[tuple[str, datetime], bool] = {}
        for store_id in self.ids:
            if self.random.random() < 0.85:
                for at, is_active in self.polled(begin):
                    found[store_id, at] = is_active
            for _ in range(self.random.choice([0, 0, 1, 3])):
                found[store_id, self.some_instant()] = self.random.random() < 0.5
        if self.has_corrections and self.polls and self.random.random() < 0.5:
            for key in self.random.sample(sorted(self.polls), min(3, len(self.polls))):
                found[key] = not self.polls[key]
        usable = {
            key: is_active
            for key, is_active in found.items()
            if key[1] <= self.clock and (self.has_corrections or key not in self.polls)
        }
        self.polls |= usable
        rows = [Poll(store_id, at, is_active) for (store_id, at), is_active in usable.items()]
        self.random.shuffle(rows)
        return tuple(rows)

    def polled(self, begin: datetime) -> list[tuple[datetime, bool]]:
        """A store's polls about once an hour, in stretches of one status, with holes; or at edges, at random.

        Some polls never come, and some gaps are as long as a poll counts, or a microsecond more or less.
        """
        random = self.random
        if random.random() < 0.3:
            instants = [self.some_instant() for _ in range(random.randrange(8))]
            return [(at, random.random() < 0.5) for at in instants]
        polls, at, is_active = [], begin, random.random() < 0.7
        every = random.choice([20, 60, 60, 60, 170])
        changes = random.choice([0.05, 0.1, 0.25, 0.7])
        missing = random.choice([0, 0, 0.15, 0.6])
        while at <= self.clock:
            if random.random() >= missing:
                polls.append((at, is_active))
            is_active = not is_active if random.random() < changes else is_active
            hole = timedelta(hours=random.randrange(2, 14)) if random.random() < 0.06 else timedelta(0)
            jitter = timedelta(microseconds=random.randrange(-600_000_000, 600_000_000)) if every > 20 else timedelta(0)
            if polls and self.max_gap is not None and random.random() < 0.04:
                at = polls[-1][0] + self.max_gap + random.choice([0, 1, -1]) * MICROSECOND
            else:
                at += timedelta(minutes=every) + jitter + hole
        return polls

    def some_instant(self) -> datetime:
        """An instant at or near an edge, or any one of the last days."""
        random = self.random
        if random.random() < 0.3:
            return self.clock - timedelta(microseconds=random.randrange(4 * 86_400 * 10**6))
        nudge = random.choice([0, 0, 0, 1, -1, 60_000_000, -500_000]) * MICROSECOND
        clock = Clock([(None, random.choice([self.moment[0], self.moment[0], oracle.DEFAULT_ZONE]))])
        times = [timedelta(0), DAY, *(oracle.clock(time) for opening in OPENINGS for time in opening)]
        edges = [self.moment[1], clock.first(midnight(self.some_date()) + random.choice(times))]
        if self.polls:
            polled_at = random.choice(sorted(self.polls))[1]
            edges += [polled_at, polled_at + (self.max_gap or timedelta(0))]
        return random.choice(edges) + nudge

    def some_as_of(self) -> datetime | None:
        """An instant of the last two days, not after the newest poll, and not before the first one."""
        instants = [at for _, at in self.polls]
        if not instants:
            return None
        asked = [self.some_instant() for _ in range(5)] + self.random.sample(instants, 1)
        earliest = max(min(instants), max(instants) - 2 * DAY)
        return self.random.choice([at for at in asked if earliest <= at <= max(instants)] or [None])
