"""The time of one store on some dates, span by span, and added up by hour of its week."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from sqlalchemy import Connection

from store_uptime.db.statements import statement
from store_uptime.history.clocks import MARGIN, clock_binds, clock_segments, start_of
from store_uptime.history.explain import find_store
from store_uptime.history.questions import Settlement, check_dates, hours_binds, read_settlement

SpanKind = Literal["opening", "special", "planned", "up", "down", "unknown"]
Measure = Literal["planned", "up", "down", "unknown"]
MEASURES: tuple[Measure, ...] = ("planned", "up", "down", "unknown")

HOUR = timedelta(hours=1)
WEEK_HOURS = 168
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Span:
    """A half-open range of time."""

    from_at: datetime
    to_at: datetime


@dataclass(frozen=True)
class OffsetSpan(Span):
    """A time in which the store's clock has one offset from UTC."""

    utc_offset: timedelta
    timezone: str


@dataclass(frozen=True)
class StorePoll:
    """One poll."""

    polled_at: datetime
    is_active: bool


@dataclass(frozen=True)
class StoreTime:
    """What the time of a store on the dates that have a day counts as; up, down and unknown are open time together.

    Without such a date `from_date` and `until_date` are None, and there are no spans.
    """

    settlement: Settlement
    store_id: str
    from_date: date | None = None
    until_date: date | None = None
    store_key: int | None = None
    offsets: list[OffsetSpan] = field(default_factory=list)
    spans: dict[SpanKind, list[Span]] = field(default_factory=dict)


@dataclass(frozen=True)
class HourOfWeek:
    """An hour of the week on the store's clock, with its time on all the dates, in microseconds."""

    weekday: int  # 0 = Monday
    hour: int
    planned_us: int
    up_us: int
    down_us: int
    unknown_us: int


def find_time(connection: Connection, store_id: str, from_date: date, until_date: date) -> StoreTime:
    """The spans of a store on the dates from one to another, both included, as far as it has days.

    Days whose polls retention has deleted have only unknown time. Raises `UnknownStoreError`, `QuestionError` and
    `NotSettledError`.
    """
    check_dates(from_date, until_date)
    settlement = read_settlement(connection)
    store = find_store(connection, store_id)
    if store.first_date is None or until_date < store.first_date or store.last_date < from_date:
        return StoreTime(settlement, store_id)
    from_date, until_date = max(from_date, store.first_date), min(until_date, store.last_date)
    start, end = start_of(from_date) - MARGIN, start_of(until_date) + MARGIN
    rows = connection.execute(
        statement("history/time/spans"),
        clock_binds([store.clock], start, end)
        | hours_binds(connection)
        | {
            "store_key": store.store_key,
            "hours_file_ids": store.hours_file_ids,
            "as_of": settlement.as_of,
            "accepted_order": settlement.accepted_order,
            "max_gap": settlement.max_gap,
            "first_polled_at": store.first_polled_at,
            "from_date": from_date,
            "until_date": until_date,
        },
    )
    spans: dict[SpanKind, list[Span]] = {
        "opening": [],
        "special": [],
        "planned": [],
        "up": [],
        "down": [],
        "unknown": [],
    }
    for row in rows:
        spans[row.kind].append(Span(row.from_at.astimezone(UTC), row.to_at.astimezone(UTC)))
    dates = list(dates_on_clock(store.clock, from_date, until_date))
    return StoreTime(settlement, store_id, from_date, until_date, store.store_key, dates, spans)


def find_local_date(connection: Connection, store_id: str, at: datetime) -> date:
    """The date that the store's clock reads at an instant. Raises `UnknownStoreError`."""
    clock = find_store(connection, store_id).clock
    for from_at, to_at, offset, _ in clock_segments(clock, at - MARGIN, at + MARGIN):
        if from_at <= at < to_at:
            return (at.astimezone(UTC) + offset).date()
    raise AssertionError(f"{clock} does not reach {at}")


def find_polls(connection: Connection, found: StoreTime, rows: int) -> list[StorePoll]:
    """The polls of the store within the dates, the first `rows` of them."""
    if not found.offsets:
        return []
    binds = {
        "store_key": found.store_key,
        "accepted_order": found.settlement.accepted_order,
        "from_at": found.offsets[0].from_at,
        "to_at": min(found.offsets[-1].to_at, found.settlement.as_of + MICROSECOND),
        "poll_rows": rows,
    }
    return [StorePoll(*row) for row in connection.execute(statement("history/time/polls"), binds)]


def dates_on_clock(clock: str, from_date: date, until_date: date) -> Iterator[OffsetSpan]:
    """The segments of a clock, cut to what it reads on the dates."""
    first, end = start_of(from_date), start_of(until_date + timedelta(days=1))
    for utc_from, utc_to, offset, timezone in clock_segments(clock, first - MARGIN, end + MARGIN):
        from_at, to_at = max(utc_from, first - offset), min(utc_to, end - offset)
        if from_at < to_at:
            yield OffsetSpan(from_at, to_at, offset, timezone)


def hours_of_week(found: StoreTime) -> list[HourOfWeek]:
    """The time of a store by hour of its week: 168 rows from Monday, 00:00, on."""
    sums = {measure: [0] * WEEK_HOURS for measure in MEASURES}
    for measure, of_hour in sums.items():
        for start, end in _on_clock(found, measure):
            while start < end:
                number = start.weekday() * 24 + start.hour
                hour_end = min(end, start.replace(minute=0, second=0, microsecond=0) + HOUR)
                of_hour[number] += (hour_end - start) // MICROSECOND
                start = hour_end
    return [
        HourOfWeek(*divmod(number, 24), **{f"{measure}_us": sums[measure][number] for measure in MEASURES})
        for number in range(WEEK_HOURS)
    ]


def _on_clock(found: StoreTime, measure: Measure) -> Iterator[tuple[datetime, datetime]]:
    """The spans of a measure as the store's clock shows them, cut where it changes."""
    for span in found.spans.get(measure, ()):
        for segment in found.offsets:
            start, end = max(span.from_at, segment.from_at), min(span.to_at, segment.to_at)
            if start < end:
                yield start + segment.utc_offset, end + segment.utc_offset
