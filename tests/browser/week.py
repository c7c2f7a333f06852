"""The input that the pages are looked at with: 14,000 stores, and a week in which the clocks of the US change.

A few stores are polled every hour, so that a timeline has something to show; the others now and then. Some rows
cannot be used, some stores have no zone, no hours or no polls.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

STORES = 14_000
CLOSELY_WATCHED = 40
NEVER_POLLED = 60
OLDEST = datetime(2023, 3, 7, 12, tzinfo=UTC)
NEWEST = datetime(2023, 3, 15, 18, 5, 30, tzinfo=UTC)
ZONES = ["America/New_York"] * 6 + ["America/Los_Angeles"] * 2 + ["America/Chicago", "Asia/Beirut"]
HOURS = [("09:00:00", "17:00:00"), ("10:00:00", "22:30:00"), ("17:30:00", "02:00:00"), ("00:00:00", "23:59:00")]
REGIONS, BRANDS = ["North", "East", "South", "West"], ["Pizza & Co", "=1+1", "Ünïted Döner"]
UNREAD = "opening times.csv"  # fits an input, but has the name of none
UNUSABLE = [
    "{id},actve,2023-03-10 09:00:00 UTC",
    "{id},active,2023-13-10 09:00:00 UTC",
    "{id},<b>closed</b>,2023-03-11 09:00:00 UTC",
    " ,active,2023-03-12 09:00:00 UTC",
]
TARGETS = "kind,name,target_percent\nregion,North,90\nregion,South,99.5\n"
PLANNED = "kind,name,starts_at,ends_at,reason\nregion,East,2023-03-11 12:00:00,2023-03-11 14:30:00,new tills\n"


def store_ids() -> list[str]:
    """All of them, the closely watched ones first: UUIDs and integers above 2^53, as real ones are."""
    chance = random.Random(11)
    return [
        str(UUID(int=chance.getrandbits(128), version=4)) if number % 3 else str(chance.getrandbits(62) + 2**61)
        for number in range(STORES)
    ]


def write(folder: Path) -> None:
    """Writes the files, and one that is not read."""
    chance = random.Random(7)
    ids = store_ids()
    folder.mkdir(parents=True, exist_ok=True)
    polls = ["store_id,status,timestamp_utc"]
    hours = ["store_id,dayOfWeek,start_time_local,end_time_local"]
    zones = ["store_id,timezone_str"]
    groups = ["store_id,kind,name"]
    for number, store_id in enumerate(ids):
        if number % 50 != 1:
            zones.append(f"{store_id},{chance.choice(ZONES)}")
        if number % 20 != 2:
            start, end = chance.choice(HOURS)
            closed_on = chance.randrange(7)
            hours += [f"{store_id},{weekday},{start},{end}" for weekday in range(7) if weekday != closed_on]
        groups += [f"{store_id},region,{REGIONS[number % 4]}", f"{store_id},brand,{BRANDS[number % 3]}"]
        if number < STORES - NEVER_POLLED:
            polls += polls_of(store_id, 1 if number < CLOSELY_WATCHED else 12, chance)
    for number, row in enumerate(UNUSABLE * 8):
        polls.insert(500 * (number + 1), row.format(id=ids[number]))
    zones.append(f"{ids[1]},Mars/Olympus_Mons")
    (folder / "store_status.csv").write_text("\n".join(polls) + "\n", encoding="utf-8")
    (folder / "menu_hours.csv").write_text("\n".join(hours) + "\n", encoding="utf-8")
    (folder / "timezones.csv").write_text("\n".join(zones) + "\n", encoding="utf-8")
    (folder / "store_groups.csv").write_text("\n".join(groups) + "\n", encoding="utf-8")
    (folder / "targets.csv").write_text(TARGETS, encoding="utf-8")
    (folder / "planned_downtime.csv").write_text(PLANNED, encoding="utf-8")
    (folder / UNREAD).write_text("\n".join(hours[:2]) + "\n", encoding="utf-8")


def polls_of(store_id: str, every_hours: int, chance: random.Random) -> list[str]:
    """Rows of one store: its status changes now and then, some stores are flaky."""
    is_active = True
    goes_down = chance.choice([0.0, 0.0, 0.02, 0.05, 0.3])
    rows = []
    at = OLDEST + timedelta(minutes=chance.uniform(0, 60 * every_hours))
    while at <= NEWEST:
        is_active = chance.random() >= goes_down if is_active else chance.random() < 0.4
        rows.append(f"{store_id},{'active' if is_active else 'inactive'},{at:%Y-%m-%d %H:%M:%S.%f} UTC")
        at += timedelta(hours=every_hours * chance.uniform(0.8, 1.2))
    return rows
