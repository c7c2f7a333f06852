"""The forecast."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, Field

from store_uptime_web.schemas.availability import AsSettled
from store_uptime_web.schemas.common import Digits, Instant

Probability = Annotated[float, Field(ge=0, le=1)]


class ForecastHour(BaseModel):
    """An open hour to come of a store, with how good its forecasts were in the last four weeks."""

    store_id: str
    hour_start: Instant = Field(description="The UTC clock hour, of which the part counts that is open.")
    probability_down: Probability = Field(description="That the store is down for half of it or more.")
    brier_score: Probability = Field(description="The mean squared error of the store's forecasts.")
    brier_climatology: Probability = Field(description="Of the store's share of the same hour of the week instead.")
    brier_persistence: Probability = Field(description="If its last open hour had gone on instead.")


class ForecastTrack(BaseModel):
    """How good forecasts of the chosen stores were, of all of them, in the last weeks that are scored."""

    from_date: date
    until_date: date
    hours: int = Field(description="How many forecasts of an hour there were.")
    brier_score: Probability
    brier_climatology: Probability
    brier_persistence: Probability
    skill_percent: float = Field(description="How much smaller the squared error is than that of the better baseline.")
    is_better: bool = Field(description="Than both, by more than the standard error of the difference.")


class StoreForecast(BaseModel):
    """A store's next open hours in short."""

    store_id: str
    likeliest_at: Instant = Field(description="The hour in which it is most likely down.")
    probability_down: Probability = Field(description="In that hour.")
    expected_down_us: Digits = Field(description="Downtime to be expected of all these hours.")
    probabilities: list[Probability] = Field(description="Hour by hour.")
    brier_score: Probability
    brier_climatology: Probability
    brier_persistence: Probability


class ForecastOrNone(AsSettled):
    """Of all answers about the forecast."""

    no_forecast_because: str | None = Field(
        description="Why there is no forecast of what is settled: it is off, or not made yet. Null: there is one."
    )


class StoreForecasts(ForecastOrNone):
    """A page of stores, those most likely down in some hour first."""

    stores: list[StoreForecast]
    of_stores: int = Field(description="How many stores were looked at for a forecast.")
    track: ForecastTrack | None = Field(description="Null: no week is scored yet.")
    total: int = Field(description="Stores that have a forecast.")
    next: str | None
    previous: str | None


class ForecastPage(ForecastOrNone):
    """A page of hours."""

    forecast: list[ForecastHour]
    stores: int = Field(description="Chosen stores that have a forecast: others' beat no baseline.")
    track: ForecastTrack | None = Field(description="Null: no week is scored yet.")
    total: int = Field(description="Rows of all pages.")
    next: str | None = Field(description="The cursor of the next page.")
    previous: str | None = Field(description="The cursor of the page before.")
