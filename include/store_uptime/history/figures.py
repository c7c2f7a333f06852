"""The sums of days and outages by scope and period: read store by store as columns, and put together exactly."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection

from store_uptime.db.statements import statement
from store_uptime.ingest.copy_binary import copied_rows

Columns = dict[str, np.ndarray]

# What sql/history/availability/days.sql and outages.sql yield, in their order.
OF_DAYS = ("days", "open_us", "planned_us", "up_us", "down_us", "unknown_us", "opened_late_us", "closed_early_us")
DAYS = (
    *("store_key", "cut_no", "last_date", "last_final_date", *OF_DAYS, "missed_openings"),
    *("has_target", "target_thousandths"),
)
OUTAGES = ("store_key", "period_no", "outages", "longest_outage_us", "repaired_outages", "repaired_us")
# How rows of a store, or of a scope, and a period are put together; others are added up.
NOT_ADDED = {
    **dict.fromkeys(("last_date", "has_target", "longest_outage_us", "greatest_target"), np.maximum),
    "least_target": np.minimum,
}
NO_TARGET = -1  # as the greatest of a row's targets; the least one is then LARGEST
LARGEST = (1 << 63) - 1
ROOM = 8  # so many sums may be added up again
ROWS_AT_ONCE = 131_072
KEYS = ("store_key", "store", "scope", "period_no")
WHOLE = 100_000  # thousandths of a percent
BUDGET_UNIT = 10_000  # a budget is told in so many, and what is left: 64 bits may be too few for it
# Percentages from 0.00 to 100.00 by hundredths, and last of all, number -1, none.
TEXTS = np.array([*(f"{number // 100}.{number % 100:02d}" for number in range(100_01)), None], object)


@dataclass(frozen=True)
class Sums:
    """The sums of each scope and period, by scope in byte order, then period.

    `scopes` has the name of each row; `columns` has `period_no` and the rest, of Python's whole numbers (dtype object)
    where 64 bits may be too few.
    """

    scopes: list[str]
    columns: Columns

    def __len__(self) -> int:
        return len(self.scopes)

    def part(self, start: int, end: int) -> Sums:
        """Some of the rows."""
        return Sums(self.scopes[start:end], {name: values[start:end] for name, values in self.columns.items()})

    def lists(self) -> dict[str, list[Any]]:
        """The columns as Python's values, with percentages of uptime as texts."""
        up, down, unknown = (self.columns[name] for name in ("up_us", "down_us", "unknown_us"))
        found: dict[str, list[Any]] = {name: values.tolist() for name, values in self.columns.items()}
        found["is_final"] = (self.columns["is_final"] > 0).tolist()
        found["uptime_percent"] = percent_texts(up, up + down)
        found["uptime_percent_low"] = percent_texts(up, up + down + unknown)
        found["uptime_percent_high"] = percent_texts(up + unknown, up + down + unknown)
        return found


