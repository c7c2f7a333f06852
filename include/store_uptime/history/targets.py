"""How much of their budgets scopes have spent in a period, and when they are exhausted at this rate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate

from sqlalchemy import Connection

from store_uptime.db.statements import statement
from store_uptime.history.availability import (
    BUDGET_FACTOR,
    Availability,
    Promise,
    Question,
    find_availability,
    find_open_to_come,
)
from store_uptime.history.questions import Settlement, check_dates
from store_uptime.percentages import hundredths

MAX_DATES = 366
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Budget:
    """The budget of a scope in a period."""

    figures: Availability
    promise: Promise


@dataclass(frozen=True)
class Burn:
    """How a budget was spent: downtime by date, and the first date by the end of which it is more than the budget.

    Of a period that runs and is at risk that date is to come, if downtime goes on at the rate of open time so far.
    """

    down_us: list[tuple[date, int]]
    exhausted_on: date | None


@dataclass(frozen=True)
class BudgetsAnswer:
    """Budgets by scope in byte order, and the number of scopes that have no target."""

    settlement: Settlement
    rows: list[Budget]
    without_target: int


def spent_percent(promise: Promise) -> str | None:
    """What is spent as a part of the budget, with two decimals; more than 100 if it is breached.

    It is 100.00 only if exactly all is spent, and 0.00 only if nothing is; None if the budget is nothing.
    """
    spent = promise.down_us * BUDGET_FACTOR
    if not promise.budget:
        return None
    text = hundredths(spent * 100, promise.budget)
    if text == "100.00" and spent != promise.budget:
        return "99.99" if spent < promise.budget else "100.01"
    return "0.01" if text == "0.00" and spent else text


def find_budgets(connection: Connection, question: Question) -> BudgetsAnswer:
    """The budget of each scope that has a target; raises as `find_availability`."""
    check_dates(question.from_date, question.until_date, MAX_DATES)
    answer = find_availability(connection, question)
    rows = [
        Budget(row, promise) for row, promise in zip(answer.rows, answer.promises, strict=True) if promise is not None
    ]
    return BudgetsAnswer(answer.settlement, rows, len(answer.rows) - len(rows))


def find_burns(connection: Connection, question: Question, budgets: Sequence[Budget]) -> list[Burn]:
    """How each of some budgets of a question was spent, date by date."""
    if not budgets:
        return []
    names = [budget.figures.scope for budget in budgets]
    members = connection.scalars(statement("history/availability/find_members"), {"kind": question.by, "names": names})
    by_day = replace(question, period="day")
    store_keys = list(members)
    spent: dict[str, dict[date, int]] = defaultdict(dict)
    answer = find_availability(connection, by_day, store_keys=store_keys)
    for row, promise in zip(answer.rows, answer.promises, strict=True):
        spent[row.scope][row.from_date] = 0 if promise is None else promise.down_us
    at_risk = any(budget.figures.verdict == "at_risk" for budget in budgets)
    to_come = find_open_to_come(connection, by_day, store_keys) if at_risk else {}
    return [_burn(budget, spent[budget.figures.scope], to_come.get(budget.figures.scope, {})) for budget in budgets]


def _burn(budget: Budget, spent: dict[date, int], to_come: dict[date, int]) -> Burn:
    """From the downtime under a target of each date that has a day, and the open time to come of each date."""
    down_us = sorted(spent.items())
    promise, exhausted_on = budget.promise, None
    if budget.figures.verdict == "breached":
        sums = accumulate(down for _, down in down_us)
        exhausted_on = next(
            (on for (on, _), total in zip(down_us, sums, strict=True) if total * BUDGET_FACTOR > promise.budget), None
        )
    elif budget.figures.verdict == "at_risk":
        coming = sorted(to_come)
        sums = accumulate(to_come[on] for on in coming)
        exhausted_on = next(
            (
                on
                for on, open_us in zip(coming, sums, strict=True)
                # down / open so far, over all open time up to that date, is more than the budget
                if promise.down_us * (promise.open_us + open_us) * BUDGET_FACTOR > promise.budget * promise.open_us
            ),
            None,
        )
    return Burn(down_us, exhausted_on)
