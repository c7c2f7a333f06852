"""Why a store counts as what it does at an instant: the hours, planned downtime, zone and poll behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from sqlalchemy import Connection, Row

from store_uptime.db.statements import statement
from store_uptime.history.clocks import MARGIN, clock_segments
from store_uptime.history.questions import QuestionError, Settlement, find_hours_periods, read_settlement

CountsAs = Literal["up", "down", "unknown", "planned", "closed"]
OpeningRule = Literal[
    "special hours", "weekly hours", "always open", "closed by special hours", "closed by weekly hours"
]
StatusRule = Literal["last poll", "before the first poll", "beyond max gap", "no poll"]

DAY = timedelta(days=1)
END_OF_DAY = timedelta(hours=23, minutes=59)


class UnknownStoreError(QuestionError):
    """No file has the store: `store_id: no store ... is known`."""

    def __init__(self, store_id: str) -> None:
        super().__init__("store_id", f"no store {store_id!r} is known")


@dataclass(frozen=True)
class OpeningRow:
    """A row of hours: an opening that begins on a date, or, without times, that the store is closed then."""

    file_name: str
    line: int | None
    scope: str
    local_date: date
    start_time_local: timedelta | None
    end_time_local: timedelta | None
    reason: str | None
    is_special: bool


@dataclass(frozen=True)
class PlannedRow:
    """A row of planned downtime, as the store's clock reads it; without an end it goes on."""

    file_name: str
    line: int
    scope: str
    starts_at: datetime
    ends_at: datetime | None
    reason: str | None


@dataclass(frozen=True)
class HeldPoll:
    """The poll whose status an instant has, and the file that it is from."""

    polled_at: datetime
    is_active: bool
    file_name: str
    content_sha256: str
    accepted_order: int
    accepted_at: datetime


@dataclass(frozen=True)
class Explanation:
    """What an instant of a store counts as, None if it lies in no day of it, and why."""

    store_id: str
    at: datetime
    as_of: datetime
    counts_as: CountsAs | None
    local_time: datetime
    timezone: str
    utc_offset: timedelta
    opening_rule: OpeningRule
    opening_rows: list[OpeningRow]
    planned_rows: list[PlannedRow]
    status: Literal["up", "down", "unknown"]
    status_rule: StatusRule
    max_gap: timedelta | None
    poll: HeldPoll | None


def find_store(connection: Connection, store_id: str) -> Row:
    """The store as the newest settlement has it, with the first and last of its days; raises `UnknownStoreError`."""
    store = connection.execute(statement("history/explain/store"), {"store_id": store_id}).one_or_none()
    if store is None:
        raise UnknownStoreError(store_id)
    return store


def explain(connection: Connection, store_id: str, at: datetime) -> Explanation:
    """Why the store counts as what it does at an instant, by the settlement published last.

    Raises `UnknownStoreError`, `QuestionError` for an instant that no clock reads, and `NotSettledError`.
    """
    settlement = read_settlement(connection)
    store = find_store(connection, store_id)
    try:
        utc_offset, timezone = next(
            (offset, zone)
            for utc_from, utc_to, offset, zone in clock_segments(store.clock, at - MARGIN, at + MARGIN)
            if utc_from <= at < utc_to
        )
    except OverflowError as error:
        raise QuestionError("at", "expected an instant in the years that clocks know") from error
    local = (at.astimezone(UTC) + utc_offset).replace(tzinfo=None)
    opening_rule, opening_rows = _find_opening(connection, store, store_id, local)
    planned_rows = _find_planned(connection, store, store_id, at)
    poll = _find_poll(connection, settlement, store, at)
    status, status_rule = _status(poll, settlement.max_gap, at)
    counts_as: CountsAs | None = status
    if opening_rule.startswith("closed"):
        counts_as = "closed"
    elif planned_rows:
        counts_as = "planned"
    if store.first_date is None or at >= settlement.as_of or not store.first_date <= local.date() <= store.last_date:
        counts_as = None
    return Explanation(
        store_id,
        at,
        settlement.as_of,
        counts_as,
        local,
        timezone,
        utc_offset,
        opening_rule,
        opening_rows,
        planned_rows,
        status,
        status_rule,
        settlement.max_gap,
        poll,
    )


