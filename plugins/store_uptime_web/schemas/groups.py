"""Groups of stores beside each other."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from store_uptime_web.schemas.availability import AsSettled, Availability
from store_uptime_web.schemas.common import SignedTwoDecimals, TwoDecimals


class GroupFigures(Availability):
    """A group, with figures of all its stores together and of each."""

    mean_percent: TwoDecimals | None = Field(description="The mean of its stores' uptime in percent, each alike.")
    tenth_percentile_percent: TwoDecimals | None = Field(
        description="A tenth of its stores, rounded up, have at most this uptime in percent."
    )
    stores_with_target: int
    stores_meeting_target: int = Field(description="Those that have met it, or are on track.")
    meeting_percent: TwoDecimals | None = Field(description="Stores meeting their target / stores with one.")
    downtime_percent: TwoDecimals | None = Field(description="Its downtime / that of all stores.")
    before_percent: TwoDecimals | None = Field(
        description="Uptime in the period before, up to the open time that this one has so far."
    )
    change: SignedTwoDecimals | None = Field(description="Since then, in percentage points.")


class DatesBefore(BaseModel):
    """The dates of the period before."""

    from_date: date
    until_date: date


class GroupsPage(AsSettled):
    """A page of the groups of a kind."""

    groups: list[GroupFigures]
    total: int
    matching: int = Field(description="How many match the filter.")
    before: DatesBefore
    next: str | None
    previous: str | None


class MembersPage(AsSettled):
    """A page of the stores of a group."""

    members: list[Availability]
    total: int
    matching: int = Field(description="How many match the filter.")
    next: str | None
    previous: str | None
