"""Availability over time: by store or group, day or month, as JSON in pages or as a file."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from store_uptime.calendar.periods import CalendarUnit
from store_uptime.delivery.answers import availability_file
from store_uptime.delivery.rendering import json_object
from store_uptime.delivery.tables import AVAILABILITY
from store_uptime.history.availability import Page, Question, find_availability
from store_uptime.history.questions import Choice, reading
from store_uptime_web import cursors, queries
from store_uptime_web.api import answers
from store_uptime_web.api.answers import Format, Kind, Limit, Name, StoreId
from store_uptime_web.api.reports import Cursor
from store_uptime_web.downloads import formats
from store_uptime_web.schemas.availability import AvailabilityPage, Date
from store_uptime_web.schemas.common import Text
from store_uptime_web.security import READ

router = APIRouter(tags=["availability"], responses=answers.DOCUMENTED)


@router.get(
    "/availability",
    summary="Availability over time",
    response_model=AvailabilityPage,
    responses=formats.documented_answer(AvailabilityPage.__name__),
    dependencies=[READ],
)
def show_availability(
    from_: Annotated[Date, Query(alias="from", description="The first date, on each store's own calendar.")],
    until: Annotated[Date, Query(description="The last date, included.")],
    period: Annotated[CalendarUnit, Query(description="A row for each; weeks begin on Monday (ISO 8601).")] = "range",
    by: Annotated[
        Text, Query(min_length=1, max_length=1024, description="store, all, timezone, or a kind of group.")
    ] = "store",
    format_: Format = "json",
    store_id: StoreId = None,
    kind: Kind = None,
    name: Name = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Up and down time, outages, and what is left of the budgets that targets allow, as of the newest settled report.

    409 before the first settlement. `csv`, `xlsx` and `pdf` have hours with two decimals in place of microseconds.
    """
    with answers.answering():
        question = Question(from_, until, period, by, Choice(store_id, kind, name))
        if format_ != "json":
            return answers.file_response(availability_file(queries.engine(), question, format_), format_)
        return page_response(question, limit, cursor)


def page_response(question: Question, limit: int, cursor: str | None) -> Response:
    """One page as JSON."""
    with reading(queries.engine()) as connection:
        answer = find_availability(connection, question, page_at(cursor, limit))
    following = None
    if answer.next is not None and answer.next.from_date is not None:
        following = cursors.encode(answer.next.scope, answer.next.from_date.isoformat())
    rows = [json_object(AVAILABILITY, row) for row in answer.rows]
    return answers.page_response(answer.settlement, "availability", rows, following)


def page_at(cursor: str | None, limit: int) -> Page:
    """The page that a cursor names, or the first one; 422 for what is no cursor of this list."""
    if cursor is None:
        return Page(limit)
    scope, text = cursors.decode(cursor, str, str)
    try:
        from_date = date.fromisoformat(text)
    except ValueError as error:
        raise cursors.unknown() from error
    if from_date.isoformat() != text:
        raise cursors.unknown()
    return Page(limit, scope, from_date)
