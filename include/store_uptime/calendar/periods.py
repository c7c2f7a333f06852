"""The periods of a report, and the calendar periods of availability over time.

Those of a report are rows of the view `report.store_period`; only the CSV has columns for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

import pendulum

PeriodName = Literal["last_hour", "last_day", "last_week"]
Unit = Literal["minutes", "hours"]
CalendarUnit = Literal["range", "day", "week", "month", "quarter", "year"]
CALENDAR_UNITS: tuple[CalendarUnit, ...] = get_args(CalendarUnit)

US_PER_UNIT: dict[Unit, int] = {"minutes": 60_000_000, "hours": 3_600_000_000}


@dataclass(frozen=True)
class Period:
    """A span of time before a report's `as_of`, and the unit in which people read the figures of it."""

    name: PeriodName
    title: str
    length: timedelta
    unit: Unit

    @property
    def unit_us(self) -> int:
        """Microseconds in one `unit`."""
        return US_PER_UNIT[self.unit]


LAST_HOUR = Period("last_hour", "last hour", timedelta(hours=1), "minutes")
LAST_DAY = Period("last_day", "last 24 hours", timedelta(hours=24), "hours")
LAST_WEEK = Period("last_week", "last 168 hours", timedelta(hours=168), "hours")

PERIODS: dict[str, Period] = {period.name: period for period in (LAST_HOUR, LAST_DAY, LAST_WEEK)}


@dataclass(frozen=True)
class CalendarPeriod:
    """The dates of a day, ISO week, month, quarter, year or whole range that are asked for; both are included."""

    period: str
    from_date: date
    until_date: date


def calendar_periods(from_date: date, until_date: date, unit: CalendarUnit) -> Iterator[CalendarPeriod]:
    """The periods of `unit` that have a date from `from_date` to `until_date`, in order, cut to these dates."""
    start = from_date
    while start <= until_date:
        end = until_date if unit == "range" else min(_last_date(start, unit), until_date)
        yield CalendarPeriod(_name(start, unit), start, end)
        if end == date.max:
            return
        start = end + timedelta(days=1)


def period_of(day: date, unit: CalendarUnit) -> CalendarPeriod:
    """The whole period of `unit` (not `range`) that has `day` in it."""
    return CalendarPeriod(_name(day, unit), _first_date(day, unit), _last_date(day, unit))


def previous_period(day: date, unit: CalendarUnit) -> CalendarPeriod:
    """The newest period of `unit` (not `range`) that is over on `day`."""
    return period_of(_first_date(day, unit) - timedelta(days=1), unit)


def _first_date(day: date, unit: CalendarUnit) -> date:
    """The first date of the period that has `day` in it."""
    own = pendulum.date(day.year, day.month, day.day)
    if unit == "quarter":
        return date(own.year, own.quarter * 3 - 2, 1)
    first = own.start_of(unit)
    return date(first.year, first.month, first.day)


def _last_date(day: date, unit: CalendarUnit) -> date:
    """The last date of the period that has `day` in it."""
    own = pendulum.date(day.year, day.month, day.day)
    if unit == "quarter":
        last = pendulum.date(own.year, own.quarter * 3, 1).end_of("month")
    elif unit == "week" and (date.max - day).days < 7:  # the last week goes on after the year 9999
        return date.max
    else:
        last = own.end_of(unit)
    return date(last.year, last.month, last.day)


def _name(day: date, unit: CalendarUnit) -> str:
    """What the period of `day` is called. A week belongs to the year of its Thursday, as ISO 8601 has it."""
    own = pendulum.date(day.year, day.month, day.day)
    week_year, week, _ = own.isocalendar()
    names: dict[CalendarUnit, str] = {
        "range": "range",
        "day": day.isoformat(),
        "week": f"{week_year:04}-W{week:02}",
        "month": f"{own.year:04}-{own.month:02}",
        "quarter": f"{own.year:04}-Q{own.quarter}",
        "year": f"{own.year:04}",
    }
    return names[unit]
