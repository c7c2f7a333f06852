"""Writes the reference week: input files for measuring speed, with the shape of real ones.

Seeded. 14,000 stores, about 2.5 million polls in eight days with the clock change of 2023-03-12 in the United States.
As in real files, polls are in random order of stores and time. Each poll is a function of (seed, store, hour), so
memory does not grow with the number of stores.

    python bench/reference_week.py FOLDER [--stores 14000] [--multiplier 4] [--seed 1] [--part week]

`--part` writes something else: `next-day`, the status file of the day after; `hourly`, 24 status files of the day after
that, one for each hour; `later`, one of the next hours; `history`, one of the year before the week.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import polars as pl

OLDEST = np.datetime64("2023-03-07T18:00:00", "us").astype(np.int64)
HOURS = 192
WEEK, NEXT_DAY, HOURLY_DAY = range(HOURS), range(HOURS, HOURS + 24), range(HOURS + 24, HOURS + 48)
LATER = range(HOURS + 48, HOURS + 56)  # until after midnight, so that the hourly day is over
HISTORY = range(-52 * 7 * 24, 0)
ROWS_AT_ONCE = 1_000_000
STORES_AT_ONCE = 100_000
PATTERNS = 12_000

ZONES = {
    "America/New_York": 0.604,
    "America/Los_Angeles": 0.238,
    "America/Chicago": 0.112,
    "America/Phoenix": 0.031,
    "America/Denver": 0.0094,
    "America/Anchorage": 0.002,
    "America/Indiana/Indianapolis": 0.0011,
    "America/Edmonton": 0.0005,
    "America/Boise": 0.0005,
    "Pacific/Honolulu": 0.0007,
    "Asia/Beirut": 0.0008,
}


def generate(folder: Path, stores: int, seed: int = 1) -> None:
    """Writes `store_status.csv`, `menu_hours.csv` and `timezones.csv` for that many stores into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    write_polls(folder / "store_status.csv", stores, WEEK, seed)
    write_hours(folder / "menu_hours.csv", stores, seed)
    write_zones(folder / "timezones.csv", stores, seed)


