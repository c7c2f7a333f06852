"""Anomalies."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from store_uptime_web.schemas.availability import AsSettled, Date


class Anomaly(BaseModel):
    """Something unusual about a store, a group, or all stores, on a date or several in a row."""

    kind: Literal["downtime", "opened_late", "closed_early", "common_cause", "data"]
    scope_kind: str = Field(description="store, all, or the kind of a group.")
    scope: str = Field(description="The store's id, the group's name, or all.")
    from_date: Date
    until_date: Date
    observed: float = Field(description="Hours on these dates; of polls their number.")
    expected: float = Field(description="As the eight weeks before say.")
    score: float = Field(description="The adjusted probability of the least likely of the dates: below 0.1.")
    explanation: str = Field(description="One sentence.")


class AnomaliesPage(AsSettled):
    """A page of anomalies."""

    anomalies: list[Anomaly]
    judged_until: Date | None = Field(description="The last date that is judged; null: none is yet.")
    total: int = Field(description="Rows of all pages.")
    next: str | None = Field(description="The cursor of the next page.")
    previous: str | None = Field(description="The cursor of the page before.")
