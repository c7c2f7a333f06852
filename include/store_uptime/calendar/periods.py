"""The periods of a report. They are rows of the view `report.store_period`; only the CSV has columns for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

PeriodName = Literal["last_hour", "last_day", "last_week"]
Unit = Literal["minutes", "hours"]

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
