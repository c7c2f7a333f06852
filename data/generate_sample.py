"""Writes data/sample, eight days of polls with every quirk that real input has, and data/sample-dirty, input that does
not fit together: each warning that changes figures is in it.

Seeded: the same bytes on every machine and Python version. `data/README.md` lists the stores and their quirks.

    python data/generate_sample.py [FOLDER]
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import TypeVar

DATA = Path(__file__).resolve().parent
SEED = 20230125
NEWEST = datetime(2023, 1, 25, 18, 13, 22, 479220, tzinfo=UTC)
OLDEST = NEWEST - timedelta(days=8)
HOLE = (datetime(2023, 1, 22, 13, tzinfo=UTC), datetime(2023, 1, 24, 1, tzinfo=UTC))
WEEK, WORKDAYS = range(7), range(5)
INTEGER_STORES, UUID_STORES = 22, 16

Item = TypeVar("Item")
Row = tuple[str, ...]
Poll = tuple[str, datetime, bool]
Opening = tuple[int, str, str]


def daily(*openings: str, days: Iterable[int] = WEEK) -> list[Opening]:
    """`openings` such as '09:00:00-17:00:00', on each of `days`."""
    return [(day, start, end) for day in days for start, _, end in (opening.partition("-") for opening in openings)]


# Stores with one quirk each: id -> (zone or None, openings). First come ids that break if parsed as numbers, missing
# values or formulas, or that need quoting or sorting by bytes.
QUIRKS: dict[str, tuple[str | None, list[Opening]]] = {
    "9007199254740992": ("America/New_York", daily("09:00:00-21:00:00")),
    "9007199254740993": ("America/New_York", daily("10:00:00-22:00:00")),
    "42": ("America/Chicago", daily("11:00:00-20:00:00")),
    "0042": ("America/Denver", daily("11:00:00-20:00:00")),
    "1e5": ("America/Phoenix", daily("10:30:00-20:45:00")),
    "null": ("America/Los_Angeles", daily("10:00:00-21:30:00")),
    "NA": ("America/Los_Angeles", daily("10:00:00-21:30:00")),
    "=1+1": ("America/New_York", daily("08:00:00-15:00:00")),
    "Zum Löwen": ("Europe/Berlin", daily("17:00:00-23:30:00")),
    "東京ラーメン": ("Asia/Tokyo", daily("11:30:00-14:00:00", "17:30:00-22:00:00")),
    "🍕 to go": ("America/New_York", daily("11:00:00-23:00:00")),
    'Joe\'s "Diner", Main St': ("America/Chicago", daily("06:00:00-22:00:00")),
    "overnight-one-row": ("America/New_York", daily("18:00:00-02:00:00")),
    "overnight-two-rows": ("America/New_York", daily("00:00:00-02:00:00", "17:00:00-23:59:00")),
    "ends-23-59-59": ("America/Los_Angeles", daily("00:00:00-01:00:00", "11:00:00-23:59:59")),
    "ends-24-00-00": ("America/Chicago", daily("12:00:00-24:00:00")),
    "start-equals-end": ("America/New_York", daily("06:00:00-06:00:00", days=WORKDAYS)),
    "midnight-to-midnight": ("America/Denver", daily("00:00:00-00:00:00")),
    "openings-overlap": ("America/Chicago", daily("09:00:00-15:00:00", "12:00:00-19:00:00")),
    "openings-touch": ("America/Chicago", daily("09:00:00-12:00:00", "12:00:00-19:00:00")),
    "openings-a-second-apart": ("America/Chicago", daily("09:00:00-11:59:59", "12:00:00-19:00:00")),
    "opening-twice": ("America/Chicago", daily("09:00:00-19:00:00", "09:00:00-19:00:00")),
    "three-openings": ("America/New_York", daily("07:00:00-09:30:00", "11:30:00-14:00:00", "17:30:00-21:00:00")),
    "workdays-only": ("America/New_York", daily("08:00:00-18:00:00", days=WORKDAYS)),
    "sundays-only": ("America/Boise", daily("10:00:00-16:00:00", days=[6])),
    "no-hours": ("America/New_York", []),
    "hours-partly-unusable": ("America/New_York", daily("09:00:00-17:00:00")),
    "kolkata": ("Asia/Kolkata", daily("10:00:00-23:00:00")),
    "kathmandu": ("Asia/Kathmandu", daily("22:00:00-10:00:00")),
    "lord-howe": ("Australia/Lord_Howe", daily("09:00:00-17:00:00")),
    "honolulu": ("Pacific/Honolulu", daily("06:00:00-14:00:00")),
    "beirut": ("Asia/Beirut", daily("12:00:00-23:59:00")),
    "unknown-zone": (None, daily("09:00:00-17:00:00")),
    "no-zone": (None, daily("09:00:00-17:00:00")),
    "zone-twice": ("America/New_York", daily("09:00:00-17:00:00")),
    "only-in-polls": (None, []),
    "only-in-hours": (None, daily("09:00:00-17:00:00")),
    "only-in-zones": ("America/New_York", []),
    "polls-unusable": ("America/New_York", daily("09:00:00-17:00:00")),
    "polls-stale": ("America/New_York", daily("09:00:00-21:00:00")),
    "polls-begin-late": ("America/New_York", daily("09:00:00-21:00:00")),
    "polls-on-the-edges": ("America/New_York", []),
    "one-poll": ("America/Chicago", daily("09:00:00-21:00:00")),
    "always-inactive": ("America/Chicago", daily("09:00:00-21:00:00")),
    "flapping": ("America/New_York", daily("09:00:00-21:00:00")),
    "time-stamps-in-every-form": ("America/New_York", daily("09:00:00-21:00:00")),
    "status-in-every-case": ("America/New_York", daily("09:00:00-21:00:00")),
    "polls-corrected": ("America/New_York", []),
}
COMMON_ZONES = ("America/New_York",) * 10 + ("America/Los_Angeles",) * 4 + ("America/Chicago",) * 2 + ("Asia/Beirut",)
COMMON_HOURS = (
    daily("10:00:00-22:00:00"),
    daily("11:00:00-21:30:00"),
    daily("06:00:00-20:00:00", days=range(6)),
    daily("00:00:00-23:59:00"),
    daily("00:00:00-03:00:00", "11:00:00-23:59:00"),
    daily("11:00:00-14:30:00", "17:00:00-22:00:00"),
    daily("00:00:00-01:00:00", "07:00:00-10:30:00", "16:00:00-23:59:59"),
)

FORMS: tuple[Callable[[datetime], str], ...] = (
    lambda at: f"{at:%Y-%m-%d %H:%M:%S.%f}".rstrip("0").rstrip(".") + " UTC",
    lambda at: f"{at:%Y-%m-%d %H:%M:%S.%f} UTC",
    lambda at: f"{at:%Y-%m-%d %H:%M:%S.%f}",
    lambda at: f"{at:%Y-%m-%dT%H:%M:%S.%f}Z",
    lambda at: at.astimezone(timezone(timedelta(hours=-5))).isoformat(),
    lambda at: at.astimezone(timezone(timedelta(hours=5, minutes=45))).isoformat(sep=" "),
)
STATUS_HEADER = ("store_id", "status", "timestamp_utc")
HOURS_HEADER = ("store_id", "day", "start_time_local", "end_time_local")
ZONES_HEADER = ("timezone_str", "country", "store_id")
STATUSES = {True: ("active", "Active", "ACTIVE", " active ", "aCTIVE"), False: ("inactive", "Inactive", " INACTIVE")}

UNUSABLE_POLLS = (
    ("9007199254740992", "active", "not a time stamp"),
    ("9007199254740992", "active", "2023-02-30 12:00:00 UTC"),
    ("42", "inactive", "2023-01-24 25:10:00.5 UTC"),
    ("42", "inactive", ""),
    ("0042", "active", "2023-01-24T10:00:00+99:00"),
    ("flapping", "closed", "2023-01-24 10:00:00 UTC"),
    ("flapping", "", "2023-01-24 11:00:00 UTC"),
    # Newer than the newest good poll: it must not become the instant that reports look back from.
    ("flapping", "unknown", "2023-01-25 18:59:59 UTC"),
    ("", "active", "2023-01-24 10:00:00 UTC"),
    ("  ", "inactive", "2023-01-24 10:00:00 UTC"),
    ("no-hours", "inactive", "2124-01-24 10:00:00 UTC"),
    ("polls-unusable", "active", "2124-01-25 10:00:00 UTC"),
    ("polls-unusable", "asleep", "2023-01-25 10:00:00 UTC"),
    ("1e5", "active"),
    ("1e5", "active", "2023-01-24 10:00:00 UTC", "one field too many"),
)
UNUSABLE_HOURS = (
    ("hours-partly-unusable", "7", "09:00:00", "17:00:00"),
    ("hours-partly-unusable", "Someday", "09:00:00", "17:00:00"),
    ("hours-partly-unusable", "-1", "09:00:00", "17:00:00"),
    ("workdays-only", "5", "25:00:00", "26:00:00"),
    ("workdays-only", "5", "09:00:00", "5 pm"),
    ("workdays-only", "6", "", "17:00:00"),
    ("", "2", "09:00:00", "17:00:00"),
    ("workdays-only", "6", "09:00:00"),
)
UNUSABLE_ZONES = (
    ("Mars/Olympus_Mons", "", "unknown-zone"),
    ("America/Chicago", "US", ""),
    ("America/Chicago", "US", "42", "one field too many"),
)

# Whom a row is about: a store or `*`, or the kind and name of a group; the cells of `scoped` rows begin with it.
ALL: Row = ("*", "", "")
REGIONS = {"America": "Americas", "Pacific": "Americas", "Europe": "Europe", "Asia": "Asia", "Australia": "Asia"}
BRANDS = ("Pizza Co", "Noodle Bar", "=1+1", "Café, Bar & more")
GROUPS_HEADER = ("store_id", "kind", "name")
SCOPE_HEADER = ("store_id", "kind", "name")
UNUSABLE_GROUPS = (
    ("*", "region", "Americas"),
    ("42", "timezone", "America/Chicago"),
    ("0042", "brand", " "),
    ("1e5", "region"),
)
SPECIAL_HOURS_HEADER = (*SCOPE_HEADER, "date", "start_time_local", "end_time_local", "reason")
HOLIDAYS = (
    "2022-11-24",
    "2022-12-25",
    "2023-01-01",
    "2023-05-29",
    "2023-07-04",
    "2023-09-04",
    "2023-11-23",
    "2023-12-25",
)
SPECIAL_HOURS: tuple[Row, ...] = (
    *((*ALL, date, "", "", "holiday") for date in HOLIDAYS),
    *((*ALL, date, "09:00:00", "14:00:00", "the day before") for date in ("2022-12-24", "2022-12-31", "2023-12-24")),
    # In the reported week: for all stores, then for a region, a brand, a zone and some stores, which count more.
    (*ALL, "2023-01-20", "08:00:00", "23:59:00", ""),
    ("", "region", "Asia", "2023-01-22", "", "", "Lunar New Year"),
    ("", "region", "Asia", "2023-01-23", "", "", "Lunar New Year"),
    ("", "brand", "Noodle Bar", "2023-01-22", "12:00:00", "16:00:00", "Lunar New Year"),
    ("", "brand", "Noodle Bar", "2023-01-22", "18:00:00", "26:00:00", "to 02:00"),
    ("", "timezone", "America/Denver", "2023-01-19", "10:00:00", "15:00:00", "snow"),
    ("three-openings", "", "", "2023-01-23", "", "", "stocktaking"),
    ("東京ラーメン", "", "", "2023-01-22", "11:00:00", "15:00:00", "open nevertheless"),
    ("workdays-only", "", "", "2023-01-21", "10:00:00", "14:00:00", "a Saturday"),
    ("no-hours", "", "", "2023-01-21", "09:00:00", "26:00:00", "open from 09:00 to 02:00"),
    ("no-hours", "", "", "2023-01-22", "", "", ""),
    ("42", "", "", "2023-01-20", "11:00:00", "20:00:00", "as always"),
)
UNUSABLE_SPECIAL_HOURS = (("42", "brand", "Pizza Co", "2023-01-21", "", "", "both"),)
PLANNED_HEADER = (*SCOPE_HEADER, "starts_at", "ends_at", "reason")
PLANNED: tuple[Row, ...] = (
    # Each month, the whole platform; in local time, as the stores' own clocks read it.
    *(
        (*ALL, f"2022-{month:02}-18 09:00:00 UTC", f"2022-{month:02}-18 09:30:00 UTC", "release")
        for month in range(1, 13)
    ),
    (*ALL, "2023-01-18 20:00:00 UTC", "2023-01-18T15:30:00-05:00", "release"),
    ("", "region", "Americas", "2023-01-19 17:00", "2023-01-19 17:45", "new tills"),
    ("", "brand", "=1+1", "2023-01-24 12:00:00", "2023-01-24 14:00:00", "power"),
    ("", "timezone", "Asia/Kolkata", "2023-01-21 18:00", "2023-01-21 14:00:00 UTC", "network"),
    ("always-inactive", "", "", "2023-01-24 00:00", "", "closed for good"),
    ("flapping", "", "", "2023-01-20 00:00", "2023-01-21 00:00", "broken meter"),
    ("flapping", "", "", "2023-01-20 12:00", "2023-01-21 10:00", "and longer"),
    ("polls-on-the-edges", "", "", "2023-01-25T17:30:00Z", "2023-01-25T17:45:00Z", ""),
)
UNUSABLE_PLANNED = (("42", "", "", "2023-01-21 10:00", "2023-01-21 10:00", "ends when it starts"),)
TARGETS_HEADER = (*SCOPE_HEADER, "target_percent", "valid_from")
TARGETS: tuple[Row, ...] = (
    (*ALL, "95", ""),
    (*ALL, "97.5", "2023-01-20"),
    ("", "region", "Americas", "98", "2022-01-01"),
    ("", "region", "Americas", "98.25", "2023-01-01"),
    ("", "brand", "Pizza Co", "99", ""),
    ("", "brand", "Pizza Co", "", "2023-01-23"),
    ("", "brand", "Noodle Bar", "99.125", ""),
    ("", "timezone", "Asia/Kathmandu", "90", ""),
    ("42", "", "", "99.9", ""),
    ("42", "", "", "99.5", "2023-01-22"),
    ("always-inactive", "", "", "50", ""),
    *((f"closed-in-{year}", "", "", "99", f"{year}-01-01") for year in range(2013, 2023)),
)
UNUSABLE_TARGETS = (("42", "", "", "100", ""),)

# The dirty sample: which stores have polls, and which the hours file names. Too few are in both.
POLLED_ONLY, ROUNDED, NAMED_ONLY = 18, 24, 18
SPELLINGS = ("cafe-12", "Cafe-12 ")  # of the polls, of the hours
KEPT, LOST, WITHOUT_USABLE_HOURS = "open-daily", "gone-the-next-day", "no-usable-hours"
UNUSABLE_DIRTY_HOURS = (
    (WITHOUT_USABLE_HOURS, "2", "nine", "17:00:00"),
    (WITHOUT_USABLE_HOURS, "1", "9h", "17:00:00"),
    (WITHOUT_USABLE_HOURS, "Montag", "09:00:00", "17:00:00"),
    (KEPT, "8", "09:00:00", "17:00:00"),
)


# Half of them cannot be used, and no store is in the region.
DIRTY_SPECIAL_HOURS = (
    ("", "region", "west", "2023-01-24", "", "", ""),
    (KEPT, "", "", "24.01.2023", "", "", ""),
)


def generate_clean(folder: Path) -> None:
    """Writes the seven files of the sample into `folder`."""
    random = Random(SEED)
    ordinary = [str(random.getrandbits(62) + 2**54) for _ in range(INTEGER_STORES)]
    ordinary += [str(uuid.UUID(int=random.getrandbits(128), version=4)) for _ in range(UUID_STORES)]
    zones = {store: pick(random, COMMON_ZONES) for store in ordinary}
    zones |= {store: zone for store, (zone, _) in QUIRKS.items() if zone}
    hours = {store: pick(random, COMMON_HOURS) for store in ordinary}
    hours |= {store: openings for store, (_, openings) in QUIRKS.items()}

    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "store_status.csv", [STATUS_HEADER, *status_rows(random, ordinary)])
    write(folder / "menu_hours.csv", [HOURS_HEADER, *hours_rows(random, hours)], encoding="utf-8-sig")
    write(folder / "timezones.csv", [ZONES_HEADER, *zone_rows(random, zones)], line_end="\r\n")

    write(folder / "store_groups.csv", [GROUPS_HEADER, *group_rows(random, zones, hours)])
    special_hours = spread(list(SPECIAL_HOURS), UNUSABLE_SPECIAL_HOURS)
    write(folder / "special_hours.csv", [SPECIAL_HOURS_HEADER, *special_hours], encoding="utf-8-sig")
    write(folder / "planned_downtime.csv", [PLANNED_HEADER, *spread(list(PLANNED), UNUSABLE_PLANNED)], line_end="\r\n")
    write(folder / "targets.csv", [TARGETS_HEADER, *spread(list(TARGETS), UNUSABLE_TARGETS)])


def group_rows(random: Random, zones: dict[str, str], stores: Iterable[str]) -> list[Row]:
    """A region for each store with a zone, and one or two brands for most stores."""
    rows: list[Row] = [(store, "region", REGIONS[zone.split("/")[0]]) for store, zone in zones.items()]
    for store in stores:
        brand = pick(random, BRANDS)
        rows += [(store, "brand", brand)] if not chance(random, 5) else []
        rows += [(store, "brand", "Noodle Bar")] if brand != "Noodle Bar" and chance(random, 8) else []
        rows += [(store, "franchisee", f" F-{int(random.random() * 9)} ")] if chance(random, 3) else []
    return spread(shuffled(random, rows), UNUSABLE_GROUPS)


def generate_dirty(folder: Path) -> None:
    """Writes polls, hours that fit them badly, zones under a name that is not read, and in `next-day` newer hours."""
    random = Random(SEED)
    long_ids = [str(random.getrandbits(59) + 2**62) for _ in range(ROUNDED)]
    common = [KEPT, LOST]
    polled = [*common, WITHOUT_USABLE_HOURS, SPELLINGS[0], *long_ids, *(f"polled-{n}" for n in range(POLLED_ONLY))]
    # As a spreadsheet saves them: 15 digits of a number.
    rounded = [store[:15] + "0" * (len(store) - 15) for store in long_ids]
    named = [*common, SPELLINGS[1], *rounded, *(f"closed-down-{n}" for n in range(NAMED_ONLY))]

    polls = [(store, at, not chance(random, 8)) for store in polled for at in every_eight_hours(random)]
    zones = [("America/Denver", "US", store) for store in polled]
    (folder / "next-day").mkdir(parents=True, exist_ok=True)
    write(folder / "store_status.csv", [STATUS_HEADER, *(row(random, poll) for poll in shuffled(random, polls))])
    write(folder / "zones of stores.csv", [ZONES_HEADER, *zones])
    write(folder / "business_hours.csv", [HOURS_HEADER, *dirty_hours_rows(named)])
    write(folder / "special_hours.csv", [SPECIAL_HOURS_HEADER, *DIRTY_SPECIAL_HOURS])
    named.remove(LOST)
    write(folder / "next-day" / "business_hours.csv", [HOURS_HEADER, *dirty_hours_rows(named)])


def every_eight_hours(random: Random) -> list[datetime]:
    """Instants of polls in the last three days."""
    return [NEWEST - timedelta(hours=8 * n, microseconds=random.getrandbits(30)) for n in range(9)]


def dirty_hours_rows(stores: Iterable[str]) -> list[Row]:
    """Hours of a Sunday, of one store for all days but Monday, with the unusable rows in between."""
    weekdays = [(store, "6") for store in stores] + [(KEPT, str(day)) for day in range(1, 6)]
    return spread([(store, day, "10:00:00", "18:00:00") for store, day in weekdays], UNUSABLE_DIRTY_HOURS)


def hours_rows(random: Random, hours: dict[str, list[Opening]]) -> list[Row]:
    rows: list[Row] = [
        (store, str(day), start, end) for store, openings in hours.items() for day, start, end in openings
    ]
    return spread(shuffled(random, rows), UNUSABLE_HOURS)


def zone_rows(random: Random, zones: dict[str, str]) -> list[Row]:
    countries = {"America": "US", "Pacific": "US", "Europe": "DE", "Asia": "", "Australia": "AU"}
    rows: list[Row] = [(zone, countries[zone.split("/")[0]], store) for store, zone in zones.items()]
    # If a store has two zones, the last row is used.
    return spread([("Asia/Tokyo", "JP", "zone-twice"), *shuffled(random, rows)], UNUSABLE_ZONES)


def status_rows(random: Random, ordinary: list[str]) -> list[Row]:
    """Polls in random order, as in real files, then corrections and repetitions; unusable rows in between."""
    polls = [
        (store, at, is_active) for store in ordinary for at, is_active in polled(random, has_hole=chance(random, 3))
    ]
    for store in QUIRKS:
        polls += [(store, at, is_active) for at, is_active in quirky_polls(random, store)]
    seen = [poll for poll in polls if poll[0] == "polls-corrected"]
    rows = [row(random, poll) for poll in shuffled(random, polls)]
    rows += [row(random, poll) for poll in seen[1::8]]
    # A correction may write the same instant in another format.
    rows += [(store, STATUSES[not is_active][0], pick(random, FORMS)(at)) for store, at, is_active in seen[::4]]
    return spread(rows, UNUSABLE_POLLS)


def polled(random: Random, *, has_hole: bool = False, changes_in: int = 40) -> list[tuple[datetime, bool]]:
    """Polls about an hour apart, with jitter and gaps; the status rarely changes."""
    at, is_active, polls = OLDEST + timedelta(seconds=3600 * random.random()), not chance(random, 8), []
    while at < NEWEST:
        if not (has_hole and HOLE[0] <= at < HOLE[1]) and not chance(random, 25):
            polls.append((at, is_active))
        # Down times are shorter than up times.
        if chance(random, changes_in if is_active else max(changes_in // 6, 1)):
            is_active = not is_active
        at += timedelta(microseconds=int(1e6 * (3240 + 900 * random.random())))
        if chance(random, 10):
            # Real time stamps often lack their last digits, some have no fraction.
            unit = pick(random, (10, 1_000, 1_000_000))
            at = at.replace(microsecond=at.microsecond // unit * unit)
    return polls


def quirky_polls(random: Random, store: str) -> list[tuple[datetime, bool]]:
    hour, microsecond = timedelta(hours=1), timedelta(microseconds=1)
    match store:
        case "only-in-hours" | "only-in-zones" | "polls-unusable":
            return []
        case "polls-stale":
            return [poll for poll in polled(random) if poll[0] < OLDEST + 60 * hour]
        case "polls-begin-late":
            return [poll for poll in polled(random) if poll[0] > NEWEST - 30 * hour]
        case "one-poll":
            return [(NEWEST - 100 * hour, True)]
        case "always-inactive":
            return [(at, False) for at, _ in polled(random)]
        case "flapping":
            return polled(random, changes_in=1)
        case "polls-on-the-edges":
            # Down before the week begins, up until the last day begins, and so on; down in the last hour.
            edges = [NEWEST - 168 * hour, NEWEST - 24 * hour, NEWEST - hour, NEWEST]
            inside = [(at, is_active) for at, is_active in zip(edges, (True, False, True, False), strict=True)]
            return [(edges[0] - microsecond, False), *inside, (edges[2] + microsecond, False)]
        case _:
            return polled(random)


def row(random: Random, poll: Poll) -> Row:
    store, at, is_active = poll
    every_form = store == "time-stamps-in-every-form" or chance(random, 60)
    every_case = store == "status-in-every-case" or chance(random, 60)
    form = pick(random, FORMS) if every_form else FORMS[0]
    return store, pick(random, STATUSES[is_active]) if every_case else STATUSES[is_active][0], form(at)


def spread(rows: list[Row], others: Iterable[Row]) -> list[Row]:
    """`rows` with `others` inserted at equal distances."""
    others = list(others)
    step, mixed = len(rows) // (len(others) + 1), list(rows)
    for number, other in enumerate(others, start=1):
        mixed.insert(number * step, other)
    return mixed


# Only Random.random() and getrandbits() are used: their sequences are the same in all versions of Python.


def pick(random: Random, items: tuple[Item, ...]) -> Item:
    return items[int(random.random() * len(items))]


def chance(random: Random, one_in: int) -> bool:
    return random.random() * one_in < 1


def shuffled(random: Random, items: list[Item]) -> list[Item]:
    return sorted(items, key=lambda _: random.random())


def write(path: Path, rows: Iterable[Row], *, line_end: str = "\n", encoding: str = "utf-8") -> None:
    text = "".join(",".join(map(field, row)) + line_end for row in rows)
    path.write_bytes(text.encode(encoding))


def field(text: str) -> str:
    """`text` as a CSV field, quoted only if necessary."""
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    generate_clean(target / "sample")
    generate_dirty(target / "sample-dirty")
