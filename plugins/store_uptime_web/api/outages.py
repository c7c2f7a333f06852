"""Outages: a list, as JSON in pages or as a file, and the hours of the week in which they start."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response

from store_uptime.calendar.durations import instant_text
from store_uptime.delivery.answers import outages_file
from store_uptime.delivery.rendering import json_object
from store_uptime.delivery.tables import OUTAGES
from store_uptime.history.outages import Order, OutageFilter, Place, Sort, StartHour, find_outages, find_start_hours
from store_uptime.history.questions import Choice, reading
from store_uptime_web import cursors, queries
from store_uptime_web.api import answers
from store_uptime_web.api.answers import Format, From, Kind, Limit, Name, StoreId, Until
from store_uptime_web.api.reports import Cursor
from store_uptime_web.downloads import formats
from store_uptime_web.schemas.availability import Duration, OutagesPage, OutageStartHours
from store_uptime_web.security import READ

router = APIRouter(tags=["availability"], responses=answers.DOCUMENTED)

Running = Annotated[bool, Query(description="Only those that are ongoing.")]
LongerThan = Annotated[Duration | None, Query(description="Only those with more downtime, such as 2h or 90m.")]


@router.get(
    "/outages",
    summary="Outages",
    response_model=OutagesPage,
    responses=formats.documented_answer(OutagesPage.__name__),
    dependencies=[READ],
)
def list_outages(
    from_: From,
    until: Until,
    format_: Format = "json",
    store_id: StoreId = None,
    kind: Kind = None,
    name: Name = None,
    running: Running = False,
    longer_than: LongerThan = None,
    weekday: Annotated[int | None, Query(ge=0, le=6, description="Of the start, locally; 0: Monday.")] = None,
    hour: Annotated[int | None, Query(ge=0, le=23, description="Of the start, locally.")] = None,
    sort: Annotated[Sort, Query(description="Then by store id in byte order, then start.")] = "store_id",
    order: Literal["asc", "desc"] = "asc",
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Outages that meet the dates, whole.

    409 before the first settlement. `csv`, `xlsx` and `pdf` have hours with two decimals in place of microseconds.
    """
    starting = StartHour(weekday, hour) if weekday is not None or hour is not None else None
    listed = Order(sort, order == "desc")
    with answers.answering():
        wanted = outage_filter(from_, until, Choice(store_id, kind, name), running, longer_than)
        if format_ != "json":
            file = outages_file(queries.engine(), wanted, format_, starting=starting, order=listed)
            return answers.file_response(file, format_)
        is_backward, after = (False, None) if cursor is None else place_of(cursor)
        with reading(queries.engine()) as connection:
            found = find_outages(
                connection,
                wanted,
                starting=starting,
                order=listed,
                is_backward=is_backward,
                after=after,
                rows=limit,
            )
    page = cursors.around(
        found.rows,
        cursor,
        lambda way, row: cursor_at(way, listed.place(row)),
        is_backward=is_backward,
        has_more=found.has_more,
    )
    return answers.page_response(
        found.settlement,
        OUTAGES.name,
        [json_object(OUTAGES, row) for row in page.rows],
        page.next,
        previous=page.previous,
    )


@router.get("/outages/start_hours", summary="In which hours of the week outages start", dependencies=[READ])
def count_start_hours(
    from_: From,
    until: Until,
    store_id: StoreId = None,
    kind: Kind = None,
    name: Name = None,
    running: Running = False,
    longer_than: LongerThan = None,
) -> OutageStartHours:
    """The same outages as in the list, counted by weekday and hour of their start on each store's own clock."""
    with answers.answering():
        wanted = outage_filter(from_, until, Choice(store_id, kind, name), running, longer_than)
        with reading(queries.engine()) as connection:
            found = find_start_hours(connection, wanted)
    return OutageStartHours.model_validate(
        {
            **answers.basis(found.settlement),
            **{name: sum(getattr(row, name) for row in found.rows) for name in ("outages", "ongoing", "downtime_us")},
            "start_hours": [vars(row) for row in found.rows],
        }
    )


def outage_filter(from_: Any, until: Any, choice: Choice, running: bool, longer_than: Any) -> OutageFilter:
    """What the parameters of both operations ask for."""
    given = {"longer_than": longer_than} if longer_than is not None else {}
    return OutageFilter(from_, until, choice, is_running=running, **given)


def cursor_at(way: str, place: Place) -> str:
    """Where the page after (`on`) or before (`back`) a row begins."""
    return cursors.encode(way, str(place.value), place.store_id, instant_text(place.started_at))


def place_of(cursor: str) -> tuple[bool, Place]:
    """Whether a cursor leads back, and the row at which the page begins; 422 for what is no cursor of this list."""
    way, number, store_id, text = cursors.decode(cursor, str, str, str, str)
    try:
        started_at = datetime.fromisoformat(text)
        is_ours = instant_text(started_at) == text
    except (ValueError, OverflowError) as error:
        raise cursors.unknown() from error
    if not is_ours:
        raise cursors.unknown()
    return cursors.is_back(way), Place(cursors.whole(number), store_id, started_at)
