"""Reads what the days of stores are computed from, batch by batch, and writes the rows of `history.new_*`.

Polls come and rows go in PostgreSQL's binary COPY format: the server unnests no arrays, and memory holds one batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from sqlalchemy import Connection, Row

from store_uptime.db.statements import statement
from store_uptime.history import timeline
from store_uptime.history.timeline import (
    NONE,
    Batch,
    BatchTooLargeError,
    Clocks,
    Columns,
    Coming,
    Settled,
)
from store_uptime.ingest.copy_binary import INTERVAL, POSTGRES_EPOCH_US, RowStream, copied_rows, copy_rows, row_type

STORES_AT_ONCE = 2000
DAYS_AT_ONCE = 20_000
POLLS_AT_ONCE = 500_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = EPOCH.toordinal()
NO_INSTANT, NO_DATE = -(1 << 63), -(1 << 31)  # -infinity
MICROSECOND = timedelta(microseconds=1)
MARGIN = timedelta(days=3)  # openings of two dates before may reach into a date
COMING = timedelta(days=1)  # after as_of: within it most stores open or close
POSTGRES_EPOCH_DAYS = 10_957
# A row of the COPY of polls up to its first array: the number of fields, then store_key, file_id and row_no.
STORE_KEY, FILE_ID, ROW_NO, INSTANTS = 6, 18, 26, 30
# Before the elements of an array: the field's length, dimensions, whether there are nulls, type, length, first index.
ARRAY_HEAD, ARRAY_LENGTH = 24, 16

INSTANTS_OF_STORE = (
    *("first_polled_at", "from_at", "last_open_at", "last_active_at", "outage_started_at", "outage_started_after"),
    *("outage_down_until", "outage_ended_at", "outage_ended_before"),
)
DATES_OF_STORE = (
    *("first_date", "last_date", "from_date", "stretch_on", "outage_started_on", "outage_down_on"),
    "outage_ended_on",
)
FIGURES_OF_STORE = ("stretch_open_us", "stretch_late_us", "stretch_early_us", "outage_downtime_us")
# Statuses as numbers of timeline; the last one, -1, is none.
STATUS_TEXTS = [b"unknown", b"up", b"down", None]
INTEGER, BIGINT, BOOLEAN = ">i4", ">i8", "u1"
# What sql/history/2_days/read.sql yields, in its order: of stores up to their files and their clock.
STORE: dict[str, DTypeLike] = {
    "store_key": BIGINT,
    **dict.fromkeys(INSTANTS_OF_STORE, BIGINT),
    **dict.fromkeys(DATES_OF_STORE, INTEGER),
    "stretch_starts_planned": INTEGER,
    **dict.fromkeys(FIGURES_OF_STORE, BIGINT),
    "outage_ended_by": INTEGER,
}
OPENING: dict[str, DTypeLike] = {
    "file_id": INTEGER,
    "store_key": BIGINT,
    "weekday": INTEGER,
    "start_time_local": BIGINT,
    "end_time_local": INTERVAL,
}


class Writer:
    """Rows of one table, as columns in their order."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._fields: list[tuple[np.ndarray, np.ndarray]] = []

    def add(self, values: np.ndarray, kind: str, is_null: np.ndarray | bool = False) -> None:
        """A column of numbers."""
        encoded = values.astype(kind)
        size = encoded.dtype.itemsize
        lengths = np.where(is_null, -1, size)
        self._fields.append((np.broadcast_to(lengths, self._count), encoded.view(np.uint8).reshape(self._count, size)))

    def add_nullable(self, values: np.ndarray, kind: str = BIGINT) -> None:
        self.add(values, kind, values == NONE)

    def add_instants(self, values: np.ndarray) -> None:
        """Microseconds since 1970."""
        self.add(values - POSTGRES_EPOCH_US, BIGINT, values == NONE)

    def add_dates(self, values: np.ndarray) -> None:
        """Days since 1970."""
        self.add(np.where(values == NONE, 0, values) - POSTGRES_EPOCH_DAYS, INTEGER, values == NONE)

    def add_texts(self, texts: Sequence[bytes | None], number: np.ndarray) -> None:
        """A column of bytes: for each row its number among `texts`."""
        lengths = np.array([-1 if text is None else len(text) for text in texts] or [0])
        padded = np.zeros((len(lengths), max(int(lengths.max()), 1)), np.uint8)
        for row, text in zip(padded, texts, strict=False):
            row[: len(text or b"")] = np.frombuffer(text or b"", np.uint8)
        self._fields.append((lengths[number], padded[number]))

    def add_octets(self, values: np.ndarray) -> None:
        """A column of bytes, equally many in each row."""
        self._fields.append((np.full(self._count, values.shape[1]), values))

    def rows(self) -> bytes:
        """The rows in the binary COPY format."""
        width = 2 + sum(4 + values.shape[1] for _, values in self._fields)
        result = np.empty((self._count, width), np.uint8)
        is_there = np.ones((self._count, width), bool)
        result[:, :2] = np.frombuffer(len(self._fields).to_bytes(2, "big"), np.uint8)
        at = 2
        for lengths, values in self._fields:
            result[:, at : at + 4] = lengths.astype(INTEGER).view(np.uint8).reshape(self._count, 4)
            at += 4
            result[:, at : at + values.shape[1]] = values
            if (lengths != values.shape[1]).any():
                is_there[:, at : at + values.shape[1]] = np.arange(values.shape[1]) < lengths[:, None]
            at += values.shape[1]
        return result[is_there].tobytes()


