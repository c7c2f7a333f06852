"""Judges the dates that are to be judged, and keeps what is found, in one transaction.

A date is judged once, when it is over on the calendar of every store; and again, with all dates after it, when its days
were restated. So what is said of a date does not depend on whether dates were judged night by night or at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Connection, Engine, Row

from store_uptime.concurrency import ahead
from store_uptime.db.statements import statement
from store_uptime.history.questions import find_settlement

if TYPE_CHECKING:
    from store_uptime.insight.judging import Finding, Group, Hours

LEAST_BASELINE = 28  # dates with hours before the first that is judged
DATES_AT_ONCE = 14
STORES_AT_ONCE = 500
# A date's bytes as sql/insight/judging.sql has them; of its hours the last 24 are looked at.
HEAD, HOURS_OF_DATE, DAY_HOURS = 16, 26, 24
IS_SPECIAL, IS_DOWN, IS_UNKNOWN = 1, 2, 4
DAY = timedelta(days=1)


def judge_dates(engine: Engine, now: datetime) -> dict[str, int]:
    """Judges all dates that are to be judged; returns how many, and the number of anomalies on them.

    Calls wait for each other.
    """
    with engine.begin() as turn:
        turn.execute(statement("insight/judging/lock"))
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
            return _judge(connection, now)


def _judge(connection: Connection, now: datetime) -> dict[str, int]:
    counts = {"dates": 0, "anomalies": 0}
    settlement = find_settlement(connection)
    dates = connection.execute(statement("insight/judging/find_dates"), {"least_days": LEAST_BASELINE}).one()
    if settlement is None or dates.from_date is None or dates.from_date > dates.until_date:
        return counts
    from store_uptime.insight.judging import BASELINE_DAYS  # SciPy, which loads slowly

    from_date: date = dates.from_date
    for name in ("delete_anomalies", "delete_dates"):
        connection.execute(statement(f"insight/judging/{name}"), {"from_date": from_date})
    while from_date <= dates.until_date:
        until_date = min(from_date + (DATES_AT_ONCE - 1) * DAY, dates.until_date)
        window = _Window(connection, max(from_date - BASELINE_DAYS * DAY, dates.hours_from), until_date)
        for number in range((from_date - window.first_date).days, (until_date - window.first_date).days + 1):
            found, tests = window.judge(number)
            local_date = window.first_date + number * DAY
            row = {"local_date": local_date, "settlement_id": settlement.settlement_id, "judged_at": now}
            connection.execute(statement("insight/judging/add_date"), row | {"tests": tests})
            if found:
                rows = [{"local_date": local_date, "anomaly_no": place, **one} for place, one in enumerate(found)]
                connection.execute(statement("insight/judging/add_anomaly"), rows)
            counts["dates"] += 1
            counts["anomalies"] += len(found)
        from_date = until_date + DAY
    return counts


class _Window:
    """Dates with the eight weeks before them."""

    def __init__(self, connection: Connection, first_date: date, until_date: date) -> None:
        from store_uptime.insight.judging import Judge

        self.first_date = first_date
        dates = {"from_date": first_date, "until_date": until_date}
        self.keys, self.hours = read_hours(connection, dates, (until_date - first_date).days + 1)
        self.groups = read_groups(connection, self.keys)
        self._leave_out(connection.execute(statement("insight/judging/read_anomalies"), dates).all())
        self._judge = Judge(self.hours, self.groups)

    def judge(self, number: int) -> tuple[list[dict[str, Any]], int]:
        """The anomalies of a date as rows, and how many tests there were."""
        found = self._judge.judge(number)
        return [self._row(finding) for finding in found], self._judge.tests

    def _leave_out(self, anomalies: Sequence[Any]) -> None:
        """As when these were found, in the same order."""
        number = {(group.kind, group.name): group.members for group in self.groups}
        for row in anomalies:
            if row.store_key is not None:
                members = np.flatnonzero(self.keys == row.store_key)
            else:
                members = number.get((row.group_kind, row.group_name), np.zeros(0, np.int64))
            hours = None if row.begin_hour is None else (row.begin_hour, row.end_hour)
            self.hours.note(row.kind, members, row.date_number, hours)

    def _row(self, finding: Finding) -> dict[str, Any]:
        group = None if finding.group is None else self.groups[finding.group]
        begin, end = finding.hours or (None, None)
        observed, expected = finding.of_days if finding.store is not None else (finding.observed, finding.expected)
        return {
            "kind": finding.kind,
            "store_key": None if finding.store is None else int(self.keys[finding.store]),
            "group_kind": None if group is None else group.kind,
            "group_name": None if group is None else group.name,
            "observed": finding.observed,
            "expected": finding.expected,
            "score": finding.score,
            "days": finding.days,
            "is_weekly": finding.is_weekly,
            "observed_of_days": observed,
            "expected_of_days": expected,
            "fault": finding.fault,
            "begin_hour": begin,
            "end_hour": end,
            "stores": finding.stores,
            "of_stores": finding.of_stores,
        }


def read_hours(connection: Connection, dates: dict[str, date], days: int) -> tuple[np.ndarray, Hours]:
    """The keys of the stores with hours on some dates, and these hours."""
    from store_uptime.insight.judging import Hours

    keys: list[int] = []
    parts: list[dict[str, np.ndarray]] = []
    for some, read in read_stores(connection, dates, days):
        keys += some
        parts.append(read)
    parts = parts or [unpacked([], days)]
    key_of = np.array(keys, np.int64)
    # One array after the other, so that none is there twice for long.
    hours = Hours(**{name: np.concatenate([part.pop(name) for part in parts]) for name in list(parts[0])})
    late = connection.execute(statement("insight/judging/read_openings"), dates).all()
    if late:
        key, number, late_us, early_us = np.array([tuple(row) for row in late], np.int64).T
        at = (np.searchsorted(key_of, key).clip(max=max(len(keys) - 1, 0)), number)
        is_known = key_of[at[0]] == key if len(keys) else np.zeros(len(key), bool)
        at = (at[0][is_known], at[1][is_known])
        hours.late[at], hours.early[at] = late_us[is_known] / 3.6e9, early_us[is_known] / 3.6e9
    return key_of, hours


def read_stores(
    connection: Connection, dates: dict[str, date], days: int
) -> Iterator[tuple[list[int], dict[str, np.ndarray]]]:
    """The stores with hours on some dates, by key, some at a time: their keys, and the hours as `unpacked` has them."""
    rows = connection.execute(
        statement("insight/judging/read_hours"), dates, execution_options={"yield_per": STORES_AT_ONCE}
    )
    with ThreadPoolExecutor(max_workers=1) as executor:
        for some in ahead(rows.partitions(STORES_AT_ONCE), executor):
            yield [row.store_key for row in some], unpacked(some, days)


def unpacked(stores: Sequence[Row], days: int) -> dict[str, np.ndarray]:
    """The days of stores, as the statement has put them into bytes, as arrays (store, date) and (store, date, hour)."""
    read = _of_dates((row.days for row in stores), HEAD + HOURS_OF_DATE)
    store = np.repeat(np.arange(len(stores)), [len(row.days) // (HEAD + HOURS_OF_DATE) for row in stores])
    flags, *counts = np.ascontiguousarray(read[:, :HEAD]).view(">i4").T
    number = flags >> 3
    shape = (len(stores), days)
    result: dict[str, np.ndarray] = {name: np.zeros(shape, np.int32) for name in ("end_hour", "polls", "changes")}
    for values, column in zip(result.values(), counts, strict=True):
        values[store, number] = column
    result |= {name: np.zeros(shape, bool) for name in ("is_there", "is_special")}
    result["is_there"][store, number] = True
    result["is_special"][store, number] = flags & IS_SPECIAL
    result |= {name: np.zeros((*shape, DAY_HOURS), np.uint8) for name in ("open", "down", "unknown")}
    result["open"][store, number] = read[:, -DAY_HOURS:]
    for name, flag in (("down", IS_DOWN), ("unknown", IS_UNKNOWN)):
        has_any = np.flatnonzero(flags & flag)
        of_dates = _of_dates((getattr(row, name) or b"" for row in stores), HOURS_OF_DATE)
        result[name][store[has_any], number[has_any]] = of_dates[:, -DAY_HOURS:]
    return result | {name: np.zeros(shape, np.float32) for name in ("late", "early")}


def _of_dates(octets: Iterable[bytes | memoryview], width: int) -> np.ndarray:
    """The bytes of dates, each so many."""
    return np.frombuffer(b"".join(octets), np.uint8).reshape(-1, width)


def read_groups(connection: Connection, keys: np.ndarray) -> list[Group]:
    """The groups that are looked at, with the numbers of their stores among these."""
    from store_uptime.insight.judging import LEAST_STORES, Group

    rows = connection.execute(statement("insight/judging/read_groups"), {"least_stores": LEAST_STORES})
    groups = []
    for row in rows:
        members = np.flatnonzero(np.isin(keys, np.array(row.store_keys, np.int64), assume_unique=True))
        if len(members) >= LEAST_STORES:
            groups.append(Group(row.kind, row.name, members))
    return groups
