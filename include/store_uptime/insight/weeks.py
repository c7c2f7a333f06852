"""Makes the forecast of a settlement, and scores the weeks that are over, in one transaction.

A week is scored once, when it is over on the calendar of every store; and again when days that it rests on were
restated. So scores do not depend on whether weeks were scored one by one or at once.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Connection, Engine

from store_uptime.db import topology
from store_uptime.db.statements import statement
from store_uptime.history.questions import Settlement, find_settlement
from store_uptime.insight.dates import read_stores

if TYPE_CHECKING:
    from store_uptime.insight.forecasting import Scores

DAY = timedelta(days=1)
LEAST_DAYS = 21  # with hours before the first week that is scored
DECIMALS = 6
SCORES_AT_ONCE = 1000
RUNNING_DATES = 3  # at one instant, over all clocks


def forecast(engine: Engine, now: datetime) -> dict[str, int]:
    """Makes the forecast of what is settled; returns how many weeks were scored, and of how many stores it is.

    Calls wait for each other.
    """
    with engine.begin() as turn:
        turn.execute(statement("insight/forecasting/lock"))
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
            topology.run_one_at_a_time(connection)
            return _forecast(connection, now)


def _forecast(connection: Connection, now: datetime) -> dict[str, int]:
    from store_uptime.insight.forecasting import BASE_DAYS, FIT_WEEKS, SCORED_WEEKS, WEEK  # SciPy, which loads slowly

    counts = {"weeks": 0, "stores": 0}
    settlement = find_settlement(connection)
    rests_on = BASE_DAYS + FIT_WEEKS * WEEK
    binds = {"least_days": LEAST_DAYS, "weeks": SCORED_WEEKS, "days": rests_on}
    dates = connection.execute(statement("insight/forecasting/find_dates"), binds).one()
    if settlement is None or dates.first_date is None:
        return counts
    is_made = connection.scalar(statement("insight/forecasting/is_made"), {"settlement_id": settlement.settlement_id})
    if is_made and not dates.weeks:
        return counts
    last_week = dates.last_date + DAY - (dates.last_date + DAY).weekday() * DAY
    scored = [last_week - number * WEEK * DAY for number in range(SCORED_WEEKS, 0, -1)]
    for name in ("delete_forecast", "delete_run"):
        connection.execute(statement(f"insight/forecasting/{name}"))
    known = connection.scalars(statement("insight/forecast/weeks"), {"weeks": SCORED_WEEKS}).all()
    if not dates.weeks and not set(scored) & set(known):
        _add_run(connection, settlement, now, {"stores": 0, "of_stores": 0, "weights": rounded(np.zeros(0))})
        return counts
    # The first date is a Monday, or of the week of the first hours.
    first_date = max(min([*dates.weeks, last_week]) - rests_on * DAY, dates.first_date)
    first_date -= first_date.weekday() * DAY
    made = _Made(connection, settlement, first_date, dates.last_date)
    for week in dates.weeks:
        made.score(week, now)
    return {"weeks": len(dates.weeks), "stores": made.forecast(scored, now)}


def _add_run(connection: Connection, settlement: Settlement, now: datetime, counts: dict[str, Any]) -> None:
    run = {"settlement_id": settlement.settlement_id, "made_at": now}
    connection.execute(statement("insight/forecasting/add_run"), run | counts)


class _Made:
    """The hours that weeks and the forecast rest on."""

    def __init__(self, connection: Connection, settlement: Settlement, first_date: date, last_date: date) -> None:
        from store_uptime.insight.forecasting import Bases

        self.connection, self.settlement = connection, settlement
        self.first_date, self.last_date = first_date, last_date
        self.keys, hours, self.hours_down = read_labels(connection, first_date, last_date + RUNNING_DATES * DAY)
        self.bases = Bases(hours)

    def number(self, on: date) -> int:
        return (on - self.first_date).days

    def score(self, week: date, now: datetime) -> None:
        """Scores a week, anew if it was before."""
        from store_uptime.insight.forecasting import Model, score_week

        for name in ("delete_scores", "delete_weeks"):
            self.connection.execute(statement(f"insight/forecasting/{name}"), {"weeks": [week]})
        model = Model.before(self.bases, self.number(week))
        scores = score_week(self.bases, self.number(week), model)
        row = {"week_from": week, "settlement_id": self.settlement.settlement_id, "scored_at": now}
        self.connection.execute(statement("insight/forecasting/add_week"), row | {"weights": rounded(model.weights)})
        some = scores.hours.any(axis=1)
        if some.any():
            values = {
                "hours": array(scores.hours[some].astype(int)),
                "model": rounded(scores.model[some]),
                "climatology": rounded(scores.climatology[some]),
                "persistence": rounded(scores.persistence[some]),
                "evidence": rounded(scores.evidence[some]),
            }
            binds = {"week_from": week, "store_keys": array(self.keys[some])}
            self.connection.execute(statement("insight/forecasting/add_scores"), binds | values)

    def forecast(self, weeks: list[date], now: datetime) -> int:
        """Forecasts the next open hours of the stores whose forecasts were better in some weeks; returns how many."""
        from store_uptime.insight.forecasting import HOURS_AHEAD, Ahead, Model
        from store_uptime.insight.hours_to_come import find_hours_to_come

        date_number = self.number(self.last_date) + 1
        chosen = np.intersect1d(self.keys, self._better(weeks), assume_unique=True)
        of = np.searchsorted(self.keys, chosen)
        model = Model.before(self.bases, date_number - date_number % 7, of)
        stores = 0
        if len(chosen):
            keys, coming = find_hours_to_come(self.connection, self.settlement, HOURS_AHEAD)
            place = np.searchsorted(keys, chosen)
            first = np.int64(self.first_date.toordinal() - date(1970, 1, 1).toordinal())
            ahead = Ahead(coming.hour[place], coming.local_date[place] - first, coming.place[place], coming.open[place])
            found, later = ahead.probabilities(self.bases, of, date_number, model)
            is_there = ahead.hour >= 0
            count = is_there.sum(axis=1)
            some = count > 0
            lasts = np.cumsum(count)[some]
            binds = {
                "store_keys": array(chosen[some]),
                "firsts": array(lasts - count[some] + 1),
                "lasts": array(lasts),
                "rates_later": rounded(later[some]),
                "hours": array(ahead.hour[is_there]),
                "open_parts": array(ahead.open[is_there]),
                "probabilities": rounded(found[is_there]),
                "hours_down_per_hour": round(self.hours_down, DECIMALS),
            }
            self.connection.execute(statement("insight/forecasting/add"), binds)
            stores = int(some.sum())
        counts = {"stores": stores, "of_stores": len(self.keys), "weights": rounded(model.weights)}
        _add_run(self.connection, self.settlement, now, counts)
        return stores

    def _better(self, weeks: list[date]) -> np.ndarray:
        """The keys of the stores whose forecasts beat both baselines in some weeks."""
        from store_uptime.insight.forecasting import is_better

        keys, scores = read_scores(self.connection, weeks)
        return keys[is_better(scores)] if len(keys) else keys


def read_scores(connection: Connection, weeks: list[date]) -> tuple[np.ndarray, Scores]:
    """The scores of stores in some weeks, with the keys of the stores."""
    from store_uptime.insight.forecasting import WEEK, Scores

    names = [field.name for field in fields(Scores)]
    rows = connection.execute(
        statement("insight/forecasting/read_scores"), {"weeks": weeks}, execution_options={"yield_per": SCORES_AT_ONCE}
    )
    stores, of_weeks, parts = [], [], []
    for some in rows.partitions(SCORES_AT_ONCE):
        stores += [row.store_key for row in some]
        of_weeks += [weeks.index(row.week_from) for row in some]
        parts.append(np.array([[getattr(row, name) for name in names] for row in some], float))
    keys, store = np.unique(np.array(stores, np.int64), return_inverse=True)
    week = np.array(of_weeks, np.int64)
    values = np.zeros((len(names), len(keys), len(weeks), WEEK))
    first = 0
    while parts:
        part = parts.pop(0)
        at = slice(first, first + len(part))
        values[:, store[at], week[at]] = part.swapaxes(0, 1)
        first += len(part)
    return keys, Scores(*values.reshape(len(names), len(keys), -1))


def read_labels(connection: Connection, first_date: date, until_date: date) -> tuple[np.ndarray, np.ndarray, float]:
    """The keys of the stores with hours on some dates; what these hours were; and how long all stores were down, in
    parts of the open time of hours that count as down.
    """
    from store_uptime.insight.forecasting import DOWN, labels

    days = (until_date - first_date).days + 1
    keys: list[int] = []
    parts: list[np.ndarray] = []
    down_time = down_hours = 0
    dates = {"from_date": first_date, "until_date": until_date}
    for some, read in read_stores(connection, dates, days):
        keys += some
        parts.append(labels(read["open"], read["down"], read["unknown"], read["is_there"]))
        down_time += int(read["down"].sum(dtype=np.int64))
        down_hours += int(read["open"][parts[-1] == DOWN].sum(dtype=np.int64))
    hours = np.concatenate(parts) if parts else np.zeros((0, days, 24), np.int8)
    return np.array(keys, np.int64), hours, down_time / down_hours if down_hours else 1.0


def rounded(values: np.ndarray) -> str:
    """As they are kept, as PostgreSQL reads an array: no digits that another processor would compute otherwise."""
    return array(values.astype(float).round(DECIMALS))


def array(values: np.ndarray) -> str:
    """As PostgreSQL reads an array, much faster than the list that psycopg2 would write of it."""
    return f"{{{','.join(map(repr, values.ravel().tolist()))}}}"