def _find_opening(
    connection: Connection, store: Row, store_id: str, local: datetime
) -> tuple[OpeningRule, list[OpeningRow]]:
    """The rule that decides whether the store is open when its clock shows `local`, with the rows that it rests on."""
    today = local.date()
    dates = [today - DAY, today]
    binds = {"store_id": store_id, "newest_timezone": store.newest_timezone, "dates": dates}
    special = [
        OpeningRow(
            row.file_name,
            row.line,
            _scope(row),
            row.local_date,
            _since_midnight(row.start_time_local),
            row.end_time_local,
            row.reason,
            is_special=True,
        )
        for row in connection.execute(statement("history/explain/hours/special"), binds)
    ]
    periods = find_hours_periods(connection)
    file_ids = {
        on: next(period.file_id for period in periods if period.valid_from <= on < period.valid_until) for on in dates
    }
    weekly = connection.execute(
        statement("history/explain/hours/weekly"),
        {"store_key": store.store_key, "file_ids": [file_id for file_id in file_ids.values() if file_id is not None]},
    ).all()
    covering: list[OpeningRow] = []
    for on in dates:
        rows = [row for row in special if row.local_date == on] or [
            OpeningRow(
                row.file_name,
                None,
                store_id,
                on,
                _since_midnight(row.start_time_local),
                row.end_time_local,
                None,
                is_special=False,
            )
            for row in weekly
            if row.file_id == file_ids[on] and row.weekday == on.weekday()
        ]
        covering += [row for row in rows if _covers(row, local)]
    if covering:
        is_special = any(row.is_special for row in covering)
        return ("special hours" if is_special else "weekly hours"), covering
    of_today = [row for row in special if row.local_date == today]
    if of_today:
        return "closed by special hours", of_today
    if file_ids[today] not in store.hours_file_ids:
        return "always open", []
    return "closed by weekly hours", []


def _covers(row: OpeningRow, local: datetime) -> bool:
    start, end = row.start_time_local, row.end_time_local
    if start is None or end is None:
        return False
    if END_OF_DAY <= end <= DAY:
        end = DAY
    elif end <= start:
        end += DAY
    return start <= local - datetime.combine(row.local_date, time()) < end


def _find_planned(connection: Connection, store: Row, store_id: str, at: datetime) -> list[PlannedRow]:
    """The planned downtime in which the instant lies."""
    binds = {"store_id": store_id, "newest_timezone": store.newest_timezone}
    found = []
    for row in connection.execute(statement("history/explain/hours/planned"), binds):
        starts_at = row.starts_at or read_on_clock(store.clock, row.starts_local, is_end=False)
        ends_at = row.ends_at
        if row.ends_local is not None:
            ends_at = read_on_clock(store.clock, row.ends_local, is_end=True)
        if starts_at <= at and (ends_at is None or at < ends_at):
            found.append(PlannedRow(row.file_name, row.line, _scope(row), starts_at, ends_at, row.reason))
    return found


def read_on_clock(clock: str, local: datetime, *, is_end: bool) -> datetime:
    """When a clock shows a local time: a start the first time, an end the last; if it is skipped, when that happens."""
    near = local.replace(tzinfo=UTC)
    segments = clock_segments(clock, near - MARGIN, near + MARGIN)
    if is_end:
        return max(min(utc_to, near - offset) for utc_from, utc_to, offset, _ in segments if utc_from < near - offset)
    return min(max(utc_from, near - offset) for utc_from, utc_to, offset, _ in segments if near - offset < utc_to)


def _find_poll(connection: Connection, settlement: Settlement, store: Row, at: datetime) -> HeldPoll | None:
    """The last poll up to the instant, and to as_of; before the first one, that."""
    binds = {
        "store_key": store.store_key,
        "accepted_order": settlement.accepted_order,
        "until": min(at, settlement.as_of),
    }
    row = connection.execute(statement("history/explain/polls/last"), binds).one_or_none()
    if row is None:
        row = connection.execute(statement("history/explain/polls/first"), binds).one_or_none()
    return HeldPoll(*row) if row is not None and row.polled_at <= settlement.as_of else None


def _status(
    poll: HeldPoll | None, max_gap: timedelta | None, at: datetime
) -> tuple[Literal["up", "down", "unknown"], StatusRule]:
    if poll is None:
        return "unknown", "no poll"
    if max_gap is not None and not poll.polled_at - max_gap <= at < poll.polled_at + max_gap:
        return "unknown", "beyond max gap"
    return ("up" if poll.is_active else "down"), ("before the first poll" if at < poll.polled_at else "last poll")


def _since_midnight(at: time | timedelta | None) -> timedelta | None:
    if isinstance(at, time):
        return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond)
    return at


def _scope(row: Row) -> str:
    if row.group_kind is not None:
        return f"{row.group_kind} {row.group_name}"
    return row.store_id or "*"
