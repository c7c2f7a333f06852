"""What to look at first."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from store_uptime_web.schemas.availability import AsSettled, Outage, Percent, StateCounts, VerdictCounts
from store_uptime_web.schemas.common import Digits, Instant


class TimeLately(BaseModel):
    """The time of all stores over days, as `/availability` has it."""

    days: int = Field(description="How many: those that end with the date of `as_of` in UTC.")
    from_date: date
    until_date: date
    stores: int = Field(description="Stores with at least one day among them.")
    open_us: Digits
    planned_us: Digits
    up_us: Digits
    down_us: Digits
    unknown_us: Digits
    uptime_percent: Percent | None = Field(description="Uptime / (uptime + downtime).")
    uptime_percent_low: Percent | None = Field(description="If all unknown time was down.")
    uptime_percent_high: Percent | None = Field(description="If all unknown time was up.")


class Verdicts(VerdictCounts):
    """How many stores have which verdict in a calendar month; those without a target have none."""

    period: str = Field(examples=["2023-01"])
    from_date: date
    until_date: date


class VerdictsByMonth(BaseModel):
    """Stores by verdict and month, the newest first."""

    months: list[Verdicts] = Field(description="Empty: there are no targets.")


class GroupDowntime(BaseModel):
    """The downtime of a group's stores in the last 30 days."""

    kind: str
    name: str
    stores: int
    open_us: Digits
    down_us: Digits
    uptime_percent: Percent | None


class Overview(AsSettled):
    """What to look at first."""

    max_gap: str | None = Field(description="How long a poll counts; null: until the next one.", examples=["3h"])
    first_date: date | None = Field(description="The first one that is settled of any store.")
    last_poll_at: Instant | None = Field(description="The newest poll of any store.")
    now: StateCounts
    lately: list[TimeLately] = Field(description="The last 30 and 90 days.")
    outages: list[Outage] = Field(description="Those that are ongoing with the most downtime.")
    groups: list[GroupDowntime] = Field(description="Those of each kind with the most downtime in the last 30 days.")
