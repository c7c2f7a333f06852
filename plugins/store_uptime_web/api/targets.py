"""Targets: how much of their budgets scopes have spent, and when they are exhausted at this rate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response

from store_uptime.delivery.rendering import json_object
from store_uptime.delivery.tables import AVAILABILITY
from store_uptime.history.availability import BUDGET_FACTOR, VERDICTS, Question, Verdict
from store_uptime.history.questions import Choice, reading
from store_uptime.history.targets import Budget, Burn, find_budgets, find_burns, spent_percent
from store_uptime.insight.forecast import find_expected_downtime
from store_uptime_web import cursors, queries
from store_uptime_web.api import answers
from store_uptime_web.api.answers import From, Kind, Name, StoreId, Until
from store_uptime_web.api.reports import Cursor, Limit
from store_uptime_web.schemas.common import Text
from store_uptime_web.schemas.targets import TargetsPage
from store_uptime_web.security import READ

router = APIRouter(tags=["availability"], responses=answers.DOCUMENTED)

TargetSort = Literal["scope", "spent_percent", "spent", "remaining", "budget", "uptime_percent"]


@router.get("/targets", summary="Targets and their budgets", response_model=TargetsPage, dependencies=[READ])
def list_targets(
    from_: From,
    until: Until,
    by: Annotated[
        Text, Query(min_length=1, max_length=1024, description="store, all, timezone, or a kind of group.")
    ] = "store",
    store_id: StoreId = None,
    kind: Kind = None,
    name: Name = None,
    verdict: Annotated[Verdict | None, Query(description="Only scopes with this verdict.")] = None,
    search: Annotated[Text | None, Query(max_length=1024, description="Part of the scope; A to Z in any case.")] = None,
    sort: TargetSort = "scope",
    order: Literal["asc", "desc"] = "asc",
    limit: Limit = 25,
    cursor: Cursor = None,
) -> Response:
    """The budgets of all scopes that have a target in the period, which is at most 366 dates long.

    409 before the first settlement.
    """
    with answers.answering(), reading(queries.engine()) as connection:
        question = Question(from_, until, by=by, choice=Choice(store_id, kind, name))
        found = find_budgets(connection, question)
        rows = [
            budget
            for budget in found.rows
            if verdict in (None, budget.figures.verdict) and answers.contains(budget.figures.scope, search)
        ]
        page = cursors.part(answers.in_order(rows, KEYS[sort], is_descending=order == "desc"), limit, cursor)
        burns = find_burns(connection, question, page.rows)
        expected = find_expected_downtime(connection, question, page.rows)
    verdicts = Counter(budget.figures.verdict for budget in found.rows)
    return answers.page_response(
        found.settlement,
        "targets",
        [
            budget_json(budget, burn, expected.get(budget.figures.scope))
            for budget, burn in zip(page.rows, burns, strict=True)
        ],
        page.next,
        previous=page.previous,
        total=len(found.rows),
        matching=len(rows),
        without_target=found.without_target,
        verdicts={verdict: verdicts[verdict] for verdict in VERDICTS},
    )


def spent(budget: Budget) -> Fraction | None:
    """What is spent as a part of the budget; None where that is nothing."""
    promise = budget.promise
    return Fraction(promise.down_us * BUDGET_FACTOR, promise.budget) if promise.budget else None


KEYS: dict[TargetSort, Callable[[Budget], Any]] = {
    "scope": lambda budget: budget.figures.scope.encode(),
    "spent_percent": spent,
    "spent": lambda budget: budget.promise.down_us,
    "remaining": lambda budget: budget.promise.budget - budget.promise.down_us * BUDGET_FACTOR,
    "budget": lambda budget: budget.promise.budget,
    "uptime_percent": lambda budget: budget.figures.uptime,
}


def budget_json(budget: Budget, burn: Burn, expected_down_us: int | None) -> dict[str, Any]:
    """A row of the list."""
    return json_object(AVAILABILITY, budget.figures) | {
        "spent_us": str(budget.promise.down_us),
        "spent_percent": spent_percent(budget.promise),
        "expected_down_us": None if expected_down_us is None else str(expected_down_us),
        "exhausted_on": None if burn.exhausted_on is None else burn.exhausted_on.isoformat(),
        "burn": [{"date": on.isoformat(), "down_us": str(down)} for on, down in burn.down_us],
    }
