"""What to look at first: how stores are now, how they were lately, promises, and where downtime comes from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, islice

from sqlalchemy import Connection

from store_uptime.calendar.periods import calendar_periods
from store_uptime.db.statements import statement
from store_uptime.history.availability import VERDICTS, Question, Verdict, find_availability
from store_uptime.history.now import StateCounts, find_groups_now
from store_uptime.history.outages import Order, Outage, OutageFilter, find_outages
from store_uptime.history.questions import Settlement, read_settlement
from store_uptime.percentages import percent_text, uptime_percents

DAYS = (30, 90)
LONGEST_OUTAGES = 8
GROUPS_OF_KIND = 8


@dataclass(frozen=True)
class Verdicts:
    """How many stores have which verdict in a month; those without a target have none."""

    period: str
    from_date: date
    until_date: date
    counts: dict[Verdict, int]


@dataclass(frozen=True)
class TimeLately:
    """The time of all stores over dates, on their own calendars; as the columns of availability."""

    days: int
    from_date: date
    until_date: date
    stores: int
    open_us: int
    planned_us: int
    up_us: int
    down_us: int
    unknown_us: int

    @property
    def percentages(self) -> dict[str, str | None]:
        """The percentage of uptime, and what it is at least and at most."""
        return uptime_percents(self.up_us, self.down_us, self.unknown_us)


@dataclass(frozen=True)
class GroupDowntime:
    """The downtime of a group's stores."""

    kind: str
    name: str
    stores: int
    open_us: int
    down_us: int
    uptime_percent: str | None


@dataclass(frozen=True)
class Overview:
    """What to look at first, as of what is settled."""

    settlement: Settlement
    first_date: date | None  # of any store's days
    last_poll_at: datetime | None
    now: StateCounts
    lately: list[TimeLately]  # up to the date of as_of, in UTC
    outages: list[Outage]  # ongoing, the longest downtime first
    groups: list[GroupDowntime]  # those of each kind with the most downtime in the shorter of the spans of days


def find_overview(connection: Connection) -> Overview:
    """The overview; raises `NotSettledError`."""
    settlement = read_settlement(connection)
    today = settlement.as_of.astimezone(UTC).date()
    first_date = connection.scalar(statement("history/overview/first_date"))
    lately = [_find_time(connection, days, today) for days in DAYS]
    ongoing = OutageFilter(first_date or today, today + timedelta(days=1), is_running=True)
    order = Order("downtime", is_descending=True)
    return Overview(
        settlement,
        first_date,
        connection.scalar(statement("history/overview/newest_poll")),
        find_groups_now(connection, "all").totals,
        lately,
        find_outages(connection, ongoing, order=order, rows=LONGEST_OUTAGES).rows,
        _find_groups(connection, lately[0].from_date, today),
    )


def find_verdicts(connection: Connection) -> list[Verdicts]:
    """How many stores have which verdict in the month of as_of, in UTC, and in the one before.

    None if no store comes under a target; raises `NotSettledError`.
    """
    today = read_settlement(connection).as_of.astimezone(UTC).date()
    if not connection.scalar(statement("history/overview/has_targets")):
        return []
    first = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    last = (today.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    rows = find_availability(connection, Question(first, last, "month", "store")).rows
    counts = Counter((row.period, row.verdict) for row in rows if row.verdict is not None)
    return [
        Verdicts(
            month.period,
            month.from_date,
            month.until_date,
            {verdict: counts[month.period, verdict] for verdict in VERDICTS},
        )
        for month in reversed(list(calendar_periods(first, last, "month")))
    ]


def _find_time(connection: Connection, days: int, today: date) -> TimeLately:
    from_date = today - timedelta(days=days - 1)
    binds = {"from_date": from_date, "until_date": today}
    row = connection.execute(statement("history/overview/time"), binds).one()
    return TimeLately(days, from_date, today, *(int(value or 0) for value in row))


def _find_groups(connection: Connection, from_date: date, until_date: date) -> list[GroupDowntime]:
    binds = {"from_date": from_date, "until_date": until_date}
    rows = connection.execute(statement("history/overview/groups"), binds)
    return [
        GroupDowntime(
            row.kind,
            row.name,
            row.stores,
            int(row.open_us),
            int(row.down_us),
            percent_text(int(row.up_us), int(row.up_us + row.down_us)),
        )
        for _, of_kind in groupby(rows, lambda row: row.kind)
        for row in islice(of_kind, GROUPS_OF_KIND)
    ]