def read_sums(connection: Connection, binds: dict[str, Any], last_dates: Sequence[int]) -> Sums:
    """The sums of scopes, by the binds of the statements; `last_dates` are those of the periods, as days since 1970.

    Among the columns: `stores`; `coming_without_target`, the dates of periods that run that are to come for stores that
    come under no target; and what a budget rests on, times 100,000, in 10^4 (`budget`) and what is left.
    """
    members = connection.execute(statement("history/availability/list_members"), binds).all()
    number: dict[str, int] = {}
    scope_of = [number.setdefault(name, len(number)) for name, _ in members]
    names, key_of = list(number), [store_key for _, store_key in members]
    scopes, keys, ends = (np.array(values, np.int64) for values in (scope_of, key_of, last_dates))
    stores, at_once = np.unique(keys), max(ROWS_AT_ONCE // len(ends), 1)
    parts = []
    for first in range(0, max(len(stores), 1), at_once):
        # A part of the stores at a time, so that memory holds no more than so many rows.
        some = {} if len(stores) <= at_once else {"store_keys": stores[first : first + at_once].tolist()}
        store = _read_stores(connection, binds | some, ends, stores)
        scope, row = _rows_of_members(scopes, keys, store["store_key"])
        of_scopes = {name: values[row] for name, values in store.items()} | {"scope": scope}
        parts.append(put_together(of_scopes, "scope", len(ends)))
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    columns = put_together(columns, "scope", len(ends))
    return Sums([names[one] for one in columns["scope"].tolist()], columns)


def _read_stores(connection: Connection, binds: dict[str, Any], last_dates: np.ndarray, stores: np.ndarray) -> Columns:
    """The sums of each store (of these keys) and period in which it has a day."""
    day = _copied(connection, "days", DAYS, binds)
    period_of = np.array([bisect_right(binds["edges"], cut) for cut in binds["cuts"]], np.int64)
    day["period_no"] = period_of[day.pop("cut_no") - 1]
    day["is_final"] = (day.pop("last_final_date") == last_dates[day["period_no"] - 1]).astype(np.int64)
    target = day.pop("target_thousandths")
    is_promised = target != NO_TARGET
    share = np.where(is_promised, WHOLE - target, 0)
    day |= {
        "greatest_target": target,
        "least_target": np.where(is_promised, target, LARGEST),
        "days_with_target": np.where(is_promised, day["days"], 0),
        "budget": day["open_us"] // BUDGET_UNIT * share,
        "budget_rest": day["open_us"] % BUDGET_UNIT * share,
    }
    day |= {f"promised_{name}": np.where(is_promised, day[name], 0) for name in ("open_us", "down_us", "unknown_us")}
    store = put_together(_numbered(day, stores), "store", len(last_dates), np.maximum)
    outage = _copied(connection, "outages", OUTAGES, binds)
    outage = put_together(_numbered(outage, stores), "store", len(last_dates))
    place, of_outage = (_place(rows, "store", len(last_dates)) for rows in (store, outage))
    found = np.minimum(np.searchsorted(of_outage, place), max(len(of_outage) - 1, 0))
    has_outage = of_outage[found] == place if len(of_outage) else np.zeros(len(place), bool)
    for name in OUTAGES[2:]:
        store[name] = np.where(has_outage, outage[name][found], 0) if len(of_outage) else np.zeros(len(place), np.int64)
    to_come = last_dates[store["period_no"] - 1] - store["last_date"]
    store["coming_without_target"] = np.where(store["has_target"] > 0, 0, to_come)
    store["stores"] = np.ones(len(to_come), np.int64)
    return store


def _copied(connection: Connection, name: str, columns: Sequence[str], binds: dict[str, Any]) -> Columns:
    """What a statement copies out, bigints all of them."""
    cursor: Any = connection.connection.cursor()  # psycopg2's own: SQLAlchemy has no COPY
    copy = cursor.mogrify(statement(f"history/availability/{name}").text, binds)
    rows = copied_rows(cursor, copy, dict.fromkeys(columns, ">i8"))
    return {name: rows[name].astype(np.int64) for name in columns}


def _rows_of_members(scopes: np.ndarray, keys: np.ndarray, store_key: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each member of a scope (`scopes`, `keys`) its rows: the scope, and the row's number among `store_key`."""
    in_order = np.argsort(store_key, kind="stable")
    of_store = store_key[in_order]
    first = np.searchsorted(of_store, keys)
    count = np.searchsorted(of_store, keys, "right") - first
    member = np.repeat(np.arange(len(keys)), count)
    place = np.arange(len(member)) - (np.cumsum(count) - count)[member] + first[member]
    return scopes[member], in_order[place]


def _numbered(rows: Columns, stores: np.ndarray) -> Columns:
    """The rows of these stores (keys in order), each with the store's number."""
    number = np.searchsorted(stores, rows["store_key"]).clip(max=max(len(stores) - 1, 0))
    is_one = stores[number] == rows["store_key"] if len(stores) else np.zeros(len(number), bool)
    rows = rows | {"store": number}
    return rows if is_one.all() else {name: values[is_one] for name, values in rows.items()}


def _place(rows: Columns, by: str, periods: int) -> np.ndarray:
    """A number for each `by` and period, in their order; there is a period before the first, and one after the last."""
    place: np.ndarray = rows[by] * (periods + 2) + rows["period_no"]
    return place


def put_together(rows: Columns, by: str, periods: int, is_final: np.ufunc = np.minimum) -> Columns:
    """One row for each `by` (a number) and period, in this order; `is_final` says how it is put together."""
    place = _place(rows, by, periods)
    if not (place[1:] > place[:-1]).all():
        order = np.argsort(place, kind="stable")
        place = place[order]
        rows = {name: values[order] for name, values in rows.items()}
    is_first = np.ones(len(place), bool)
    is_first[1:] = place[1:] > place[:-1]
    starts = np.flatnonzero(is_first)
    if len(starts) == len(place):
        return rows
    how = NOT_ADDED | {"is_final": is_final}
    return {
        name: values[starts]
        if name in KEYS
        else how[name].reduceat(values, starts)
        if name in how
        else _added(values, starts)
        for name, values in rows.items()
    }


def _added(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """The sums of the rows from each start up to the next one."""
    if int(np.abs(values).max()) * len(values) > LARGEST // ROOM:
        values = values.astype(object)
    added: np.ndarray = np.add.reduceat(values, starts)
    return added


def percent_texts(part: np.ndarray, whole: np.ndarray) -> list[str | None]:
    """`percentages.percent_text` of many numbers at once, of which none is larger than its whole."""
    largest = max(int(whole.max()), 1) if len(whole) else 1
    if largest * 20_001 >= 1 << 63:
        part, whole = part.astype(object), whole.astype(object)
    hundredths = (part * 20_000 + whole) // np.maximum(whole * 2, 1)
    hundredths = np.where((part > 0) & (part < whole), np.clip(hundredths, 1, 99_99), hundredths)
    texts: list[str | None] = TEXTS[np.where(whole > 0, hundredths, -1).astype(np.int64)].tolist()
    return texts
