"""The sums of days and outages by scope and period: read store by store as columns, and put together exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection

from store_uptime.db.statements import statement

Columns = dict[str, np.ndarray]

# What sql/history/availability/figures.sql yields, in its order.
COLUMNS = (
    *("store_key", "period_no", "is_final", "has_target", "last_date", "days", "open_us", "planned_us", "up_us"),
    *("down_us", "unknown_us", "opened_late_us", "closed_early_us", "missed_openings", "outages", "longest_outage_us"),
    *("repaired_outages", "repaired_us", "least_target", "greatest_target", "days_with_target", "promised_open_us"),
    *("promised_down_us", "promised_unknown_us", "budget_billions", "budget_rest"),
)
ADDED = (
    *("stores", "days", "open_us", "planned_us", "up_us", "down_us", "unknown_us", "opened_late_us"),
    *("closed_early_us", "missed_openings", "outages", "repaired_outages", "repaired_us", "days_with_target"),
    *("promised_open_us", "promised_down_us", "promised_unknown_us", "budget_billions", "budget_rest"),
    "coming_without_target",
)
# Fields of a row of a COPY in binary format: their number, then the length of each before it.
ROW = np.dtype(
    [("fields", ">i2"), *(field for name in COLUMNS for field in ((f"{name}_length", ">i4"), (name, ">i8")))]
)
NO_TARGET = -1  # as the greatest of a row's targets; the least one is then LARGEST
LARGEST = (1 << 63) - 1
ROOM = 8  # so many sums may be added up again
ROWS_AT_ONCE = 65_536
# Percentages from 0.00 to 100.00 by hundredths, and last of all, number -1, none.
TEXTS = np.array([*(f"{number // 100}.{number % 100:02d}" for number in range(100_01)), None], object)
# What binary COPY output begins with.
COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)


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


class RowStream:
    """What psycopg2 writes the COPY of stores' sums to; `take` gets so many rows at a time, as columns."""

    def __init__(self, take: Callable[[Columns], None]) -> None:
        self._take = take
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        """Takes one row: it comes whole, the first one with the header before it; the trailer comes last."""
        self._pieces.append(piece[len(COPY_HEADER) :] if piece.startswith(COPY_HEADER) else piece)
        if len(self._pieces) >= ROWS_AT_ONCE:
            self.flush()
        return len(piece)

    def flush(self) -> None:
        """Hands over what has come."""
        data = b"".join(self._pieces)
        self._pieces.clear()
        rows = np.frombuffer(data, ROW, len(data) // ROW.itemsize)
        self._take({name: rows[name].astype(np.int64) for name in COLUMNS})


def read_sums(connection: Connection, binds: dict[str, Any], last_dates: Sequence[int]) -> Sums:
    """The sums of scopes, by the binds of the statements; `last_dates` are those of the periods, as days since 1970.

    Beside what the statement yields: `stores`, and `coming_without_target`, the dates of periods that run that are to
    come for stores that come under no target.
    """
    members = connection.execute(statement("history/availability/list_members"), binds).all()
    names = list(dict.fromkeys(member.name for member in members))
    number = {name: index for index, name in enumerate(names)}
    scopes = np.array([number[member.name] for member in members], np.int64)
    keys = np.array([member.store_key for member in members], np.int64)
    periods_end = np.array(last_dates, np.int64)
    parts: list[Columns] = []

    def take(store: Columns) -> None:
        to_come = periods_end[store["period_no"] - 1] - store["last_date"]
        store["coming_without_target"] = np.where(store["has_target"] > 0, 0, to_come)
        store["stores"] = np.ones(len(to_come), np.int64)
        scope, row = _rows_of_members(scopes, keys, store["store_key"])
        parts.append(put_together({name: values[row] for name, values in store.items()} | {"scope": scope}))

    stream = RowStream(take)
    cursor: Any = connection.connection.cursor()  # psycopg2's own: SQLAlchemy has no COPY
    cursor.copy_expert(cursor.mogrify(statement("history/availability/figures").text, binds), stream)
    stream.flush()
    columns = put_together({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
    return Sums([names[one] for one in columns["scope"].tolist()], columns)


def _rows_of_members(scopes: np.ndarray, keys: np.ndarray, store_key: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each member of a scope (`scopes`, `keys`) its rows: the scope, and the row's number among `store_key`."""
    in_order = np.argsort(store_key, kind="stable")
    of_store = store_key[in_order]
    first = np.searchsorted(of_store, keys)
    count = np.searchsorted(of_store, keys, "right") - first
    member = np.repeat(np.arange(len(keys)), count)
    place = np.arange(len(member)) - (np.cumsum(count) - count)[member] + first[member]
    return scopes[member], in_order[place]


def put_together(row: Columns) -> Columns:
    """One row for each scope and period, in this order."""
    order = np.lexsort((row["period_no"], row["scope"]))
    row = {name: values[order] for name, values in row.items()}
    is_first = np.ones(len(order), bool)
    is_first[1:] = (row["scope"][1:] != row["scope"][:-1]) | (row["period_no"][1:] != row["period_no"][:-1])
    starts = np.flatnonzero(is_first)
    if len(starts) == len(order):
        return row
    columns = {name: row[name][starts] for name in ("scope", "period_no")}
    for name in ADDED:
        columns[name] = _added(row[name], starts)
    for name in ("longest_outage_us", "greatest_target"):
        columns[name] = np.maximum.reduceat(row[name], starts)
    for name in ("is_final", "least_target"):
        columns[name] = np.minimum.reduceat(row[name], starts)
    return columns


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
