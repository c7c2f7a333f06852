"""What to look at first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache
from threading import Lock
from typing import Any

from fastapi import APIRouter

from store_uptime.calendar.durations import duration_text
from store_uptime.delivery.rendering import json_object
from store_uptime.delivery.tables import OUTAGES
from store_uptime.history.overview import find_overview, find_verdicts
from store_uptime.history.questions import reading
from store_uptime_web import queries
from store_uptime_web.api import answers
from store_uptime_web.schemas.overview import Overview, VerdictsByMonth
from store_uptime_web.security import READ

router = APIRouter(tags=["availability"], responses=answers.DOCUMENTED)
computing: defaultdict[str, Lock] = defaultdict(Lock)


@router.get("/overview", summary="What to look at first", dependencies=[READ])
def show_overview() -> Overview:
    """How stores are now and were lately, the longest ongoing outages, and the groups with the most downtime.

    409 before the first settlement.
    """
    with answers.answering():
        return Overview.model_validate(once(overview_of))


@router.get("/overview/verdicts", summary="How many stores keep their targets", dependencies=[READ])
def show_verdicts() -> VerdictsByMonth:
    """Stores by verdict, in the month of `as_of`, which runs, and in the one before.

    409 before the first settlement. The first answer after a settlement takes longest: it reads all dates to come.
    """
    with answers.answering():
        return VerdictsByMonth.model_validate(once(verdicts_of))


def once(answer_of: Callable[[int], dict[str, Any]]) -> dict[str, Any]:
    """The answer as of the newest settlement, which is computed once, however many ask."""
    settlement_id = answers.newest_settlement_id()
    with computing[answer_of.__name__]:
        return answer_of(settlement_id)


@lru_cache(maxsize=2)
def overview_of(_settlement_id: int) -> dict[str, Any]:
    """The overview as of the newest settlement. Cached: what one settled never changes."""
    with reading(queries.engine()) as connection:
        found = find_overview(connection)
    return {
        **answers.basis(found.settlement),
        "max_gap": duration_text(found.settlement.max_gap),
        "first_date": found.first_date,
        "last_poll_at": found.last_poll_at,
        "now": vars(found.now),
        "lately": [{**vars(span), **span.percentages} for span in found.lately],
        "outages": [json_object(OUTAGES, row) for row in found.outages],
        "groups": [vars(group) for group in found.groups],
    }


@lru_cache(maxsize=2)
def verdicts_of(_settlement_id: int) -> dict[str, Any]:
    """The verdicts as of the newest settlement, cached as the overview."""
    with reading(queries.engine()) as connection:
        months = find_verdicts(connection)
    return {"months": [{**vars(month), **month.counts} for month in months]}
