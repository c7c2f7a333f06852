"""The next open hours of stores: from hours, special hours and planned downtime, each on its store's own clock.

They are found as days are settled, by the same code: as if it were already later, and no status known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row

from store_uptime.db.statements import statement
from store_uptime.history import timeline
from store_uptime.history.clocks import MARGIN, clock_binds, clock_segments
from store_uptime.history.day_rows import EPOCH_DAY, hours_columns, instant, integers
from store_uptime.history.questions import Settlement, find_hours_periods
from store_uptime.history.timeline import DAY_US, HOURS_OF_DATE, NONE, Batch, Clocks, Columns

# Most stores have so many open hours within a few days; of the others every date up to the last limit may matter.
HORIZONS = (timedelta(days=4), timedelta(days=30), timedelta(days=366))
STORES_AT_ONCE, DATES_AT_ONCE = 2000, 100_000
DAY = timedelta(days=1)


@dataclass(frozen=True)
class HoursToCome:
    """The next open hours of stores (store, hour): those that begin at as_of or later, of which any part is open.

    `hour` counts UTC clock hours since 1970, -1: there are no more; `local_date` is the date that has the hour, in days
    since 1970, and `place` its place among the hours that end with that date, as in `day_hours`; `open` counts parts.
    """

    hour: np.ndarray
    local_date: np.ndarray
    place: np.ndarray
    open: np.ndarray


def find_hours_to_come(connection: Connection, settlement: Settlement, hours: int) -> tuple[np.ndarray, HoursToCome]:
    """The keys of all stores with days, and the next so many open hours of each."""
    stores = connection.execute(statement("insight/hours_to_come/stores")).all()
    keys = np.array([row.store_key for row in stores], np.int64)
    shape = (len(stores), hours)
    found = HoursToCome(np.full(shape, -1), np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, int))
    asked = np.arange(len(stores))
    for horizon in HORIZONS:
        at_once = min(STORES_AT_ONCE, DATES_AT_ONCE // horizon.days)
        for first in range(0, len(asked), at_once):
            some = asked[first : first + at_once]
            batch = _read(connection, settlement, [stores[number] for number in some], horizon)
            _fill(found, some, batch, instant(settlement.as_of))
        asked = np.flatnonzero(found.hour[:, -1] < 0)
    return keys, found


def _fill(found: HoursToCome, some: np.ndarray, batch: Batch, as_of: int) -> None:
    """Writes down the first open hours of some stores."""
    settled = timeline.settle(batch, with_hours=True)
    assert settled.hours is not None
    day, end_hour = settled.day, settled.hours["end_hour"]
    hour = end_hour[:, None] - HOURS_OF_DATE + np.arange(HOURS_OF_DATE)
    # The hour in which the horizon is, is not seen to its end.
    is_seen = (hour * timeline.HOUR_US >= as_of) & ((hour + 1) * timeline.HOUR_US <= batch.as_of)
    is_there = (settled.hours["open"] > 0) & is_seen
    of_day, place = np.nonzero(is_there)
    hour, store, parts = hour[is_there], day["store"][of_day], settled.hours["open"][is_there]
    order = np.lexsort((day["local_date"][of_day], hour, store))
    of_day, place, hour, store, parts = (values[order] for values in (of_day, place, hour, store, parts))
    # Two dates may share a clock hour, where a date ends within one: it is of the first.
    is_new = np.ones(len(hour), bool)
    is_new[1:] = (hour[1:] != hour[:-1]) | (store[1:] != store[:-1])
    number = np.cumsum(is_new) - 1
    first = np.flatnonzero(is_new)
    parts = np.minimum(np.bincount(number, parts), timeline.HOUR_PARTS).astype(int)
    store, hour, of_day, place = store[first], hour[first], of_day[first], place[first]
    rank = np.arange(len(store)) - np.searchsorted(store, store)
    kept = rank < found.hour.shape[1]
    at = (some[store[kept]], rank[kept])
    found.hour[at], found.open[at] = hour[kept], parts[kept]
    found.local_date[at] = day["local_date"][of_day[kept]]
    found.place[at] = place[kept]


def _read(connection: Connection, settlement: Settlement, stores: Sequence[Row], horizon: timedelta) -> Batch:
    """What days to come are computed from, up to a horizon."""
    as_of = settlement.as_of.astimezone(UTC)
    until = as_of + horizon
    keys = np.array([row.store_key for row in stores], np.int64)
    clocks = sorted({row.clock for row in stores})
    number = {clock: index for index, clock in enumerate(clocks)}
    periods = find_hours_periods(connection)
    files = sorted({period.file_id for period in periods if period.file_id is not None})
    has_hours = np.array([[*(file_id in row.hours_file_ids for file_id in files), False] for row in stores], bool)
    span = {"first_key": int(keys[0]), "last_key": int(keys[-1])}
    dates = {"from_date": as_of.date() - 3 * DAY, "until_date": until.date() + 2 * DAY}
    weekly = connection.execute(statement("insight/hours_to_come/weekly"), span | {"file_ids": files}).all()
    special = connection.execute(statement("insight/hours_to_come/special"), span | dates).all()
    instants = {"from_at": as_of - MARGIN, "until_at": until + MARGIN}
    of_clocks = clock_binds(clocks, as_of - MARGIN, until + MARGIN)
    planned = connection.execute(statement("insight/hours_to_come/planned"), span | instants | of_clocks).all()

    asked = set(keys.tolist())
    weekly, special, planned = ([row for row in rows if row.store_key in asked] for rows in (weekly, special, planned))
    file_number = {file_id: index for index, file_id in enumerate(files)}
    names = {"file_id": "file_id", "store_key": "store_key", "weekday": "weekday", "start": "start_us", "end": "end_us"}
    openings = {name: integers([getattr(row, column) for row in weekly]) for name, column in names.items()}
    of_hours = hours_columns(keys, files, openings, special, planned)
    return Batch(
        as_of=instant(until),
        max_gap=None,
        clocks=_clocks(clocks, as_of - MARGIN, until + MARGIN, periods, file_number),
        store=_store_columns(integers([number[row.clock] for row in stores]), has_hours, as_of, until),
        weekly=of_hours["weekly"],
        special=of_hours["special"],
        planned=of_hours["planned"],
        poll={"store": integers([]), "at": integers([]), "is_active": np.zeros(0, bool)},
    )


def _store_columns(clock: np.ndarray, files: np.ndarray, as_of: datetime, until: datetime) -> Columns:
    """Stores that go on from nothing."""
    stores = len(clock)
    none, zero = np.full(stores, NONE), np.zeros(stores, np.int64)
    first, last = as_of.date() - DAY, until.date() + DAY
    columns = {
        "clock": clock,
        "files": files,
        "first_polled_at": np.full(stores, instant(as_of)),
        "from_at": np.full(stores, instant(as_of - MARGIN)),
        "first_date": np.full(stores, first.toordinal() - EPOCH_DAY),
        "last_date": np.full(stores, last.toordinal() - EPOCH_DAY),
        "from_date": np.full(stores, first.toordinal() - EPOCH_DAY),
    }
    for name in ("last_open_at", "last_active_at", "outage_started_at", "outage_started_after", "outage_down_until"):
        columns[name] = none
    for name in ("outage_ended_before", "stretch_on", "outage_started_on", "outage_down_on", "outage_ended_at"):
        columns[name] = none
    for name in ("stretch_starts_planned", "stretch_open_us", "stretch_late_us", "stretch_early_us"):
        columns[name] = zero
    return columns | {"outage_downtime_us": zero, "outage_ended_on": none, "outage_ended_by": none}


def _clocks(
    clocks: Sequence[str], start: datetime, end: datetime, periods: Sequence[Row], file_number: dict[int, int]
) -> Clocks:
    """The dates of clocks, as the settlement has them in `history.clock_piece` and `history.clock_date`."""
    pieces = [
        (number, *piece)
        for number, clock in enumerate(clocks)
        for piece in _pieces(clock, start, end, periods, file_number)
    ]
    pieces.sort(key=lambda row: (row[0], row[1], row[6], row[2]))
    names = ("clock", "local_date", "started_on", "weekday", "file", "midnight", "start", "end")
    columns = dict(zip(names, np.array(pieces, np.int64).reshape(-1, len(names)).T, strict=True))
    dates: list[tuple[int, int, int]] = []
    for number in range(len(clocks)):
        own = columns["clock"] == number
        local_date, ends = columns["local_date"][own], columns["end"][own]
        # A date that a clock skips ends where the one before it does.
        last = NONE
        for on in range(int(local_date.min()), int(local_date.max()) + 1):
            last = int(ends[local_date == on].max(initial=last))
            dates.append((number, on, last))
    date = dict(zip(("clock", "local_date", "end"), np.array(dates, np.int64).reshape(-1, 3).T, strict=True))
    return Clocks(columns, date)


def _pieces(
    clock: str, start: datetime, end: datetime, periods: Sequence[Row], file_number: dict[int, int]
) -> Iterator[tuple[int, ...]]:
    for utc_from, utc_to, offset, _ in clock_segments(clock, start, end):
        shift = offset // timedelta(microseconds=1)
        begin, until = instant(utc_from), instant(utc_to)
        for on in range((begin + shift) // DAY_US, (until + shift - 1) // DAY_US + 1):
            piece_from, piece_to = max(begin, on * DAY_US - shift), min(until, (on + 1) * DAY_US - shift)
            for started_on in (on - 1, on):
                weekday = (started_on + EPOCH_DAY - 1) % 7
                file = _file_of(started_on, periods, file_number)
                yield on, started_on, weekday, file, started_on * DAY_US - shift, piece_from, piece_to


def _file_of(date_number: int, periods: Sequence[Any], file_number: dict[int, int]) -> int:
    """The number of the hours file that holds for a date; -1 if none does."""
    on = date_number + EPOCH_DAY
    for period in periods:
        if period.valid_from.toordinal() <= on < period.valid_until.toordinal():
            return -1 if period.file_id is None else file_number[period.file_id]
    return -1
