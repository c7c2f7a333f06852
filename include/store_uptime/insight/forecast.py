"""The forecast of what is settled: how likely stores are down in their next open hours, and how good that has been."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from math import sqrt
from statistics import stdev

from sqlalchemy import Connection

from store_uptime.db.statements import statement
from store_uptime.errors import StoreUptimeError
from store_uptime.history.availability import Question, find_open_to_come
from store_uptime.history.questions import Choice, Settlement, find_store_keys, read_settlement
from store_uptime.history.targets import Budget

ALL_STORES = Choice()
SCORED_WEEKS = 4
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PART_US = 15_000_000


class NotForecastError(StoreUptimeError):
    """What is settled has no forecast; `is_off`: nor will it have one, because of the setting."""

    def __init__(self, *, is_off: bool = False) -> None:
        super().__init__(
            "There is no forecast: STORE_UPTIME_FORECAST is off."
            if is_off
            else "There is no forecast yet: it is made after days are settled."
        )


@dataclass(frozen=True)
class ForecastHour:
    """An open hour to come of a store; the fields are the columns, in their order."""

    store_id: str
    hour_start: datetime
    probability_down: float
    brier_score: float
    brier_climatology: float
    brier_persistence: float


@dataclass(frozen=True)
class StoreForecast:
    """The next open hours of a store, whose forecasts have been better than both baselines."""

    store_id: str
    store_key: int
    clock_hours: list[int]  # since 1970
    open_parts: list[int]  # of each of the hours
    probabilities: list[float]
    rate_later: float
    hours_down_per_hour: float
    brier_score: float
    brier_climatology: float
    brier_persistence: float

    def hour(self, number: int) -> ForecastHour:
        """One of the hours."""
        return ForecastHour(
            self.store_id,
            EPOCH + self.clock_hours[number] * HOUR,
            self.probabilities[number],
            self.brier_score,
            self.brier_climatology,
            self.brier_persistence,
        )

    @property
    def open_us(self) -> list[int]:
        """How much of each hour is open."""
        return [parts * PART_US for parts in self.open_parts]

    @property
    def likeliest(self) -> ForecastHour:
        """The hour in which it is most likely down, the first of several."""
        return self.hour(self.probabilities.index(max(self.probabilities)))

    def expected_down_us(self, open_us: int | None = None) -> int:
        """The downtime to be expected of its next hours; or of so much open time to come, as at any hour after them."""
        rest = sum(self.open_us) if open_us is None else open_us
        expected = 0.0
        for probability, length in zip(self.probabilities, self.open_us, strict=True):
            expected += min(length, rest) * min(probability * self.hours_down_per_hour, 1)
            rest -= min(length, rest)
        return round(expected + rest * min(self.rate_later * self.hours_down_per_hour, 1))


@dataclass(frozen=True)
class Track:
    """How good forecasts of some stores were in the last weeks that are scored; per hour that was forecast."""

    from_date: date
    until_date: date
    hours: int
    brier_score: float
    brier_climatology: float
    brier_persistence: float
    is_better: bool  # than both baselines, by more than the standard error of the difference

    @property
    def skill_percent(self) -> float:
        """How much smaller the squared errors are than those of the better baseline."""
        better = min(self.brier_climatology, self.brier_persistence)
        return 100 * (1 - self.brier_score / better) if better else 0.0


@dataclass(frozen=True)
class ForecastAnswer:
    """Stores by id in byte order; `track` is None until a week is scored in which a chosen store was forecast."""

    settlement: Settlement
    stores: list[StoreForecast]
    track: Track | None
    of_stores: int  # that were looked at

    @cached_property
    def places(self) -> list[tuple[int, int]]:
        """All hours, as numbers of a store and of one of its hours: there may be hundreds of thousands."""
        return [(place, hour) for place, store in enumerate(self.stores) for hour in range(len(store.probabilities))]

    def rows(self, places: Iterable[tuple[int, int]] | None = None) -> list[ForecastHour]:
        """These hours, or all."""
        return [self.stores[place].hour(hour) for place, hour in (self.places if places is None else places)]


def find_forecast(connection: Connection, choice: Choice = ALL_STORES) -> ForecastAnswer:
    """The forecast of the chosen stores; raises `QuestionError`, `NotSettledError`, and `NotForecastError`."""
    settlement = read_settlement(connection)
    store_keys = find_store_keys(connection, choice)
    newest = connection.execute(statement("insight/forecast/newest")).one_or_none()
    if newest is None:
        raise NotForecastError
    weeks, stores = _find_stores(connection, store_keys)
    return ForecastAnswer(settlement, stores, _find_track(connection, weeks, store_keys), newest.of_stores)


def find_expected_downtime(connection: Connection, question: Question, budgets: Sequence[Budget]) -> dict[str, int]:
    """The downtime of stores by the end of a period that runs, in microseconds; only of those that have a forecast.

    It is what is spent of their budgets, and what is to be expected of the open time to come under a target.
    """
    running = {budget.figures.scope: budget for budget in budgets if not budget.figures.is_final}
    if question.by != "store" or not running or not connection.execute(statement("insight/forecast/newest")).first():
        return {}
    of_scopes = {"kind": "store", "names": list(running)}
    keys = list(connection.scalars(statement("history/availability/find_members"), of_scopes))
    _, stores = _find_stores(connection, keys)
    if not stores:
        return {}
    by_day = replace(question, period="day")
    to_come = find_open_to_come(connection, by_day, [store.store_key for store in stores])
    return {
        store.store_id: running[store.store_id].promise.down_us
        + store.expected_down_us(sum(to_come.get(store.store_id, {}).values()))
        for store in stores
    }


def _find_stores(connection: Connection, store_keys: list[int] | None) -> tuple[list[date], list[StoreForecast]]:
    """The last weeks that are scored; and of some stores, or all, those that have a forecast."""
    weeks = list(connection.scalars(statement("insight/forecast/weeks"), {"weeks": SCORED_WEEKS}))
    binds = {"weeks": weeks, "store_keys": store_keys}
    rows = connection.execute(statement("insight/forecast/list"), binds)
    # The columns are the fields, in their order.
    return weeks, [StoreForecast(*row) for row in rows]


def _find_track(connection: Connection, weeks: list[date], store_keys: list[int] | None) -> Track | None:
    binds = {"weeks": weeks, "store_keys": store_keys}
    rows = connection.execute(statement("insight/forecast/scores"), binds).all()
    if not rows:
        return None
    hours = int(sum(row.hours for row in rows))
    return Track(
        from_date=weeks[0],
        until_date=weeks[-1] + 6 * DAY,
        hours=hours,
        brier_score=sum(row.model for row in rows) / hours,
        brier_climatology=sum(row.climatology for row in rows) / hours,
        brier_persistence=sum(row.persistence for row in rows) / hours,
        is_better=beats([row.climatology - row.model for row in rows])
        and beats([row.persistence - row.model for row in rows]),
    )


def beats(gains: list[float]) -> bool:
    """Whether what days gained against a baseline is more than its standard error."""
    return len(gains) > 1 and sum(gains) > stdev(gains) * sqrt(len(gains))
