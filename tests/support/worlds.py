"""Random worlds: input files, and their meaning for the oracle.

Errors in the arithmetic show at edges, so most instants are at, just before or just after one: of a period, of an
opening in local time, of a clock change, or of the time that another poll covers.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import zstandard

from support import oracle

# The time at which the worlds are loaded, after all their polls.
CLOCK = datetime(2031, 1, 1, tzinfo=UTC)

# (zone, an instant near a clock change or another special case)
MOMENTS = [
    ("America/New_York", datetime(2023, 3, 12, 7, tzinfo=UTC)),  # spring forward
    ("America/New_York", datetime(2023, 11, 5, 6, tzinfo=UTC)),  # fall back
    ("America/Chicago", datetime(2024, 11, 3, 7, tzinfo=UTC)),
    ("Europe/Lisbon", datetime(2024, 3, 31, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2023, 10, 29, 1, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2023, 9, 30, 15, 30, tzinfo=UTC)),  # half an hour
    ("Australia/Lord_Howe", datetime(2024, 4, 6, 15, tzinfo=UTC)),
    ("America/Santiago", datetime(2023, 9, 3, 4, tzinfo=UTC)),  # skips midnight
    ("America/Asuncion", datetime(2023, 3, 26, 3, tzinfo=UTC)),  # repeats the hour before midnight
    ("Africa/Casablanca", datetime(2023, 3, 19, 2, tzinfo=UTC)),  # Ramadan
    ("Africa/Casablanca", datetime(2023, 4, 23, 2, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2017, 10, 15, 3, tzinfo=UTC)),  # skips midnight
    ("America/Sao_Paulo", datetime(2018, 2, 18, 2, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),  # skips a whole Friday
    ("Antarctica/Troll", datetime(2023, 3, 26, 1, tzinfo=UTC)),  # two hours
    ("Antarctica/Troll", datetime(2023, 10, 29, 1, tzinfo=UTC)),
    ("America/Caracas", datetime(2016, 5, 1, 7, tzinfo=UTC)),  # half an hour, for good
    ("Asia/Pyongyang", datetime(2018, 5, 4, 15, tzinfo=UTC)),
    ("Africa/Monrovia", datetime(1972, 1, 7, 0, 44, 30, tzinfo=UTC)),  # an offset with seconds
    ("Asia/Kathmandu", datetime(2024, 2, 29, 0, tzinfo=UTC)),  # nothing but +05:45 and a leap day
    ("UTC", datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)),
]
ZONES = sorted({zone for zone, _ in MOMENTS} | {"Pacific/Kiritimati", "Pacific/Niue", "America/Phoenix"})

ODD_IDS = [
    "0042", "42", "042", "4.2e1", "9007199254740993", "-0", "NULL", "null", "\\N", "\\.", "nan", "true", "store_id",
    "a,b", 'say "hi"', '"', '""', "two\nlines", "two\r\nlines", "tail\n", "\nhead", "cr\ronly", "tab\tin",
    " lead", "tail ", "in  side", "'", "; drop table core.store; --", "=cmd|' /C calc'!A0", "+1", "-1", "@sum",
    "%s", "%(a)s", ":bind", "{x}", "$1", "\\", "Zürich", "Zu\u0308rich", "東京", "🍕", "\uffff", "\ufeffbom", "é", "ÿ",
    "z", "Z", "a", "A", "٣", "\u202eevil", "\u00a0x", "\x01", "\x7f", "0" * 300, "long" * 250,
]  # fmt: skip

OPENINGS = [
    ("00:00:00", "23:59:00"), ("00:00:00", "23:59:59"), ("00:00:00", "24:00:00"), ("00:00:00", "00:00:00"),
    ("09:00:00", "17:00:00"), ("17:00:00", "02:00:00"), ("22:00:00", "22:00:00"), ("23:59:00", "23:59:00"),
    ("23:59:59", "00:00:01"), ("01:30:00", "02:30:00"), ("02:00:00", "03:00:00"), ("02:30:00", "02:30:00"),
    ("00:00:00", "00:10:00"), ("12:00:00", "11:59:59"), ("23:00:00", "23:58:59"), ("06:15:30", "06:15:31"),
]  # fmt: skip


@dataclass
class World:
    """The rows of the files, and the stores that they describe."""

    as_of: datetime
    moment: tuple[str, datetime]
    max_gap: timedelta | None = None
    no_data: str = "unknown"
    polls: list[tuple[str, str, str]] = field(default_factory=list)
    hours: list[tuple[str, str, str, str]] = field(default_factory=list)
    zones: list[tuple[str, str]] = field(default_factory=list)
    stores: dict[str, oracle.Store] = field(default_factory=dict)
    meaning: dict[tuple[str, str, str], tuple[datetime, bool]] = field(default_factory=dict)
    groups: list[tuple[str, str, str]] = field(default_factory=list)
    special_hours: list[tuple[str, ...]] = field(default_factory=list)
    planned: list[tuple[str, ...]] = field(default_factory=list)

    def with_polls(self, polls: list[tuple[str, str, str]]) -> World:
        """The same world with only these poll rows, in this order."""
        named = {row[0] for rows in (polls, self.hours, self.zones) for row in rows}
        stores = {store_id: replace(store, polls={}) for store_id, store in self.stores.items() if store_id in named}
        for row in polls:
            if row in self.meaning:
                polled_at, is_active = self.meaning[row]
                stores[row[0]].polls[polled_at] = is_active
        return replace(self, polls=polls, stores=stores)

    @property
    def expected(self) -> oracle.Report:
        return oracle.report(self.stores, self.as_of, self.max_gap, self.no_data)

    def newest_poll(self) -> datetime | None:
        return max((polled_at for store in self.stores.values() for polled_at in store.polls), default=None)

    def rows_of(self, store_id: str) -> str:
        """All rows of one store, to debug wrong figures."""
        tables = {"hours": self.hours, "zones": self.zones, "polls": self.polls, "groups": self.groups}
        lines = [f"{name}: {[row[1:] for row in rows if row[0] == store_id]}" for name, rows in tables.items()]
        lines += [f"{name}: {rows}" for name, rows in (("special", self.special_hours), ("planned", self.planned))]
        return "\n".join([f"as_of={self.as_of} max_gap={self.max_gap} no_data={self.no_data}", *lines])

    def write(self, folder: Path, style: Random) -> Path:
        """Writes the three files, each in a random accepted format."""
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        status_columns = ["store_id", "status", "timestamp_utc"]
        write_file(folder, style, ["store_status", "store status"], status_columns, self.polls)
        if self.hours:
            names = ["business_hours", "menu_hours", "Menu hours", "hours"]
            day = style.choice(["dayOfWeek", "day_of_week", "day"])
            write_file(folder, style, names, ["store_id", day, "start_time_local", "end_time_local"], self.hours)
        if self.zones:
            names = ["store_timezones", "timezones", "bq-results-20230125-202210-1674678181880"]
            write_file(folder, style, names, ["store_id", "timezone_str"], self.zones)
        if self.groups:
            write_file(folder, style, ["store_groups", "Store Groups"], ["store_id", "kind", "name"], self.groups)
        scope = ["store_id", "kind", "name"]
        if self.special_hours:
            columns = [*scope, "date", "start_time_local", "end_time_local"]
            write_file(folder, style, ["special_hours", "special-hours 2"], columns, self.special_hours)
        if self.planned:
            write_file(folder, style, ["planned_downtime"], [*scope, "starts_at", "ends_at"], self.planned)
        return folder


def write_file(folder: Path, style: Random, names: list[str], columns: list[str], rows: list[tuple[str, ...]]) -> Path:
    """Writes one CSV file in a random accepted format."""
    order = list(range(len(columns)))
    extra = style.random() < 0.2
    if style.random() < 0.3:
        style.shuffle(order)
    line_end = style.choice(["\n", "\r\n"])
    is_all_quoted = style.random() < 0.2
    lines = []
    for row in [tuple(columns), *rows]:
        cells = [row[index] for index in order] + ["ignored, too"] * extra
        lines.append(",".join(quoted(cell) if is_all_quoted else oracle.quoted(cell) for cell in cells) + line_end)
    content = "".join(lines).encode("utf-8-sig" if style.random() < 0.2 else "utf-8")
    name = f"{style.choice(names)}.csv"
    match style.randrange(6):
        case 0:
            name, content = f"{name}.gz", gzip.compress(content, 1, mtime=0)
        case 1:
            name, content = f"{name}.zst", zstandard.compress(content, 1)
    path = folder / name
    path.write_bytes(content)
    return path


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def build(
    moment: tuple[str, datetime],
    as_of: datetime,
    max_gap: timedelta | None,
    no_data: str,
    plans: list[tuple[int, int, int]],
) -> World:
    """A world with one store for each plan (seed, polls, openings); a store depends only on its own plan."""
    world = World(as_of, moment, max_gap, no_data)
    for number, (seed, poll_count, opening_count) in enumerate(plans):
        add_store(world, Random(seed), number, moment, poll_count, opening_count)
    if not world.polls:  # a status file needs a row
        add_store(world, Random(0), len(plans), moment, 1, 0)
    shuffle = Random(len(plans))
    # Rows of one store stay in order: of two polls at the same instant, the last one counts.
    world.polls = interleaved(world.polls, shuffle)
    shuffle.shuffle(world.hours)
    shuffle.shuffle(world.zones)
    return world


def add_store(
    world: World, random: Random, number: int, moment: tuple[str, datetime], poll_count: int, opening_count: int
) -> None:
    store_id = random.choice(ODD_IDS) if random.random() < 0.4 else str(random.getrandbits(63))
    if store_id in world.stores:
        store_id = f"{store_id}{number}"
    store = oracle.Store()

    zone = random.choices([moment[0], random.choice(ZONES), "Mars/Olympus", None], [6, 3, 1, 1])[0]
    if zone is not None:
        world.zones.append((store_id, zone))
        store.zone = zone if zone in ZONES else None

    for _ in range(opening_count):
        weekday = random.randrange(7)
        start, end = opening(random)
        world.hours.append((store_id, str(weekday), start, end))
        store.openings.append(oracle.Opening.read(weekday, start, end))
    if opening_count and random.random() < 0.05:
        world.hours.append((store_id, *random.choice([("7", "09:00:00", "17:00:00"), ("0", "25:00:00", "26:00:00")])))

    edges = interesting_instants(random, world, store, moment)
    for _ in range(poll_count):
        polled_at = random_instant(random, world, edges)
        is_active = random.random() < 0.5
        word = "active" if is_active else "inactive"
        word = random.choices([word, word.upper(), f" {word}\t"], [18, 1, 1])[0]
        row = (store_id, word, spelled(random, polled_at))
        world.polls.append(row)
        world.meaning[row] = (polled_at, is_active)
        store.polls[polled_at] = is_active
        edges.append(polled_at)
        if world.max_gap:
            edges += [polled_at + world.max_gap, polled_at - world.max_gap]
    if random.random() < 0.05:
        bad = [("active", "2023-02-30 10:00:00 UTC"), ("open", "2023-01-22 12:09:39 UTC"), ("", ""), ("active", "soon")]
        world.polls.append((store_id, *random.choice(bad)))

    if any(row[0] == store_id for table in (world.polls, world.hours, world.zones) for row in table):
        world.stores[store_id] = store


def add_optional_inputs(world: World, random: Random, moment: tuple[str, datetime]) -> None:
    """Adds groups, special hours and planned downtime to a world, and what they mean to its stores."""
    groups = [("region", "West"), ("region", "west"), ("brand", "West"), ("a,b", "=1+1")]
    for store_id in [*world.stores, "nobody"]:
        for kind, name in random.sample(groups, random.choice([0, 1, 1, 2])):
            world.groups.append((store_id, kind, f" {name}\t" if random.random() < 0.1 else name))
            if store_id in world.stores:
                world.stores[store_id].groups.add((kind, name))
    days = [world.as_of.date() + timedelta(days=day) for day in range(-9, 2)]
    dates = random.sample(days, 3) + [moment[1].date() + timedelta(days=day) for day in (-1, 0, 1)]
    special = [a_special_date(random, world, random.choice(dates)) for _ in range(random.randrange(1, 25))]
    planned = [some_planned_downtime(random, world, moment) for _ in range(random.randrange(1, 15))]
    for store_id, store in world.stores.items():
        store.take(store_id, special, [row for row in planned if row is not None])


def a_scope(random: Random, world: World) -> tuple[tuple[str, str, str], oracle.Scope]:
    match random.randrange(6):
        case 0:
            return ("*", "", ""), oracle.Scope()
        case 1:
            zone = random.choice([oracle.DEFAULT_ZONE, random.choice(ZONES)])
            return ("", "timezone", zone), oracle.Scope(group=("timezone", zone))
        case 2 | 3:
            kind, name = random.choice([("region", "West"), ("brand", "West"), ("a,b", "=1+1"), ("region", "East")])
            return ("", kind, name), oracle.Scope(group=(kind, name))
    store_id = random.choice([*world.stores, "nobody"])
    return (store_id, "", ""), oracle.Scope(store_id=store_id)


def a_special_date(random: Random, world: World, date: date) -> tuple[oracle.Scope, oracle.SpecialHours]:
    cells, scope = a_scope(random, world)
    if random.random() < 0.4:
        world.special_hours.append((*cells, f"{date}", "", ""))
        return scope, oracle.SpecialHours(date)
    start, end = opening(random) if random.random() < 0.8 else ("20:00:00", random.choice(["26:00:00", "48:00:00"]))
    world.special_hours.append((*cells, f"{date}", start, end))
    return scope, oracle.SpecialHours(date, oracle.clock(start), oracle.clock(end))


def some_planned_downtime(
    random: Random, world: World, moment: tuple[str, datetime]
) -> tuple[oracle.Scope, oracle.PlannedDowntime] | None:
    """A row, and what it means: nothing if it ends before it starts."""
    cells, scope = a_scope(random, world)
    near = [moment[1], world.as_of, *(world.as_of - length for length in oracle.PERIODS.values())]
    starts_at = random.choice(near) + timedelta(minutes=random.choice([0, 1, -1, 15, -90, -45, *range(-240, 240, 30)]))
    ends_at = starts_at + timedelta(minutes=random.choice([-30, 0, 15, 60, 90, 600, 3000]))
    (start_cell, start), (end_cell, end) = (an_end(random, at, moment[0]) for at in (starts_at, ends_at))
    if random.random() < 0.1:
        end_cell, end = "", None
    world.planned.append((*cells, start_cell, end_cell))
    if end is not None and (start.tzinfo is None) == (end.tzinfo is None) and end <= start:
        return None
    return scope, oracle.PlannedDowntime(start, end)


def an_end(random: Random, at: datetime, zone: str) -> tuple[str, datetime]:
    """An instant as a cell, and what it means: itself, or what a clock of the zone reads then, at any place."""
    if random.random() < 0.4:
        return at.isoformat(), at
    wall = at.astimezone(oracle.ZoneInfo(zone)).replace(tzinfo=None)
    if random.random() < 0.3:  # a time that may be skipped
        wall += timedelta(minutes=random.choice([-60, -30, 30, 60]))
    return str(wall), wall


def opening(random: Random) -> tuple[str, str]:
    if random.random() < 0.6:
        return random.choice(OPENINGS)
    start, end = (random.randrange(24 * 60) for _ in range(2))
    return f"{start // 60:02}:{start % 60:02}:00", f"{end // 60:02}:{end % 60:02}:00"


def interesting_instants(
    random: Random, world: World, store: oracle.Store, moment: tuple[str, datetime]
) -> list[datetime]:
    start = world.as_of - timedelta(hours=168)
    zone = store.zone or oracle.DEFAULT_ZONE
    edges = [edge for edge in oracle.opening_edges(store.openings, zone, start, world.as_of) if random.random() < 0.1]
    periods = [world.as_of - length for length in (*oracle.PERIODS.values(), timedelta(0))]
    return [*periods, *edges, moment[1], world.as_of - timedelta(days=40)]


def random_instant(random: Random, world: World, edges: list[datetime]) -> datetime:
    if random.random() < 0.5:
        nudge = random.choice([0, 0, 0, 1, -1, 1_000_000, -500_000])
        return random.choice(edges) + timedelta(microseconds=nudge)
    return world.as_of - timedelta(microseconds=random.randrange(-(2 * 86_400 * 10**6), 9 * 86_400 * 10**6))


def spelled(random: Random, at: datetime) -> str:
    """The instant in one of the accepted formats."""
    text = at.strftime("%Y-%m-%d %H:%M:%S")
    if at.microsecond:
        text += f".{at.microsecond:06}".rstrip("0") if random.random() < 0.7 else f".{at.microsecond:06}"
    match random.randrange(8):
        case 0:
            return text.replace(" ", "T") + "Z"
        case 1:
            return text
        case 2:
            offset = timedelta(minutes=random.choice([330, 120, 825]))
            local = at + offset
            sign = f"+{offset // timedelta(hours=1):02}:{offset // timedelta(minutes=1) % 60:02}"
            return local.isoformat().replace("+00:00", sign)
        case 3 if at.microsecond == 0:
            return text + ".000 UTC"
    return text + " UTC"


def interleaved(rows: list[tuple[str, str, str]], random: Random) -> list[tuple[str, str, str]]:
    """The rows in random order, but each store's rows in their original order."""
    by_store: dict[str, list[tuple[str, str, str]]] = {}
    for row in rows:
        by_store.setdefault(row[0], []).append(row)
    order = [row[0] for row in rows]
    random.shuffle(order)
    remaining = {store_id: iter(rows) for store_id, rows in by_store.items()}
    return [next(remaining[store_id]) for store_id in order]
