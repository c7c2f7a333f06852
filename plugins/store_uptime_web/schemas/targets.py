"""Targets and their budgets."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from store_uptime_web.schemas.availability import Availability
from store_uptime_web.schemas.common import Digits, Instant, TwoDecimals


class DateBurn(BaseModel):
    """Downtime on a date, of the stores that have a target then."""

    date: date
    down_us: Digits


class Target(Availability):
    """A scope that has a target, with its figures and what became of its budget."""

    spent_us: Digits = Field(description="Downtime on dates with a target.")
    spent_percent: TwoDecimals | None = Field(description="Of the budget; null if that is nothing.")
    exhausted_on: date | None = Field(
        description="The date on which all of the budget is spent: of one that is breached since when, of one that is "
        "at risk when it will be, if downtime goes on at this rate. Null: not within the period."
    )
    burn: list[DateBurn] = Field(description="What was spent, date by date.")


class VerdictCounts(BaseModel):
    """How many scopes have each verdict, whatever the filter."""

    met: int
    breached: int
    undecided: int
    at_risk: int
    on_track: int


class TargetsPage(BaseModel):
    """A page of the scopes that have a target."""

    as_of: Instant = Field(description="Up to when days are settled.")
    accepted_order: int = Field(description="Position in the log of acceptances that it rests on.")
    targets: list[Target]
    total: int = Field(description="Scopes that have a target.")
    matching: int = Field(description="How many of these match the filter.")
    without_target: int = Field(description="Scopes that have none.")
    verdicts: VerdictCounts
    next: str | None
    previous: str | None
