"""Generated worlds with known truth: stores over sixteen weeks, polled about once an hour, in which something is
unusual, or nothing is.

A world is arrays of polls. `settled` turns it into days and hours as a settlement does, without a database; `write`
into the files of a data folder. What goes wrong in the ordinary course differs from store to store: outages begin at
random, more often at some hours than at others, and most are short while a few are long.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from store_uptime.history import timeline
from store_uptime.history.timeline import DAY_US, NONE, Batch, Clocks
from store_uptime.insight.judging import DAY_HOURS, Group, Hours

HOUR_US = 3_600_000_000
FIRST_DATE = date(2023, 2, 6)  # a Monday; the clocks change on March 12
CLOCKS_CHANGE = (date(2023, 3, 12) - FIRST_DATE).days
EPOCH = date(1970, 1, 1)
ZONES = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles")
REGIONS, BRANDS = 10, 5

Outages = Literal["ordinary", "lasting", "independent"]
TruthKind = Literal["common_cause", "weekly", "gradual", "step", "late", "flapping", "silent"]


@dataclass(frozen=True)
class Truth:
    """Something unusual: about a store or a group, on dates, and until when it has to be found."""

    kind: TruthKind
    first: int  # number of the date
    last: int
    stores: tuple[int, ...]
    group: tuple[str, str] | None = None
    found_by: int | None = None


@dataclass
class GeneratedWorld:
    """Stores with their openings by weekday (hours of the local day), groups, and polls in microseconds since 1970."""

    seed: int
    weeks: int
    zone: list[str]
    opens: np.ndarray  # (store, weekday)
    closes: np.ndarray
    groups: list[tuple[str, str, np.ndarray]]
    holidays: dict[int, tuple[float, float] | None]  # number of the date: hours, or closed
    first_day: np.ndarray  # of each store
    store: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    at: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    is_active: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    truths: list[Truth] = field(default_factory=list)

    @property
    def days(self) -> int:
        return self.weeks * 7


def generate(
    seed: int, *, stores: int = 300, weeks: int = 16, is_structured: bool = True, rate: float = 0.01,
    outages: Outages = "ordinary",
) -> GeneratedWorld:  # fmt: skip
    """A world; without structure nothing in it is unusual. `rate`: about the share of time in which a store is down.

    Outages that last are those of stores which often stay down for a day or two; of independent ones nothing can be
    known before, but how often a store is down: each poll stands for its own hour, at any hour alike.
    """
    random = np.random.default_rng(seed)
    days = weeks * 7
    region = np.arange(stores) % REGIONS
    zone = [ZONES[number * len(ZONES) // REGIONS] for number in region]
    opens = np.repeat(random.integers(7, 12, stores)[:, None], 7, axis=1).astype(float)
    closes = np.repeat(random.integers(19, 24, stores)[:, None], 7, axis=1).astype(float)
    closes[:, 6] -= random.integers(0, 3, stores)
    always = random.random(stores) < 0.05
    opens[always], closes[always] = 0, 24
    brand = random.integers(0, BRANDS, stores)
    groups = [("region", f"R{number}", np.flatnonzero(region == number)) for number in range(REGIONS)]
    groups += [("brand", f"B{number}", np.flatnonzero(brand == number)) for number in range(BRANDS)]
    groups += [("timezone", name, np.flatnonzero(np.array(zone) == name)) for name in ZONES if name in zone]
    world = GeneratedWorld(seed, weeks, zone, opens, closes, groups, {}, np.zeros(stores, int))
    if is_structured:
        world.holidays = {40: None, 75: (11.0, 16.0)} | ({100: None} if weeks > 15 else {})
        world.first_day[7] = 9 * 7  # a new store
        world.first_day[8] = 10 * 7 + 3

    # Polls: about one an hour, each store at its own minute; a few are missing.
    shift = random.uniform(0, HOUR_US, stores)
    if outages == "independent":
        shift = shift / 8
    starts = np.array([local_start(name) for name in zone])
    poll = shift[:, None] + np.arange(days * 24)[None, :] * HOUR_US
    poll = poll + random.normal(0, 4 * 60e6, poll.shape).clip(-20 * 60e6, 20 * 60e6)
    poll = starts[:, None] + poll.astype(np.int64)
    is_there = random.random(poll.shape) > 0.004
    is_there[:, 0] = True
    # As clocks show it: they go forward on March 12, before anything unusual begins.
    summer = starts[:, None] + CLOCKS_CHANGE * DAY_US + 2 * HOUR_US
    shown = poll - starts[:, None] + np.where(poll >= summer, HOUR_US, 0)
    day_of = shown // DAY_US
    is_there &= day_of >= world.first_day[:, None]
    hour_of = (shown % DAY_US) / HOUR_US

    # Outages of the ordinary course.
    hours = days * 24
    store_rate = rate * random.gamma(1.2, 1 / 1.2, stores) + 0.001
    profile = 1 + 0.8 * np.cos((np.arange(24) - 18) / 24 * 2 * np.pi)
    begins_at = np.tile(profile, days)[None, :]
    length_mean = 1.2 if outages != "lasting" else 30.0  # hours
    begun = random.random((stores, hours)) < store_rate[:, None] / length_mean * begins_at / begins_at.mean()
    down_from = np.full((stores, hours), np.inf)
    outage_end = np.zeros((stores, hours))
    for number, hour in zip(*np.nonzero(begun), strict=True):
        is_long = random.random() < 0.1
        outage_end[number, hour] = hour + random.exponential(length_mean * (3 if is_long else 0.8)) + random.random()
        down_from[number, hour] = hour + random.random()

    grid_at = (poll - starts[:, None]) / HOUR_US
    down = np.zeros(poll.shape, bool)
    for number, hour in zip(*np.nonzero(begun), strict=True):
        first = np.searchsorted(grid_at[number], down_from[number, hour])
        last = np.searchsorted(grid_at[number], max(outage_end[number, hour], down_from[number, hour]))
        down[number, first:last] = True
    down |= random.random(poll.shape) < 0.002  # a poll that errs
    if outages == "independent":
        down = random.random(poll.shape) < store_rate[:, None]

    if is_structured:
        _add_truths(world, random, poll, starts, down, day_of, hour_of, is_there)
    store, _ = np.nonzero(is_there)
    at = poll[is_there]
    order = np.lexsort((at, store))
    world.store, world.at, world.is_active = store[order], at[order], ~down[is_there][order]
    return world


def _add_truths(
    world: GeneratedWorld, random: np.random.Generator, poll: np.ndarray, starts: np.ndarray, down: np.ndarray,
    day_of: np.ndarray, hour_of: np.ndarray, is_there: np.ndarray,
) -> None:  # fmt: skip
    weeks, days = world.weeks, world.days
    at = (poll - starts[0]) / HOUR_US  # in hours of the first store's clock
    usual = [number for number in range(len(world.opens)) if world.opens[number, 0] > 0 and number not in (7, 8)]
    chosen = list(random.permutation(usual))

    taken = set(world.holidays)

    def free_date() -> int:
        date_number = int(random.integers(9 * 7, days - 2))
        while date_number in taken:
            date_number = 9 * 7 + (date_number + 1 - 9 * 7) % (days - 2 - 9 * 7)
        taken.add(date_number)
        return date_number

    # Common causes: a region, another one, a brand, and all stores.
    for number, (kind, share, length) in enumerate(
        (("region", 0.95, 3.0), ("region", 0.8, 2.0), ("brand", 0.9, 2.0), ("all", 0.9, 1.5))
    ):
        date_number = free_date()
        start = date_number * 24 + float(random.uniform(13, 17))
        if kind == "all":
            name, members = "all", np.arange(len(world.opens))
        else:
            kind_groups = [group for group in world.groups if group[0] == kind]
            _, name, members = kind_groups[(number * 3 + int(random.integers(0, 2))) % len(kind_groups)]
        for store in members:
            if random.random() < share:
                down[store] |= (at[store] >= start) & (at[store] < start + length)
        world.truths.append(Truth("common_cause", date_number, date_number, tuple(members), (kind, name), date_number))

    # A store that begins to close early on Fridays.
    for _ in range(2):
        store, week = int(chosen.pop()), int(random.integers(9, weeks - 3))
        early = world.closes[store, 4] - float(random.uniform(2, 3.5))
        friday = week * 7 + 4
        down[store] |= (day_of[store] >= friday) & (day_of[store] % 7 == 4) & (hour_of[store] >= early)
        world.truths.append(Truth("weekly", friday, days - 1, (store,), found_by=friday + 14))

    # One that fails ever more often.
    for _ in range(2):
        store, first = int(chosen.pop()), int(random.integers(8 * 7, 10 * 7))
        per_week = np.zeros(days)
        for date_number in range(first, days):
            wanted = min((date_number - first) / 7 * 2.0, 24.0)  # hours a week
            per_week[date_number] = wanted
            for _ in range(random.poisson(wanted / 7 / 1.3)):
                begin = random.uniform(world.opens[store, 0], world.closes[store, 0] - 1)
                length = 0.5 + random.exponential(0.8)
                is_in = (hour_of[store] >= begin) & (hour_of[store] < begin + length)
                down[store] |= (day_of[store] == date_number) & is_in
        eight = int(np.argmax(per_week >= 8))
        world.truths.append(Truth("gradual", first, days - 1, (store,), found_by=eight + 7))

    # Stores that change at once: down about two and a half hours of each day; open late.
    for _ in range(2):
        store, first = int(chosen.pop()), int(random.integers(9 * 7, days - 14))
        for date_number in range(first, days):
            begin = random.uniform(world.opens[store, 0], world.closes[store, 0] - 3)
            length = random.uniform(1.5, 3.5)
            is_in = (hour_of[store] >= begin) & (hour_of[store] < begin + length)
            down[store] |= (day_of[store] == date_number) & is_in
        world.truths.append(Truth("step", first, days - 1, (store,), found_by=first + 6))
    store, first = int(chosen.pop()), int(random.integers(9 * 7, days - 14))
    late = world.opens[store, 0] + float(random.uniform(1.5, 2.5))
    down[store] |= (day_of[store] >= first) & (hour_of[store] < late) & (hour_of[store] >= world.opens[store, 0] - 1)
    world.truths.append(Truth("late", first, days - 1, (store,), found_by=first + 6))

    # Flapping for four days.
    store, first = int(chosen.pop()), int(random.integers(9 * 7, days - 7))
    is_in = (day_of[store] >= first) & (day_of[store] < first + 4)
    down[store] |= is_in & (np.arange(poll.shape[1]) % 2 == 0)
    world.truths.append(Truth("flapping", first, first + 3, (store,), found_by=first + 6))

    # A silent poller of a region, for most of a day.
    date_number = free_date()
    _, name, members = world.groups[int(random.integers(0, REGIONS))]
    for store in members:
        is_there[store] &= ~((day_of[store] == date_number) & (hour_of[store] >= 8) & (hour_of[store] < 22))
    world.truths.append(Truth("silent", date_number, date_number, tuple(members), ("region", name), date_number))


def local_start(zone: str) -> int:
    """00:00 of the first date, in microseconds since 1970."""
    start = datetime(FIRST_DATE.year, FIRST_DATE.month, FIRST_DATE.day, tzinfo=ZoneInfo(zone))
    return int(start.timestamp()) * 1_000_000


def settled(world: GeneratedWorld) -> tuple[Hours, list[Group]]:
    """Hours and groups of a world: what is settled of it, as arrays."""
    stores, days = len(world.zone), world.days
    zones = sorted(set(world.zone))
    clock = np.array([zones.index(zone) for zone in world.zone])
    first = (FIRST_DATE - EPOCH).days
    pieces: list[tuple[int, ...]] = []
    dates: list[tuple[int, ...]] = []
    for number, zone in enumerate(zones):
        for offset in range(-3, days + 1):
            begin, end = (instant(zone, FIRST_DATE + timedelta(days=offset + add)) for add in (0, 1))
            # One piece for each offset from UTC within the date; clocks of these zones change at whole hours.
            cuts = [begin, *changes(zone, begin, end), end]
            for cut_from, cut_to in pairwise(cuts):
                utc_offset = ZoneInfo(zone).utcoffset(
                    datetime.fromtimestamp(cut_from / 1e6, UTC).astimezone(ZoneInfo(zone))
                )
                assert utc_offset is not None
                shift = int(utc_offset.total_seconds()) * 1_000_000
                for started in (offset - 1, offset):
                    midnight = (first + started) * DAY_US - shift
                    weekday = (FIRST_DATE + timedelta(days=started)).weekday()
                    pieces.append((number, first + offset, first + started, weekday, 0, midnight, cut_from, cut_to))
            dates.append((number, first + offset, end))
    piece = dict(
        zip(
            ("clock", "local_date", "started_on", "weekday", "file", "midnight", "start", "end"),
            np.array(sorted(pieces, key=lambda row: (row[0], row[1], row[6], row[2]))).T, strict=True,
        )
    )  # fmt: skip
    date_columns = dict(zip(("clock", "local_date", "end"), np.array(dates).T, strict=True))
    as_of = int(world.at.max())
    first_poll = np.searchsorted(world.store, np.arange(stores))
    polled = world.at[first_poll]
    local_date = np.array(
        [
            (datetime.fromtimestamp(at / 1e6, UTC).astimezone(ZoneInfo(zone)).date() - EPOCH).days
            for at, zone in zip(polled, world.zone, strict=True)
        ]
    )
    last_date = np.array(
        [
            (datetime.fromtimestamp(as_of / 1e6, UTC).astimezone(ZoneInfo(zone)).date() - EPOCH).days
            for zone in world.zone
        ]
    )
    none = np.full(stores, NONE)
    zero = np.zeros(stores, np.int64)
    store = {
        "clock": clock, "files": np.tile([True, False], (stores, 1)), "first_polled_at": polled,
        "from_at": np.full(stores, polled.min() - 2 * DAY_US), "first_date": local_date, "last_date": last_date,
        "from_date": local_date,
    }  # fmt: skip
    for name in ("last_open_at", "last_active_at", "outage_started_at", "outage_started_after", "outage_down_until"):
        store[name] = none
    for name in ("outage_ended_before", "stretch_on", "outage_started_on", "outage_down_on", "outage_ended_at"):
        store[name] = none
    for name in ("stretch_starts_planned", "stretch_open_us", "stretch_late_us", "stretch_early_us"):
        store[name] = zero
    store |= {"outage_downtime_us": zero, "outage_ended_on": none, "outage_ended_by": none}
    number, weekday = np.divmod(np.arange(stores * 7), 7)
    is_always = world.opens[number, weekday] == 0
    weekly = {
        "file": np.zeros(stores * 7, np.int64), "store": number, "weekday": weekday,
        "start": (world.opens[number, weekday] * HOUR_US).astype(np.int64),
        "end": (np.where(is_always, 24, world.closes[number, weekday]) * HOUR_US).astype(np.int64),
    }  # fmt: skip
    specials = [
        (
            store_number,
            first + date_number,
            *((NONE, 0) if hours is None else (int(hours[0] * HOUR_US), int(hours[1] * HOUR_US))),
        )
        for store_number in range(stores)
        for date_number, hours in sorted(world.holidays.items())
    ]
    special = dict(
        zip(("store", "local_date", "start", "end"), np.array(specials, np.int64).reshape(-1, 4).T, strict=True)
    )
    empty = np.zeros(0, np.int64)
    batch = Batch(
        as_of, 3 * HOUR_US, Clocks(piece, date_columns), store, weekly, special,
        {"store": empty, "start": empty, "end": empty},
        {"store": world.store, "at": world.at, "is_active": world.is_active},
    )  # fmt: skip
    found = timeline.settle(batch, with_hours=True)
    day, of_hours = found.day, found.hours
    assert of_hours is not None
    at = (day["store"], day["local_date"] - first)

    def grid(values: np.ndarray, kind: type) -> np.ndarray:
        result = np.zeros((stores, days, *values.shape[1:]), kind)
        keep = at[1] < days
        result[at[0][keep], at[1][keep]] = values[keep]
        return result

    hours = Hours(
        *(grid(of_hours[name][:, -DAY_HOURS:], np.uint8) for name in ("open", "down", "unknown")),
        late=grid(day["opened_late_us"] / HOUR_US, np.float32),
        early=grid(day["closed_early_us"] / HOUR_US, np.float32),
        end_hour=grid(of_hours["end_hour"], np.int64),
        is_there=grid(day["is_final"], bool),
        is_special=grid(of_hours["is_special"], bool),
        polls=grid(of_hours["polls"], np.int32),
        changes=grid(of_hours["changes"], np.int32),
    )
    groups = [Group(*group) for group in world.groups]
    return hours, [*groups, Group("all", "all", np.arange(stores))]


def instant(zone: str, day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp()) * 1_000_000


def changes(zone: str, begin: int, end: int) -> list[int]:
    """The whole hours of a date at which a clock's offset is another than before."""
    clock = ZoneInfo(zone)
    offsets = [
        (at, datetime.fromtimestamp(at / 1e6, UTC).astimezone(clock).utcoffset()) for at in range(begin, end, HOUR_US)
    ]
    return [at for (_, before), (at, after) in pairwise(offsets) if before != after]


