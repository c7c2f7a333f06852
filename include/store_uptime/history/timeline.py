"""The time of some stores, cut wherever anything changes: days, openings and outages are sums over such segments.

All stores of a batch are on one line of whole numbers: a store's number times the line's width, plus microseconds since
the line's origin. So one sort puts the ends of opening time, planned downtime, statuses and dates of all stores in
order, and one running sum says what holds between two of them. Dates are days since 1970.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

NONE = -(1 << 62)  # no instant, no date
UNKNOWN, UP, DOWN = 0, 1, 2
DAY_US = 86_400_000_000
END_OF_DAY_US = DAY_US - 60_000_000
# What is counted between two instants, in one number: how many openings, planned downtimes, ups and downs hold.
OPENING, PLANNED, IS_UP, IS_DOWN = 1, 1 << 16, 1 << 32, 1 << 48
COUNT = (1 << 16) - 1
DATES = 1 << 24  # more than there are
HOUR_US = 3_600_000_000
# Of a date the UTC clock hours up to its end: 24 or 25, or one more where it ends within one.
HOURS_OF_DATE = 26
HOUR_PARTS = 240  # in which the time of an hour is counted: 15 seconds each

Columns = dict[str, np.ndarray]


class BatchTooLargeError(Exception):
    """The batch has more stores than its span of time leaves room for on one line."""


@dataclass(frozen=True)
class Clocks:
    """The dates of the clocks of a batch.

    `piece`: `clock`, `local_date`, `started_on`, `weekday`, `file` (-1: none), `midnight`, `start`, `end`, by clock and
    date; `date`: `clock`, `local_date`, `end`, by clock and date, without a hole.
    """

    piece: Columns
    date: Columns


@dataclass(frozen=True)
class Coming:
    """What is not over at as_of: `piece` as of `Clocks`, and `planned` as of `Batch`, cut at `until`."""

    until: int
    piece: Columns
    planned: Columns


@dataclass(frozen=True)
class Batch:
    """What the days of some stores are computed from; instants are microseconds since 1970.

    `store`: a row for each store (sql/history/2_days/read.sql), with its `clock` and `files` (whether it has hours in
    each file, and last of all False); `weekly`: `file`, `store`, `weekday`, `start`, `end`; `special`: `store`,
    `local_date`, `start` (NONE: closed), `end`; `planned`: `store`, `start`, `end`; `poll`: `store`, `at`, `is_active`.
    All rows are in order; times of hours are microseconds since midnight.
    """

    as_of: int
    max_gap: int | None
    clocks: Clocks
    store: Columns
    weekly: Columns
    special: Columns
    planned: Columns
    poll: Columns
    coming: Coming | None = None


@dataclass(frozen=True)
class Settled:
    """Rows for `history.new_day`, `new_stretch` (of days before), `new_outage_day`, `new_outage`, `new_status` and
    `new_opening`; and for `new_day_hours`, where they are wanted: one for each day, in the same order.
    """

    day: Columns
    earlier: Columns
    outage_day: Columns
    outage: Columns
    run: Columns
    opening: Columns
    hours: Columns | None = None


class Line:
    """All stores' time on one line."""

    def __init__(self, origin: int, end: int, stores: int) -> None:
        self.origin, self.width = origin, end - origin + 2
        if stores * self.width >= 1 << 62:
            raise BatchTooLargeError

    def at(self, store: np.ndarray, instant: np.ndarray) -> np.ndarray:
        """Where instants are; those before the line's origin and after its end, at its ends."""
        return store * self.width + np.clip(instant - self.origin, 0, self.width - 1)

    def parts(self, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Stores and instants of places."""
        store = place // self.width
        return store, place - store * self.width + self.origin


def settle(batch: Batch, *, with_hours: bool = False) -> Settled:
    """The days and outages of the stores of a batch, and the hours of the days."""
    run = status_runs(batch)
    batch = replace(batch, store=batch.store | {"last_active_at": last_active_before(batch, run)})
    opening = opening_time(batch)
    line = make_line(batch, run, opening)
    segment = cut(batch, line, run, opening)
    day = days(batch, line, segment, run)
    earlier = openings(batch, segment, day)
    outage_day, outage = outages(batch, line, segment, run)
    of_hours = hours(batch, line, segment, day) if with_hours else None
    return Settled(day, earlier, outage_day, outage, run, changes_to_come(batch), of_hours)


def status_runs(batch: Batch) -> Columns:
    """Polls of equal status in a row, none more than max_gap after the one before, and how long the status holds."""
    store, at, is_active = (batch.poll[name] for name in ("store", "at", "is_active"))
    is_first = np.ones(len(at), bool)
    is_first[1:] = (store[1:] != store[:-1]) | (is_active[1:] != is_active[:-1])
    if batch.max_gap is not None:
        is_first[1:] |= at[1:] - at[:-1] > batch.max_gap
    first = np.flatnonzero(is_first)
    last = np.append(first[1:], len(at)) - 1
    run = {"store": store[first], "first": at[first], "last": at[last[: len(first)]], "is_active": is_active[first]}
    is_last_of_store = np.ones(len(first), bool)
    is_last_of_store[:-1] = run["store"][1:] != run["store"][:-1]
    following = np.append(run["first"][1:], 0)[: len(first)]
    holds_until = np.where(is_last_of_store, batch.as_of, np.minimum(following, batch.as_of))
    backwards = np.full(len(first), NONE) if batch.max_gap is None else run["first"] - batch.max_gap
    if batch.max_gap is not None:
        holds_until = np.minimum(holds_until, run["last"] + batch.max_gap)
    is_later = run["first"] > batch.store["first_polled_at"][run["store"]]
    return run | {"from": np.where(is_later, run["first"], backwards), "until": holds_until}


def last_active_before(batch: Batch, run: Columns) -> np.ndarray:
    """The last active poll of each store before from_at, as it is carried; NONE if there is none.

    Where the day before only knows that polls went on being active over from_at, the polls say it: since then they may
    have been corrected.
    """
    carried, from_at = batch.store["last_active_at"].copy(), batch.store["from_at"]
    chosen = run["is_active"] & (run["first"] < from_at[run["store"]])
    store, last = run["store"][chosen], run["last"][chosen]
    is_last = np.append(store[1:] != store[:-1], True)[: len(store)]
    store, last = store[is_last], last[is_last]
    is_corrected = (carried[store] == from_at[store]) & (last < from_at[store])
    carried[store[is_corrected]] = last[is_corrected]
    return carried


def opening_time(batch: Batch) -> Columns:
    """Openings within each date, by the hours that hold for the date on which they start: `store`, `start`, `end`."""
    piece, stores = batch.clocks.piece, len(batch.store["clock"])
    by_date = piece["clock"] * DATES + piece["local_date"]
    first = np.searchsorted(by_date, batch.store["clock"] * DATES + batch.store["from_date"] - 2)
    store, number = expand(first, np.searchsorted(by_date, (batch.store["clock"] + 1) * DATES) - first)
    started_on, file = piece["started_on"][number], piece["file"][number]

    special_of = batch.special["store"] * DATES + batch.special["local_date"]
    wanted = store * DATES + started_on
    first_special = np.searchsorted(special_of, wanted)
    specials = np.searchsorted(special_of, wanted, "right") - first_special
    weekly_of = (batch.weekly["file"] * stores + batch.weekly["store"]) * 7 + batch.weekly["weekday"]
    wanted = (file * stores + store) * 7 + piece["weekday"][number]
    first_weekly = np.searchsorted(weekly_of, wanted)
    weeklies = np.where(specials + (file < 0) > 0, 0, np.searchsorted(weekly_of, wanted, "right") - first_weekly)

    has_hours = batch.store["files"][store, file]
    always = np.flatnonzero((specials + weeklies == 0) & (started_on == piece["local_date"][number]) & ~has_hours)
    parts = [(store[always], piece["start"][number[always]], piece["end"][number[always]])]
    for rows, begin, count in ((batch.special, first_special, specials), (batch.weekly, first_weekly, weeklies)):
        of, row = expand(begin, count)
        start, end = rows["start"][row], rows["end"][row]
        is_midnight = (end >= END_OF_DAY_US) & (end <= DAY_US)
        end = np.where(is_midnight, DAY_US, np.where(end > start, end, end + DAY_US))
        midnight = piece["midnight"][number[of]]
        opens = np.maximum(midnight + start, piece["start"][number[of]])
        closes = np.minimum(midnight + end, piece["end"][number[of]])
        is_there = (start != NONE) & (opens < closes)
        parts.append((store[of[is_there]], opens[is_there], closes[is_there]))
    return {
        name: np.concatenate([part[index] for part in parts]) for index, name in enumerate(("store", "start", "end"))
    }


def make_line(batch: Batch, run: Columns, opening: Columns) -> Line:
    """A line from the first instant that matters to the last."""
    carried = [batch.store[name] for name in ("outage_down_until", "last_active_at", "last_open_at", "from_at")]
    instants = np.concatenate([run["first"], opening["start"], batch.clocks.piece["start"], *carried])
    origin = int(min(instants[instants != NONE].min(initial=batch.as_of), batch.as_of))
    end = max(batch.as_of, int(batch.clocks.piece["end"].max(initial=batch.as_of)))
    return Line(origin - (batch.max_gap or 0) - 1, end, len(batch.store["clock"]))


def cut(batch: Batch, line: Line, run: Columns, opening: Columns) -> Columns:
    """Opening time, cut wherever anything changes: `store`, `start`, `end`, `is_planned`, `status` and `date`."""
    places: list[np.ndarray] = []
    changes: list[np.ndarray] = []

    def add(store: np.ndarray, start: np.ndarray, end: np.ndarray, what: np.ndarray | int) -> None:
        places.extend((line.at(store, start), line.at(store, end)))
        changes.extend((np.broadcast_to(what, len(store)), -np.broadcast_to(what, len(store))))

    add(opening["store"], opening["start"], opening["end"], OPENING)
    add(batch.planned["store"], batch.planned["start"], batch.planned["end"], PLANNED)
    holds = run["from"] < run["until"]
    what = np.where(run["is_active"], IS_UP, IS_DOWN)[holds]
    add(run["store"][holds], run["from"][holds], run["until"][holds], what)
    stores = np.arange(len(batch.store["clock"]))
    places.append(line.at(stores, np.full(len(stores), batch.as_of)))
    piece = batch.clocks.piece
    by_date = piece["clock"] * DATES + piece["local_date"]
    first = np.searchsorted(by_date, batch.store["clock"] * DATES + batch.store["from_date"])
    store, number = expand(first, np.searchsorted(by_date, (batch.store["clock"] + 1) * DATES) - first)
    is_once = piece["started_on"][number] == piece["local_date"][number]
    places.append(line.at(store[is_once], piece["start"][number[is_once]]))
    changes.append(np.zeros(len(stores) + int(is_once.sum()), np.int64))

    place = np.concatenate(places)
    order = np.argsort(place)
    place = place[order]
    holding = np.cumsum(np.concatenate(changes)[order])
    is_part = (place[1:] > place[:-1]) & (holding[:-1] & COUNT > 0)
    store, start = line.parts(place[:-1][is_part])
    end = start + (place[1:] - place[:-1])[is_part]
    holding = holding[:-1][is_part]
    status = np.where(holding & IS_UP * COUNT > 0, UP, np.where(holding & IS_DOWN * (COUNT >> 1) > 0, DOWN, UNKNOWN))
    return {
        "store": store,
        "start": start,
        "end": end,
        "is_planned": holding & PLANNED * COUNT > 0,
        "status": status,
        "date": date_of(batch, line, batch.store["clock"][store], start),
    }


def date_of(batch: Batch, line: Line, clock: np.ndarray, instant: np.ndarray) -> np.ndarray:
    """The date that a clock shows at an instant; NONE if it is none of the batch's dates."""
    piece = batch.clocks.piece
    starts = line_of_clocks(line, piece["clock"], piece["start"])
    order = np.argsort(starts, kind="stable")
    found = np.searchsorted(starts[order], line_of_clocks(line, clock, instant), "right") - 1
    found = order[np.maximum(found, 0)] if len(order) else found
    is_there = (piece["clock"][found] == clock) & (piece["start"][found] <= instant) & (instant < piece["end"][found])
    return np.where(is_there, piece["local_date"][found], NONE)


def line_of_clocks(line: Line, clock: np.ndarray, instant: np.ndarray) -> np.ndarray:
    return clock * line.width + np.clip(instant - line.origin, 0, line.width - 1)


def number_of_date(batch: Batch, store: np.ndarray, local_date: np.ndarray) -> np.ndarray:
    """The numbers of dates of stores' clocks in `batch.clocks.date`."""
    date = batch.clocks.date
    wanted = batch.store["clock"][store] * DATES + local_date
    return np.searchsorted(date["clock"] * DATES + date["local_date"], wanted).clip(max=max(len(date["end"]) - 1, 0))


def days(batch: Batch, line: Line, segment: Columns, run: Columns) -> Columns:
    """A row for each store and date, with all that is not of openings; `segment` gets `day`, the number of its day."""
    first_date = np.maximum(batch.store["first_date"], batch.store["from_date"])
    count = np.maximum(batch.store["last_date"] - first_date + 1, 0)
    offset = np.cumsum(count) - count
    store, number = expand(np.zeros(len(count), np.int64), count)
    local_date = first_date[store] + number
    found = number_of_date(batch, store, local_date)
    ends_at = taken(batch.clocks.date["end"], found)

    of = segment["store"]
    is_of_day = (segment["date"] >= first_date[of]) & (segment["date"] <= batch.store["last_date"][of])
    is_past = segment["start"] < batch.as_of
    segment["day"] = np.where(is_of_day & is_past, offset[of] + segment["date"] - first_date[of], -1)
    length = segment["end"] - segment["start"]
    is_open = (segment["day"] >= 0) & ~segment["is_planned"]
    segment["is_open"] = is_open

    def added(chosen: np.ndarray) -> np.ndarray:
        # A date is a few days long at most: exact in floating point.
        return np.bincount(segment["day"][chosen], length[chosen], len(store)).astype(np.int64)

    up, down = added(is_open & (segment["status"] == UP)), added(is_open & (segment["status"] == DOWN))
    open_time = added(is_open)
    last_open = np.full(len(store), NONE)
    last_open[segment["day"][is_open]] = segment["end"][is_open]
    before = before_or_at(line, run, store, ends_at - 1, run["is_active"])
    last_active = np.where(before >= 0, np.minimum(taken(run["last"][run["is_active"]], before), ends_at), NONE)
    return {
        "store": store,
        "local_date": local_date,
        "date": found,
        "is_final": ends_at <= batch.as_of,
        "open_us": open_time,
        "planned_us": added((segment["day"] >= 0) & segment["is_planned"]),
        "up_us": up,
        "down_us": down,
        "unknown_us": open_time - up - down,
        "last_open_at": largest_so_far(line, store, last_open, batch.store["last_open_at"]),
        "last_active_at": largest_so_far(line, store, last_active, batch.store["last_active_at"]),
    }


def hours(batch: Batch, line: Line, segment: Columns, day: Columns) -> Columns:
    """Of each day: its accountable time, downtime and unknown time in the UTC clock hours up to its end, its polls, and
    how many of them say something else than the one before.
    """
    days = len(day["store"])
    ends_at = taken(batch.clocks.date["end"], day["date"])
    end_hour = -(-ends_at // HOUR_US)
    chosen = np.flatnonzero(segment["is_open"])
    start, end = segment["start"][chosen], segment["end"][chosen]
    first = start // HOUR_US
    owner, hour = expand(first, (end - 1) // HOUR_US - first + 1)
    length = np.minimum(end[owner], (hour + 1) * HOUR_US) - np.maximum(start[owner], hour * HOUR_US)
    of_day = segment["day"][chosen[owner]]
    place = of_day * HOURS_OF_DATE + np.clip(HOURS_OF_DATE - (end_hour[of_day] - hour), 0, HOURS_OF_DATE - 1)
    status = segment["status"][chosen[owner]]

    def parts(of: np.ndarray) -> np.ndarray:
        """Times by day and hour, in `HOUR_PARTS`; a clock that goes back within an hour fills one to the full."""
        added = np.bincount(place[of], length[of], days * HOURS_OF_DATE) * (HOUR_PARTS / HOUR_US)
        return np.minimum(np.rint(added), HOUR_PARTS).astype(np.uint8).reshape(days, HOURS_OF_DATE)

    store, at, is_active = (batch.poll[name] for name in ("store", "at", "is_active"))
    is_change = np.zeros(len(at), bool)
    is_change[1:] = (store[1:] == store[:-1]) & (is_active[1:] != is_active[:-1])
    first_date = np.maximum(batch.store["first_date"], batch.store["from_date"])
    count = np.bincount(day["store"], minlength=len(first_date))
    number = date_of(batch, line, batch.store["clock"][store], at) - first_date[store]
    is_there = (number >= 0) & (number < count[store])
    of_poll = (np.cumsum(count) - count)[store[is_there]] + number[is_there]
    special = batch.special["store"] * DATES + batch.special["local_date"]
    return {
        "end_hour": end_hour,
        "open": parts(np.ones(len(place), bool)),
        "down": parts(status == DOWN),
        "unknown": parts(status == UNKNOWN),
        "polls": np.bincount(of_poll, minlength=days),
        "changes": np.bincount(of_poll[is_change[is_there]], minlength=days),
        "is_special": np.isin(day["store"] * DATES + day["local_date"], special),
    }


def changes_to_come(batch: Batch) -> Columns:
    """Of each store whether it is open at as_of, and when it opens or closes next, as far as `batch.coming` tells: NONE
    if it does not.
    """
    stores = np.arange(len(batch.store["clock"]))
    if batch.coming is None:
        return {"is_open": np.zeros(len(stores), bool), "next_change_at": np.full(len(stores), NONE)}
    coming, line = batch.coming, Line(batch.as_of, batch.coming.until, len(stores))
    opening = opening_time(replace(batch, clocks=replace(batch.clocks, piece=coming.piece)))
    places, changes = [line.at(stores, np.full(len(stores), batch.as_of))], [np.zeros(len(stores), np.int64)]
    for spans, what in ((opening, OPENING), (coming.planned, PLANNED)):
        for name, change in (("start", what), ("end", -what)):
            places.append(line.at(spans["store"], spans[name]))
            changes.append(np.full(len(spans["store"]), change))
    place = np.concatenate(places)
    order = np.argsort(place)
    place = place[order]
    holding = np.cumsum(np.concatenate(changes)[order])
    is_last = np.append(place[1:] != place[:-1], True)[: len(place)]
    store, instant = line.parts(place[is_last])
    holding = holding[is_last]
    is_open = (holding & COUNT > 0) & (holding & PLANNED * COUNT == 0)
    at_as_of = np.searchsorted(store, stores)
    is_change = (is_open != is_open[at_as_of[store]]) & (instant < coming.until)
    store, instant = store[is_change], instant[is_change]
    first = np.searchsorted(store, stores)
    has_change = first < np.searchsorted(store, stores, "right")
    next_change_at = np.full(len(stores), NONE)
    next_change_at[has_change] = instant[first[has_change]]
    return {"is_open": is_open[at_as_of], "next_change_at": next_change_at}


def largest_so_far(line: Line, store: np.ndarray, instant: np.ndarray, carried: np.ndarray) -> np.ndarray:
    """The largest instant up to each row of a store, with what is carried from before; NONE if there is none."""
    place = store * line.width + np.where(instant == NONE, 0, instant - line.origin)
    largest = np.maximum.accumulate(place) - store * line.width
    return np.maximum(np.where(largest == 0, NONE, largest + line.origin), carried[store])


def before_or_at(line: Line, run: Columns, store: np.ndarray, instant: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The number, among the chosen runs, of a store's last one that began up to an instant; -1 if there is none."""
    of = run["store"][chosen]
    found = np.searchsorted(line.at(of, run["first"][chosen]), line.at(store, instant), "right") - 1
    return np.where((found >= 0) & (taken(of, found) == store), found, -1)


def taken(values: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Values by number; anything where the number is -1."""
    return values[np.maximum(number, 0)] if len(values) else np.zeros(len(number), values.dtype)


def openings(batch: Batch, segment: Columns, day: Columns) -> Columns:
    """Adds to each day what is said of openings; returns what is said of days before: `store`, `local_date`, figures.

    A stretch of opening time that is there before from_at goes on with what is carried of it, else it is no opening.
    """
    store, start, end = segment["store"], segment["start"], segment["end"]
    segments = len(store)
    from_at = batch.store["from_at"]
    is_first = np.ones(segments, bool)
    is_first[1:] = (store[1:] != store[:-1]) | (start[1:] != end[:-1])
    stretch = np.cumsum(is_first) - 1
    first = np.flatnonzero(is_first)
    until = np.append(first[1:], segments)[: len(first)]
    is_before, is_past = start < from_at[store], start < batch.as_of
    befores = np.add.reduceat(is_before, first, dtype=np.int64) if segments else first
    new = first + befores
    past = first + (np.add.reduceat(is_past, first, dtype=np.int64) if segments else first)
    past = np.maximum(past, new)

    is_open = is_past & ~segment["is_planned"] & ~is_before
    summed = np.concatenate(([0], np.cumsum(np.where(is_open, end - start, 0))))
    number = np.arange(segments)
    is_other = is_open & (segment["status"] != DOWN)
    last_other = np.maximum.accumulate(np.where(is_other, number, -1))
    next_other = np.append(np.minimum.accumulate(np.where(is_other, number, segments)[::-1])[::-1], segments)
    first_other = np.minimum(next_other[new], past)

    of = store[first]
    goes_on_from_before = befores > 0
    is_carried = goes_on_from_before & ((end[until - 1] == from_at[of]) | (new < until))
    carried = {
        name: np.where(goes_on_from_before, batch.store[name][of], 0)
        for name in ("stretch_open_us", "stretch_late_us", "stretch_early_us")
    }
    started_on = np.where(
        goes_on_from_before, np.where(is_carried, batch.store["stretch_on"][of], NONE), segment["date"][first]
    )
    has_carried_other = carried["stretch_late_us"] < carried["stretch_open_us"]

    def so_far(of_stretch: np.ndarray, up_to: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Accountable time of stretches, and that which is down from the start on and up to the end."""
        begin = summed[new[of_stretch]]
        open_us = carried["stretch_open_us"][of_stretch] + summed[up_to] - begin
        late = np.where(has_carried_other[of_stretch], 0, summed[np.minimum(up_to, first_other[of_stretch])] - begin)
        other = np.where(up_to > new[of_stretch], taken(last_other, up_to - 1), -1)
        early = np.where(
            other >= new[of_stretch],
            summed[up_to] - summed[other + 1],
            carried["stretch_early_us"][of_stretch] + summed[up_to] - begin,
        )
        return open_us, carried["stretch_late_us"][of_stretch] + late, early

    stretches = np.arange(len(first))
    open_us, down_first, down_last = so_far(stretches, past)
    last_planned = np.where(
        past > new, taken(segment["is_planned"], past - 1), batch.store["last_open_at"][of] < from_at[of]
    )
    starts_planned = np.where(
        goes_on_from_before, batch.store["stretch_starts_planned"][of], segment["is_planned"][first]
    )
    is_over = end[until - 1] <= batch.as_of
    is_missed = is_over & (open_us > 0) & (down_first == open_us)
    late = np.where(is_missed | starts_planned, 0, down_first)
    early = np.where(is_missed | last_planned | ~is_over, 0, down_last)

    ends_at = taken(batch.clocks.date["end"], number_of_date(batch, store, segment["date"]))
    is_end = is_past & ~is_before & (end == ends_at) & (end <= batch.as_of)
    going = np.flatnonzero(is_end & (started_on[stretch] != NONE))
    goes_on_from_start = np.zeros(len(first), bool)
    goes_on_from_start[stretch[going[segment["date"][going] == started_on[stretch[going]]]]] = True

    told = np.flatnonzero((started_on != NONE) & is_past[first])
    first_date = np.maximum(batch.store["first_date"], batch.store["from_date"])
    days_of = np.bincount(day["store"], minlength=len(from_at))
    offset = np.cumsum(days_of) - days_of
    is_day = (started_on >= first_date[of]) & (started_on < first_date[of] + days_of[of])
    own = told[is_day[told]]
    of_day = offset[of[own]] + started_on[own] - first_date[of[own]]
    count = len(day["store"])

    def added(values: np.ndarray, chosen: np.ndarray | None = None) -> np.ndarray:
        # Accountable time of openings that start on one date, however long they are: exact as whole numbers.
        result = np.zeros(count, np.int64)
        at, value = (of_day, values[own]) if chosen is None else (of_day[chosen], values[own][chosen])
        np.add.at(result, at, value)
        return result

    day |= {"opened_late_us": added(late), "closed_early_us": added(early), "missed_openings": added(is_missed)}
    gone = ~goes_on_from_start[own]
    others = {"other_late_us": late, "other_early_us": early, "other_missed": is_missed}
    going = going[segment["day"][going] >= 0]
    at = segment["day"][going]
    values = dict(
        zip(("stretch_open_us", "stretch_late_us", "stretch_early_us"), so_far(stretch[going], going + 1), strict=True)
    )
    values |= {"stretch_on": started_on[stretch[going]], "stretch_starts_planned": starts_planned[stretch[going]]}
    for name, value in values.items():
        day[name] = np.full(count, NONE)
        day[name][at] = value
    is_from_here = day["stretch_on"] == day["local_date"]
    day |= {name: np.where(is_from_here, added(value, gone), NONE) for name, value in others.items()}

    earlier = told[started_on[told] < batch.store["from_date"][of[told]]]
    return {
        "store": of[earlier],
        "local_date": started_on[earlier],
        "opened_late_us": late[earlier],
        "closed_early_us": early[earlier],
        "missed_openings": is_missed[earlier].astype(np.int64),
    }


def outages(batch: Batch, line: Line, segment: Columns, run: Columns) -> tuple[Columns, Columns]:
    """The downtime of each outage on each date, and whole outages.

    Neighbouring downtimes are one outage unless there is both other accountable time and an active poll between them.
    The last downtime before from_at is carried: it is the first of its store's line. Its outage is left out if it is as
    it was.
    """
    is_active = run["is_active"]
    active_store, active_first, active_last = (run[name][is_active] for name in ("store", "first", "last"))
    open_number = np.flatnonzero(segment["is_open"])
    of_open, is_down = segment["store"][open_number], segment["status"][open_number] == DOWN
    others_before = np.cumsum(~is_down)
    status_after = np.append(segment["status"][open_number[1:]], 0)[: len(open_number)]
    has_next = np.append(of_open[1:] == of_open[:-1], False)[: len(open_number)]
    down = np.flatnonzero(is_down)
    carried = np.flatnonzero(batch.store["outage_down_until"] != NONE)
    down_until = batch.store["outage_down_until"][carried]
    last_active_at = batch.store["last_active_at"]
    is_other_carried = (
        (batch.store["outage_down_until"] != NONE)
        & (batch.store["outage_ended_by"] != NONE)
        & (batch.store["last_open_at"] > batch.store["outage_down_until"])
    )

    # The line of downtimes: of each store the one that is carried, then its own.
    store = np.concatenate((carried, of_open[down]))
    at = np.concatenate((down_until, segment["start"][open_number[down]]))
    is_carried = np.concatenate((np.ones(len(carried), bool), np.zeros(len(down), bool)))
    # Others are counted from the beginning of the batch: those of a carried downtime are those before its store.
    first_open = np.searchsorted(of_open, carried)
    before_store = np.append(0, others_before)[first_open]
    others = np.concatenate((before_store, others_before[down] + is_other_carried[of_open[down]]))
    # An active poll at the end of a carried downtime comes after it, one at the start of another one before.
    active_place = line.at(active_store, active_first)
    actives = np.searchsorted(active_place, line.at(store, at - is_carried), "right")
    known = np.where(actives > 0, taken(active_store, actives - 1) == store, False)
    last_active = np.where(known, taken(active_last, actives - 1), NONE)
    had_active = last_active_at[store] != NONE
    actives = actives + (had_active & (~is_carried | (last_active_at[store] < at)))
    last_active = np.maximum(last_active, last_active_at[store])
    next_open = np.minimum(first_open, max(len(of_open) - 1, 0))
    has_open_next = (first_open < len(of_open)) & (taken(of_open, next_open) == carried)
    followed = np.concatenate(
        (
            np.where(
                is_other_carried[carried],
                batch.store["outage_ended_by"][carried],
                np.where(has_open_next, taken(segment["status"][open_number], next_open), NONE),
            ),
            np.where(has_next, status_after, NONE)[down],
        )
    )
    end = np.concatenate((down_until, segment["end"][open_number[down]]))
    date = np.concatenate((batch.store["outage_down_on"][carried], segment["date"][open_number[down]]))
    order = np.lexsort((~is_carried, store))
    store, at, end, date, is_carried, others, actives, last_active, followed = (
        values[order] for values in (store, at, end, date, is_carried, others, actives, last_active, followed)
    )
    count = len(store)
    is_first = np.ones(count, bool)
    is_first[1:] = (store[1:] != store[:-1]) | ((others[1:] != others[:-1]) & (actives[1:] != actives[:-1]))
    number = np.cumsum(is_first) - 1
    first = np.flatnonzero(is_first)
    started_at = np.where(is_carried[first], batch.store["outage_started_at"][store[first]], at[first])
    started_after = np.where(is_carried[first], batch.store["outage_started_after"][store[first]], last_active[first])

    # Dates of an outage: of one to which the clock comes back the downtimes are not next to each other.
    by_date = np.lexsort((at, date, number))
    is_new = np.ones(count, bool)
    is_new[1:] = (number[by_date][1:] != number[by_date][:-1]) | (date[by_date][1:] != date[by_date][:-1])
    begin = np.flatnonzero(is_new)
    last = by_date[np.append(begin[1:], count)[: len(begin)] - 1]
    length = np.where(is_carried, 0, end - at)
    of = by_date[begin]
    downtime = np.add.reduceat(length[by_date], begin) if count else length
    own = ~is_carried[of]
    outage_day = {
        "store": store[of][own],
        "local_date": date[of][own],
        "started_at": started_at[number[of]][own],
        "downtime_us": downtime[own],
        "down_until": end[last][own],
    }

    final = np.append(first[1:], count)[: len(first)] - 1
    of = store[first]
    ended_at = end[final]
    ended_on = date_of(batch, line, batch.store["clock"][of], ended_at)
    next_active = np.searchsorted(active_place, line.at(of, ended_at))
    has_active = (next_active < len(active_place)) & (
        taken(active_store, np.minimum(next_active, len(active_place) - 1)) == of
    )
    active_after = np.where(has_active, taken(active_first, np.minimum(next_active, len(active_place) - 1)), NONE)
    ended_before = np.where(
        (ended_at == batch.store["outage_down_until"][of]) & (batch.store["outage_ended_before"][of] != NONE),
        batch.store["outage_ended_before"][of],
        active_after,
    )
    whole = np.add.reduceat(length, first) if count else length
    outage = {
        "store": of,
        "started_at": started_at,
        "ended_at": ended_at,
        "downtime_us": whole + np.where(is_carried[first], batch.store["outage_downtime_us"][of], 0),
        "ended_by": followed[final],
        "started_after": started_after,
        "ended_before": ended_before,
        "started_on": np.where(is_carried[first], batch.store["outage_started_on"][of], date[first]),
        "ended_on": np.where(ended_on == NONE, batch.store["outage_ended_on"][of], ended_on),
    }
    is_same = is_carried[final]
    for name in ("ended_at", "ended_on", "ended_by", "ended_before"):
        is_same &= outage[name] == batch.store[f"outage_{name}"][of]
    return outage_day, {name: values[~is_same] for name, values in outage.items()}


def expand(first: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each of `count[i]` numbers from `first[i]` on: i, and the number."""
    owner = np.repeat(np.arange(len(count)), count)
    start = np.cumsum(count) - count
    return owner, np.arange(len(owner)) - start[owner] + first[owner]
