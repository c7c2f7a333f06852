"""One store over time."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from store_uptime_web.schemas.availability import AsSettled, Availability
from store_uptime_web.schemas.common import Digits, Span, TwoDecimals
from store_uptime_web.schemas.figures import Poll, UtcOffsetRange

FROM_DATE = Field(description="The first of the dates that has a day; null: none has.")


class StoreDaysPage(AsSettled):
    """A page of the days of a store."""

    days: list[Availability]
    total: int = Field(description="How many of the dates have a day.")
    matching: int = Field(description="How many of these match the filter.")
    next: str | None
    previous: str | None


class OffsetOnDates(UtcOffsetRange):
    """A part of the dates in which the store's clock has one offset from UTC."""

    timezone: str


class StoreTimeline(AsSettled):
    """The time of a store on some dates; spans are UTC, half-open. Up, down and unknown time is open time."""

    store_id: str
    from_date: date | None = FROM_DATE
    until_date: date | None
    max_gap: str | None = Field(description="How long a poll counts at most.")
    offsets: list[OffsetOnDates] = Field(description="The dates, on the store's clock.")
    opening: list[Span] = Field(description="Opening time by week and special hours, to the end of the last date.")
    special: list[Span] = Field(description="The part of it that special hours give.")
    planned: list[Span] = Field(description="Opening time in planned downtime.")
    up: list[Span]
    down: list[Span]
    unknown: list[Span]
    polls: list[Poll] = Field(description="On the dates, oldest first.")
    is_complete: bool = Field(description="Whether these are all polls.")


class HourOfWeek(BaseModel):
    """An hour of the week."""

    weekday: int = Field(description="0 is Monday, on the store's clock.")
    hour: int
    open_us: Digits
    planned_us: Digits
    up_us: Digits
    down_us: Digits
    unknown_us: Digits
    uptime_percent: TwoDecimals | None = Field(description="Uptime / (uptime + downtime); null where both are 0.")


class StoreHours(AsSettled):
    """The time of a store by hour of the week, on some dates."""

    store_id: str
    from_date: date | None = FROM_DATE
    until_date: date | None
    hours: list[HourOfWeek] = Field(description="All 168, from Monday, 00:00, on.")