def write(world: GeneratedWorld, folder: Path) -> Path:
    """The world as the files of a data folder."""
    folder.mkdir(parents=True, exist_ok=True)
    ids = [store_id(number) for number in range(len(world.zone))]

    def table(name: str, header: str, rows: Iterable[Sequence[object]]) -> None:
        with (folder / name).open("w", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(header.split(","))
            writer.writerows(rows)

    statuses = np.where(world.is_active, "active", "inactive").tolist()
    instants = [datetime.fromtimestamp(at / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC") for at in world.at.tolist()]
    polls = zip((ids[number] for number in world.store), statuses, instants, strict=True)
    table("store_status.csv", "store_id,status,timestamp_utc", polls)
    table("store_timezones.csv", "store_id,timezone_str", zip(ids, world.zone, strict=True))
    openings = (
        (ids[number], weekday, clock_time(world.opens[number, weekday]), clock_time(world.closes[number, weekday]))
        for number in range(len(ids))
        for weekday in range(7)
    )
    table("business_hours.csv", "store_id,dayOfWeek,start_time_local,end_time_local", openings)
    members = (
        (ids[number], kind, name) for kind, name, stores in world.groups if kind != "timezone" for number in stores
    )
    table("store_groups.csv", "store_id,kind,name", members)
    special = (
        ("*", FIRST_DATE + timedelta(days=number), *(("", "") if hours is None else map(clock_time, hours)))
        for number, hours in sorted(world.holidays.items())
    )
    table("special_hours.csv", "store_id,date,start_time_local,end_time_local", special)
    return folder


def store_id(number: int) -> str:
    return f"store {number:05}"


def clock_time(hour: float) -> str:
    return "24:00:00" if hour >= 24 else f"{int(hour):02}:{int(hour % 1 * 60):02}:00"