class PollStream(RowStream):
    """Rows of the COPY of polls, brought to multiples of four bytes."""

    def add(self, row: bytes) -> None:
        # Two bytes before: so the numbers in the first array begin at multiples of four.
        self.rows.append(b"\0\0" + row + bytes(-(len(row) + 2) % 4))


@dataclass(frozen=True)
class Stores:
    """Stores to settle, by key. `columns`: as of `STORE`, but for the key, in the numbers of `Batch`; `kind` is the
    number of each one's clock and hours files among `kinds`.
    """

    key: np.ndarray
    columns: Columns
    kind: np.ndarray
    kinds: list[tuple[str, set[int]]]

    def __len__(self) -> int:
        return len(self.key)

    def part(self, first: int, until: int) -> Stores:
        """Some of them."""
        columns = {name: values[first:until] for name, values in self.columns.items()}
        return Stores(self.key[first:until], columns, self.kind[first:until], self.kinds)


def settle(connection: Connection, subshard: dict[str, Any]) -> int:
    """Computes the days and outages of a subshard's stores; returns the number of days."""
    days, days_at_once = 0, POLLS_AT_ONCE // 100
    for stores in _stores(connection, subshard):
        first = 0
        counts = stores.columns["last_date"] - stores.columns["from_date"] + 3
        while first < len(stores):
            dates = np.cumsum(counts[first:])
            until = first + max(int(np.searchsorted(dates, days_at_once, "right")), 1)
            added, polls = _settle_batch(connection, subshard, stores.part(first, until))
            days_at_once = min(DAYS_AT_ONCE, max(int(dates[until - first - 1]) * POLLS_AT_ONCE // max(polls, 1), 1))
            days, first = days + added, until
    return days


def _settle_batch(connection: Connection, subshard: dict[str, Any], stores: Stores) -> tuple[int, int]:
    """Settles some stores; returns how many days they have, and how many polls were looked at."""
    batch, texts = read(connection, subshard, stores)
    try:
        settled = timeline.settle(batch, with_hours=subshard["has_hours"])
    except BatchTooLargeError:
        half = len(stores) // 2
        halves = (stores.part(0, half), stores.part(half, len(stores)))
        parts = [_settle_batch(connection, subshard, part) for part in halves]
        return sum(days for days, _ in parts), sum(polls for _, polls in parts)
    write(connection, stores.key, texts, settled)
    return len(settled.day["store"]), len(batch.poll["at"])


def _stores(connection: Connection, subshard: dict[str, Any]) -> Iterator[Stores]:
    after_key, row = -(1 << 63), row_type(STORE)
    while True:
        stream = RowStream()
        cursor: Any = connection.connection.cursor()  # psycopg2's own: SQLAlchemy has no COPY
        binds = subshard | {"after_key": after_key, "stores": STORES_AT_ONCE}
        cursor.copy_expert(cursor.mogrify(statement("history/2_days/read/stores").text, binds), stream)
        if not stream.rows:
            return
        rows = np.frombuffer(b"".join([one[: row.itemsize] for one in stream.rows]), row)
        numbers: dict[bytes, int] = {}
        kind = integers([numbers.setdefault(one[row.itemsize :], len(numbers)) for one in stream.rows])
        columns = {name: rows[name].astype(np.int64) for name in STORE}
        for name in INSTANTS_OF_STORE:
            columns[name] = np.where(columns[name] == NO_INSTANT, NONE, columns[name] + POSTGRES_EPOCH_US)
        for name in DATES_OF_STORE:
            columns[name] = np.where(columns[name] == NO_DATE, NONE, columns[name] + POSTGRES_EPOCH_DAYS)
        columns["outage_ended_by"] = np.where(columns["outage_ended_by"] < 0, NONE, columns["outage_ended_by"])
        key = columns.pop("store_key")
        yield Stores(key, columns, kind, [_kind(fields) for fields in numbers])
        after_key = int(key[-1])


def _kind(fields: bytes) -> tuple[str, set[int]]:
    """Clock and hours files of a store, from the fields that come last."""
    length = int.from_bytes(fields[:4], "big")
    files, clock = fields[4 : 4 + length], fields[8 + length :]
    return clock.decode(), {int(file_id) for file_id in files.split(b",") if file_id}


def read(
    connection: Connection, subshard: dict[str, Any], stores: Stores
) -> tuple[Batch, tuple[list[bytes], list[bytes]]]:
    """What the days of stores are computed from; and the zone and the time of each date."""
    keys = stores.key
    used = np.unique(stores.kind).tolist()
    clocks = sorted({stores.kinds[one][0] for one in used})
    number = {clock: index for index, clock in enumerate(clocks)}
    from_date = date.fromordinal(int(stores.columns["from_date"].min()) + EPOCH_DAY)
    until_at = subshard["as_of"] + COMING
    of_clocks = subshard | {"clocks": clocks, "from_date": from_date - MARGIN, "until_at": until_at}
    pieces = connection.execute(statement("history/2_days/read/pieces"), of_clocks).all()
    dates = connection.execute(statement("history/2_days/read/dates"), of_clocks).all()
    files = sorted({row.hours_file_id for row in pieces if row.hours_file_id is not None})
    file_number = {file_id: index for index, file_id in enumerate(files)}
    # The last column, number -1, is for dates for which no file holds.
    has_hours = np.array([[*(file_id in named for file_id in files), False] for _, named in stores.kinds], bool)

    of_stores = subshard | {"first_key": int(keys[0]), "last_key": int(keys[-1])}
    cursor: Any = connection.connection.cursor()  # psycopg2's own: SQLAlchemy has no COPY
    weekly = cursor.mogrify(statement("history/2_days/read/weekly").text, of_stores | {"file_ids": files})
    opening = copied_rows(cursor, weekly, OPENING)
    end = opening["end_time_local"]
    openings = {name: opening[name].astype(np.int64) for name in ("file_id", "store_key", "weekday")} | {
        "start": opening["start_time_local"].astype(np.int64),
        "end": end["us"].astype(np.int64) + end["days"].astype(np.int64) * timeline.DAY_US,
    }
    special = connection.execute(statement("history/2_days/read/special"), of_stores).all()
    from_at = EPOCH + int(stores.columns["from_at"].min()) * MICROSECOND - MARGIN
    spans = of_stores | {"from_at": from_at, "until_at": until_at}
    planned = connection.execute(statement("history/2_days/read/planned"), spans).all()

    clock_of_kind = integers([number.get(clock, -1) for clock, _ in stores.kinds])
    store = stores.columns | {"clock": clock_of_kind[stores.kind], "files": has_hours[stores.kind]}
    piece = {
        "clock": integers([number[row.clock] for row in pieces]),
        "local_date": date_numbers([row.local_date for row in pieces]),
        "started_on": date_numbers([row.started_on for row in pieces]),
        "weekday": integers([row.weekday for row in pieces]),
        "file": integers([file_number.get(row.hours_file_id, -1) for row in pieces]),
        "midnight": integers([row.midnight_us for row in pieces]),
        "start": integers([row.start_us for row in pieces]),
        "end": integers([row.end_us for row in pieces]),
    }
    as_of = instant(subshard["as_of"])
    of_hours = hours_columns(keys, files, openings, special, planned)
    coming = Coming(
        instant(until_at),
        chosen(piece, piece["end"] > as_of),
        chosen(of_hours["planned"], of_hours["planned"]["end"] > as_of),
    )
    so_far = chosen(of_hours["planned"], of_hours["planned"]["start"] < as_of)
    batch = Batch(
        as_of=as_of,
        max_gap=None if subshard["max_gap"] is None else subshard["max_gap"] // MICROSECOND,
        clocks=Clocks(
            piece=chosen(piece, piece["start"] <= as_of),
            date={
                "clock": integers([number[row.clock] for row in dates]),
                "local_date": date_numbers([row.local_date for row in dates]),
                "end": integers([row.end_us for row in dates]),
            },
        ),
        store=store,
        weekly=of_hours["weekly"],
        special=of_hours["special"],
        planned=so_far | {"end": np.minimum(so_far["end"], as_of)},
        poll=read_polls(connection, of_stores, keys),
        coming=coming,
    )
    return batch, ([row.timezone.encode() for row in dates], [bytes.fromhex(row.utc_range) for row in dates])


def hours_columns(
    keys: np.ndarray, files: Sequence[int], weekly: Columns, special: Sequence[Row], planned: Sequence[Row]
) -> dict[str, Columns]:
    """`weekly`, `special` and `planned` of a batch of stores with these keys and hours files, from `weekly` with
    `file_id` and `store_key` and rows as of `2_days/read`.
    """

    def store_of(rows: Sequence[Row]) -> np.ndarray:
        return np.searchsorted(keys, np.array([row.store_key for row in rows], np.int64))

    return {
        "weekly": in_order(
            ("file", "store", "weekday"),
            {
                "file": np.searchsorted(integers(files), weekly["file_id"]),
                "store": np.searchsorted(keys, weekly["store_key"]),
                **{name: weekly[name] for name in ("weekday", "start", "end")},
            },
        ),
        "special": in_order(
            ("store", "local_date"),
            {
                "store": store_of(special),
                "local_date": date_numbers([row.local_date for row in special]),
                "start": integers([NONE if row.start_us is None else row.start_us for row in special]),
                "end": integers([row.end_us or 0 for row in special]),
            },
        ),
        "planned": {
            "store": store_of(planned),
            "start": integers([row.start_us for row in planned]),
            "end": integers([row.end_us for row in planned]),
        },
    }


def read_polls(connection: Connection, of_stores: dict[str, Any], keys: np.ndarray) -> Columns:
    """The polls of stores, in order: `store`, `at`, `is_active`. Of several at one instant the last one counts."""
    stream = PollStream()
    cursor: Any = connection.connection.cursor()  # psycopg2's own: SQLAlchemy has no COPY
    cursor.copy_expert(cursor.mogrify(statement("history/2_days/polls").text, of_stores), stream)
    if not stream.rows:
        empty = np.zeros(0, np.int64)
        return {"store": empty, "at": empty, "is_active": empty.astype(bool)}
    lengths = np.array([len(row) for row in stream.rows])
    starts = np.cumsum(lengths) - lengths + 2
    data = np.frombuffer(b"".join(stream.rows), np.uint8)
    stream.rows.clear()

    def number(at: np.ndarray, kind: str) -> np.ndarray:
        size = np.dtype(kind).itemsize
        return np.ascontiguousarray(data[at[:, None] + np.arange(size)]).view(kind)[:, 0].astype(np.int64)

    store = np.searchsorted(keys, number(starts + STORE_KEY, BIGINT))
    count = number(starts + INSTANTS + ARRAY_LENGTH, INTEGER)
    statuses = starts + INSTANTS + ARRAY_HEAD + 12 * count
    file_ids = statuses + ARRAY_HEAD + 5 * count
    is_merged = number(file_ids, INTEGER) >= 0
    file_id, row_no = number(starts + FILE_ID, INTEGER), number(starts + ROW_NO, INTEGER)
    first_at = number(starts + INSTANTS + ARRAY_HEAD + 4, BIGINT)
    order = np.lexsort((row_no, file_id, first_at // timeline.DAY_US, store))

    row, place = timeline.expand(np.zeros(len(order), np.int64), count[order])
    row = order[row]
    words = data[: len(data) // 4 * 4].view(">u4")
    word = (starts[row] + INSTANTS + ARRAY_HEAD + 4) // 4 + 3 * place
    at = (words[word].astype(np.int64) << 32 | words[word + 1].astype(np.int64)) + POSTGRES_EPOCH_US
    is_active = data[statuses[row] + ARRAY_HEAD + 4 + 5 * place] != 0
    poll: Columns = {"store": store[row], "at": at, "is_active": is_active}
    is_there = at <= instant(of_stores["as_of"])
    is_in_order = (poll["store"][1:] > poll["store"][:-1]) | (at[1:] > at[:-1])
    if of_stores["later_file_ids"] or not is_in_order.all():
        file = file_id[row]
        merged = is_merged[row]
        file[merged] = number((file_ids[row] + ARRAY_HEAD + 4 + 8 * place)[merged], INTEGER)
        is_there &= ~np.isin(file, of_stores["later_file_ids"])
        in_time = np.lexsort((place, row_no[row], file, at, poll["store"]))
        in_time = in_time[is_there[in_time]]
        poll = {name: values[in_time] for name, values in poll.items()}
        is_last = np.ones(len(in_time), bool)
        is_last[:-1] = (poll["store"][1:] != poll["store"][:-1]) | (poll["at"][1:] != poll["at"][:-1])
        return {name: values[is_last] for name, values in poll.items()}
    return {name: values[is_there] for name, values in poll.items()}


def write(connection: Connection, keys: np.ndarray, texts: tuple[list[bytes], list[bytes]], settled: Settled) -> None:
    """Writes what was settled for stores with these keys; `texts` has the zone and the time of each date."""
    day, run = settled.day, settled.run
    writer = Writer(len(day["store"]))
    writer.add(keys[day["store"]], BIGINT)
    writer.add_dates(day["local_date"])
    for part in texts:
        writer.add_texts(part, day["date"])
    writer.add(day["is_final"], BOOLEAN)
    for name in ("open_us", "planned_us", "up_us", "down_us", "unknown_us", "opened_late_us", "closed_early_us"):
        writer.add(day[name], BIGINT)
    writer.add(day["missed_openings"], INTEGER)
    writer.add_instants(day["last_open_at"])
    writer.add_instants(day["last_active_at"])
    writer.add_dates(day["stretch_on"])
    writer.add_nullable(day["stretch_starts_planned"], BOOLEAN)
    for name in ("stretch_open_us", "stretch_late_us", "stretch_early_us", "other_late_us", "other_early_us"):
        writer.add_nullable(day[name])
    writer.add_nullable(day["other_missed"], INTEGER)
    _copy(connection, "days", writer)

    earlier = settled.earlier
    writer = Writer(len(earlier["store"]))
    writer.add(keys[earlier["store"]], BIGINT)
    writer.add_dates(earlier["local_date"])
    writer.add(earlier["opened_late_us"], BIGINT)
    writer.add(earlier["closed_early_us"], BIGINT)
    writer.add(earlier["missed_openings"], INTEGER)
    _copy(connection, "stretches", writer)

    is_edge = np.ones(len(run["store"]), bool)  # what a store is now needs its first run and its last
    is_edge[1:-1] = (run["store"][1:-1] != run["store"][:-2]) | (run["store"][1:-1] != run["store"][2:])
    writer = Writer(int(is_edge.sum()))
    writer.add(keys[run["store"][is_edge]], BIGINT)
    writer.add_instants(run["first"][is_edge])
    writer.add_instants(run["last"][is_edge])
    writer.add(run["is_active"][is_edge], BOOLEAN)
    _copy(connection, "runs", writer)

    opening = settled.opening
    writer = Writer(len(keys))
    writer.add(keys, BIGINT)
    writer.add(opening["is_open"], BOOLEAN)
    writer.add_instants(opening["next_change_at"])
    _copy(connection, "openings", writer)

    outage_day = settled.outage_day
    writer = Writer(len(outage_day["store"]))
    writer.add(keys[outage_day["store"]], BIGINT)
    writer.add_dates(outage_day["local_date"])
    writer.add_instants(outage_day["started_at"])
    writer.add(outage_day["downtime_us"], BIGINT)
    writer.add_instants(outage_day["down_until"])
    _copy(connection, "outage_days", writer)

    outage = settled.outage
    writer = Writer(len(outage["store"]))
    writer.add(keys[outage["store"]], BIGINT)
    writer.add_instants(outage["started_at"])
    writer.add_instants(outage["ended_at"])
    writer.add(outage["downtime_us"], BIGINT)
    writer.add_texts(STATUS_TEXTS, np.where(outage["ended_by"] == NONE, -1, outage["ended_by"]))
    writer.add_instants(outage["started_after"])
    writer.add_instants(outage["ended_before"])
    writer.add_dates(outage["started_on"])
    writer.add_dates(outage["ended_on"])
    _copy(connection, "outages", writer)

    if settled.hours is not None:
        hours = settled.hours
        writer = Writer(len(day["store"]))
        writer.add(keys[day["store"]], BIGINT)
        writer.add_dates(day["local_date"])
        writer.add(hours["end_hour"], INTEGER)
        writer.add(hours["is_special"], BOOLEAN)
        writer.add(hours["polls"], INTEGER)
        writer.add(hours["changes"], INTEGER)
        for name in ("open", "down", "unknown"):
            writer.add_octets(hours[name])
        _copy(connection, "day_hours", writer)


def _copy(connection: Connection, name: str, writer: Writer) -> None:
    cursor: Any = connection.connection.cursor()
    copy_rows(cursor, statement(f"history/2_days/write/{name}").text, writer.rows())


def in_order(by: Sequence[str], columns: Columns) -> Columns:
    """Rows by some of their columns."""
    order = np.lexsort([columns[name] for name in reversed(by)])
    return {name: values[order] for name, values in columns.items()}


def chosen(rows: Columns, which: np.ndarray) -> Columns:
    """Some of the rows."""
    return {name: values[which] for name, values in rows.items()}


def integers(values: Sequence[int]) -> np.ndarray:
    return np.array(values, np.int64)


def instant(value: datetime) -> int:
    """Microseconds since 1970."""
    return (value - EPOCH) // MICROSECOND


def instants(values: Sequence[datetime | None]) -> np.ndarray:
    return integers([NONE if value is None else instant(value) for value in values])


def date_numbers(values: Sequence[date | None]) -> np.ndarray:
    """Days since 1970."""
    return integers([NONE if value is None else value.toordinal() - EPOCH_DAY for value in values])
