"""The outages of stores, as of what is settled: a list of them, and when in the week they start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection

from store_uptime.calendar.durations import microseconds_of
from store_uptime.db.statements import statement
from store_uptime.history.clocks import clock_binds
from store_uptime.history.questions import Choice, Settlement, check_dates, find_store_keys, read_settlement

Sort = Literal["store_id", "started_at", "downtime", "elapsed"]

ALL_STORES = Choice()
NO_SEGMENTS: dict[str, list[Any]] = {"clocks": [], "utc_from": [], "utc_to": [], "utc_offsets": []}


@dataclass(frozen=True)
class OutageFilter:
    """Which outages are asked about: those of the chosen stores that meet two dates and those between."""

    from_date: date
    until_date: date
    choice: Choice = ALL_STORES
    is_running: bool = False  # only those that are ongoing
    longer_than: timedelta = timedelta(0)  # of downtime

    def __post_init__(self) -> None:
        check_dates(self.from_date, self.until_date)

    @property
    def dates(self) -> tuple[date, date]:
        """The first and the last one."""
        return self.from_date, self.until_date


@dataclass(frozen=True)
class StartHour:
    """An hour of the week on stores' clocks; None: any weekday (0 = Monday), any hour."""

    weekday: int | None = None
    hour: int | None = None


@dataclass(frozen=True)
class Place:
    """Where a page begins: after this row, in the order of the list."""

    value: int
    store_id: str
    started_at: datetime


@dataclass(frozen=True)
class Outage:
    """An outage of a store; the fields are the columns, in their order."""

    store_id: str
    started_at: datetime
    ended_at: datetime
    downtime_us: int
    elapsed_us: int
    ended_by: str | None
    started_after: datetime | None
    ended_before: datetime | None


@dataclass(frozen=True)
class Order:
    """How a list is sorted; outages that are equal in it by store id in byte order, then start."""

    by: Sort = "store_id"
    is_descending: bool = False

    def place(self, outage: Outage) -> Place:
        """Where the list goes on after an outage."""
        values = {
            "store_id": 0,
            "started_at": microseconds_of(outage.started_at),
            "downtime": outage.downtime_us,
            "elapsed": outage.elapsed_us,
        }
        return Place(values[self.by], outage.store_id, outage.started_at)


@dataclass(frozen=True)
class OutagesAnswer:
    """Outages in the order that was asked for; `has_more` if there are more of them."""

    settlement: Settlement
    rows: list[Outage]
    has_more: bool = False


@dataclass(frozen=True)
class StartHourCount:
    """The outages that start in an hour of the week, 0 being Monday."""

    weekday: int
    hour: int
    outages: int
    ongoing: int
    downtime_us: int


@dataclass(frozen=True)
class StartHoursAnswer:
    """The hours of the week in which outages start."""

    settlement: Settlement
    rows: list[StartHourCount]


def find_outages(
    connection: Connection,
    wanted: OutageFilter,
    *,
    starting: StartHour | None = None,
    order: Order | None = None,
    is_backward: bool = False,
    after: Place | None = None,
    rows: int | None = None,
) -> OutagesAnswer:
    """The outages, whole, or the first `rows` after a place; `is_backward`: before it, nearest first.

    Raises `QuestionError` for what nobody has, and `NotSettledError`.
    """
    settlement = read_settlement(connection)
    order = order or Order()
    binds = _binds(connection, wanted) | {
        "weekday": starting.weekday if starting else None,
        "hour": starting.hour if starting else None,
        **(_segments(connection, wanted, settlement) if starting else NO_SEGMENTS),
        "sort": order.by,
        "is_descending": order.is_descending is not is_backward,
        "after_value": after.value if after else None,
        "after_store_id": after.store_id if after else None,
        "after_started_at": after.started_at if after else None,
        "rows": None if rows is None else rows + 1,
    }
    is_by_store = order.by == "store_id" and not binds["is_descending"]
    if rows is not None and is_by_store and starting is None and wanted == OutageFilter(*wanted.dates):
        binds["store_keys"] = _stores_of_page(connection, binds)
    found = [Outage(*row) for row in connection.execute(statement("history/outages/list"), binds)]
    return OutagesAnswer(settlement, found[:rows], has_more=rows is not None and len(found) > rows)


def find_start_hours(connection: Connection, wanted: OutageFilter) -> StartHoursAnswer:
    """How many of the outages start in which hour of the week; raises as `find_outages`."""
    settlement = read_settlement(connection)
    binds = _binds(connection, wanted) | _segments(connection, wanted, settlement)
    found = connection.execute(statement("history/outages/start_hours"), binds)
    rows = [StartHourCount(row.weekday, row.hour, row.outages, row.ongoing, int(row.downtime_us)) for row in found]
    return StartHoursAnswer(settlement, rows)


def _binds(connection: Connection, wanted: OutageFilter) -> dict[str, Any]:
    return {
        "from_date": wanted.from_date,
        "until_date": wanted.until_date,
        "store_keys": find_store_keys(connection, wanted.choice),
        "is_running": wanted.is_running,
        "longer_than_us": wanted.longer_than // timedelta(microseconds=1),
    }


def _stores_of_page(connection: Connection, binds: dict[str, Any]) -> list[int] | None:
    """The stores that a page of all outages, by store, can have rows of; None: all of them, for it is the last page."""
    last = connection.scalar(statement("history/outages/page/last_store"), binds)
    if last is None:
        return None
    between = {"first_store_id": binds["after_store_id"], "last_store_id": last}
    return list(connection.scalars(statement("history/outages/page/stores"), between))


def _segments(connection: Connection, wanted: OutageFilter, settlement: Settlement) -> dict[str, list[Any]]:
    """The segments of all clocks, from the first of the outages on; none starts after as_of."""
    dates = {"from_date": wanted.from_date, "until_date": wanted.until_date}
    start = connection.scalar(statement("history/outages/earliest"), dates)
    if start is None:
        return NO_SEGMENTS
    end = settlement.as_of + timedelta(days=1)
    clocks = connection.scalars(statement("history/availability/list_clocks")).all()
    return clock_binds(clocks, start.astimezone(UTC), end.astimezone(UTC))
