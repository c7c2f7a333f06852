"""Targets and their budgets."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from store_uptime_web.schemas.availability import AsSettled, Availability, VerdictCounts
from store_uptime_web.schemas.common import Digits, TwoDecimals


class DateBurn(BaseModel):
    """Downtime on a date, of the stores that have a target then."""

    date: date
    down_us: Digits


class Target(Availability):
    """A scope that has a target, with its figures and what became of its budget."""

    spent_us: Digits = Field(description="Downtime on dates with a target.")
    spent_percent: TwoDecimals | None = Field(description="Of the budget; null if that is nothing.")
    expected_down_us: Digits | None = Field(
        description="Downtime to be expected by the end of the period, what is spent included. Null: the period is "
        "over, or the scope is no store that has a forecast."
    )
    exhausted_on: date | None = Field(
        description="The date on which all of the budget is spent: of one that is breached since when, of one that is "
        "at risk when it will be, if downtime goes on at this rate. Null: not within the period."
    )
    burn: list[DateBurn] = Field(description="What was spent, date by date.")


class TargetsPage(AsSettled):
    """A page of the scopes that have a target."""

    targets: list[Target]
    total: int = Field(description="Scopes that have a target.")
    matching: int = Field(description="How many of these match the filter.")
    without_target: int = Field(description="Scopes that have none.")
    verdicts: VerdictCounts = Field(description="Of all scopes, whatever the filter.")
    next: str | None
    previous: str | None