def write_polls(path: Path, stores: int, hours: range, seed: int) -> None:
    slots = stores * len(hours)
    # A chunk has every n-th slot, shuffled; n has no common factor with the hours of a day.
    chunks = next(n for n in range(max(slots // ROWS_AT_ONCE, 1), slots) if n % 2 and n % 3)
    random = np.random.default_rng(seed)
    with path.open("wb") as file:
        file.write(b"store_id,status,timestamp_utc\n")
        for chunk in range(chunks):
            slot = np.arange(chunk, slots, chunks, dtype=np.int64)
            random.shuffle(slot)
            store, hour = slot // len(hours), hours.start + slot % len(hours)
            there = is_polled(store, hour, seed)
            polls(store[there], hour[there], seed).write_csv(file, include_header=False, quote_style="never")


def is_polled(store: np.ndarray, hour: np.ndarray, seed: int) -> np.ndarray:
    """Whether there is a poll: 2 % of stores have none, 4 % of polls are missing, a tenth of stores miss one day."""
    slot = store * HOURS + hour
    hole_from = uniform(store, seed, "hole") * 10 * HOURS
    in_hole = (hour >= hole_from) & (hour < hole_from + 24)
    return (uniform(store, seed, "polled") > 0.022) & (uniform(slot, seed, "gap") > 0.038) & ~in_hole


def polls(store: np.ndarray, hour: np.ndarray, seed: int) -> pl.DataFrame:
    """The rows of the file, each at a random time of its hour; one store in forty is always down."""
    slot = store * HOURS + hour
    at = OLDEST + hour * 3_600_000_000 + (uniform(slot, seed, "jitter") * 3_000_000_000).astype(np.int64)
    phase = (uniform(store, seed, "phase") * 8).astype(np.int64)
    is_down = uniform(store * HOURS + (hour + phase) // 8, seed, "outage") < 0.1
    is_blip = uniform(slot, seed, "blip") < 0.01
    is_dead = uniform(store, seed, "dead") < 0.025
    stamp = pl.from_epoch(pl.col("at"), "us").dt.strftime("%Y-%m-%d %H:%M:%S%.6f").str.strip_chars_end("0")
    status = pl.when(pl.col("is_inactive")).then(pl.lit("inactive")).otherwise(pl.lit("active"))
    columns = {"store_id": store_ids(store, seed), "at": at, "is_inactive": (is_down ^ is_blip) | is_dead}
    return pl.DataFrame(columns).select(
        pl.col("store_id").cast(pl.String),
        status.alias("status"),
        (stamp.str.strip_chars_end(".") + " UTC").alias("timestamp_utc"),
    )


def write_hours(path: Path, stores: int, seed: int) -> None:
    catalogue = patterns(seed)
    # A few patterns are common, most are rare: 11,100 stores have about 1,850 different ones.
    weight = 1 / (np.arange(PATTERNS) + 12.0) ** 1.13
    cumulated = np.cumsum(weight / weight.sum())
    with path.open("wb") as file:
        file.write(b"store_id,day,start_time_local,end_time_local\n")
        for first in range(0, stores, STORES_AT_ONCE):
            store = np.arange(first, min(first + STORES_AT_ONCE, stores), dtype=np.int64)
            store = store[uniform(store, seed, "has hours") < 0.794]
            pattern = np.searchsorted(cumulated, uniform(store, seed, "pattern")).clip(max=PATTERNS - 1)
            ids = pl.DataFrame({"store_id": store_ids(store, seed), "pattern": pattern.astype(np.int64)})
            openings = ids.join(catalogue, on="pattern", maintain_order="left_right").drop("pattern")
            openings.write_csv(file, include_header=False)


def patterns(seed: int) -> pl.DataFrame:
    """Patterns of weekly openings, one row for each opening: mostly one a day; one past midnight has two rows."""
    random = np.random.default_rng([seed, 1])
    rows: list[tuple[int, int, str, str]] = []
    for pattern in range(PATTERNS):
        weekdays = random.permutation(7)[: random.choice([7, 6, 5, 2], p=[0.815, 0.135, 0.035, 0.015])].tolist()
        openings = random.choice(["day", "night", "always", "two", "three"], p=[0.72, 0.13, 0.1, 0.045, 0.005])
        end_of_day = random.choice(["23:59:00", "23:59:59"])
        late = set(random.permutation(weekdays)[:2].tolist()) if random.random() < 0.5 else set()
        opens, closes = 20 + 2 * int(random.integers(14)), 76 + int(random.integers(17))
        for weekday in weekdays:
            match openings:
                case "day":
                    spans = [(clock(opens), clock(closes + 3 if weekday in late else closes))]
                case "night":
                    past = clock(4 + closes % 12)
                    spans = [("00:00:00", past), (clock(opens + 20), end_of_day)]
                case "always":
                    spans = [("00:00:00", end_of_day)]
                case "two":
                    spans = [(clock(opens), clock(opens + 12)), (clock(opens + 20), clock(closes))]
                case _:
                    spans = [("06:30:00", "10:00:00"), (clock(44), clock(58)), (clock(70), clock(closes + 3))]
            rows += [(pattern, weekday, start, end) for start, end in spans]
    return pl.DataFrame(rows, schema=["pattern", "day", "start", "end"], orient="row")


def clock(quarters: int) -> str:
    """The local time that many quarters of an hour after midnight."""
    return f"{quarters // 4:02d}:{quarters % 4 * 15:02d}:00"


def write_zones(path: Path, stores: int, seed: int) -> None:
    cumulated = np.cumsum(list(ZONES.values()))
    with path.open("wb") as file:
        file.write(b"store_id,timezone_str\n")
        for first in range(0, stores, STORES_AT_ONCE):
            store = np.arange(first, min(first + STORES_AT_ONCE, stores), dtype=np.int64)
            store = store[uniform(store, seed, "has zone") < 0.9685]
            zone = np.searchsorted(cumulated, uniform(store, seed, "zone") * cumulated[-1]).clip(max=len(ZONES) - 1)
            names = pl.Series(list(ZONES))[zone.astype(np.int64)]
            pl.DataFrame({"store_id": store_ids(store, seed), "zone": names}).write_csv(file, include_header=False)


def store_ids(store: np.ndarray, seed: int) -> np.ndarray:
    """The ids of stores: 63-bit integers, mostly above 2^53, as real ones."""
    return mixed(store, seed, "id") >> np.uint64(1)


def uniform(key: np.ndarray, seed: int, topic: str) -> np.ndarray:
    """A pseudo-random number in [0, 1) for each key; a function of key, seed and topic."""
    return (mixed(key, seed, topic) >> np.uint64(11)) * 2.0**-53


def mixed(key: np.ndarray, seed: int, topic: str) -> np.ndarray:
    """A 64-bit hash of each key (the finaliser of SplitMix64)."""
    salt = (int.from_bytes(topic.encode()[:8], "little") ^ seed) * 0xD1342543DE82EF95 % 2**64
    bits = key.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--stores", type=int, default=14_000)
    parser.add_argument("--multiplier", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", choices=["week", "next-day", "hourly", "later", "history"], default="week")
    arguments = parser.parse_args()
    all_stores = arguments.stores * arguments.multiplier
    arguments.folder.mkdir(parents=True, exist_ok=True)
    hours = {"next-day": [NEXT_DAY], "later": [LATER], "history": [HISTORY]}.get(
        arguments.part, [range(hour, hour + 1) for hour in HOURLY_DAY]
    )
    if arguments.part == "week":
        generate(arguments.folder, all_stores, arguments.seed)
    else:
        for number, part in enumerate(hours):
            path = arguments.folder / f"store_status_{arguments.part}_{number}.csv"
            write_polls(path, all_stores, part, arguments.seed)
